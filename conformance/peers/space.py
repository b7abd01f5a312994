"""Two network namespaces with a wire between them, in which daemons run as on two machines.

Neither has a name: a namespace is held by one process under a keeper, and goes with it and its devices, also when
we are killed outright. Each has a mount namespace too, with a `/run` of its own, since daemons have fixed places there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

from rekeyspec.conformance.peers.child import GRACE, Child, Hear, child, ignored
from rekeyspec.conformance.peers.need import SBIN, path_of
from rekeyspec.conformance.target import Broken

PATIENCE: Final = 10.0
"""How long (s) a command of a namespace may take."""

_HOLD: Final = 'mount -t tmpfs none /run && ip link set lo up && echo "$$" && exec cat'


class Space:
    """One namespace, whose end of the wire has the address `address`. Commands in it see it alone."""

    def __init__(self, pid: int, address: str) -> None:
        self.pid = pid
        self.address = address

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in here."""
        return [path_of("nsenter"), f"--target={self.pid}", "--net", "--mount", "--", *argv]

    async def run(self, *argv: str, stdin: str = "") -> str:
        """Run a short command in here; its stdout. Raises Broken, with what it complained, when it fails or hangs."""
        return await ran(self.inside(argv), stdin)

    def child(
        self, argv: Sequence[str], on_line: Hear, on_error: Hear = ignored, *, grace: float = GRACE
    ) -> AbstractAsyncContextManager[Child]:
        """A program in here, as `child.child` runs one."""
        return child(self.inside(argv), on_line, on_error, grace=grace)


async def ran(argv: Sequence[str], stdin: str = "") -> str:
    """Run a short command; its stdout. Raises Broken, with what it complained, when it fails or hangs."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:{SBIN}"},
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), PATIENCE)
    except TimeoutError:
        raise Broken(f"`{' '.join(argv)}` had not ended after {PATIENCE:g} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it may have ended in this very moment
                process.kill()
            await process.wait()
    if process.returncode:
        told = (err or out).decode(errors="replace").strip()
        raise Broken(f"`{' '.join(argv)}` ended with {process.returncode}: {told or 'it said nothing'}")
    return out.decode(errors="replace")


@asynccontextmanager
async def two_spaces(network: str = "10.77.0") -> AsyncIterator[tuple[Space, Space]]:
    """Two namespaces, addresses `network`.1 and .2 on devices `wire`. Needs root. Raises Broken when they cannot be
    made. On leaving nothing is left of them."""
    async with AsyncExitStack() as stack:
        pids = [await stack.enter_async_context(_held()) for _ in range(2)]
        one, two = (Space(pid, f"{network}.{n}") for n, pid in enumerate(pids, 1))
        await one.run(
            "ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", str(two.pid)
        )  # fmt: skip
        for space in (one, two):
            await space.run("ip", "address", "add", f"{space.address}/24", "dev", "wire")
            await space.run("ip", "link", "set", "wire", "up")
        yield one, two


@asynccontextmanager
async def _held() -> AsyncIterator[int]:
    """A process that holds a namespace until it is left; its pid."""
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def heard(line: str) -> None:
        if not told.done():
            told.set_result(int(line))

    argv = [path_of("unshare"), "--net", "--mount", "--", "sh", "-c", f"PATH=$PATH:{SBIN}; {_HOLD}"]
    async with child(argv, heard) as holder:
        yield await _pid(told, holder)


async def _pid(told: asyncio.Future[int], holder: Child) -> int:
    ended = asyncio.create_task(holder.ended.wait())
    waits: list[asyncio.Future[Any]] = [told, ended]
    try:
        await asyncio.wait(waits, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
    if not told.done():
        raise Broken(f"no network namespace could be made: {holder.stderr.strip() or 'unshare said nothing'}")
    return told.result()

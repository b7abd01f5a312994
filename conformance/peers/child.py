"""A program under test as a child process: lines in, lines out, and no process left behind.

It runs under the same keeper as an `exec:` adapter, which ends it and whatever it started, even when we are killed
outright. Here it is asyncio that listens, since many programs run at once and mostly wait.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from rekeyspec.conformance.adapters.child import KEEPER, UNKILLABLE

GRACE: Final = 1.0
"""How long (s) a program may take to end after its stdin did, and again after SIGTERM."""

TAIL: Final = 4000
"""How much of its stderr (characters, the last ones) is kept."""


class Child:
    """A running program. `ended` is set when its stdout has closed; `stderr` grows as it complains."""

    def __init__(self, stdin: asyncio.StreamWriter, on_line: Callable[[str], None]) -> None:
        self._stdin = stdin
        self._on_line = on_line
        self.ended = asyncio.Event()
        self.stderr = ""

    def say(self, line: str) -> None:
        """Write one line to its stdin; nothing happens if it has ended."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._stdin.write(line.encode() + b"\n")

    async def listen(self, stdout: asyncio.StreamReader) -> None:
        """Pass its lines on until there are no more."""
        try:
            while raw := await stdout.readline():
                self._on_line(raw.decode(errors="replace").rstrip("\n"))
        finally:
            self.ended.set()

    async def collect(self, stderr: asyncio.StreamReader) -> None:
        """Keep the end of what it complains."""
        while raw := await stderr.read(TAIL):
            self.stderr = (self.stderr + raw.decode(errors="replace"))[-TAIL:]


@asynccontextmanager
async def child(argv: Sequence[str], on_line: Callable[[str], None]) -> AsyncIterator[Child]:
    """Run a program; on leaving, however that comes about, it and its children are gone. OSError if it cannot start."""
    leash, its = socket.socketpair()
    with leash:
        with its:
            keeper = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", KEEPER, str(its.fileno()), str(GRACE), *argv,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                start_new_session=True, pass_fds=[its.fileno()],
            )  # fmt: skip
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        running = Child(keeper.stdin, on_line)
        readers = [
            asyncio.create_task(running.listen(keeper.stdout)),
            asyncio.create_task(running.collect(keeper.stderr)),
        ]
        try:
            yield running
        finally:
            keeper.stdin.close()
            leash.shutdown(socket.SHUT_WR)  # wanted no more: the keeper ends what still runs, then itself
            await asyncio.shield(_gone(keeper))
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)


async def _gone(keeper: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(keeper.wait(), 2 * GRACE + UNKILLABLE)
    except TimeoutError:
        keeper.kill()
        await keeper.wait()

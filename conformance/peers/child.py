"""A program under test as a child process: lines in, lines out, and no process left behind.

It runs under the same keeper as an `exec:` adapter, which ends it and whatever it started, even when we are killed
outright. Here it is asyncio that listens, since many programs run at once and mostly wait.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from rekeyspec.conformance.adapters.child import KEEPER, UNKILLABLE

GRACE: Final = 1.0
"""How long (s) a program may take to end after its stdin did, and again after SIGTERM."""

TAIL: Final = 4000
"""How much of its stderr (characters, the last ones) is kept."""

LONGEST: Final = 1 << 20
"""How long (bytes) a line of its may be."""

Hear = Callable[[str], None]
"""Is given each line that a program writes, as it comes, without its end."""


class Child:
    """A running program. `ended` is set when its stdout has closed; `stderr` grows as it complains."""

    def __init__(self, stdin: asyncio.StreamWriter, on_line: Hear, on_error: Hear, leash: socket.socket) -> None:
        self._stdin = stdin
        self._on_line = on_line
        self._on_error = on_error
        self._leash = leash
        self.ended = asyncio.Event()
        self.stderr = ""
        self._fate = ""

    def say(self, line: str) -> None:
        """Write one line to its stdin; nothing happens if it has ended."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._stdin.write(line.encode() + b"\n")

    def write(self, data: bytes) -> None:
        """Write bytes to its stdin; nothing happens if it has ended."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._stdin.write(data)

    def close_stdin(self) -> None:
        """There is nothing more for it to read."""
        self._stdin.close()

    def kill(self) -> None:
        """SIGKILL to it and to all that it started."""
        with suppress(OSError):
            self._leash.send(b"kill")

    async def fate(self, seconds: float = 1.0) -> str:
        """How the program itself ended, at most so long after: `ended with status 3`, `was ended by SIGKILL`. Empty
        while it runs."""
        self._leash.setblocking(False)
        with suppress(TimeoutError, OSError):
            while not self._fate:
                told = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._leash, 4096), seconds)
                self._fate = _fate(told.decode()) if told else "was ended with its keeper"
        return self._fate

    async def listen(self, stdout: asyncio.StreamReader) -> None:
        """Pass its lines on until there are no more."""
        try:
            while raw := await stdout.readline():
                self._on_line(raw.decode(errors="replace").rstrip("\n"))
        finally:
            self.ended.set()

    async def collect(self, stderr: asyncio.StreamReader) -> None:
        """Keep the end of what it complains."""
        while raw := await stderr.readline():
            line = raw.decode(errors="replace")
            self.stderr = (self.stderr + line)[-TAIL:]
            self._on_error(line.rstrip("\n"))


def ignored(_: str) -> None:
    """Nobody wants to hear it."""


@asynccontextmanager
async def child(
    argv: Sequence[str],
    on_line: Hear,
    on_error: Hear = ignored,
    *,
    grace: float = GRACE,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Child]:
    """Run a program; on leaving, however that comes about, it and its children are gone: it has `grace` (s) to end by
    itself when its stdin has closed, and again after SIGTERM. `environment` is added to ours. OSError if it cannot
    start."""
    leash, its = socket.socketpair()
    with leash:
        with its:
            keeper = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", KEEPER, str(its.fileno()), str(grace), *argv,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                start_new_session=True, pass_fds=[its.fileno()], limit=LONGEST,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        running = Child(keeper.stdin, on_line, on_error, leash)
        readers = [
            asyncio.create_task(running.listen(keeper.stdout)),
            asyncio.create_task(running.collect(keeper.stderr)),
        ]
        try:
            yield running
        finally:
            keeper.stdin.close()
            leash.shutdown(socket.SHUT_WR)  # wanted no more: the keeper ends what still runs, then itself
            await asyncio.shield(_gone(keeper, grace))
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)


def _fate(told: str) -> str:
    """What the keeper's word means: `exit STATUS`, negative for a signal, or `cannot ERRNO`."""
    word, _, number = told.split("\n", maxsplit=1)[0].partition(" ")
    if word == "cannot":
        return f"could not be started: {os.strerror(int(number))}"
    return f"was ended by {signal.Signals(-int(number)).name}" if int(number) < 0 else f"ended with status {number}"


async def _gone(keeper: asyncio.subprocess.Process, grace: float) -> None:
    try:
        await asyncio.wait_for(keeper.wait(), 2 * grace + UNKILLABLE)
    except TimeoutError:
        with suppress(ProcessLookupError):  # it may have ended in this very moment
            keeper.kill()
        await keeper.wait()

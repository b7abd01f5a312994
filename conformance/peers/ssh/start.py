"""How each program is started for one run: its command line, and how it is talked to once it runs.

A client gets the port of the watch; a server tells its own. All of them lie below one keeper each (`child`), on
127.0.0.1, with keys and configuration in the run's own directory.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.child import Child, child
from rekeyspec.conformance.peers.experiment import Failed
from rekeyspec.conformance.peers.ssh.ends import Keys

Options = Mapping[str, str | float]
"""A program's own options, by their own names."""

PATIENCE: Final = 20.0
"""How long (s) a program may take to start before it is called broken."""

RELAY: Final = [sys.executable, "-I", "-S", str(Path(__file__).with_name("relay.py"))]


@dataclass(frozen=True)
class Given:
    """What a program is started with. `private` is the run's own directory; `port` the watch's, for a client."""

    keys: Keys
    private: Path
    options: Options
    port: int = 0


class Program:
    """A program that was started. `got` is called with what it hands to its user (bytes)."""

    def __init__(self) -> None:
        self.port = 0
        """Where a server listens."""
        self.log: list[str] = []
        """What it wrote, but for what it tells us by our own words."""
        self.ready = asyncio.Event()
        """Its user can write."""
        self.got: Callable[[int], None] = lambda _: None
        self.say: Callable[[str], None] = lambda _: None
        """Give its user an order: `write N`, or `quit`."""
        self.fate = ""
        """How it ended, where that was not its own will."""
        self.child: Child | None = None

    def heard(self, line: str) -> None:
        """A line of its stdout, or of the relay's."""
        match line.split():
            case ["got", size]:
                self.got(int(size))
            case ["ready"]:
                self.ready.set()
            case ["port", number]:
                self.port = int(number)
                self.ready.set()
            case ["ended", status] if int(status) < 0 and int(status) != -signal.SIGTERM:  # that is its user's
                self.fate = f"was ended by signal {-int(status)}"
            case _:
                self.complained(line)

    def complained(self, line: str) -> None:
        """A line of its stderr."""
        self.log.append(line)

    @property
    def files(self) -> dict[str, str]:
        """What it wrote, to keep."""
        return {"program.log": "\n".join(self.log) + "\n"} if self.log else {}

    @property
    def running(self) -> Child:
        """Its process. Asked only once it was started."""
        assert self.child is not None
        return self.child

    async def crashed(self, *, lost: bool) -> str:
        """Did it end otherwise than by its own will: a sentence, or nothing. `lost`: its connection has
        ended."""
        if lost:  # a client ends with its connection, and tells a little later
            with suppress(TimeoutError):
                await asyncio.wait_for(self.running.ended.wait(), 0.5)
        fate = self.fate or await self.running.fate(0.2 if self.running.ended.is_set() else 0.01)
        if any(line.startswith("Traceback") for line in self.log):
            return f"it ended in an error of its own: {self.log[-1]}"
        return f"it {fate}" if "by" in fate or "could not" in fate else ""

    async def until(self, event: asyncio.Event, what: str) -> None:
        """Wait until this is so. Failed, with the program's log, when it has ended before, or takes too long."""
        waits = [asyncio.create_task(event.wait()), asyncio.create_task(self._over())]
        await asyncio.wait(waits, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        if not event.is_set():
            fate = await self.running.fate(0.5)
            how = fate or f"was still waited for after {PATIENCE:g} s"
            said = self.log[-1] if self.log else "nothing"
            raise Failed(f"the program {how} before {what}; it said last: {said}", self.files)

    async def _over(self) -> object:
        return await self.running.ended.wait()


class Daemon(Program):
    """A server that starts a process for each connection, of whose end only its log tells: `begins` and `ends` are in
    the lines by which that process says that it serves a connection, and that it stops, whatever the reason."""

    def __init__(self, begins: str, ends: str) -> None:
        super().__init__()
        self._begins, self._ends = begins, ends

    async def crashed(self, *, lost: bool) -> str:
        """As of any program; or the connection's process ended without its last word."""
        if lost:
            await asyncio.sleep(0.05)  # for its last word, which may come a little later than its end
        serving, stopped = (any(word in line for line in self.log) for word in (self._begins, self._ends))
        if lost and serving and not stopped:
            return "the process that served the connection ended without a word, as one does that is killed"
        return await super().crashed(lost=lost)

    async def _over(self) -> object:
        return await self.running.fate(PATIENCE)


Start = Callable[[Given], AbstractAsyncContextManager[Program]]


@asynccontextmanager
async def started(program: Program, argv: Sequence[str], *, grace: float = 1.0) -> AsyncIterator[Program]:
    """The program, which takes its orders on stdin."""
    async with child(argv, program.heard, program.complained, grace=grace) as running:
        program.child, program.say = running, running.say
        yield program


def module(name: str) -> Start:
    """A client of ours around a Python library, which takes its options as JSON."""

    def start(g: Given) -> AbstractAsyncContextManager[Program]:
        where = [str(g.port), str(g.keys.known_hosts), str(g.keys.client_file)]
        return started(Program(), [sys.executable, "-m", f"{__package__}.{name}", *where, json.dumps(dict(g.options))])

    return start


@asynccontextmanager
async def asyncssh_server(g: Given) -> AsyncIterator[Program]:
    """asyncssh's own server."""
    where = [str(g.keys.host_file), str(g.keys.authorized), json.dumps(dict(g.options))]
    async with started(Program(), [sys.executable, "-m", f"{__package__}.asyncssh_server", *where]) as program:
        await program.until(program.ready, "it listened")
        yield program


@asynccontextmanager
async def relayed(
    g: Given, argv: Callable[[int], Sequence[str]], listening: str, program: Program
) -> AsyncIterator[Program]:
    """A server that starts a command for its client: ours, which gets its orders over a socket. `argv` is its command
    line, for a port; `listening` is in the line of its log by which it says that it listens."""
    listens = asyncio.Event()

    def complained(line: str) -> None:
        program.complained(line)
        if listening in line:
            listens.set()

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_commanded(program, socket_of(g)))
        program.port = _free_port()
        program.child = await stack.enter_async_context(child(argv(program.port), complained, complained, grace=0.1))
        await program.until(listens, "it listened")
        yield program


def socket_of(g: Given) -> str:
    """Where the command that a server runs gets its orders."""
    return str(g.private / "s")


def command(g: Given) -> str:
    """The command that a server is to run, as its shell reads it."""
    return shlex.join([*RELAY, f"@{socket_of(g)}"])


@asynccontextmanager
async def _commanded(program: Program, path: str) -> AsyncIterator[None]:
    """Listen for the command that the server runs, and give it the user's orders."""
    talks: set[asyncio.StreamWriter] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(writer)

        def say(order: str) -> None:
            if not writer.is_closing():
                writer.write(order.encode() + b"\n")

        program.say = say
        try:
            while line := await reader.readline():
                program.heard(line.decode().strip())
        except OSError:
            return

    server = await asyncio.start_unix_server(talk, path)
    try:
        yield
    finally:
        server.close()
        for writer in talks:
            writer.transport.abort()


def _free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port

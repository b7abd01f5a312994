"""One run: the program in a process of its own, the watch at the other end, and a script that plays with both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.ssh.ends import Keys, connecting, serving
from rekeyspec.conformance.peers.ssh.events import KEEPALIVE, translate
from rekeyspec.conformance.peers.ssh.start import Given, Options, Program, Start, command
from rekeyspec.conformance.peers.ssh.watch import DEAF, Watch, part_of_second
from rekeyspec.conformance.target import Broken
from rekeyspec.reference.vocabulary import Role

ATTEMPTS: Final = 3
"""How often a server is started, should its port have been taken between its choice and its use."""

LATE: Final = 6
"""How often a run is begun anew, should the login have taken too long on a busy machine."""

TAKEN: Final = "in use"
"""Is in the log of a server whose port was taken."""


HALF: Final = 0.5
"""s: as far from a full second as can be."""

LOGIN: Final = 0.02
"""The part of a second at which a link opens, so that it is ready at half of it."""


class Missed(Exception):
    """The login took too long for the script to begin when it should."""


class Scene:
    """What a script can do: play the program's user, the watch's user, and the watch's knobs (`watch`)."""

    def __init__(self, watch: Watch, program: Program, p: Provocation) -> None:
        self.watch = watch
        self.program = program
        self._p = p
        self.unit = p.unit / 1000
        """The time (s) by which the script is written: a heartbeat's interval, or what is near it."""

    def write(self, size: int) -> None:
        """The program's user sends so many bytes."""
        self.watch.note("user", "WRITE", size)
        self.program.say(f"write {size}")

    async def begin(self, part: float = HALF) -> None:
        """Where the program's timers count whole seconds: wait until the machine's clock is this part of a second after
        a full one. Missed, where its heartbeats come at full seconds and the login took so long that one has passed."""
        if not self._p.seconds:
            return
        if self._p.gated and part == HALF and self.watch.elapsed > (part - LOGIN) % 1.0:
            raise Missed
        await part_of_second(part)

    async def wait(self, units: float) -> None:
        """Let so many units of time pass."""
        await asyncio.sleep(units * self.unit)

    async def until_heartbeat(self, count: int = 1, units: float = 3.5) -> None:
        """Let time pass, at most so many units, until the program has sent so many heartbeats."""
        until = time.monotonic() + units * self.unit
        while time.monotonic() < until:
            sent = [line for line in self.watch.lines if line.who == self.watch.program]
            if sum(line.note.startswith(KEEPALIVE) for line in sent) >= count:
                return
            await asyncio.sleep(0.005)

    async def until_lost(self, units: float) -> None:
        """Let time pass, at most so many units, until the connection has ended."""
        try:
            await asyncio.wait_for(self.watch.lost.wait(), units * self.unit)
        except TimeoutError:
            return

    async def quit(self) -> None:
        """The program's user ends the link."""
        self.watch.note("user", "QUIT")
        self.program.say("quit")
        try:
            await asyncio.wait_for(self.watch.lost.wait(), 0.6)
        except TimeoutError:
            return


@dataclass(frozen=True)
class Provocation:
    """The program's options, the script with its `unit` (ms), whether the program's timers count whole seconds, whether
    its heartbeats may come at full ones, and whether the watch leaves even the first KEXINIT unanswered."""

    script: Callable[[Scene], Awaitable[None]]
    options: Options = field(default_factory=dict)
    unit: int = 1000
    seconds: bool = False
    gated: bool = False
    deaf: bool = False

    @property
    def open_at(self) -> float | None:
        """The part of a second at which the link is to open, where heartbeats may come at full seconds."""
        return LOGIN if self.gated else None


@dataclass(frozen=True)
class Stage:
    """Performs experiments on the program of this role that `start` starts, with the same keys for all of them."""

    role: Role
    start: Start
    keys: Keys
    private: Path
    starting: asyncio.Semaphore

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed, with the program's log, when it does not open its session, or crashes."""
        for _ in range(LATE):
            with suppress(Missed):
                return await self._perform(e.provocation)
        raise Failed(f"{LATE} times the login took too long for the script to begin in time; run it again")

    async def _perform(self, p: Provocation) -> Observed:
        async with AsyncExitStack() as stack:
            private = Path(stack.enter_context(TemporaryDirectory(dir=self.private)))
            given = Given(self.keys, private, p.options)
            meet = self._client if self.role == "client" else self._server
            watch, program = await meet(stack, given, p)
            await p.script(Scene(watch, program, p))
            watch.note("link", "END")
            lines = tuple(watch.lines)
            if how := await program.crashed(lost=watch.lost.is_set()):
                raise Failed(f"the program did not last: {how}", program.files)
        files: Mapping[str, str] = program.files
        return Observed(tuple(translate(lines, self.role)), tuple(line._asdict() for line in lines), files)

    async def _client(self, stack: AsyncExitStack, given: Given, p: Provocation) -> tuple[Watch, Program]:
        """The client with its session open or, where the watch is deaf, with its connection open."""
        watch = await stack.enter_async_context(serving(self.keys, p.open_at))
        if p.deaf:
            watch.muted = DEAF
        given = Given(given.keys, given.private, given.options, watch.port)
        ready = watch.opened if p.deaf else watch.ready
        async with self.starting:
            program = await stack.enter_async_context(self.start(given))
            program.got = lambda size: watch.note("user", "GOT", size)
            await program.until(watch.reached if p.gated else ready, "its session was open")
        await program.until(ready, "its session was open")
        return watch, program

    async def _server(self, stack: AsyncExitStack, given: Given, p: Provocation) -> tuple[Watch, Program]:
        """The server with a session open or, where the watch is deaf, with a connection open."""
        async with self.starting:
            program = await self._listening(stack, given)
            return await self._session(stack, given, p, program), program

    async def _session(self, stack: AsyncExitStack, given: Given, p: Provocation, program: Program) -> Watch:
        try:
            meeting = connecting(self.keys, program.port, command(given), p.open_at, deaf=p.deaf)
            watch = await stack.enter_async_context(meeting)
        except Broken as why:
            raise Failed(str(why), program.files) from None
        program.got = lambda size: watch.note("user", "GOT", size)
        if not p.deaf:
            await program.until(program.ready, "its session was open")
        return watch

    async def _listening(self, stack: AsyncExitStack, given: Given) -> Program:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await stack.enter_async_context(self.start(given))
            except Failed as why:
                if attempt == ATTEMPTS or not any(TAKEN in text for text in map(str, why.files.values())):
                    raise
        raise AssertionError("unreachable")

"""One run: a client in a process of its own, our instrumented server, and a script that plays with both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from rekeyspec.conformance.peers.child import Child, child
from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.tls.events import translate
from rekeyspec.conformance.peers.tls.renegotiating import RenegotiatingWatch
from rekeyspec.conformance.peers.tls.stack import Provocation, Stack
from rekeyspec.conformance.peers.tls.watch import Keys, Watch, watching

PATIENCE: Final = 20.0
"""How long (s) the client may take to connect before it is called broken."""

LEAVING: Final = 1.5
"""How long (s) it may take to do what it should at once: to end when its user quits, to answer."""


class Scene:
    """What a script can do: play the client's user, the server's user, and the server's knobs (`watch`)."""

    def __init__(self, watch: Watch, client: Child, stack: Stack) -> None:
        self.watch = watch
        self._client = client
        self._stack = stack

    def write(self, size: int) -> None:
        """The client's user sends so many bytes."""
        self.watch.note("user", "WRITE", size)
        self._client.write(self._stack.write(size))

    def renew(self) -> None:
        """The client's user asks its library for new keys."""
        self.watch.note("user", "RENEW")
        self._client.write(self._stack.renew(self.watch.old))

    async def write_often(self, count: int, size: int, pause: float = 0.05) -> None:
        """The client's user sends messages of `size` bytes, `pause` s apart."""
        for _ in range(count):
            self.write(size)
            await self.wait(pause)

    async def send_often(self, count: int, size: int, pause: float = 0.05) -> None:
        """The server's user sends messages of `size` bytes, `pause` s apart."""
        for _ in range(count):
            self.watch.send(size)
            await self.wait(pause)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until(self, seen: Callable[[], bool]) -> None:
        """Let time pass, at most LEAVING, until this is seen."""
        end = asyncio.get_running_loop().time() + LEAVING
        while not seen() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - it is seen in a list of lines
            await asyncio.sleep(0.005)

    async def until_lost(self, seconds: float) -> None:
        """Let time pass, at most so much, until the connection has ended."""
        try:
            await asyncio.wait_for(self.watch.lost.wait(), seconds)
        except TimeoutError:
            return

    async def quit(self) -> None:
        """The client's user ends the link."""
        self.watch.note("user", "QUIT")
        self._client.write(self._stack.quit())
        await self.until_lost(LEAVING)


@dataclass
class Heard:
    """What the client said, to be kept."""

    lines: list[str] = field(default_factory=list)

    def files(self) -> dict[str, str]:
        """The program's log."""
        return {"program.log": "".join(f"{line}\n" for line in self.lines)}


@dataclass(frozen=True)
class Stage:
    """Performs experiments on one stack, with the same keys for all of them."""

    stack: Stack
    keys: Keys
    starting: asyncio.Semaphore

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed when the client never connects, or ends in the middle by itself and unasked."""
        p, heard = e.provocation, Heard()
        kind = RenegotiatingWatch if p.renegotiates else Watch
        async with watching(kind(self.keys, stranger=p.stranger)) as watch, AsyncExitStack() as around:
            for knob, value in p.knobs.items():
                setattr(watch, knob, value)
            async with self.starting:
                client = await around.enter_async_context(self._client(watch, p, heard))
            await p.script(Scene(watch, client, self.stack))
            watch.note("link", "END")
            lines = tuple(watch.lines)
            if client.ended.is_set():
                self._check(await client.fate(), heard)
        return Observed(tuple(translate(lines, p.reading)), tuple(line._asdict() for line in lines), heard.files())

    def _check(self, fate: str, heard: Heard) -> None:
        if "SIG" in fate or (self.stack.status_tells and not fate.endswith("status 0")):
            raise Failed(
                f"{self.stack.name}'s client {fate} in the middle of the experiment: {_last(heard)}", heard.files()
            )

    @asynccontextmanager
    async def _client(self, watch: Watch, p: Provocation, heard: Heard) -> AsyncIterator[Child]:
        def said(line: str) -> None:
            if size := self.stack.got(line):
                watch.note("user", "GOT", size)
            else:
                heard.lines.append(line)

        awaited = watch.opened if p.before or p.stranger else watch.established
        argv = self.stack.argv(watch.port, self.keys.directory, p.options)
        async with child(argv, said, heard.lines.append) as client:
            await _first((awaited, client.ended), PATIENCE)
            if not awaited.is_set():
                await asyncio.sleep(0.1)  # what it complained of may come a little later than its end
                how = await client.fate() if client.ended.is_set() else f"had not connected after {PATIENCE:g} s"
                raise Failed(
                    f"{self.stack.name}'s client {how} before its link was open: {_last(heard)}", heard.files()
                )
            yield client


async def _first(events: Sequence[asyncio.Event], seconds: float) -> None:
    """Wait until one of these is set, at most so long."""
    tasks = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _last(heard: Heard) -> str:
    return (heard.lines or ["it said nothing"])[-1]

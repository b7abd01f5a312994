"""One run: the asyncssh client in a process of its own, our instrumented server, and a script that plays with both."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from asyncssh.constants import MSG_KEXINIT

from rekeyspec.conformance.peers.child import Child, child
from rekeyspec.conformance.peers.experiment import Experiment, Observed
from rekeyspec.conformance.peers.ssh.events import translate
from rekeyspec.conformance.peers.ssh.watch import Keys, Watch, watching
from rekeyspec.conformance.target import Broken

PROGRAM: Final = "rekeyspec.conformance.peers.ssh.asyncssh_client"

PATIENCE: Final = 20.0
"""How long (s) the client may take to open its session before it is called broken."""


class Scene:
    """What a script can do: play the client's user, the server's user, and the server's knobs (`watch`)."""

    def __init__(self, watch: Watch, client: Child) -> None:
        self.watch = watch
        self._client = client

    def write(self, size: int) -> None:
        """The client's user sends so many bytes (at most 32768, which is one packet)."""
        self.watch.note("user", "WRITE", size)
        self._client.say(f"write {size}")

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until_lost(self, seconds: float) -> None:
        """Let time pass, at most so much, until the connection has ended."""
        try:
            await asyncio.wait_for(self.watch.lost.wait(), seconds)
        except TimeoutError:
            return

    async def quit(self) -> None:
        """The client's user ends the link."""
        self.watch.note("user", "QUIT")
        self._client.say("quit")
        await self.until_lost(1)


@dataclass(frozen=True)
class Provocation:
    """asyncssh's connection options, the script, and whether the server leaves even the first KEXINIT unanswered."""

    script: Callable[[Scene], Awaitable[None]]
    options: Mapping[str, float] = field(default_factory=dict)
    deaf: bool = False


class Stage:
    """Performs experiments, with the same keys for all of them."""

    def __init__(self, keys: Keys, starting: asyncio.Semaphore) -> None:
        self._keys = keys
        self._starting = starting

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Broken when the client does not open its session, or ends in a traceback."""
        async with watching(self._keys) as watch, AsyncExitStack() as stack:
            if e.provocation.deaf:
                watch.muted = frozenset({MSG_KEXINIT})
            async with self._starting:
                client = await stack.enter_async_context(self._client(watch, e.provocation))
            await e.provocation.script(Scene(watch, client))
            watch.note("link", "END")
            lines = tuple(watch.lines)
        if "Traceback" in client.stderr:
            raise Broken(f"the client ended in an error of its own: {_last_line(client.stderr)}")
        return Observed(tuple(translate(lines)), tuple(line._asdict() for line in lines))

    @asynccontextmanager
    async def _client(self, watch: Watch, p: Provocation) -> AsyncIterator[Child]:
        """The client with its session open or, where the server is deaf, with its connection open."""
        ready = asyncio.Event()

        def heard(line: str) -> None:
            word, _, rest = line.partition(" ")
            if word == "got":
                watch.note("user", "GOT", int(rest))
            elif word == "ready":
                ready.set()

        keys = self._keys
        argv = [sys.executable, "-m", PROGRAM, str(watch.port), str(keys.known_hosts), str(keys.client_file)]
        async with child([*argv, json.dumps(dict(p.options))], heard) as client:
            await _first((watch.opened if p.deaf else ready, client.ended), PATIENCE)
            if not (watch.opened if p.deaf else ready).is_set():
                how = "ended" if client.ended.is_set() else f"had not answered after {PATIENCE:g} s"
                raise Broken(f"the client {how} before its session was open: {_last_line(client.stderr)}")
            yield client


async def _first(events: Sequence[asyncio.Event], seconds: float) -> None:
    """Wait until one of these is set, at most so long."""
    tasks = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]

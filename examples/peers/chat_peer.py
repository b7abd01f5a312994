"""A peer in one file: what `chat.py` is asked, how it is provoked and watched, and what its lines mean in our words.

    rekeyspec check peer:examples/peers/chat_peer.py

The chat has no keys; its one epoch is open from the start. So most rules are stated as not to be asked, and what is
left are its heartbeats and how it notices that its peer is gone.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.child import Child, child
from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed, Perform
from rekeyspec.conformance.peers.peer import Peer, Setting
from rekeyspec.conformance.rulebook import rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

CHAT = Path(__file__).with_name("chat.py")


# 1. What is seen: lines, each with who wrote it and when (ms).
class Line(NamedTuple):
    """One line of either end, or a word of ours."""

    t: int
    who: str
    text: str


# 2. What that means in the words of the rules, at the end under test. A pure function, so that it can be tested.
def translate(lines: Iterable[Line]) -> list[Event]:
    """The client's events. The first epoch's negotiation is written in, for the chat has none: it takes no time."""
    events = [
        Event(0, "client", "Open"),
        Event(0, "client", "Start", Message("start", 1, negotiation="c1")),
        Event(0, "client", "Arrive", Message("answer", 1, negotiation="c1")),
        Event(0, "client", "Finish", Message("finish", 1, negotiation="c1")),
    ]
    beats = said = came = 0
    for t, who, text in lines:
        match who, text.split(" ")[0]:
            case "client", "ping":
                beats += 1
                events.append(Event(t, "client", "SendHeartbeat", Message("heartbeat", 1, beats)))
            case "server", "pong":
                events.append(Event(t, "client", "Arrive", Message("reply", 1, beats)))
            case "server", "say":
                came += 1
                message = Message("data", 1, came, bytes=len(text))
                events += [Event(t, "client", "Arrive", message), Event(t, "client", "Deliver", message)]
            case "client", "say":
                said += 1
                events.append(Event(t, "client", "Offer", bytes=len(text)))
                events.append(Event(t, "client", "SendData", Message("data", 1, said, bytes=len(text))))
            case "client", "gone":
                events.append(Event(t, "client", "Close", reason="peer is gone"))
            case "harness", "end":
                events.append(Event(t, "client", "Tick"))
    return events


# 3. How it is provoked: a server that we are, and a script that plays with it.
class Scene:
    """The other end, and the log of both."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.answers = True
        self._opened = 0.0
        self._writer: asyncio.StreamWriter | None = None
        self.here, self.gone = asyncio.Event(), asyncio.Event()

    def note(self, who: str, text: str) -> None:
        """Log one line now."""
        self.lines.append(Line(round((time.monotonic() - self._opened) * 1000), who, text))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read until the chat is gone."""
        self._opened, self._writer = time.monotonic(), writer
        self.here.set()
        while line := await reader.readline():
            self.note("client", line.decode().strip())
            if line == b"ping\n" and self.answers:
                self.say("pong")
        self.note("client", "gone")
        self.gone.set()
        writer.close()

    def say(self, text: str) -> None:
        """Write one line to the chat."""
        assert self._writer is not None
        self._writer.write(text.encode() + b"\n")
        self.note("server", text)


@dataclass(frozen=True)
class Provocation:
    """The script, and the chat's arguments."""

    script: Callable[[Scene], Awaitable[None]]
    keepalive: float
    count: int = 1


async def silence(scene: Scene) -> None:
    """Nothing for five intervals."""
    await asyncio.sleep(2.1)


async def dead(scene: Scene) -> None:
    """No answer any more."""
    scene.answers = False
    await asyncio.wait_for(scene.gone.wait(), 5)


async def chatter(scene: Scene) -> None:
    """Its pings stay unanswered, but there is always something to read."""
    scene.answers = False
    for _ in range(12):
        scene.say("say hello")
        await asyncio.sleep(0.25)


async def perform(setting: Setting, e: Experiment[Provocation]) -> Observed:
    """One run. `child` reaps the program whatever happens; the scene is our end of the line."""
    scene = Scene()
    server = await asyncio.start_server(scene.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    argv = [sys.executable, str(CHAT), str(port), str(e.provocation.keepalive), str(e.provocation.count)]
    async with server, child(argv, lambda _: None) as chat:
        async with setting.starting:
            await _connected(scene, chat)
        await e.provocation.script(scene)
        scene.note("harness", "end")
        lines = list(scene.lines)
    return Observed(tuple(translate(lines)), tuple(line._asdict() for line in lines), {"stderr.txt": chat.stderr})


async def _connected(scene: Scene, chat: Child) -> None:
    try:
        await asyncio.wait_for(scene.here.wait(), 10)
    except TimeoutError:
        raise Failed("the chat had not connected after 10 s", {"stderr.txt": chat.stderr}) from None


@asynccontextmanager
async def stage(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
    yield partial(perform, setting)


# 4. What it is asked, each time by the policy that its options come to.
BEATS = Policy(idle_period=400, heartbeat_sender="client", reply_timeout=400)

EXPERIMENTS = [
    Experiment(
        "HB-2-interval",
        ("HB-1", "HB-2"),
        BEATS,
        Provocation(silence, 0.4),
        partial(measures.of_intervals, 400),
        settings="KEEPALIVE 0.4, COUNT 1",
        follow=("idle_period", "heartbeat_sender"),
    ),
    Experiment(
        "DEAD-1-muted",
        ("DEAD-1", "DEAD-2"),
        BEATS.but(retries=2, heartbeat_interval=2000),
        Provocation(dead, 0.4, 3),
        partial(measures.of_death, 1200),
        settings="KEEPALIVE 0.4, COUNT 3",
        follow=("retries", "on_missed_reply"),
    ),
    Experiment(
        "DEAD-4-traffic",
        ("DEAD-4",),
        BEATS.but(idle_period=200, reply_timeout=200),
        Provocation(chatter, 0.2),
        partial(measures.of_death, 200),
        manual="'after COUNT pings without any answer it ends', and whatever comes is an answer",
        settings="KEEPALIVE 0.2, COUNT 1",
        stands_for={"DEAD-2": ("DEAD-4",)},
        follow=("proof_of_life",),
    ),
]

ASKED = {rule for e in EXPERIMENTS for rule in e.rules}

PEER = Peer(
    name="chat",
    title="the example's chat client",
    watched="a server that we are, which reads every line",
    needs=(),
    version=lambda: "1",
    experiments=lambda: EXPERIMENTS,
    stage=stage,
    not_asked={rule: "stated: it has no keys, and two lines of protocol" for rule in rules() if rule not in ASKED},
)

"""One run of the second source's keepalive: our probe in one namespace, strongSwan's charon in the other.

What the probe tells of its packets is read in two ways, each pure: as the events of its own end, which the reference
made, and as those of strongSwan's, the server, which has the packets a fraction of a ms earlier or later:

| packet | strongSwan's end |
|---|---|
| first message of main mode | `Open`, `Arrive start` |
| second message of quick mode | `Answer`: it has agreed to keys, and sent no data before it did |
| third message of quick mode | `Arrive finish` |
| quick mode that nobody can accept | `Arrive heartbeat` |
| NO_PROPOSAL_CHOSEN | `SendReply` to the probe with its SPI; where it has none, to the latest |
| DELETE | `Arrive close` |
| it has no association left (`swanctl --list-sas`), and said when it deleted it | `Close` |
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from rekeyspec.conformance.peers.child import Child
from rekeyspec.conformance.peers.experiment import Failed, Observed
from rekeyspec.conformance.peers.ipsec.daemon import INNER, PATIENCE, End, alive, lose
from rekeyspec.conformance.peers.ipsec.log import said
from rekeyspec.conformance.peers.ipsec.settings import Address, Settings
from rekeyspec.conformance.peers.space import Space, two_spaces
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

PROGRAM: Final = "rekeyspec.conformance.peers.ipsec.ikev1_probe"
NOBODY: Final = "00000000"
"""The SPI of an answer that names none."""

Row = Mapping[str, Any]


def own_events(rows: Iterable[Row]) -> list[Event]:
    """What the probe's own end did."""
    found = []
    for row in rows:
        if event := row.get("event"):
            message = Message(**event["message"]) if event["message"] else None
            found.append(Event(**{**event, "message": message}))
        elif "end" in row:
            found.append(Event(row["end"], "client", "Tick"))
    return found


def their_events(rows: Iterable[Row]) -> list[Event]:
    """What strongSwan's end did."""
    found: list[Event] = []
    probes: dict[str, int] = {}
    closing = False

    def did(row: Row, do: Any, message: Message | None = None) -> None:
        found.append(Event(row["t"], "server", do, message))

    for row in rows:
        match row.get("packet"):
            case "start":
                did(row, "Open")
                did(row, "Arrive", Message("start", 1, negotiation="c1", channel="control"))
            case "answer":
                did(row, "Answer", Message("answer", 1, negotiation="c1", channel="control"))
            case "finish":
                did(row, "Arrive", Message("finish", 1, negotiation="c1", channel="control"))
            case "probe":
                probes[row["spi"]] = len(probes) + 1
                did(row, "Arrive", Message("heartbeat", 1, len(probes), channel="control"))
            case "reply":
                number = len(probes) if row["spi"] in ("", NOBODY) else probes.get(row["spi"], 0)
                did(row, "SendReply", Message("reply", 1, number, channel="control"))
            case "delete" if not closing:
                closing = True
                did(row, "Arrive", Message("close", 1, channel="control"))
            case "gone":
                did(row, "Close")
        if "end" in row:
            found.append(Event(row["end"], "server", "Tick"))
    return found


class Link:
    """What a script can do."""

    def __init__(self, two: End, rows: list[Row]) -> None:
        self.two, self.rows = two, rows
        self.probe: Child | None = None
        self.ended = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def mute(self) -> None:
        """From now on what strongSwan says is lost."""
        await lose(self.two, "out udp sport {500, 4500} drop")

    def quit(self) -> None:
        """The probe's user ends the link."""
        assert self.probe is not None
        self.probe.say("quit")

    async def until_closed(self, seconds: float) -> None:
        """Let time pass, at most so much, until the probe's end is closed."""
        try:
            await asyncio.wait_for(self.ended.wait(), seconds)
        except TimeoutError:
            return

    def heard(self, line: str) -> None:
        """The probe told something."""
        row = json.loads(line)
        self.rows.append(row)
        if (row.get("event") or {}).get("do") == "Close":
            self.ended.set()

    def standing(self) -> bool:
        """Is there an association?"""
        return any(row.get("packet") == "finish" for row in self.rows)

    @property
    def origin(self) -> float:
        """When the link opened (s since 1970)."""
        return next((float(row["origin"]) for row in self.rows if "origin" in row), 0.0)

    def files(self) -> dict[str, str]:
        """What is kept of the run."""
        told = "".join(f"{json.dumps(row)}\n" for row in self.rows)
        return {"probe.jsonl": told, "charon.log": "".join(f"{line}\n" for line in self.two.log)}


@dataclass(frozen=True)
class Probing:
    """The script, and whose end is judged: the probe's own or strongSwan's."""

    script: Callable[[Link], Awaitable[None]]
    theirs: bool = False


async def perform(policy: Policy, p: Probing, private: Path, starting: asyncio.Semaphore) -> Observed:
    """Run one experiment. Failed when charon dies, or no association stands in time."""
    directory = Path(mkdtemp(dir=private))
    async with AsyncExitStack() as stack:
        async with starting:
            one, two = await stack.enter_async_context(two_spaces())
            link = await stack.enter_async_context(_link(one, two, directory, policy))
        await p.script(link)
        await link.wait(0.2)
        await alive([link.two], link.files)
        if link.probe is not None and link.probe.ended.is_set():
            why = (link.probe.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Failed(f"the probe {await link.probe.fate()} in the middle: {why}", link.files())
        rows = [*link.rows, *await _gone(link)]
        rows.append({"end": round((time.time() - link.origin) * 1000)})
        if not p.theirs and link.ended.is_set() and not any(row.get("packet") == "gone" for row in rows):
            raise Failed("the probe's link has ended, and strongSwan still has its associations", link.files())
        return Observed(tuple((their_events if p.theirs else own_events)(rows)), tuple(link.rows), link.files())


@asynccontextmanager
async def _link(one: Space, two: Space, directory: Path, policy: Policy) -> AsyncIterator[Link]:
    """The probe with its association open, and charon."""
    here, there = (Address(space.address, f"{INNER}.{n}") for n, space in enumerate((one, two), 1))
    end = End("two", two, there, directory / "two")
    link = Link(end, [])
    secret = secrets.token_hex(16)
    arguments = {
        "secret": secret, "here": here.wire, "there": there.wire, "inner": here.inner, "other": there.inner,
        "policy": asdict(policy),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        await end.start(stack, 1, Settings(), here, secret)
        await end.ready(link.files)
        argv = [sys.executable, "-W", "ignore", "-m", PROGRAM]
        told = asyncio.Event()

        def heard(line: str) -> None:
            link.heard(line)
            if link.standing():
                told.set()

        link.probe = await stack.enter_async_context(one.child(argv, heard))
        link.probe.say(json.dumps(arguments))
        try:
            await asyncio.wait_for(told.wait(), PATIENCE)
        except TimeoutError:
            why = (link.probe.stderr.strip().splitlines() or [next(reversed(end.log), "nothing")])[-1]
            raise Failed(f"no association stood within {PATIENCE:g} s; last was said: {why}", link.files()) from None
        yield link


async def _gone(link: Link) -> list[Row]:
    """When strongSwan deleted its association (ms of the probe's clock), if it has none left."""
    if (await link.two.control("--list-sas")).strip():
        return []
    lines = filter(None, map(said, link.two.log))
    when = [round((line.t - link.origin) * 1000) for line in lines if "deleting IKE_SA" in line.text]
    return [{"packet": "gone", "t": t} for t in when[-1:]]

"""Logs for the tests: of one link or several, as text, and what an audit finds in them."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Sequence

from rekeyspec.conformance.audit.findings import Findings
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.audit.stream import Stream
from rekeyspec.conformance.log import lines, row
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message, Role
from tests.reference.walks import walk

PLAIN = profiles()["byte-count"]

ESTABLISHED = [
    Event(0, "client", "Open"),
    Event(0, "client", "Start", Message("start", 1, negotiation="c1")),
    Event(10, "client", "Arrive", Message("answer", 1, negotiation="c1")),
    Event(10, "client", "Finish", Message("finish", 1, negotiation="c1")),
]
"""A client's end under `byte-count`, up to its first key."""

CLOSED = [Event(90, "client", "Shut"), Event(90, "client", "Close", Message("close", 1))]


def sent(t: int, number: int) -> list[Event]:
    """The client's user offers a message, and it is sent."""
    return [Event(t, "client", "Offer", bytes=5), Event(t, "client", "SendData", Message("data", 1, number, bytes=5))]


def header(policy: Policy = PLAIN, **fields: object) -> str:
    """A header, as a line."""
    plain: dict[str, object] = {"log": 1, "policy": policy.plain()}
    return json.dumps(plain | fields) + "\n"


def body(events: Iterable[Event]) -> str:
    """Events as lines."""
    return "".join(json.dumps(row(e)) + "\n" for e in events)


def text(events: Iterable[Event], policy: Policy = PLAIN, tolerance: int = 0) -> str:
    """A whole log."""
    return "".join(f"{line}\n" for line in lines(policy, "", tolerance, events))


def read(log: str | bytes, options: Options | None = None, share: Share | None = None) -> Stream:
    """A stream that has read this, in pieces of odd sizes."""
    data = log.encode() if isinstance(log, str) else log
    stream = Stream("a.jsonl", options or Options(), share)
    at, size = 0, 1
    while at < len(data):
        stream.feed(data[at : at + size])
        at, size = at + size, size * 3 % 1009 + 1
    stream.end()
    return stream


def audited(log: str | bytes, options: Options | None = None) -> Findings:
    """What was found in a log under its one policy."""
    (found,) = read(log, options).found
    return found


def rules(found: Findings) -> set[str]:
    """The rules that were left."""
    return {rule for rule, _, _ in found.divergences}


def on(link: str, events: Iterable[Event], later: int = 0) -> list[Event]:
    """The same events on this link."""
    return [e._replace(link=link, t=e.t + later) for e in events]


def merged(*logs: Sequence[Event]) -> list[Event]:
    """Logs of several links in one, in order of time."""
    return list(heapq.merge(*logs, key=lambda e: e.t))


def wandering(seed: int) -> tuple[Policy, Role, list[Event]]:
    """A random walk of the reference at one end, as a log."""
    policy, role, events = walk(seed)
    engine, log = Engine(policy, role), []
    for e in events:
        did, _ = engine.step(e)
        log += [e, *did]
    return policy, role, log

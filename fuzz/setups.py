"""Where a story begins: under which policy, over which connections, and how far the link has come by then.

Links at these points are made once and kept pickled, so that a story costs what is new in it and no more.
"""

from __future__ import annotations

import io
import pickle
from functools import cache
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from fuzz.ends import Before, Ends
from fuzz.stub import STUB, Shape, StubNegotiator
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import ROLES, Event, Message, Role
from rekeyspec.reference.wire.link import Link
from rekeyspec.reference.wire.seal import CIPHERS

BASE: Final = Policy(
    idle_period=5000,
    heartbeat_sender="both",
    byte_limit=300,
    negotiation_timeout=3000,
    max_message=40_000,
    queue_limit=60_000,
)


class Setup(NamedTuple):
    """A policy, how many connections carry it, and what negotiations look like."""

    policy: Policy
    connections: int = 1
    shape: Shape = "quick"


SETUPS: Final = (
    Setup(BASE),
    Setup(BASE.but(channels=2, session_cache="on")),
    Setup(BASE.but(channels=2), 2),
    Setup(BASE.but(transport="datagram")),
    Setup(BASE.but(transport="datagram", channels=2), 2, "long"),
    Setup(BASE.but(heartbeat_protection="clear")),
    Setup(BASE.but(session_cache="on", session_lifetime=4000)),
    Setup(BASE.but(direction="to-server", authentication="server-only", limit_from="initiator", accounting="client")),
    Setup(BASE.but(on_spoof="discard", idle_trigger="any", reject_trigger="any")),
    Setup(BASE.but(byte_counts="data+control", byte_trigger="next-data", byte_test="exceeded"), 1, "long"),
    Setup(BASE.but(on_missed_heartbeat="rekey", on_missed_reply="rekey", retries=2, while_waiting="hold")),
    Setup(BASE.but(accounting="server", rekey_initiator="server", idle_trigger="period", reject_trigger="period")),
    Setup(BASE.but(on_missed_heartbeat="close", grace=1000, proof_of_life="any", byte_limit=0)),
    Setup(BASE.but(age_limit=7000, age_trigger="timer", rekey_initiator="server", session_cache="on", channels=2), 2),
    Setup(BASE.but(byte_limit=0), 1, "bulky"),
    Setup(BASE.but(byte_limit=0, channels=2, transport="datagram", rekey_initiator="client", session_cache="on"), 2),
)

STAGES: Final = ("opened", "established", "used", "asked", "answered", "renewed", "quiet", "crossing")
"""How far the link has come: nothing has arrived; the first key is in force; data has gone both ways; a renegotiation
has begun and nothing of it has arrived; its start has; it is over, with data under way; a heartbeat is under way; both
ends have sent data and nothing of it has arrived."""


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.shared: list[Any] = []

    def persistent_id(self, one: object) -> int | None:
        """What all stories share, because nothing in it changes."""
        if not isinstance(one, Policy | Rules | End | Message | Before) and one is not STUB:
            return None
        self.shared.append(one)
        return len(self.shared) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: list[Any]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, one: int) -> object:
        return self._shared[one]


def begun(setup: int, stage: int) -> Ends:
    """The two ends where a story begins."""
    pickled, shared = _kept(setup, stage)
    ends: Ends = _Unpickler(io.BytesIO(pickled), shared).load()
    return ends


def afresh() -> None:
    """Make the links anew that have been kept until now."""
    _kept.cache_clear()


@cache
def _kept(setup: int, stage: int) -> tuple[bytes, list[Any]]:
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(_made(SETUPS[setup], STAGES[stage]))
    return file.getvalue(), pickler.shared


def _made(setup: Setup, stage: str) -> Ends:
    logs: dict[Role, list[Event]] = {"client": [], "server": []}
    with patch.dict(CIPHERS, {"stub": STUB}):
        links = {
            role: Link(
                setup.policy,
                role,
                StubNegotiator(role, setup.shape),
                cipher="stub",
                connections=setup.connections,
                log=logs[role].append,
            )
            for role in ROLES
        }
    ends = Ends(links, logs, setup.connections)
    for role in reversed(ROLES):
        links[role].open(0)
    ends.flush()
    if stage != "opened":
        ends.settle()
    match stage:
        case "used":
            _speak(ends, 30)
            ends.settle()
        case "asked" | "answered":
            _speak(ends, 290)
            ends.settle()
            ends.offer("client", 100)
            ends.offer("client", 7)
            if stage == "answered":
                ends.arrive("server", 0)
        case "renewed":
            _speak(ends, 310)
            ends.settle()
            _speak(ends, 20)
        case "quiet":
            ends.until(5000)
        case "crossing":
            _speak(ends, 40)
            _speak(ends, 17_000)
    ends.begin()
    return ends


def _speak(ends: Ends, size: int) -> None:
    for role in ROLES:
        ends.offer(role, size)

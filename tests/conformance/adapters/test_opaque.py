"""Opaque bytes reach the other end untouched, by whatever way the message goes, and nobody else sees them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from rekeyspec.conformance.adapters import wire
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.adversary import Foe, Powers, moves
from rekeyspec.conformance.network import Network
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import Broken, Carried, End, Reply, bare, carried
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import fresh
from rekeyspec.reference.vocabulary import ROLES, Event, Message, Role

BOTH = [one for one in stories().values() if one.end == "both"]
ONE = [one for one in stories().values() if one.end != "both" and not one.steps[0].link]


@dataclass
class Sealing(ReferenceTarget):
    """The reference, with a text of its own on each message, and a memory of what came with which."""

    sent: dict[str, Message] = field(default_factory=dict)
    came: list[tuple[Message, str]] = field(default_factory=list)
    features: frozenset[str] = frozenset({"opaque"})

    def __post_init__(self) -> None:
        super().__init__()

    def open(self, role: Role, policy: Policy) -> End:
        return SealingEnd(self, role, super().open(role, policy))


@dataclass
class SealingEnd:
    target: Sealing
    role: Role
    end: End

    def step(self, event: Event) -> Reply:
        if event.message is not None:
            opaque = event.message.opaque if isinstance(event.message, Carried) else ""
            self.target.came.append((bare(event).message or event.message, opaque))
        did, deadline = self.end.step(event)
        return Reply(tuple(self.sealed(e) for e in did), deadline)

    def sealed(self, e: Event) -> Event:
        if e.message is None or e.do not in SENDS:
            return e
        opaque = f"{self.role} {len(self.target.sent)}"
        self.target.sent[opaque] = e.message
        return e._replace(message=carried(e.message, opaque))

    def run(self, events: Sequence[Event]) -> list[Reply]:
        return [self.step(event) for event in events]

    def close(self) -> None:
        """Nothing is held."""


def written(did: dict[str, object]) -> bytes:
    return json.dumps({"id": 1, "did": [did], "deadline": None}).encode()


@pytest.mark.parametrize("trace", BOTH, ids=lambda t: t.name)
def test_every_message_brings_what_was_put_there(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Event] = []
    observe = Oracle.observe

    def watched(self: Oracle, e: Event) -> Divergence | None:
        seen.append(e)
        return observe(self, e)

    monkeypatch.setattr(Oracle, "observe", watched)
    target = Sealing()
    case = replay(trace, policy_of(trace), target)
    assert case.word == "conforms", case.reason
    for message, opaque in target.came:
        assert opaque or message.number == 1, "only the forgery of one story has none"
        assert not opaque or target.sent[opaque] == message
    arrived = [opaque for _, opaque in target.came if opaque]
    assert len(set(arrived)) == len(arrived) > 2, "each of them once"
    assert seen
    assert all(type(e.message) is not Carried for e in [*seen, *case.log])
    assert replay(trace, policy_of(trace), ReferenceTarget()).log == case.log


@pytest.mark.parametrize("stepwise", [False, True])
def test_with_one_end_nobody_gets_them_and_nobody_sees_them(stepwise: bool) -> None:
    target = Sealing()
    for trace in ONE:
        case = replay(trace, policy_of(trace), target, stepwise=stepwise)
        assert case.word == "conforms", case.reason
        assert all(type(e.message) is not Carried for e in case.log)
    assert target.sent
    assert all(not opaque for _, opaque in target.came)


def test_what_an_adversary_sends_again_is_the_very_same() -> None:
    """And what it makes has none, though it differs from what was sent by its seal only."""
    steps = [
        {"end": "server", "do": "Open"},
        {"end": "client", "do": "Open", "established": True},
        {"at": 1, "end": "client", "do": "Offer", "bytes": 5},
        {"at": 2, "end": "server", "do": "Pass", "kind": "data"},
    ]
    again = {"kind": "data", "epoch": 1, "number": 1, "bytes": 5}
    steps += [
        {"at": 3, "end": "server", "do": "Arrive", "message": again | {"sealed_by": "peer"}, "expect": ["Discard"]},
        {"at": 4, "end": "server", "do": "Arrive", "message": again | {"sealed_by": "adversary"}},
    ]
    about = {"trace": 0, "name": "again", "about": "", "profile": "byte-count", "rules": ["ORDER-1"], "end": "both"}
    trace = msgspec.convert(about | {"steps": steps}, Trace)
    target = Sealing()
    assert replay(trace, policy_of(trace), target).word == "conforms"
    first, second, forged = [opaque for message, opaque in target.came if message.kind == "data"]
    assert first == second
    assert target.sent[first].kind == "data"
    assert not forged


@pytest.mark.parametrize("do", ["Duplicate", "Replay", "Swap", "Drop"])
def test_the_adversarys_moves_keep_them(do: str) -> None:
    policy = Policy(transport="datagram")
    ends = {role: fresh(policy, role).but(phase="open", epoch=1) for role in ROLES}
    network = Network()
    for number in (1, 2):
        network = network.sent("server", carried(Message("data", 1, number, bytes=3), f"n{number}"), 7)
    powers = Powers(policy, frozenset({"duplicate", "replay", "reorder"}), frozenset({"data"}))
    foe = Foe(strikes=1, recorded=network.flights[0])
    found = [move for move in moves(powers, ends, network, foe, 9) if move.do == do]
    assert found
    for move in found:
        for flight in move.network.flights:
            assert isinstance(flight.message, Carried)
            assert flight.message.opaque == f"n{flight.message.number}"


def test_a_message_equals_itself_without_them_and_keeps_them_on_its_way() -> None:
    plain = Message("data", 1, 1, bytes=5)
    sealed = carried(plain, "b3BhcXVl")
    assert sealed == plain
    assert hash(sealed) == hash(plain)
    assert pickle.loads(pickle.dumps(sealed)).opaque == "b3BhcXVl"
    assert wire.as_seen(Event(0, "client", "Arrive", sealed)).message is sealed
    assert sealed._replace(sealed_by="adversary").opaque == "", "what was changed on its way is no more what was sent"


def test_they_are_written_and_read_as_the_protocol_says() -> None:
    e = Event(4, "server", "Arrive", carried(Message("data", 1, 1, bytes=5), "b3Bh"))
    assert wire.plain(e)["message"] == {"kind": "data", "epoch": 1, "number": 1, "bytes": 5, "opaque": "b3Bh"}
    line = written({"do": "SendReply", "message": {"kind": "reply", "epoch": 1, "opaque": "AA=="}})
    (did,) = wire.step_done(line, 1, e, stated=frozenset({"opaque"})).did
    assert isinstance(did.message, Carried)
    assert (did.message, did.message.opaque) == (Message("reply", 1), "AA==")


def test_who_did_not_state_the_feature_must_not_have_them() -> None:
    line = written({"do": "SendReply", "message": {"kind": "reply", "epoch": 1, "opaque": "AA=="}})
    with pytest.raises(Broken, match="`opaque` bytes, without the feature of that name stated in hello"):
        wire.step_done(line, 1, Event(4, "server", "Tick"))

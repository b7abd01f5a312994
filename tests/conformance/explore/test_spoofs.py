"""What an adversary makes looks like the peer's, but for one thing."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.explore.spoofs import SPOOFS, made
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import KINDS, Event, Message


def established(policy: Policy) -> End:
    engine = Engine(policy, "client")
    engine.step(Event(0, "client", "Open"))
    engine.step(Event(0, "client", "Arrive", Message("answer", 1, 0, "c1", channel=policy.channel("answer"))))
    assert engine.state.epoch == 1
    return engine.state


def test_there_are_some_of_every_kind_by_whoever_has_the_key_and_by_nobody() -> None:
    made_of = {(spoof.form.kind, spoof.form.sealed_by) for spoof in SPOOFS}
    assert made_of >= {(kind, seal) for kind in KINDS for seal in ("adversary", "nobody")}


@pytest.mark.parametrize("which", range(len(SPOOFS)))
def test_before_the_first_key_nobody_can_seal_anything_by_one(which: int) -> None:
    policy = profiles()["combined"]
    message = made(which, End("server", policy.limit, phase="open"), policy)
    if message.kind in ("data", "heartbeat", "reply", "request", "notice") and message.epoch == 0:
        assert message.sealed_by == "nobody"
    assert message.epoch >= 0
    assert message.number >= 0


def test_the_number_the_epoch_and_the_channel_may_be_wrong() -> None:
    policy = profiles()["combined"]
    found = {made(which, established(policy), policy) for which in range(len(SPOOFS))}
    data = [m for m in found if m.kind == "data" and m.sealed_by == "adversary"]
    assert {m.number for m in data} >= {1, 2}
    assert {m.epoch for m in data} >= {1, 2}
    assert {m.channel for m in data} == {"data", "control"}
    assert {m.negotiation for m in found if m.kind == "answer"} == {"c2", "c9"}

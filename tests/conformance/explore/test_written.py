"""What was told is written as a person would: what an honest peer sends needs no words."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.explore.choices import CHOICES, Choice
from rekeyspec.conformance.explore.line import Line
from rekeyspec.conformance.explore.telling import tell
from rekeyspec.conformance.explore.written import called, differs, nearest, shortest, trace_of
from rekeyspec.conformance.player import Peer
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.trace import MessageForm, Step
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Event, Message

COUNTING = profiles()["byte-count"]


def established() -> End:
    engine = Engine(COUNTING, "client")
    engine.step(Event(0, "client", "Open"))
    engine.step(Event(0, "client", "Arrive", Message("answer", 1, 0, "c1")))
    return engine.state


@pytest.mark.parametrize(
    ("message", "form"),
    [
        (Message("data", 1, 1, bytes=5), MessageForm("data", bytes=5)),
        (Message("data", 1, 3, bytes=5), MessageForm("data", number=3, bytes=5)),
        (Message("data", 1, 1, sealed_by="adversary"), MessageForm("data", sealed_by="adversary")),
        (Message("heartbeat", 0, 1), MessageForm("heartbeat", epoch=0)),
        (Message("start", 2, 0, "s2"), MessageForm("start")),
        (Message("start", 3, 0, "s3"), MessageForm("start", epoch=3)),
        (Message("start", 3, 0, "s2"), MessageForm("start", epoch=3, negotiation="s2")),
        (Message("reply", 1, 0, channel="data"), MessageForm("reply", channel="data")),
    ],
)
def test_a_message_says_only_what_an_honest_one_would_not(message: Message, form: MessageForm) -> None:
    peer = Peer()
    assert shortest(message, peer, established(), COUNTING) == form
    assert peer == Peer(), "to look is not to send"


def test_the_profile_is_the_one_from_which_the_policy_differs_least() -> None:
    for name, policy in profiles().items():
        assert nearest(policy) == name
        assert differs(policy, policy) == {}
        assert nearest(policy.but(retries=5)) == name


def test_what_follows_the_idle_period_is_not_told_twice() -> None:
    combined = profiles()["combined"]
    assert differs(combined.but(idle_period=7), combined) == {"idle_period": 7}
    assert differs(combined.but(idle_period=7, rekey_idle=9), combined) == {"idle_period": 7, "rekey_idle": 9}
    assert combined.but(**differs(Policy(), combined)) == Policy()


def test_with_one_end_under_test_the_peers_lines_are_what_arrives() -> None:
    lines = [
        Line(0, "client", "Open", established=True),
        Line(7, "client", "Offer", bytes=3, times=2),
        Line(9, "client", "Arrive", Message("data", 1, 1, bytes=8)),
        Line(9, "client", "Arrive", Message("data", 1, 1, bytes=8)),
    ]
    steps = trace_of("told", "Told.", ["FLOW-1"], COUNTING, "client", lines).steps
    assert steps == [
        Step("Open", established=True),
        Step("Offer", after=7, bytes=3, times=2),
        Step("Arrive", after=2, message=MessageForm("data", bytes=8)),
        Step("Arrive", message=MessageForm("data", number=1, bytes=8)),
    ]


def test_with_both_under_test_what_an_adversary_sends_is_written_out() -> None:
    lines = [
        Line(0, "server", "Open"),
        Line(0, "client", "Open"),
        Line(3, "server", "Pass", kind="start"),
        Line(4, "client", "Arrive", Message("heartbeat", 0, 1, sealed_by="nobody")),
    ]
    steps = trace_of("told", "Told.", ["FLOW-1"], COUNTING, "both", lines).steps
    assert steps[2] == Step("Pass", after=3, end="server", kind="start")
    forged = MessageForm("heartbeat", epoch=0, number=1, sealed_by="nobody")
    assert steps[3] == Step("Arrive", after=1, end="client", message=forged)


def test_calls_at_deadlines_can_be_lines_of_their_own() -> None:
    choices = [CHOICES.index(Choice("WaitUntil", 0, 0, 1)), CHOICES.index(Choice("WaitUntil", 0, 0, 1))]
    told = tell(profiles()["key-based"], ReferenceTarget(), "client", True, choices, 60)
    assert [line.t for line in told.lines if line.do == "Tick"] == [310_001]
    assert [line.t for line in called(told) if line.do == "Tick"] == [300_000, 310_000, 310_001]

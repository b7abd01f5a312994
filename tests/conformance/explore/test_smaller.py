"""A failing trace becomes small and plain, and fails as it did before."""

from __future__ import annotations

import msgspec
import pytest

from rekeyspec.conformance.explore.fault import Fault, of_trace
from rekeyspec.conformance.explore.smaller import Smaller, opens
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.trace import MessageForm, Step, Trace
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role
from tests.conformance.explore.breaking import Makes, Steps, Target, crashes, forgets, late, leaves, sound

OPEN = Step("Open", established=True)
BEAT = Step("Arrive", message=MessageForm("heartbeat"))


def told(*steps: Step, end: str = "client", profile: str = "combined", **policy: int | str) -> Trace:
    return Trace(0, "found", "Told.", profile, ["FLOW-1"], list(steps), end, policy)  # type: ignore[arg-type]


def smallest(trace: Trace, make: Makes, tries: int = 3000) -> Trace:
    target = Target(make)
    fault = of_trace(trace, policy_of(trace), target)
    assert fault is not None
    small = Smaller(trace, fault, target, tries).smallest()
    assert of_trace(small, policy_of(small), target) == fault
    assert target.open_ends == 0
    return small


def test_what_has_nothing_to_do_with_it_is_left_out() -> None:
    noise = [Step("Offer", bytes=50), Step("Tick", after=5), Step("Arrive", message=MessageForm("data", bytes=9))] * 4
    trace = told(OPEN, *noise, BEAT, *noise)
    assert smallest(trace, forgets("SendReply", "HB-3")).steps == [OPEN, BEAT]


def test_the_first_negotiation_is_told_in_a_word() -> None:
    answer = Step("Arrive", after=40, message=MessageForm("answer"))
    small = smallest(told(Step("Open"), answer, BEAT), forgets("SendReply", "HB-3"))
    assert small.steps == [OPEN, BEAT]


def test_of_both_ends_too() -> None:
    trace = told(
        Step("Open", end="server"),
        Step("Open", end="client"),
        Step("Pass", end="server", kind="start"),
        Step("Pass", after=3, end="client", kind="answer"),
        Step("Pass", end="server", kind="finish"),
        Step("Offer", after=70, end="client", bytes=77),
        Step("Pass", after=9, end="server", kind="data"),
        Step("Tick", after=9, end="server"),
        end="both",
    )
    small = smallest(trace, forgets("Deliver", "FLOW-1"))
    assert small.steps == [
        Step("Open", end="server"),
        Step("Open", end="client", established=True),
        Step("Offer", end="client", bytes=1),
        Step("Pass", end="server", kind="data"),
    ]


def test_a_time_is_told_by_its_parameter_and_the_policy_is_the_profiles() -> None:
    trace = told(
        OPEN, Step("Tick", after=2500), Step("Tick", after=900), idle_period=2500, reply_timeout=400, retries=2
    )
    small = smallest(trace, late("SendHeartbeat", "DEAD-1", 1))
    assert small.policy == {}
    assert small.steps == [OPEN, Step("Tick", after="idle_period + reply_timeout")]


def test_a_size_is_the_least_that_will_do_or_its_parameter() -> None:
    trace = told(OPEN, Step("Offer", bytes=900), Step("Offer", bytes=700), Step("Tick", after=1), byte_limit=1000)
    small = smallest(trace, forgets("Start", "BYTE-5"))
    assert small.steps == [OPEN, Step("Offer", bytes="byte_limit")]


def test_a_message_loses_what_is_not_needed() -> None:
    forged = MessageForm("heartbeat", number=7, sealed_by="adversary", bytes=3)
    assert smallest(told(OPEN, Step("Arrive", message=forged)), forgets("SendReply", "HB-3")).steps == [OPEN, BEAT]


def test_no_failure_slips_into_another() -> None:
    """An end that breaks two rules: the one is not to be taken for the other, however much shorter its trace is."""

    def two(policy: Policy, role: Role) -> Steps:
        deaf = forgets("SendReply", "HB-3")(policy, role)
        mute = leaves("SendData", "count")(policy, role)

        def step(event: Event) -> tuple[tuple[Event, ...], int]:
            did = {do.do: do for do in deaf(event)[0]}
            return tuple(do for do in mute(event)[0] if do.do != "SendReply" or do.do in did), 1 << 62

        return step

    trace = told(OPEN, Step("Offer", bytes=600), Step("Offer", bytes=600), Step("Tick", after=1), BEAT, byte_limit=1000)
    target = Target(two)
    fault = of_trace(trace, policy_of(trace), target)
    assert fault == Fault("BYTE-5", "not-done", "Start")
    small = Smaller(trace, fault, target, 3000).smallest()
    assert of_trace(small, policy_of(small), target) == fault
    assert of_trace(told(OPEN, BEAT), policy_of(trace), target) == Fault("HB-3", "not-done", "SendReply")


def test_the_target_is_asked_no_more_often_than_it_may_be() -> None:
    trace = told(OPEN, *[Step("Tick", after=5)] * 30, Step("Arrive", message=MessageForm("notice")))
    target = Target(crashes)
    fault = of_trace(trace, policy_of(trace), target)
    assert fault is not None
    before = target.opened
    Smaller(trace, fault, target, 10).smallest()
    assert target.opened - before <= 2 * 10  # a whole script, and again step by step


@pytest.mark.parametrize(
    ("steps", "sound_"),
    [
        ([OPEN], True),
        ([Step("Tick"), OPEN], False),
        ([Step("Open", end="client"), Step("Pass", end="server")], False),
        ([Step("Open", end="client"), Step("Drop", end="server"), Step("Open", end="server")], True),
    ],
)
def test_open_is_the_first_that_an_end_is_given(steps: list[Step], sound_: bool) -> None:
    assert opens(msgspec.structs.replace(told(OPEN), steps=steps)) == sound_


def test_a_policy_does_not_come_to_contradict_itself() -> None:
    trace = told(OPEN, BEAT, idle_period=400_000, on_missed_heartbeat="rekey", grace=99_000)
    small = smallest(trace, forgets("SendReply", "HB-3"))
    assert small.policy == {}
    trace = told(OPEN, BEAT, profile="byte-count", heartbeat_sender="client", idle_period=400_000)
    assert smallest(trace, forgets("SendReply", "HB-3")).policy == {}


def test_what_does_not_fail_is_not_made_smaller() -> None:
    trace = told(OPEN, BEAT, Step("Tick", after=4))
    target = Target(sound)
    assert Smaller(trace, Fault("HB-3", "not-done", "SendReply"), target, 100).smallest() == trace

"""An interleaving is told as replay tells it: the trace that is written of it gives the end the very same."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.explore.choices import CHOICES, Choice
from rekeyspec.conformance.explore.line import Tested
from rekeyspec.conformance.explore.parameters import Policies
from rekeyspec.conformance.explore.scene import CROWD
from rekeyspec.conformance.explore.telling import Told, tell
from rekeyspec.conformance.explore.written import trace_of
from rekeyspec.conformance.player import script
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import begin, replay
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import Broken, Target
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT, NEVER, Event, Role
from tests.conformance.explore.breaking import Steps, crashes, sound
from tests.conformance.explore.breaking import Target as Opens

POLICIES = Policies()


def drawn(seed: int, target: Target, tested: Tested) -> Told:
    random = Random(seed)
    policy = POLICIES.chosen(random.randrange(256), [random.randrange(256) for _ in range(5)])
    return tell(policy, target, tested, random.random() < 0.75, [random.randrange(256) for _ in range(60)], 60)


def choose(*choices: Choice) -> list[int]:
    return [CHOICES.index(choice) for choice in choices]


@pytest.mark.parametrize("tested", ["client", "server", "both"])
def test_the_trace_that_is_written_gives_the_ends_the_same(tested: Tested) -> None:
    for seed in range(100):
        told = drawn(seed, ReferenceTarget(), tested)
        trace = trace_of("told", "Told.", ["FLOW-1"], told.policy, tested, told.lines)
        assert policy_of(trace) == told.policy
        case = replay(trace, told.policy, ReferenceTarget(), stepwise=True)
        assert case.word == "conforms", case.reason
        assert list(case.log) == told.log
        if tested != "both":
            assert replay(trace, told.policy, ReferenceTarget()).log == case.log


@pytest.mark.parametrize("tested", ["client", "server"])
def test_in_one_line_it_is_the_same_interleaving_as_one_by_one(tested: Tested) -> None:
    for seed in range(100):
        by_and_by, at_once = drawn(seed, Opens(sound), tested), drawn(seed, Opens(sound, remote=True), tested)
        assert at_once.lines == by_and_by.lines
        assert at_once.log == by_and_by.log
        assert at_once.exercised == by_and_by.exercised


def test_who_wants_to_be_called_in_between_is_told_one_by_one() -> None:
    def impatient(policy: Policy, role: Role) -> Steps:
        steps = sound(policy, role)

        def step(event: Event) -> tuple[tuple[Event, ...], int]:
            did, deadline = steps(event)
            return did, min(deadline, event.t + 700)

        return step

    target = Opens(impatient, remote=True)
    told = [drawn(seed, target, "client") for seed in range(20)]
    assert not any(one.found or one.broken for one in told)
    assert target.opened > len(told)
    assert any(e.do == "Tick" and e.t % 700 == 0 for one in told for e in one.log)


def test_every_end_that_was_opened_is_closed() -> None:
    for target in (Opens(sound), Opens(sound, remote=True), Opens(crashes)):
        for seed in range(30):
            drawn(seed, target, ("client", "server", "both")[seed % 3])  # type: ignore[arg-type]
        assert target.opened
        assert target.open_ends == 0


def test_what_breaks_is_said_to_be_broken_and_nothing_is_raised() -> None:
    found = {drawn(seed, Opens(crashes), "both").broken.partition(":")[0] for seed in range(60)}
    assert found == {"", "it raised KeyError"}


def test_an_end_that_cannot_be_opened_is_broken_at_its_first_line() -> None:
    def none(policy: Policy, role: Role) -> Steps:
        raise Broken("there is no such end")

    told = tell(profiles()["combined"], Opens(none), "both", True, [], 60)
    assert told.broken == "there is no such end"
    assert [line.do for line in told.lines] == ["Open"]


def test_no_more_lines_are_told_than_were_asked_for() -> None:
    told = tell(profiles()["combined"], ReferenceTarget(), "client", True, choose(Choice("Offer", 0, 0)) * 50, 7)
    assert len(told.lines) == 7


def test_time_moves_to_just_before_at_and_just_after_a_deadline() -> None:
    policy = profiles()["key-based"]
    for by in (-1, 0, 1):
        told = tell(policy, ReferenceTarget(), "client", True, choose(Choice("WaitUntil", 0, 0, by)), 60)
        assert [line.t for line in told.lines] == [0, 300_000 + by]
        assert ("SendHeartbeat" in [e.do for e in told.log]) == (by >= 0)


def test_the_deadline_that_an_end_declares_is_among_those_it_is_tried_at() -> None:
    def declares(policy: Policy, role: Role) -> Steps:
        steps = sound(policy, role)
        return lambda event: (steps(event)[0], 1234 if event.t < 1234 else NEVER)

    told = tell(profiles()["byte-count"], Opens(declares), "client", True, choose(Choice("WaitUntil")), 60)
    assert told.lines[-1].t == 1234


def test_a_crowd_of_messages_that_change_nothing_does_not_come_at_one_instant() -> None:
    many = choose(Choice("Spoof", 0, 1)) * 12  # data that nobody sealed
    told = tell(profiles()["combined"], ReferenceTarget(), "client", True, many, 60)
    arrived = [line.t for line in told.lines if line.do == "Arrive"]
    assert len(arrived) == 12
    assert max(map(arrived.count, arrived)) == CROWD


def test_both_ends_open_anew_once_both_have_closed() -> None:
    ended = choose(Choice("Shut", 0), Choice("Pass", 1), Choice("Open"), Choice("Offer", 0, 0), Choice("Pass", 1))
    told = tell(profiles()["byte-count"], ReferenceTarget(), "both", True, ended, 60)
    assert [(line.end, line.do) for line in told.lines][2:6] == [
        ("client", "Shut"), ("server", "Pass"), ("server", "Open"), ("client", "Open"),
    ]  # fmt: skip
    assert told.log[-1].do == "Deliver"


def test_over_a_stream_no_message_passes_another_of_its_channel() -> None:
    for seed in range(100):
        told = drawn(seed, ReferenceTarget(), "both")
        if told.policy.transport == "stream":
            trace = trace_of("told", "Told.", ["FLOW-1"], told.policy, "both", told.lines)
            with ExitStack() as ends:
                run = begin(trace, told.policy, ReferenceTarget(), ends)
                assert run.give(script(trace, told.policy)) is None
                assert not run.overtook


def test_the_limit_is_met_to_the_byte() -> None:
    for which, count in ((2, 999), (3, 1000), (4, 1001)):
        policy = profiles()["byte-count"].but(byte_limit=1000)
        told = tell(policy, ReferenceTarget(), "client", True, choose(Choice("Offer", 0, which)), 60)
        assert told.lines[-1].bytes == count
    full = tell(profiles()["byte-count"], ReferenceTarget(), "client", True, choose(Choice("Offer", 0, 2)) * 2, 60)
    assert [(line.bytes, line.times) for line in full.lines[1:]] == [(65_536, 15), (65_535, 1)]


def test_nothing_but_what_the_environment_does_is_given() -> None:
    told = drawn(3, ReferenceTarget(), "both")
    assert {line.do for line in told.lines} - {"Pass", "Drop"} <= set(ENVIRONMENT)

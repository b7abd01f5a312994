"""The search finds what is wrong, small and always the same, and nothing where nothing is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import rekeyspec.conformance.explore as package
from rekeyspec.conformance.adapters.pair import PairTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.explore import Effort, Explored, Shape, explore
from rekeyspec.conformance.explore.drawing import MISSING
from rekeyspec.conformance.explore.fault import of_case
from rekeyspec.conformance.explore.text import text
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.conformance.trace import parse
from rekeyspec.conformance.yamlfile import parse as yaml
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role
from tests.conformance.explore.breaking import (
    Makes,
    Steps,
    Target,
    crashes,
    forgets,
    late,
    leaves,
    sound,
    without,
)

MUTANTS: dict[str, Makes] = {
    "forged heartbeats are answered": without("SendReply", "HB-5"),
    "data after a heartbeat is delivered": leaves("SendReply", "marked_accepted"),
    "data that was seen before is delivered": without("Deliver", "ORDER-1"),
    "data of an earlier key is delivered": without("Deliver", "REKEY-2"),
    "a start from an end that may not start is answered": without("Answer", "REKEY-4"),
    "two negotiations at once": without("Answer", "REKEY-5"),
    "a reply that answers nothing counts": without("AcceptReply", "DEAD-4"),
    "an answer that nobody sealed is taken": without("Finish", "EST-2"),
    "heartbeats are not answered": forgets("SendReply", "HB-3"),
    "a request is not heeded": forgets("Start", "REKEY-4"),
    "the peer's death is never noticed": forgets("Close", "DEAD-2"),
    "a torn stream goes on": forgets("Close", "ORDER-1"),
    "the first heartbeat is a millisecond late": late("SendHeartbeat", "HB-1", 1),
    "a negotiation may take a millisecond longer": late("Close", "EST-4", 1),
    "an old key is renewed late": late("Start", "AGE-2", 500),
    "the count goes on under a new key": leaves("Finish", "count"),
    "what is sent is not counted": leaves("SendData", "count"),
    "the mark outlives its key": leaves("Finish", "marked_sent"),
    "a replayed heartbeat is new": leaves("SendReply", "beat_seen"),
    "the interval is not counted from the heartbeat": leaves("SendHeartbeat", "next_beat"),
    "the session is forgotten": leaves("Establish", "session"),
}


ENOUGH = Effort(800, 0, failures=1)


def found(make: Makes, effort: Effort = ENOUGH, **stated: object) -> tuple[Explored, Target]:
    target = Target(make, **stated)  # type: ignore[arg-type]
    explored = explore(target, effort)
    assert target.open_ends == 0, "an end was left open"
    return explored, target


@pytest.mark.parametrize("name", MUTANTS)
def test_what_is_broken_is_found_in_a_few_lines_that_replay(name: str) -> None:
    explored, target = found(MUTANTS[name])
    assert len(explored.failures) == 1, name
    failure = explored.failures[0]
    assert len(failure.trace.steps) <= 10, failure.text
    assert failure.case.word == "violates"
    read = parse(yaml(failure.text, "found.yaml"))
    assert read == failure.trace
    again = replay(read, policy_of(read), target)
    assert of_case(again, target) == of_case(failure.case, target)
    assert failure.case.divergence is not None
    assert read.rules == [failure.case.divergence.rule]
    assert replay(read, policy_of(read), ReferenceTarget()).word == "conforms", failure.text


@pytest.mark.parametrize("profile", [None, *profiles()])
@pytest.mark.parametrize("shape", ["one-end", "both-ends"])
def test_the_reference_does_nothing_wrong(shape: Shape, profile: str | None) -> None:
    explored = explore(ReferenceTarget(), Effort(60, 11), profile=profile, shape=shape)
    assert explored.failures == ()
    assert explored.examples == 60
    assert explored.steps >= 15 * 60


def test_an_interleaving_of_the_usual_length_has_twenty_lines_and_more_in_the_mean() -> None:
    explored = explore(ReferenceTarget(), Effort(600, 5))
    assert explored.steps >= 20 * explored.examples
    assert len(explored.exercised) >= 30


def test_the_same_seed_finds_the_same_and_another_seed_searches_elsewhere() -> None:
    make = leaves("SendData", "count")
    one, other = found(make)[0], found(make)[0]
    assert one == other
    different = found(make, Effort(800, 1, failures=1))[0]
    assert (different.examples, different.steps) != (one.examples, one.steps)


SCRIPT = """
import tests.conformance.explore.breaking as breaking
from rekeyspec.conformance.explore import Effort, explore
made = explore(breaking.Target(breaking.leaves("SendReply", "beat_seen")), Effort(400, 3, failures=2))
print(made.examples, made.steps)
for failure in made.failures:
    print(failure.text, end="")
"""


def test_it_finds_the_same_in_another_process_whatever_its_hashes() -> None:
    root = Path(__file__).parents[3]
    said = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{root}:{root / 'src'}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert "found-hb-5" in said.pop()


def twice(policy: Policy, role: Role) -> Steps:
    """Two rules broken that have nothing to do with each other."""
    late_ = late("SendHeartbeat", "HB-1", 1)(policy, role)

    def step(event: Event) -> tuple[tuple[Event, ...], int]:
        did, deadline = late_(event)
        return tuple(do for do in did if do.do != "Refuse"), deadline

    return step


def test_after_a_failure_it_looks_for_another_rule() -> None:
    explored, _ = found(twice, Effort(2000, 0, failures=2))
    assert {one.trace.rules[0] for one in explored.failures} == {"HB-1", "LIM-1"}


def test_it_stops_when_enough_is_found() -> None:
    explored, _ = found(twice, Effort(2000, 0, failures=1))
    assert len(explored.failures) == 1
    assert explored.examples < 500


def test_what_is_known_is_not_looked_for() -> None:
    explored = explore(Target(twice), Effort(300, 0), known=["HB-1", "LIM-1"])
    assert explored.failures == ()
    assert explored.examples == 300


def test_what_only_comes_of_a_known_failure_is_none_of_its_own() -> None:
    explored, _ = found(forgets("SendReply", "HB-3"), Effort(600, 0, failures=5))
    assert [one.trace.rules[0] for one in explored.failures] == ["HB-3"]


def test_each_failure_is_handed_over_as_soon_as_it_is_found() -> None:
    kept: list[str] = []
    explored = explore(Target(twice), Effort(2000, 0, failures=2), keep=lambda one: kept.append(one.trace.name))
    assert kept == [one.trace.name for one in explored.failures]


def test_what_a_target_stated_that_it_lacks_is_neither_asked_nor_counted() -> None:
    lacks = {"AGE-1": "keys have no age", "LIM-1": "it refuses nothing", "CHAN-1": "there is one channel"}
    explored, target = found(lambda p, r: twice(p.but(age_limit=0), r), Effort(400, 0), unsupported=lacks)
    assert [one.trace.rules for one in explored.failures] == [["HB-1"]]
    assert {(p.age_limit, p.channels) for p in target.policies} == {(0, 1)}


def test_a_program_that_breaks_down_is_found_once_and_made_small() -> None:
    explored, target = found(crashes, Effort(600, 0, failures=3))
    assert [(one.case.word, one.trace.name) for one in explored.failures] == [("broken", "found-broken-after-notice")]
    assert len(explored.failures[0].trace.steps) == 2
    assert target.opened < 600 * 3


def test_a_program_that_never_works_is_given_up() -> None:
    def never(policy: Policy, role: Role) -> Steps:
        raise Broken("it does not start")

    explored, target = found(never, Effort(2000, 0))
    assert len(explored.failures) == 1
    assert explored.examples < 30
    assert target.opened < 300


def test_who_does_not_do_the_same_twice_is_said_not_to() -> None:
    calls: list[int] = []

    def moody(policy: Policy, role: Role) -> Steps:
        calls.append(1)
        return forgets("SendReply", "HB-3")(policy, role) if len(calls) < 40 else sound(policy, role)

    explored, _ = found(moody, Effort(300, 0))
    assert [one.case.word for one in explored.failures] == ["inconclusive"]
    assert "when it was told the same again" in explored.failures[0].case.reason


def test_a_pair_is_searched_with_both_ends_only() -> None:
    pair = PairTarget("pair:a b", Target(sound), Target(forgets("SendReply", "HB-3")))  # type: ignore[arg-type]
    explored = explore(pair, Effort(300, 0, failures=1))
    assert [one.trace.end for one in explored.failures] == ["both"]
    assert explored.failures[0].case.divergence is not None
    assert explored.failures[0].case.divergence.end == "server"
    with pytest.raises(BadInput, match=r"read `one-end`, expected `both-ends`"):
        explore(pair, Effort(10), shape="one-end")


def test_a_target_with_a_clock_of_its_own_cannot_be_searched() -> None:
    with pytest.raises(BadInput, match="a clock of its own"):
        explore(Target(sound, features=frozenset({"real-clock"})), Effort(10))


def test_a_profile_is_searched_as_it_is() -> None:
    target = Target(sound)
    explore(target, Effort(30), profile="messaging")
    assert set(target.policies) == {profiles()["messaging"]}
    with pytest.raises(BadInput, match="did you mean messaging"):
        explore(target, Effort(30), profile="mesaging")


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    explore(ReferenceTarget(), Effort(25), progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 25) for n in range(1, 26)]


def test_without_hypothesis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(BadInput) as why:
        explore(ReferenceTarget(), Effort(10))
    assert str(why.value) == MISSING
    assert "rekeyspec[explore]" in MISSING


def test_a_failure_has_the_text_of_its_trace() -> None:
    failure = found(forgets("SendReply", "HB-3"))[0].failures[0]
    assert failure.text == text(failure.trace)
    assert set(package.__all__) >= {"Effort", "Explored", "Failure", "explore"}

"""What becomes of an observation, with a program that is a list of events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rekeyspec.conformance.peers.experiment import Experiment, Failed, Laboratory, Observed
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

OPENED = (
    Event(0, "client", "Open"),
    Event(1, "client", "Start", Message("start", 1, negotiation="c1")),
    Event(2, "client", "Arrive", Message("answer", 1, negotiation="c1")),
    Event(3, "client", "Finish", Message("finish", 1, negotiation="c1")),
)
WRITES = tuple(
    event
    for n in (1, 2, 3)
    for event in (
        Event(n * 10, "client", "Offer", bytes=600),
        Event(n * 10, "client", "SendData", Message("data", 1, n, bytes=600)),
    )
)
"""Three times 600 bytes under one key: too many where the limit is 1000."""

EXPERIMENT = Experiment(
    "BYTE-3-sent.small", ("BYTE-3", "FLOW-1"), Policy(byte_limit=1000, byte_trigger="next-data"), None,
    lambda events: f"{len(events)} events", "nothing of the kind", margin=Margin(ms=200),
)  # fmt: skip

Perform = Callable[[Experiment[None]], Awaitable[Observed]]


def performer(*runs: tuple[Event, ...] | Exception) -> Perform:
    """Gives one of these after the other."""
    left = list(runs)

    async def perform(_: Experiment[None]) -> Observed:
        run = left.pop(0)
        if isinstance(run, Exception):
            raise run
        return Observed(run, ({"t": 0, "what": "OPEN"},))

    return perform


def cases(
    directory: Path, perform: Perform, experiment: Experiment[None] = EXPERIMENT, repetitions: int = 2
) -> list[Case]:
    return asyncio.run(Laboratory("peer:made-up", "1", perform, directory, repetitions).cases([experiment]))


def test_a_rule_that_was_exercised_and_held_conforms(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(*[OPENED + WRITES[:2]] * 2))
    assert (case.word, case.reason) == ("conforms", "6 events")
    assert "FLOW-1" in case.exercised


def test_a_rule_counts_as_exercised_where_it_was_each_time(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(OPENED + WRITES[:2], (*OPENED, Event(90, "client", "Tick"))))
    assert "FLOW-1" not in case.exercised
    assert case.word == "inconclusive"


def test_of_a_program_that_does_the_same_each_time_it_is_told_what_it_follows(tmp_path: Path) -> None:
    experiment = replace(EXPERIMENT, follow=("byte_trigger", "byte_limit"))
    [case] = cases(tmp_path, performer(*[OPENED + WRITES] * 2), experiment)
    assert case.trial is not None
    assert case.trial.follows == {"byte_limit": 0}
    assert (case.trial.seen, case.trial.repetitions, case.trial.version) == ("10 events", 2, "1")


def test_what_a_program_follows_only_once_is_not_told(tmp_path: Path) -> None:
    experiment = replace(EXPERIMENT, follow=("byte_limit",), rules=("FLOW-1",))
    unlike = (*OPENED, *WRITES[:2], Event(50, "client", "SendHeartbeat", Message("heartbeat", 1, 1)))
    [case] = cases(tmp_path, performer(OPENED + WRITES[:2], unlike), experiment)
    assert case.trial is not None
    assert case.trial.follows is None


def test_what_was_asked_and_not_seen_is_inconclusive(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(OPENED, OPENED))
    assert case.word == "inconclusive"


def test_a_violation_is_believed_the_second_time_with_the_manuals_word(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(OPENED + WRITES, OPENED + WRITES))
    assert case.word == "violates"
    assert case.divergence is not None
    assert case.divergence.rule == "BYTE-3"
    assert case.reason == "10 events; its manual: nothing of the kind"
    assert Path(case.evidence) == tmp_path / "BYTE-3-sent.small" / "2" / "events.jsonl"


def test_a_violation_seen_once_only_is_inconclusive(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(OPENED + WRITES, OPENED + WRITES[:2]))
    assert case.word == "inconclusive"
    assert case.reason == "not the same 2 times: violates (BYTE-3); conforms (6 events)"
    assert case.divergence is None


def test_two_violations_of_different_rules_are_not_the_same_twice(tmp_path: Path) -> None:
    unasked = Event(9, "client", "SendHeartbeat", Message("heartbeat", 1, 1))
    [case] = cases(tmp_path, performer(OPENED + WRITES, (*OPENED, unasked)))
    assert case.word == "inconclusive"
    assert "violates (BYTE-3); violates (HB-1)" in case.reason


def test_two_violations_that_stand_for_the_same_rule_are_the_same(tmp_path: Path) -> None:
    unasked = Event(9, "client", "SendHeartbeat", Message("heartbeat", 1, 1))
    experiment = replace(EXPERIMENT, stands_for={"HB-1": ("BYTE-3",)})
    [case] = cases(tmp_path, performer(OPENED + WRITES, (*OPENED, unasked)), experiment)
    assert case.word == "violates"
    assert case.divergence is not None
    assert case.divergence.rule == "BYTE-3"


def test_a_program_that_breaks_twice_is_broken(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(Broken("it fell over"), Broken("it fell over")))
    assert (case.word, case.reason) == ("broken", "it fell over")


def test_a_program_that_breaks_once_is_inconclusive(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(Broken("it fell over"), OPENED + WRITES[:2]))
    assert case.word == "inconclusive"


def test_a_divergence_is_told_for_each_rule_that_it_stands_for(tmp_path: Path) -> None:
    experiment = replace(EXPERIMENT, stands_for={"BYTE-3": ("BYTE-1", "BYTE-3")})
    found = cases(tmp_path, performer(OPENED + WRITES, OPENED + WRITES), experiment)
    assert [case.divergence.rule for case in found if case.divergence] == ["BYTE-1", "BYTE-3"]
    assert [case.divergence.also for case in found if case.divergence] == [("BYTE-3",), ("BYTE-1",)]


@pytest.mark.parametrize(("sees", "expected"), [(True, "conforms"), (False, "inconclusive")])
def test_what_the_log_shows_besides_counts_only_when_it_does(tmp_path: Path, sees: bool, expected: str) -> None:
    experiment = replace(EXPERIMENT, rules=("BYTE-4",), shows={"BYTE-4": lambda _: sees})
    [case] = cases(tmp_path, performer(OPENED, OPENED), experiment)
    assert case.word == expected


def test_what_the_experiment_itself_sees_broken_is_a_violation(tmp_path: Path) -> None:
    experiment = replace(EXPERIMENT, breaks={"EST-3": lambda events: f"{len(events)} messages, no key share"})
    [case] = cases(tmp_path, performer(*[OPENED + WRITES[:2]] * 2), experiment)
    assert case.word == "violates"
    assert case.divergence is not None
    assert case.divergence.sentence() == "EST-3: seen by 10 ms at the client: 6 messages, no key share"


def stalling(stalls: int) -> Perform:
    """Stands still in the first so many runs."""
    left = [True] * stalls

    async def perform(_: Experiment[None]) -> Observed:
        await asyncio.sleep(0.03)
        if left:
            left.pop()
            time.sleep(0.4)  # noqa: ASYNC251 - that nothing else runs meanwhile is the point
        await asyncio.sleep(0.03)
        return Observed(OPENED + WRITES[:2], ())

    return perform


def test_a_run_in_which_the_machine_stood_still_is_done_again(tmp_path: Path) -> None:
    [case] = cases(tmp_path, stalling(1), repetitions=1)
    assert case.word == "conforms"


def test_a_machine_that_always_stands_still_says_nothing(tmp_path: Path) -> None:
    [case] = cases(tmp_path, stalling(9), repetitions=1)
    assert case.word == "inconclusive"
    assert "in each of 3 runs this machine stood still for longer than the tolerance of 200 ms" in case.reason


def test_the_evidence_is_a_log_with_its_header_and_the_packets(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(OPENED), repetitions=1)
    header, first, second, *_ = map(json.loads, Path(case.evidence).read_text().splitlines())
    assert (header["log"], header["origin"], header["tolerance"]) == (0, "peer:made-up 1: BYTE-3-sent.small", 200)
    assert Policy(**header["policy"]) == EXPERIMENT.policy
    assert first == {"t": 0, "end": "client", "do": "Open"}
    assert second["message"] == {"kind": "start", "epoch": 1, "negotiation": "c1"}
    assert json.loads(Path(case.evidence).with_name("packets.jsonl").read_text()) == {"t": 0, "what": "OPEN"}


def test_evidence_that_cannot_be_written_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"evidence cannot be written there: .*; name a directory that can be written"):
        cases(tmp_path / "file", performer(OPENED), repetitions=1)


def test_what_a_program_said_before_it_failed_is_kept(tmp_path: Path) -> None:
    [case] = cases(tmp_path, performer(Failed("it fell over", {"program.log": "ouch"})), repetitions=1)
    assert (case.word, case.reason) == ("broken", "it fell over")
    assert (Path(case.evidence) / "program.log").read_text() == "ouch"

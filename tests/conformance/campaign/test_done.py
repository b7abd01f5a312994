"""What has come of a job is small, says all that a report needs, and comes back from bytes as it went in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.campaign.done import OTHERS, Done, Sheet, packed, unpacked_done, unpacked_example
from rekeyspec.conformance.check import tell
from rekeyspec.conformance.report.verdicts import Reckoning, verdicts
from rekeyspec.conformance.report.violations import gathered
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import by_hand, tours
from rekeyspec.conformance.target import Target
from rekeyspec.conformance.verdict import Case
from tests.conformance.campaign.conftest import target


def told(judged: Target) -> list[Case]:
    return [tell(one, judged, judged.name) for one in [*by_hand(None, None), *tours()[0]]]


def sheet(cases: list[Case]) -> Done:
    made = Sheet(7)
    for case in cases:
        made.add(case)
    return made.done(unsupported={"GATE-1": "none"}, tried=len(cases))


@pytest.fixture
def mute(folder: object) -> list[Case]:
    return told(target_named(target("Mute")))


def test_many_cases_that_say_the_same_are_one_entry() -> None:
    cases = told(ReferenceTarget())
    done = sheet(cases * 20)
    assert done.count("conforms") == 20 * len(cases)
    assert len(packed(done)) < 1.01 * len(packed(sheet(cases)))
    assert not done.examples


def test_no_verdict_is_another_for_it(mute: list[Case]) -> None:
    for cases in (told(ReferenceTarget()), mute):
        name = cases[0].target
        reckoning = Reckoning({name: {}}, list(rules()))
        for case, entry in sheet(cases).cases():
            reckoning.add(case, entry.asked)
        assert reckoning.verdicts() == verdicts(cases, {name: {}}, list(rules()))


def test_of_each_way_to_violate_a_rule_the_shortest_case_is_kept_whole(mute: list[Case]) -> None:
    kept = [unpacked_example(packed(example)).case for example in sheet(mute).examples]
    shortest = [violation.example for violation in gathered(mute)]
    assert all(case in mute for case in kept), "nothing is lost on the way, neither events nor states"
    assert all(case in kept for case in shortest)
    assert len(kept) <= len({(case.profile, violation.way) for case in mute for violation in gathered([case])})


def test_all_but_logs_comes_back_from_bytes(mute: list[Case]) -> None:
    done = sheet(mute)
    done.examples = []
    assert unpacked_done(packed(done)) == done
    for case, _ in done.cases():
        whole = next(one for one in mute if (one.trace, one.profile) == (case.trace, case.profile))
        light = replace(whole, log=case.log, divergence=whole.divergence and replace(whole.divergence, state={}))
        assert case == light


def test_names_of_the_first_few_are_kept() -> None:
    case = told(ReferenceTarget())[0]
    done = sheet([replace(case, trace=f"story-{n}") for n in range(50)])
    (entry,) = done.sums
    assert entry.others == [f"story-{n}" for n in range(OTHERS)]
    assert entry.times == entry.asked == 50


def test_a_weakness_shows_although_the_log_is_gone() -> None:
    cases = told(ReferenceTarget())
    reckoning = Reckoning({"reference": {}}, list(rules()))
    for case, entry in sheet(cases).cases():
        reckoning.add(case, entry.asked)
    weak = {verdict.rule for verdict in reckoning.verdicts() if verdict.weakness}
    assert {"CACHE-2", "EST-2"} <= weak
    assert sum(len(entry.case.log) for entry in sheet(cases).sums) < 10


def test_parts_of_a_job_come_together_as_if_it_had_been_done_in_one_go(mute: list[Case]) -> None:
    whole = Sheet(7)
    for start in range(0, len(mute), 10):
        whole.join(sheet(mute[start : start + 10]))
    made = whole.done(unsupported={"GATE-1": "none"}, tried=len(mute))
    assert packed(made) == packed(sheet(mute))


def test_what_a_search_broke_keeps_its_story(mute: list[Case]) -> None:
    broken = replace(mute[0], word="broken", divergence=None)
    made = Sheet(1)
    made.add(broken, story="trace: 0\n")
    made.add(broken)
    (example,) = made.done().examples
    assert example.story == "trace: 0\n"

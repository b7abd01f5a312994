"""The report of a campaign says what `check` says, from the journal alone, and is no larger for more cases."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from rekeyspec.conformance.campaign.campaign import run
from rekeyspec.conformance.campaign.crew import Alone
from rekeyspec.conformance.campaign.done import Done, Sheet
from rekeyspec.conformance.campaign.jobs import digest, expand
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.campaign.outcome import outcome
from rekeyspec.conformance.campaign.plan import Plan
from rekeyspec.conformance.check import Checked, check, one
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.suite import trace_named
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.conformance.verdict import Case
from tests.conformance.campaign.conftest import Quiet, plan_of, target


def judged(folder: Path, plan: Plan) -> Checked:
    jobs = expand(plan)
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(plan, digest(plan, jobs))
        run(jobs, journal, Alone(), Quiet())
        found = outcome(journal, plan)
    with Journal(folder / "journal.sqlite") as journal:
        assert as_json(outcome(journal, plan).report) == as_json(found.report), "the same bytes, as often as it is made"
    return found


def test_a_campaign_says_what_check_says(folder: Path) -> None:
    names = ["reference", target("Mute"), target("Good"), target("Trips")]
    plain = check(names, None, folder, lambda *_: None)
    found = judged(folder, plan_of(*names, profiles=()))
    assert found.report.verdicts == plain.report.verdicts
    assert found.report.totals == plain.report.totals
    assert found.exit_code == plain.exit_code
    assert {v.way: (v.cases, v.profiles, v.also) for v in found.report.violations} == {
        v.way: (v.cases, v.profiles, v.also) for v in plain.report.violations
    }
    assert [v.example for v in found.report.violations] == [v.example for v in plain.report.violations]


def test_of_a_target_that_is_given_up_the_rest_is_broken_as_check_says(folder: Path) -> None:
    names = [target("Breaks"), "reference"]
    plain = check(names, None, folder, lambda *_: None)
    found = judged(folder, plan_of(*names, profiles=()))
    assert found.report.verdicts == plain.report.verdicts
    assert found.report.totals == plain.report.totals


def test_what_could_not_be_judged_is_said_once_and_the_others_are_judged(folder: Path) -> None:
    names = ["python:no_such:End", "reference", "exec:/no/such/program"]
    plain = check(names, None, folder, lambda *_: None)
    found = judged(folder, plan_of(*names, profiles=()))
    assert found.troubles == plain.troubles
    assert found.exit_code == 2
    assert {v.target for v in found.report.verdicts} == {"reference", "exec:/no/such/program"}
    words = {v.verdict for v in found.report.verdicts if v.target.startswith("exec") and v.rule not in UNJUDGED}
    assert words == {"broken"}


def test_what_a_search_found_is_saved_and_can_be_told_again(folder: Path) -> None:
    plan = plan_of("reference", target("Mute"), profiles=(), suites=("explore:120:3",))
    found = judged(folder, plan)
    assert found.exit_code == 1
    violations = [v for v in found.report.verdicts if v.verdict == "violates"]
    assert violations
    for verdict in violations:
        assert verdict.profile == "explore"
        (path,) = (folder / plan.evidence / "target-2" / "explore").glob(f"{verdict.trace}.yaml")
        assert verdict.replay == f"rekeyspec replay {path.relative_to(folder)} {target('Mute')}"
        again = one(trace_named(str(path)), target("Mute"), None)
        assert again.word == "violates"
        assert again.divergence is not None
        assert again.divergence.step == verdict.step
    assert found.report.totals["reference"] == {"conforms": 120}
    assert not (folder / plan.evidence / "target-1").exists()


def test_a_program_that_would_not_greet_twice_is_remarked_on(folder: Path) -> None:
    (folder / "dies.py").write_text("")
    found = judged(folder, plan_of(f"exec:{sys.executable} dies.py"))
    assert len(found.troubles) == 1


def test_a_hundred_thousand_cases_take_no_more_room_than_a_hundred(tmp_path: Path) -> None:
    plan = plan_of("reference")
    story = one(trace_named("idle-then-data"), "reference", None)

    def size(jobs: int, each: int) -> tuple[int, int, int]:
        path = tmp_path / f"{jobs}-{each}.sqlite"
        with Journal(path) as journal:
            journal.begin(plan, "digest")
            for number in range(jobs):
                journal.record(many(number, each, story), "reference", each)
            report = outcome(journal, plan).report
        return path.stat().st_size, len(as_json(report)), sum(report.totals["reference"].values())

    small, large = size(4, 10), size(4, 25_000)
    assert (small[2], large[2]) == (40, 100_000)
    assert large[0] == small[0]
    assert large[1] < small[1] + 100


def many(number: int, each: int, story: Case) -> Done:
    sheet = Sheet(number)
    sheet.add(story, times=each, asked=each)
    return sheet.done(unsupported={}, tried=each)


def test_traces_that_say_the_same_count_where_a_verdict_counts_them(tmp_path: Path) -> None:
    plan = plan_of("reference")
    story = one(trace_named("idle-then-data"), "reference", None)
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.begin(plan, "digest")
        journal.record(many(0, 30, story), "reference", 30)
        sheet = Sheet(1)
        sheet.add(replace(story, rules=(), trace="explore-1"), times=500)
        journal.record(sheet.done(unsupported={}), "reference", 500)
        report = outcome(journal, plan).report
    (idle,) = [v for v in report.verdicts if v.rule == "IDLE-1"]
    assert idle.detail == "exercised in 31 of 31 traces"
    assert idle.trace == "idle-then-data"
    assert report.totals == {"reference": {"conforms": 530}}

from __future__ import annotations

from dataclasses import replace

import pytest

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.telling import MANY, often, telling
from rekeyspec.conformance.report.violations import Violation, Way
from rekeyspec.conformance.verdict import Case, Verdict


def told_of(case: Case, report: Report, longest: int = 2_000):  # type: ignore[no-untyped-def]
    made = Report([], [case], report.rules, "0")
    return telling(made, made.violations[0], longest)


@pytest.fixture
def violating(report: Report) -> Case:
    return next(case for case in report.cases if case.divergence)


def test_the_rule_is_told_with_the_values_that_it_reads(violating: Case, report: Report) -> None:
    told = told_of(violating, report)
    assert told.rule is report.rules["IDLE-1"]
    assert [(one.name, one.value) for one in told.parameters] == [("idle_trigger", "heartbeat")]
    assert told.parameters[0].meaning.startswith("Which idleness")
    assert (told.profile, told.trace) == (violating.profile, violating.trace)
    assert told.instead == "Due instead: Start (starts a negotiation of a new key) by IDLE-1."


def test_what_is_due_later_is_not_what_was_due(violating: Case, report: Report) -> None:
    found = violating.divergence
    assert found is not None
    later = replace(found.due[0], do="SendHeartbeat", t=found.t + 1)
    told = told_of(replace(violating, divergence=replace(found, due=(*found.due, later))), report)
    assert told.due == found.due
    assert told.later == (later,)


def test_only_what_a_case_says_beyond_its_divergence_is_a_remark(violating: Case, report: Report) -> None:
    found = violating.divergence
    assert found is not None
    for own in ("", found.guard, found.sentence(), f"exec:a, the client: {found.sentence()}"):
        assert told_of(replace(violating, reason=own), report).remark == ""
    assert told_of(replace(violating, reason="its manual: never"), report).remark == "its manual: never"
    assert told_of(replace(violating, reason="m" * 50), report, 9).remark == f"{'m' * 9}… (41 more characters)"


def test_of_two_implementations_it_is_said_which(violating: Case, report: Report) -> None:
    found = violating.divergence
    assert found is not None
    told = told_of(replace(violating, reason=f"exec:a, the client: {found.sentence()}"), report)
    assert told.culprit == "exec:a, the client"
    assert told_of(violating, report).culprit == ""


def test_where_only_the_verdict_is_left_it_speaks(report: Report) -> None:
    verdict = Verdict("gone", "timed", "HB-1", "violates", "at 4000 ms it slept", "idle", 2, "", "rekeyspec replay x")
    made = Report([verdict], [], report.rules, "0")
    told = telling(made, made.violations[0])
    assert (told.happened, told.replay, told.trace) == ("at 4 s it slept", "rekeyspec replay x", "idle")
    assert (told.case, told.parameters, told.often) == (None, (), "")


def test_how_often_is_said_of_more_than_one() -> None:
    way = Way("mine", "HB-1", "not-done", "Start")
    assert often(Violation(way, 1, {"timed": 1}, None)) == ""
    two = often(Violation(way, 1_002, {"timed": 1_000, "combined": 2}, None, ("a", "b")))
    assert two == "Seen in 1,002 cases (timed 1,000, combined 2); this is the shortest. Also in a, b ..."
    many = {f"p{n}": 1 for n in range(MANY + 3)}
    assert f"p{MANY - 1} 1 and 3 other profiles)" in often(Violation(way, MANY + 3, many, None))

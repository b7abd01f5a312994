from __future__ import annotations

from dataclasses import replace
from random import Random

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.violations import NAMED, Way, gathered, ways
from rekeyspec.conformance.verdict import Case, Divergence, Due, Verdict
from rekeyspec.reference.vocabulary import Event


def case(trace: str, *, target: str = "mine", profile: str = "timed", rule: str = "HB-1", index: int = 3) -> Case:
    log = tuple(Event(t, "client", "Tick") for t in range(8))
    did = Event(index, "client", "SendData")
    found = Divergence(1, index, index, "client", rule, "not-allowed", did, "no", ("HB-2",))
    return Case(target, profile, trace, (rule,), {}, log, "violates", found.sentence(), found)


def test_the_same_done_against_the_same_rule_is_one_violation_with_the_shortest_as_example() -> None:
    cases = [case("long", index=6), case("short", index=2), case("other", index=4, profile="combined")]
    (one,) = gathered(cases)
    assert one.way == Way("mine", "HB-1", "not-allowed", "SendData")
    assert one.example is cases[1]
    assert (one.cases, one.profiles, one.others) == (3, {"timed": 2, "combined": 1}, ("long", "other"))
    assert one.also == {"HB-2"}


def test_target_rule_kind_and_action_tell_violations_apart() -> None:
    base = case("a")
    assert base.divergence is not None
    missed = replace(base.divergence, kind="not-done", did=None, due=(Due("HB-9", "Close", 1), Due("HB-1", "Start", 2)))
    started = replace(base.divergence, did=Event(3, "client", "Start"))
    found = gathered([
        base, case("b", target="yours"), case("c", rule="HB-2"),
        replace(base, divergence=missed), replace(base, divergence=started),
    ])  # fmt: skip
    assert [(one.target, one.rule, one.way.kind, one.way.do) for one in found] == [
        ("mine", "HB-1", "not-allowed", "SendData"),
        ("yours", "HB-1", "not-allowed", "SendData"),
        ("mine", "HB-2", "not-allowed", "SendData"),
        ("mine", "HB-1", "not-done", "Start"),
        ("mine", "HB-1", "not-allowed", "Start"),
    ]


def test_what_is_gathered_does_not_depend_on_the_order_of_the_cases() -> None:
    cases = [case(f"t{n}", index=n % 4 + 2, profile="timed" if n % 2 else "combined") for n in range(30)]
    (first,) = gathered(cases)
    Random(1).shuffle(cases)
    (again,) = gathered(iter(cases))
    assert (again.example, again.cases, dict(again.profiles)) == (first.example, first.cases, dict(first.profiles))
    assert len(first.others) == NAMED


def test_an_experiment_without_a_divergence_violates_what_it_asks() -> None:
    told = replace(case("seen"), rules=("HB-1", "HB-3"), divergence=None)
    assert [way.rule for way in ways(told)] == ["HB-1", "HB-3"]
    assert {way.kind for way in ways(told)} == {"observed"}
    assert list(ways(replace(told, word="broken"))) == []


def verdict(rule: str, trace: str = "a") -> Verdict:
    return Verdict("mine", "timed", rule, "violates", "it did", trace, 1, "", "again")


def test_a_verdict_leads_to_the_violation_of_its_case_also_for_a_rule_at_stake_with_it() -> None:
    cases = [case("a"), case("b", rule="LIM-3")]
    report = Report([verdict("HB-1"), verdict("HB-2"), verdict("LIM-3", "b")], cases, {}, "0")
    ways_ = [found.way.rule for v in report.verdicts if (found := report.violation(v))]
    assert ways_ == ["HB-1", "HB-1", "LIM-3"]


def test_of_a_rule_broken_in_two_ways_a_verdict_leads_to_that_of_its_own_case() -> None:
    first, second = case("a"), case("b")
    assert second.divergence is not None
    second = replace(second, divergence=replace(second.divergence, did=Event(3, "client", "Start")))
    report = Report([verdict("HB-1", "b"), verdict("HB-1", "a")], [first, second], {}, "0")
    found = [report.violation(one) for one in report.verdicts]
    assert [one.way.do for one in found if one] == ["Start", "SendData"]


def test_a_verdict_whose_cases_are_not_here_is_a_violation_all_the_same() -> None:
    report = Report([verdict("HB-1")], [], {}, "0")
    (one,) = report.violations
    assert (one.rule, one.example, one.cases) == ("HB-1", None, 1)
    assert report.violation(report.verdicts[0]) is one


def test_what_was_gathered_elsewhere_is_not_gathered_again() -> None:
    elsewhere = gathered([case(f"t{n}") for n in range(9)])
    report = Report([verdict("HB-1")], [case("a")], {}, "0", gathered=elsewhere)
    assert [one.cases for one in report.violations] == [9]

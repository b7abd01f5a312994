"""The findings are many and distinct; what is committed of them is what their entries and their traces say."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance import trace
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy
from rekeyspec.tools.attackstory import Attack, to_yaml
from rekeyspec.tools.checker import Tlc, find_tlc
from rekeyspec.tools.findingcheck import show
from rekeyspec.tools.findingpage import DIAGRAMS, POWERS, outputs
from rekeyspec.tools.findings import FILE, TRACES, Finding, chosen, policies, read
from rekeyspec.tools.scenario import Scenario, temporal, ticks
from rekeyspec.tools.search import cells
from rekeyspec.tools.timers import EQUAL, Point, search

TEXT = FILE.read_text(encoding="utf-8")
FINDINGS = read()


@pytest.fixture(scope="module")
def tlc() -> Tlc:
    return find_tlc()


def test_there_are_enough_and_no_two_are_alike() -> None:
    kinds = {
        (finding.entry.rules, finding.question.property, finding.question.powers, finding.question.loses)
        for finding in FINDINGS
    }
    assert len(kinds) >= 30  # the others differ from one of these in the variant of its rule
    assert len({repr(finding.question) for finding in FINDINGS}) == len(FINDINGS)


def test_every_power_that_is_named_has_words_and_most_have_a_finding() -> None:
    used = {power for finding in FINDINGS for power in finding.question.powers}
    assert used <= set(POWERS)
    assert {"forge", "replay", "inject", "crack", "crack-marked", "resume", "impersonate", "delay"} <= used


def test_what_is_made_of_the_findings_is_committed() -> None:
    made = outputs(FINDINGS)
    stale = [path.name for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
    assert stale == [], "rekeyspec model findings --update"
    assert {path.stem for path in TRACES.glob("*.yaml")} == {finding.id for finding in FINDINGS}
    assert {path.stem for path in DIAGRAMS.glob("*.svg")} == {finding.id for finding in FINDINGS}


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_the_trace_is_told_to_its_end_by_the_reference(finding: Finding) -> None:
    story = trace.read(finding.trace)
    case = replay(story, policy_of(story), ReferenceTarget())
    assert case.word == "conforms", case.reason


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_policy_validation_accepts_the_remedy(finding: Finding) -> None:
    assert contradictions(finding.remedied.policy) == []


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_the_remedys_model_differs_from_the_first(finding: Finding) -> None:
    assert finding.question != finding.remedied


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - id: short-age\n", "  - id: equal-timers\n", "the id equal-timers again"),
        ("rules: [AGE-2, IDLE-2]", "rules: [AGE-7]", "'AGE-7'"),
        ("sources: [P:407→409]", "sources: [P:407]", "'P:407'"),
        ("model: {policy: key-based,", "model: {policy: key-bassed,", "the policy 'key-bassed'.*key-based"),
        ("remedied: {changes: {grace: 1}", "remedied: {changes: {graze: 1}", "the parameter 'graze'"),
        ("profile: messaging", "profile: massaging", "'massaging'"),
        ("    costs: Every idle link", "    cost: Every idle link", "correct this entry"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    (tmp_path / "findings.yaml").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=rf"findings\.yaml:\d+:\d+: .*{message}"):
        read(tmp_path / "findings.yaml")


def test_an_unknown_finding_is_named() -> None:
    with pytest.raises(BadInput, match="did you mean equal-timers"):
        chosen(FINDINGS, ["equal-timer"])
    assert [finding.id for finding in chosen(FINDINGS, ["short-age"])] == ["short-age"]


def test_a_property_is_of_states_or_not() -> None:
    assert not temporal("LinkSurvives")
    assert temporal("HonestIsDelivered")
    assert temporal("EndsTogether")
    with pytest.raises(BadInput, match="no definition of Nothing_such"):
        temporal("Nothing_such")


def test_a_scenario_is_written_out() -> None:
    asked = Scenario(policy=ticks(grace=1), property="LinkSurvives", powers=("forge",), strikes=1, epochs=2)
    assert "grace |-> 1" in asked.module("M")
    assert '  Powers = {"forge"}' in asked.cfg()
    assert asked.cfg().endswith("INVARIANTS\n  LinkSurvives\nCONSTRAINTS\n  AskedBound\n")


def test_the_search_has_every_power_alone_and_in_pairs() -> None:
    one = {"key-based": policies()["key-based"]}
    single, paired = list(cells(one)), list(cells(one, pairs=True))
    assert len(paired) == len(single) * (len(single) - 1) // 2
    assert not [cell for cell in single if cell.scenario(["LinkSurvives"]).property != "LinkSurvives"]


def test_an_attack_that_the_reference_answers_otherwise_leaves_open_what_is_done() -> None:
    told = Attack("client", [{"do": "Open", "expect": ["Close"]}])
    assert "expect" not in to_yaml(told, "odd", "Odd.", "key-based", ("EST-1",), Policy())


@pytest.mark.java
@pytest.mark.parametrize("name", ["equal-timers", "forged-heartbeat-closes", "spoof-forces-close"])
def test_a_finding_and_its_remedy_hold(name: str, tlc: Tlc) -> None:
    (shown,) = show(chosen(FINDINGS, [name]), tlc)
    assert shown.wrong == ()


@pytest.mark.java
def test_a_finding_that_no_longer_holds_and_a_remedy_that_does_not_are_told(tlc: Tlc) -> None:
    (finding,) = chosen(FINDINGS, ["equal-timers"])
    swapped = Finding(finding.entry, finding.profile, finding.mended, finding.broken)
    (shown,) = show([swapped], tlc)
    assert any("no longer violated" in reason for reason in shown.wrong)
    assert any("is violated with the remedy" in reason for reason in shown.wrong)


@pytest.mark.java
def test_a_remedy_that_holds_for_want_of_its_actions_is_told(tlc: Tlc) -> None:
    (finding,) = chosen(FINDINGS, ["equal-timers"])
    silent = Finding(finding.entry, finding.profile, finding.broken, ticks())
    (shown,) = show([silent], tlc)
    assert any("proves nothing" in reason for reason in shown.wrong)


@pytest.mark.java
def test_the_timers_that_are_found_are_those_of_the_formulas(tlc: Tlc) -> None:
    points = [
        Point("negotiation_timeout", 1, 0, "both", "sender", "close"),
        Point("reply_timeout", 1, 0, "both", "sender", "close"),
        Point("grace", 1, 0, "both", "sender", "close"),
        Point("grace", 1, 1, "to-server", "sender", "close"),
    ]
    assert [(least.found, least.verdict) for least in search(points, tlc)] == [
        (5, EQUAL), (3, EQUAL), (3, EQUAL), (5, EQUAL),
    ]  # fmt: skip

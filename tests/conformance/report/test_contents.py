from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.verdict import WORST_LAST, Case, Verdict, Word


def verdict(word: Word, profile: str) -> Verdict:
    return Verdict("mine", profile, "HB-1", word, "", "idle", 0, "", "")


@pytest.mark.parametrize("order", [1, -1])
def test_a_cell_shows_the_worst_over_the_profiles(order: int) -> None:
    verdicts = [verdict(word, word) for word in WORST_LAST][::order]
    while verdicts:
        report = Report(verdicts, [], {}, "0")
        expected = max((v.verdict for v in verdicts), key=WORST_LAST.index)
        assert report.cell("mine", "HB-1")[0].verdict == expected
        assert report.counts("mine") == {expected: 1}
        verdicts = [v for v in verdicts if v.verdict != expected]


def test_a_published_profile_is_printed_as_published_though_the_first_trace_changes_it(cases: list[Case]) -> None:
    published = asdict(profiles()["timed"])
    changed = replace(cases[0], profile="timed", policy=published | {"age_limit": 7})
    report = Report([], [changed], {}, "0")
    assert report.policies == {"timed": published}
    assert report.changes == {"timed": {changed.trace: {"age_limit": 7}}}


def test_the_users_own_policy_is_that_of_its_first_case(cases: list[Case]) -> None:
    first = replace(cases[0], profile="p", policy={"byte_limit": 1, "grace": 2})
    later = replace(first, trace="later", policy={"byte_limit": 9, "grace": 2})
    report = Report([], [first, later], {}, "0")
    assert report.policies == {"p": {"byte_limit": 1, "grace": 2}}
    assert report.changes == {"p": {"later": {"byte_limit": 9}}}


def test_a_verdict_leads_to_the_worst_case_of_its_name(cases: list[Case]) -> None:
    held = replace(cases[0], word="conforms")
    crashed = replace(held, word="broken")
    told = Verdict(held.target, held.profile, "EST-1", "broken", "", held.trace, 0, "", "")
    for group in ([held, crashed], [crashed, held]):
        assert Report([told], group, {}, "0").case(told) is crashed


def test_rules_stand_in_the_books_order_and_strangers_after_them(report: Report) -> None:
    stranger = replace(report.verdicts[0], rule="NEW-1")
    shown = Report([stranger, *reversed(report.verdicts)], report.cases, report.rules, "0")
    assert shown.asked == ["EST-1", "BYTE-3", "HB-1", "HB-3", "IDLE-1", "REKEY-6", "NEW-1"]
    assert shown.not_asked == ["GATE-1"]
    assert shown.title("NEW-1") == ""


def test_what_cannot_be_printed_is_shown() -> None:
    assert printable("a\x1b[0m\x07\u202e\udcff é✓\n") == "a\\x1b[0m\\x07\\u202e\\udcff é✓\n"

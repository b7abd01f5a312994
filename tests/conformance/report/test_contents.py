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


def test_cases_are_counted_unless_somebody_saw_more_of_them(report: Report) -> None:
    assert report.totals["peer:hasty"] == {"violates": 1, "conforms": 1, "inconclusive": 1}
    assert replace(report, totals={"peer:hasty": {"violates": 9}}).totals == {"peer:hasty": {"violates": 9}}


def test_targets_are_told_apart_by_the_ends_of_their_names_where_those_differ() -> None:
    def short(*targets: str) -> list[str]:
        told = [replace(verdict("conforms", "p"), target=target) for target in targets]
        return list(Report(told, [], {}, "0").short.values())

    assert short("reference", "exec:python a/b/link.py", "python:m:End") == ["reference", "link.py", "python:m:End"]
    assert short("""pair:'exec:python a/b.py' reference""") == ["b.py + reference"]
    assert short("pair:'unclosed a/b.py") == ["b.py"]
    assert short("exec:a/x.py", "exec:b/x.py") == ["exec:a/x.py", "exec:b/x.py"]
    assert short("", "/") == ["", "/"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["conforms"], "No violation"),
        (["unsupported", "inconclusive"], "Nothing was observed"),
        ([], "Nothing was observed"),
        (["violates", "conforms"], "1 rule violated"),
        (["violates", "violates", "broken"], "2 rules violated, and the target broke"),
        (["broken", "conforms"], "The target broke"),
    ],
)
def test_the_headline_says_what_came_out_of_one_target(words: list[Word], said: str) -> None:
    told = [replace(verdict(word, "p"), rule=f"HB-{n}") for n, word in enumerate(words)]
    assert Report(told, [], {}, "0").headline == said


def test_the_headline_counts_targets_where_there_are_several(report: Report) -> None:
    assert report.headline == "2 of 3 targets violate rules, and 1 of 3 broke"


def test_a_profile_whose_cases_are_not_here_is_one_all_the_same() -> None:
    told = Report([verdict("conforms", "mine.yaml"), verdict("conforms", "timed")], [], {}, "0")
    assert told.profiles == ["mine.yaml", "timed"]
    assert told.policies == {"mine.yaml": {}, "timed": asdict(profiles()["timed"])}


def test_profiles_are_named_as_shortly_as_they_can_be() -> None:
    told = Report([verdict("conforms", f"p{n}") for n in range(6)], [], {}, "0")
    assert told.under(told.profiles) == "every policy"
    assert told.under(["p1"]) == "p1"
    assert told.under(["p0", "p1", "p2", "p3"]) == "p0, p1, p2, p3"
    assert told.under(["p0", "p1", "p2", "p3", "p4"]) == "p0, p1, p2 and 2 others"
    assert Report([verdict("conforms", "p")], [], {}, "0").under(["p"]) == "p"


def test_only_of_traces_that_are_told_of_it_is_said_what_they_changed(report: Report, cases: list[Case]) -> None:
    silent = replace(cases[0], trace="nobody stands on it", policy=cases[0].policy | {"byte_limit": 5})
    more = Report(report.verdicts, [*cases, silent], report.rules, "0")
    assert "nobody stands on it" in more.changes["key-based"]
    assert more.told_changes == report.changes == {"key-based": {"the limit": {"byte_limit": 1000}}}

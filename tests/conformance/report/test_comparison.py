from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from rekeyspec.conformance.report.comparison import SAYS, compare, plain, told
from rekeyspec.conformance.report.reading import Stored
from rekeyspec.conformance.verdict import WORST_LAST, Verdict, Word


def verdict(rule: str, word: Word, reason: str = "", *, target: str = "mine", weakness: str = "") -> Verdict:
    return Verdict(target, "timed", rule, word, reason, "idle", 0, "", f"rekeyspec replay idle {target}", weakness)


def stored(*verdicts: Verdict, name: str = "r.json") -> Stored:
    return Stored(name, "0.1.0", {(v.target, v.profile, v.rule): v for v in verdicts})


def change(old: Verdict, new: Verdict) -> str:
    changed = compare(stored(old), stored(new)).changed
    return changed[0].change if changed else ""


BETTER = {
    ("unsupported", "conforms"), ("inconclusive", "conforms"), ("violates", "conforms"), ("broken", "conforms"),
    ("violates", "unsupported"), ("violates", "inconclusive"), ("broken", "unsupported"), ("broken", "inconclusive"),
    ("broken", "violates"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), list(product(WORST_LAST, WORST_LAST)))
def test_better_is_nearer_to_conforming(old: Word, new: Word) -> None:
    found = change(verdict("HB-1", old), verdict("HB-1", new))
    if (old, new) in BETTER:
        assert found == "better"
    elif (new, old) in BETTER:
        assert found == "worse"
    elif old == new:
        assert found == ""
    else:
        assert {old, new} == {"unsupported", "inconclusive"}
        assert found == "reason"


def test_the_same_word_for_another_reason_is_told() -> None:
    assert change(verdict("HB-1", "violates", "a"), verdict("HB-1", "violates", "b")) == "reason"
    assert change(verdict("HB-1", "conforms"), verdict("HB-1", "conforms", weakness="weak")) == "reason"
    assert change(verdict("HB-1", "violates", "a"), verdict("HB-1", "violates", "a")) == ""


def test_what_was_measured_at_a_real_program_is_no_reason() -> None:
    old, new = (verdict("HB-2", "violates", f"beats {n} ms apart", target="peer:sshd") for n in (401, 407))
    assert change(old, new) == ""
    assert change(old, replace(new, trace="another")) == "reason"
    stated = [replace(verdict("HB-2", "unsupported", reason, target="peer:sshd"), trace="") for reason in "ab"]
    assert change(*stated) == "reason"


def test_a_new_version_of_a_real_program_is_told() -> None:
    one = verdict("HB-2", "conforms", target="peer:sshd")
    versions: list[dict[str, str]] = [
        {"peer:sshd": "9.2", "peer:erlang": "25"},
        {"peer:sshd": "9.9", "peer:erlang": ""},
    ]
    old, new = (replace(stored(one), versions=known) for known in versions)
    found = compare(old, new)
    assert list(told(found))[:2] == [
        "peer:sshd: version 9.2, now 9.9",
        "peer:erlang: version 25, now none (it is missing)",
    ]
    assert plain(found)["versions"] == {
        "peer:sshd": {"old": "9.2", "new": "9.9"},
        "peer:erlang": {"old": "25", "new": ""},
    }


def test_what_only_one_has_is_new_or_gone_and_neither_worse_nor_better() -> None:
    old, new = stored(verdict("HB-1", "conforms")), stored(verdict("HB-2", "violates"))
    found = compare(old, new)
    assert [(one.change, one.rule) for one in found.changed] == [("gone", "HB-1"), ("new", "HB-2")]
    assert not found.of("worse")
    assert "no target, policy and rule in common" in "\n".join(told(found))
    assert "in common" not in "\n".join(told(compare(old, old)))
    assert "in common" not in "\n".join(told(compare(old, stored())))


def test_it_is_told_with_the_command_that_shows_what_got_worse() -> None:
    old = stored(verdict("HB-1", "conforms"), verdict("HB-2", "violates", "late"), verdict("HB-3", "conforms"))
    new = stored(
        verdict("HB-1", "violates", "a heartbeat too many"), verdict("HB-2", "conforms"), verdict("HB-3", "conforms")
    )
    assert list(told(compare(old, new))) == [
        "got worse (1)",
        "  mine",
        "    HB-1     conforms -> violates, under timed",
        "      a heartbeat too many",
        "      see it: rekeyspec replay idle mine",
        "",
        "got better (1)",
        "  mine",
        "    HB-2     violates -> conforms, under timed",
        "      was: late",
        "",
        "1 worse, 1 better, 0 new, 0 gone, 0 for another reason, 1 as before",
    ]


def test_of_what_only_one_has_only_violations_have_lines_of_their_own() -> None:
    new = stored(verdict("HB-1", "conforms"), verdict("HB-2", "conforms"), verdict("HB-3", "violates", "late"))
    lines = list(told(compare(stored(), new)))
    assert lines[:6] == [
        "new: not in the old report (3)",
        "  mine",
        "    HB-3     violates, under timed",
        "      late",
        "      see it: rekeyspec replay idle mine",
        "    conforms, under timed: HB-1, HB-2",
    ]
    gone = list(told(compare(new, stored())))
    assert gone[2:4] == ["    HB-3     violates, under timed", "    conforms, under timed: HB-1, HB-2"]


def test_for_programs_every_change_has_both_verdicts_whole() -> None:
    old, new = stored(verdict("HB-1", "conforms"), name="old"), stored(verdict("HB-1", "broken", "x"), name="new")
    document = plain(compare(old, new))
    assert document["counts"] == dict.fromkeys(SAYS, 0) | {"worse": 1, "same": 0}
    assert document["old"] == {"file": "old", "tool": "0.1.0"}
    (one,) = document["changes"]  # type: ignore[misc]
    assert (one["change"], one["rule"], one["old"]["verdict"], one["new"]["reason"]) == (
        "worse",
        "HB-1",
        "conforms",
        "x",
    )


def test_an_empty_report_has_nothing_to_compare() -> None:
    assert list(told(compare(stored(), stored())))[-1].endswith("0 as before")

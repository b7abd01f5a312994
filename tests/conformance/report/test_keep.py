from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from rekeyspec.benchmarks.reports import Size, forms, made_up
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.form import schema
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.report.junit import as_junit
from rekeyspec.conformance.report.keep import LEVELS, LIMIT, Keep, chosen, cut, fitted, left_out, sentences
from rekeyspec.conformance.verdict import Due


def test_the_first_level_that_fits_is_taken_and_the_last_whatever_its_size() -> None:
    def form(keep: Keep) -> str:
        return "ä" * keep.violations

    assert len(fitted(form, limit=2 * LEVELS[0].violations)) == LEVELS[0].violations
    assert len(fitted(form, limit=2 * LEVELS[0].violations - 1)) == LEVELS[1].violations
    assert len(fitted(form, LEVELS[:3], limit=1)) == LEVELS[2].violations


def test_a_long_text_says_how_much_of_it_is_missing() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("a" * 1_500, 3) == "aaa… (1,497 more characters)"


def test_levels_keep_less_and_less() -> None:
    for more, less in pairwise(LEVELS):
        assert (more.stories, more.violations, more.text) > (less.stories, less.violations, less.text)
        assert less.stories <= less.violations


@pytest.fixture(scope="module")
def small() -> Report:
    return made_up(Size(targets=3, rules=10, cases=900, violating=300))


def test_every_target_has_stories_told_before_any_has_its_last(small: Report) -> None:
    picked = chosen(small, Keep(9, 30)).in_full
    targets = [small.violations[number].target for number in picked]
    assert {target: targets.count(target) for target in small.targets} == dict.fromkeys(small.targets, 3)
    for target in small.targets:
        lengths = [
            (one.example.divergence.index, number in picked)
            for number, one in enumerate(small.violations)
            if one.target == target and one.example and one.example.divergence
        ]
        assert max(length for length, told in lengths if told) <= min(length for length, told in lengths if not told)


def test_a_target_with_short_stories_does_not_crowd_out_another(small: Report) -> None:
    example = small.violations[0].example
    assert example is not None
    assert example.divergence is not None
    found = [Due("HB-1", f"do {n}", 0) for n in range(10)]
    cases = [
        replace(
            example, target=target, divergence=replace(example.divergence, index=index, kind="not-done", due=(due,))
        )
        for target, index, some in (("short", 1, found), ("long", 6, found[:2]))
        for due in some
    ]
    report = Report([], cases, {}, "0")
    told = [report.violations[number].target for number in chosen(report, Keep(4, 4)).in_full]
    assert sorted(told) == ["long", "long", "short", "short"]


def test_what_is_left_out_is_counted(small: Report) -> None:
    ways = len(small.violations)
    counts = left_out(small, Keep(10, 20, passes=False))
    assert counts["violations"] == ways - 20
    assert counts["stories"] == 10
    assert counts["violating_cases"] == 300 - ways
    assert counts["cases"] == 900 - small.told
    assert counts["passes"] == len(small.having("conforms"))
    assert len(list(sentences(counts))) == 5
    assert not left_out(Report([], [], {}, "0"), LEVELS[0])


def test_cases_that_others_counted_are_left_out_too(small: Report) -> None:
    more = replace(small, totals={target: {"conforms": 10_000} for target in small.targets})
    assert left_out(more, LEVELS[0])["cases"] == 30_000 - small.told


@pytest.fixture(scope="module")
def large() -> Report:
    return made_up()


@pytest.mark.parametrize("name", forms())
def test_no_form_of_a_large_run_is_larger_than_it_may_be(large: Report, name: str) -> None:
    form: Callable[[Report], str]
    form, limit = forms()[name]
    assert 0 < len(form(large).encode()) <= limit


def test_of_a_large_run_every_verdict_is_kept(large: Report) -> None:
    assert sum(sum(words.values()) for words in large.totals.values()) == 100_000
    assert sum(words["violates"] for words in large.totals.values()) == 20_000
    document = json.loads(as_json(large))
    Draft202012Validator(schema()).validate({**document, "verdicts": [], "violations": document["violations"][:50]})
    assert len(document["verdicts"]) == len(large.verdicts)
    assert {v["verdict"] for v in document["verdicts"]} == {v.verdict for v in large.verdicts}
    assert document["left_out"]["violating_cases"] == 20_000 - len(large.violations)
    assert sum(len(v["example"]["log"]) > 0 for v in document["violations"] if "log" in v["example"]) > 20
    cases = ET.fromstring(as_junit(large).encode()).findall(".//testcase")
    assert len(cases) == len(large.verdicts)


def test_what_is_told_of_a_large_run_is_within_the_limit_in_another_alphabet(small: Report) -> None:
    named = [replace(v, reason="ж" * 9_000) for v in small.verdicts]
    assert len(as_json(replace(small, verdicts=named * 20)).encode()) <= LIMIT

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.report.keep import SUMMARY_LEVELS
from rekeyspec.conformance.report.markdown import as_markdown, block, code, prose
from rekeyspec.conformance.verdict import Verdict

texts = st.text(st.one_of(st.sampled_from("`|*_[]<>#-+1. &\\~"), st.characters(codec="utf-8")), max_size=40)


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)


def inline(text: str) -> list[Token]:
    return [child for token in parsed(text) for child in token.children or []]


def words(text: str) -> str:
    return " ".join(printable(text).split())


@given(texts)
def test_a_code_span_is_one_whatever_is_in_it(text: str) -> None:
    tokens = inline(f"a {code(text)} b")
    assert [token.type for token in tokens] == ["text", "code_inline", "text"]
    assert words(tokens[1].content) == words(text)


@pytest.mark.parametrize("text", ["`", "``a`", "a``", "`a`", "```"])
def test_a_code_span_may_begin_and_end_with_its_own_mark(text: str) -> None:
    assert [token.content for token in inline(code(text))] == [text]


@given(texts)
def test_a_cell_is_one_whatever_is_in_it(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {code(text, table=True)} | x |"
    cells = [token for token in parsed(table) if token.type == "inline"]
    assert [cell.content for cell in cells][0:4:3] == ["a", "x"]
    assert [child.type for child in cells[2].children or []] == ["code_inline"]
    assert len(cells) == 4


@given(texts)
def test_prose_is_no_markup_but_for_the_names_in_it(text: str) -> None:
    tokens = parsed(prose(text))
    assert [token.type for token in tokens] in (["paragraph_open", "inline", "paragraph_close"], [])
    assert {child.type for child in inline(prose(text))} <= {"text", "code_inline"}
    assert {child.type for child in inline(f"| {prose(text)} |")} <= {"text", "code_inline"}


@pytest.mark.parametrize(
    "text",
    [
        "# a",
        "- a",
        "+ a",
        "1. a",
        "1) a",
        "> a",
        "*a*",
        "_a_",
        "[a](b)",
        "<b>a</b>",
        "a | b",
        "~~a~~",
        "&amp;",
        "a `b",
        "\\",
    ],
)
def test_prose_reads_as_it_was_written(text: str) -> None:
    assert "".join(child.content for child in inline(prose(text))) == text.replace("`", "'")


def test_names_in_prose_are_code() -> None:
    assert [child.type for child in inline(prose("the `byte_limit` is"))] == ["text", "code_inline", "text"]


@given(st.lists(texts, max_size=4))
def test_a_block_is_one_whatever_is_in_it(lines: list[str]) -> None:
    (fence,) = parsed(block(lines))
    assert fence.type == "fence"
    (fence,) = parsed(block([*lines, "```", "````", *lines]))
    assert fence.type == "fence"


def test_the_summary_says_what_came_out_for_whom(report: Report) -> None:
    text = as_markdown(report)
    assert text.startswith("## rekeyspec: 2 of 3 targets violate rules, and 1 of 3 broke\n")
    assert "| `reference` | 5 | 0 | 0 | 0 | 0 | 4 |" in text
    assert "| IDLE-1 A new key after idleness | ✓ conforms | ✗ violates | · |" in text
    assert "| REKEY-6" not in text, "unsupported is no news"
    assert "Other rules, on no target violated, broken or unobserved: 1." in text


def test_a_violation_is_folded_with_its_story_and_command(report: Report) -> None:
    text = as_markdown(report)
    assert text.count("<details><summary>✗ ") == text.count("\n</details>\n") == 2
    assert "✗ IDLE-1 A new key after idleness: peer:hasty</summary>" in text
    for part in (
        "Not allowed: at 306 s the client did SendData",
        "> Renegotiation completes before data flows again.",
        "         306 s  client  -> SendData data #2, epoch 1, 100 B   <- not allowed by IDLE-1",
        "```sh\nrekeyspec replay data after a heartbeat waits 'peer:hasty'\n```",
    ):
        assert part in text


def test_nothing_from_outside_becomes_markup(report: Report) -> None:
    text = as_markdown(report)
    assert "\x1b" not in text
    html = [token.content for token in parsed(text) if token.type == "html_block"]
    html += [token.content for token in inline(text) if token.type == "html_inline"]
    assert all(re.match(r"</?(details|summary|b)>", part.strip()) for part in html), html
    assert not any("script" in part or "img" in part for part in html if "&lt;" not in part and "&#" not in part)


def test_a_summary_line_is_no_markup_either(report: Report) -> None:
    case = next(case for case in report.cases if case.divergence)
    named = replace(case, target="<img/*a*&`b`")
    text = as_markdown(Report([], [named], report.rules, "0"))
    (summary,) = re.findall(r"<summary>(.*?)</summary>", text)
    assert not re.search(r"[<>*`]", summary)
    assert unescape(summary) == "✗ IDLE-1 A new key after idleness: <img/*a*&`b`"


def test_a_report_of_nothing_or_without_violations_is_a_summary(report: Report) -> None:
    assert as_markdown(Report([], [], {}, "0")).startswith("## rekeyspec: Nothing was observed")
    good = [v for v in report.verdicts if v.verdict == "conforms"]
    assert "### Violations" not in as_markdown(Report(good, [], report.rules, "0"))


def test_only_so_many_reasons_are_told(report: Report) -> None:
    many = [Verdict("t", "p", "HB-1", "broken", f"reason {n}", "a", 0, "", "") for n in range(300)]
    text, told = as_markdown(Report(many, [], {}, "0")), SUMMARY_LEVELS[0].violations
    assert f"And {300 - told} other reasons." in text
    assert len(re.findall(r"reason \d", text)) == told


def test_what_held_but_is_weak_is_told_once(report: Report) -> None:
    weak = [replace(v, weakness="anybody *may*") if v.rule == "EST-1" else v for v in report.verdicts]
    text = as_markdown(replace(report, verdicts=weak))
    assert text.count(r"anybody \*may\*") == 1

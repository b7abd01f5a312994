from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.terminal import KEEP, show


def printed(report: Report, width: int = 120, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    show(report, Console(file=stream, width=width, force_terminal=False, legacy_windows=False))
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_the_matrix_has_a_row_for_each_rule_and_a_column_for_each_target(report: Report) -> None:
    lines = printed(report).splitlines()
    row = next(line for line in lines if line.startswith("IDLE-1"))
    assert row.split("  ")[0] == "IDLE-1"
    assert "✓ conforms" in row
    assert "✗ violates" in row
    assert row.rstrip().endswith("·")
    assert any("Not asked of any target: GATE-1" in line for line in lines)


def test_a_violation_is_told_in_plain_words(report: Report) -> None:
    text = printed(report, 400)
    for part in (
        "✗ IDLE-1 A new key after idleness",
        "peer:hasty under key-based, trace data after a heartbeat waits, step 7",
        "Renegotiation completes before data flows again.",
        "Not allowed: at 306 s the client did SendData (sends data that its user had offered).",
        "it did not hold: the epoch is not marked",
        "allowed        Start",
        "Start (by IDLE-1) at 306 s",
        "replay: rekeyspec replay data after a heartbeat waits 'peer:hasty'",
    ):
        assert part in text


def test_the_profile_behind_a_cell_is_named(report: Report) -> None:
    text = printed(report, 400)
    assert "worst over the profiles key-based, timed" in text
    assert "? inconclusive: peer:hasty under timed, trace " in text


def test_what_is_inconclusive_names_a_trace_and_counts_the_others(report: Report) -> None:
    some = [one for one in report.having("inconclusive") if one.reason == "not the same twice"]
    (trace,) = {one.trace for one in some}
    alone = f"inconclusive: peer:hasty under timed, trace {trace}: EST-1, BYTE-3\n    not the same twice"
    assert alone in printed(report, 400)
    told = [*some, *(replace(some[0], rule="BYTE-4", trace=name) for name in ("other", "third", ""))]
    text = printed(replace(report, verdicts=told), 400)
    assert f"peer:hasty under timed, trace {trace} and 2 more: EST-1, BYTE-3, BYTE-4\n" in text
    stated = printed(replace(report, verdicts=[replace(some[0], trace="")]), 400)
    assert "inconclusive: peer:hasty under timed: EST-1\n" in stated


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_it_stays_within_the_width_but_for_commands_that_are_to_be_copied(report: Report, width: int) -> None:
    for line in printed(report, width).splitlines():
        assert len(line) <= width or line.startswith("  replay: ")


def test_where_names_do_not_fit_columns_are_numbered(report: Report) -> None:
    lines = printed(report, 60).splitlines()
    assert lines[0].split() == ["rule", "1", "2", "3"]
    assert "  2  peer:hasty" in lines


def test_nothing_from_outside_reaches_the_terminal_as_an_escape_sequence(report: Report) -> None:
    text = printed(report, 400)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert r"\x1b[31m" in text


def test_nothing_from_outside_is_taken_for_markup(report: Report) -> None:
    named = [replace(verdict, target="[red]x[/red]", reason="[/]") for verdict in report.verdicts]
    text = printed(Report(named, report.cases, report.rules, "0"), 400)
    assert "[red]x[/red]" in text.splitlines()[0]
    assert "\n    [/]\n" in text


def test_a_command_is_on_one_line_however_narrow(report: Report) -> None:
    assert "  replay: rekeyspec replay data after a heartbeat waits 'peer:hasty'" in printed(report, 40).splitlines()


def test_a_terminal_without_utf_8_gets_ascii(report: Report) -> None:
    text = printed(report, encoding="ascii")
    assert "X violates" in text
    assert "+ conforms" in text


def test_a_run_of_nothing_is_no_error() -> None:
    assert "rule" in printed(Report([], [], {}, "0"))


def test_what_held_but_is_weak_is_told_last_and_once(report: Report) -> None:
    weak = [replace(v, weakness="anybody [b]may[/b]\x07") if v.verdict == "conforms" else v for v in report.verdicts]
    lines = printed(replace(report, verdicts=weak), 800).splitlines()
    (at,) = [
        number for number, line in enumerate(lines) if line.startswith("~ weak: reference under key-based: EST-1; ")
    ]
    assert lines[at + 1] == "    anybody [b]may[/b]\\x07"
    assert at == len(lines) - 2
    assert "~ weak" not in printed(report)


def test_columns_have_the_ends_of_long_names_and_the_names_stand_below(report: Report) -> None:
    long = {name: f"exec:python /somewhere/very/far/down/the/road/a{n}.py" for n, name in enumerate(report.targets)}
    named = [replace(v, target=long[v.target]) for v in report.verdicts]
    lines = printed(Report(named, [], report.rules, "0"), 70).splitlines()
    assert lines[0].split() == ["rule", "a0.py", "a1.py", "a2.py"]
    assert "a0.py  exec:python /somewhere/very/far/down/the/road/a0.py" in lines


def test_of_many_violations_the_first_are_told_in_full_and_the_others_counted(report: Report) -> None:
    case = next(case for case in report.cases if case.divergence)
    count = KEEP.violations + 7
    cases = [replace(case, target=f"t{number:03}") for number in range(count)]
    told = [replace(report.having("violates")[0], target=one.target, trace=one.trace) for one in cases]
    text = printed(Report(told, cases, report.rules, "0"), 200)
    assert text.count("Renegotiation completes before data flows again.") == KEEP.stories
    assert text.count("  replay: ") == KEEP.violations
    assert "and 7 other violations: --report FILE.html tells more of them" in text


def test_a_reason_is_told_once_for_all_policies(report: Report) -> None:
    words = [replace(v, profile=f"p{n}") for v in report.having("unsupported") for n in range(9)]
    text = printed(Report(words, [], report.rules, "0"), 400)
    assert text.count("unsupported: ") - text.count("unsupported: cannot") == 1
    assert "under every policy: REKEY-6" in text

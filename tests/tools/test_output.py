"""What TLC printed for the specs of this folder, kept in outputs/, and what is read from it."""

from pathlib import Path

import pytest

from rekeyspec.tools.output import INITIAL, ActionCoverage, Figures, Output, Verdict, understand
from rekeyspec.tools.places import Place
from rekeyspec.tools.values import Function, ModelValue

OUTPUTS = Path(__file__).parent / "outputs"


def recorded(name: str) -> Output:
    return understand((OUTPUTS / f"{name}.txt").read_text("utf-8").splitlines(), simulation=name == "simulation")


@pytest.mark.parametrize(
    ("name", "verdict", "figures"),
    [
        ("ok", Verdict("ok"), Figures(25, 16, 0, 7)),
        ("invariant", Verdict("invariant", "Small"), Figures(5, 5, 2, 3)),
        ("action", Verdict("property", "Grows"), Figures(12, 9, 1, 4)),
        ("temporal", Verdict("temporal"), Figures(25, 16, 0, None)),
        ("deadlock", Verdict("deadlock"), Figures(11, 8, 1, 4)),
        ("simulation", Verdict("ok"), Figures(generated=501)),
    ],
)
def test_the_verdict_and_the_figures(name: str, verdict: Verdict, figures: Figures) -> None:
    output = recorded(name)
    assert (output.verdict, output.figures, output.failure) == (verdict, figures, None)


def test_a_counterexample_has_actions_with_their_places_and_states() -> None:
    behaviour = recorded("invariant").behaviour
    assert behaviour is not None
    assert [(state.number, state.action) for state in behaviour.states] == [(1, INITIAL), (2, "Up"), (3, "Up")]
    last = behaviour.states[-1]
    assert last.place == Place("Counter", 17, 3, 20, 18)
    assert last.variables["log"] == "<<1>>"
    assert last.values() == {
        "n": 3,
        "log": (1,),
        "who": Function({"a": "idle", "b": Function({"x": True, "y": frozenset({1, 2})})}),
    }


def test_a_loop_and_a_standstill() -> None:
    loop, rest = recorded("temporal").behaviour, recorded("stutter").behaviour
    assert loop is not None
    assert rest is not None
    assert (loop.back_to, loop.stutters, rest.back_to, rest.stutters) == (4, False, 0, True)


def test_coverage_says_how_often_each_action_was_taken() -> None:
    coverage = {one.action: one for one in recorded("coverage").coverage}
    assert coverage["Up"] == ActionCoverage("Up", Place("Counter", 16, 1, 16, 6), 14, 24)
    assert (coverage["Reset"].taken, coverage["Init"].taken) == (4, 1)


@pytest.mark.parametrize(
    ("name", "code", "file", "line", "text"),
    [
        ("syntax", 3002, "Syntax.tla", 5, 'Encountered "/\\"'),
        ("semantic", 3002, "Semantic.tla", 5, "Unknown operator: `m'. (and 1 more)"),
        ("extends", 3002, "Extends.tla", 0, "Cannot find source file for module NoSuchModule"),
        ("missing", 2222, None, 0, "The constant parameter Stop is not assigned a value"),
        ("unknown", 2229, None, 0, "The invariant Typo specified in the configuration file is not defined"),
        ("malformed", 5006, None, 0, "at line 3"),
        ("type", 2154, "Faults.tla", 11, "the operator Naturals!Plus, but it produced"),
        ("assertion", 2132, "Faults.tla", 12, '"n is not small"'),
        ("memory", 1000, "Faults.tla", 13, "OutOfMemoryError"),
    ],
)
def test_a_failure_has_tlcs_code_and_the_place(name: str, code: int, file: str | None, line: int, text: str) -> None:
    output = recorded(name)
    assert output.verdict is None
    failure = output.failure
    assert failure is not None
    assert failure.code == code
    assert text in failure.text
    assert (failure.file.name if failure.file else None) == file
    assert (failure.place.line if failure.place else 0) == line


def test_values_of_every_kind_are_read_as_tlc_prints_them() -> None:
    behaviour = recorded("values").behaviour
    assert behaviour is not None
    seen = [state.values()["v"] for state in behaviour.states]
    data = Function({"kind": "data", "epoch": 1, "number": 5})
    end = Function({"phase": "open", "queue": (data, data, data)})
    a = ModelValue("A")
    assert seen == [
        frozenset({1, 2, 3}),
        frozenset({frozenset(), frozenset({1}), frozenset({2}), frozenset({1, 2})}),
        frozenset({(1, 1)}),
        frozenset({Function({"x": 1})}),
        frozenset({(1, 2)}),
        Function({1: 1, 3: 3}),
        Function({"a": "a", "b c": "b c"}),
        a,
        frozenset({a, ModelValue("B")}),
        'q"uo\\te\ttab\nline',
        -5,
        (),
        frozenset(),
        (),
        Function({"a": Function({"b": (frozenset({1}), True)})}),
        (11, 12),
        Function({a: Function({(1, 2): frozenset()})}),
        ("abcdefghij",) * 30,
        Function({"client": end, "server": end}),
        Function({-1: -1, 0: 0}),
    ]


def test_an_output_that_is_cut_off_has_neither_verdict_nor_failure() -> None:
    lines = (OUTPUTS / "ok.txt").read_text("utf-8").splitlines()
    output = understand(lines[: len(lines) // 2])
    assert (output.verdict, output.failure) == (None, None)


def test_numbers_with_separators() -> None:
    lines = [
        "@!@!@STARTMSG 2199:0 @!@!@",
        "1,234,567 states generated, 98,765 distinct states found, 1,000 states left on queue.",
        "@!@!@ENDMSG 2199 @!@!@",
    ]
    assert understand(lines).figures == Figures(1_234_567, 98_765, 1_000)

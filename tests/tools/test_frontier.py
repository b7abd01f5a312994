"""A graph as far as so many states: which of them have all their steps."""

from pathlib import Path

import pytest

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.frontier import asked_of_the_source, explored
from rekeyspec.tools.graph import dump

SPEC = """---- MODULE Grid ----
EXTENDS Integers
VARIABLES x, y
Init == x = 0 /\\ y = 0
Right == x' = (x + 1) % 9 /\\ y' = y
Up == y' = (y + 1) % 9 /\\ x' = x
Next == Right \\/ Up
Small == x <= 2 /\\ y <= 2
====
"""


@pytest.fixture
def grid(tmp_path: Path) -> TlcRun:
    (tmp_path / "Grid.tla").write_text(SPEC)
    (tmp_path / "all.cfg").write_text("INIT Init\nNEXT Next\n")
    (tmp_path / "small.cfg").write_text("INIT Init\nNEXT Next\nCONSTRAINT Small\n")
    (tmp_path / "steps.cfg").write_text("INIT Init\nNEXT Next\nACTION_CONSTRAINT Small\n")
    return TlcRun(spec=tmp_path / "Grid.tla", cfg=tmp_path / "all.cfg")


@pytest.mark.java
@pytest.mark.parametrize(("cfg", "most"), [("all", 1000), ("all", 20), ("all", 81), ("small", 1000), ("small", 7)])
def test_a_whole_state_has_all_its_steps(grid: TlcRun, tlc: Tlc, cfg: str, most: int) -> None:
    complete = dump(grid, tlc)
    steps_of = {
        tuple(state.texts.items()): {(e.action, tuple(complete.states[e.target].texts.items())) for e in leaving}
        for state, leaving in zip(complete.states, complete.leaving, strict=True)
    }
    found = explored(TlcRun(spec=grid.spec, cfg=grid.cfg.with_stem(cfg)), tlc, most=most)
    assert found.whole
    for index in found.whole:
        leaving = {(e.action, tuple(found.graph.states[e.target].texts.items())) for e in found.graph.leaving[index]}
        assert leaving == steps_of[tuple(found.graph.states[index].texts.items())]


@pytest.mark.java
def test_what_a_constraint_cuts_off_is_at_the_frontier(grid: TlcRun, tlc: Tlc) -> None:
    found = explored(TlcRun(spec=grid.spec, cfg=grid.cfg.with_stem("small")), tlc, most=1000)
    beyond = [state for index, state in enumerate(found.graph.states) if index not in found.whole]
    assert (len(found.whole), found.cut) == (9, 6)
    assert {(state["x"] == 3) != (state["y"] == 3) for state in beyond} == {True}


@pytest.mark.java
def test_without_bounds_nothing_is_cut_off(grid: TlcRun, tlc: Tlc) -> None:
    assert explored(grid, tlc, most=1000).cut == 0


def test_a_cfg_that_constrains_steps_is_refused(grid: TlcRun) -> None:
    with pytest.raises(BadInput, match="read an ACTION_CONSTRAINT"):
        explored(TlcRun(spec=grid.spec, cfg=grid.cfg.with_stem("steps")), Tlc(Path("java"), Path("jar")), most=9)


def test_a_constraint_is_asked_of_the_state_that_a_step_leaves() -> None:
    assert asked_of_the_source("CONSTRAINT A\nCONSTRAINTS\n B") == "ACTION_CONSTRAINT A\nACTION_CONSTRAINTS\n B"

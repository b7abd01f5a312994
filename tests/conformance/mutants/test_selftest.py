"""The selftest says what the suite is worth, whoever does the work, and ends badly where it should."""

from __future__ import annotations

import dataclasses

import pytest

from rekeyspec.conformance.mutants import selftest as module
from rekeyspec.conformance.mutants.catching import Caught
from rekeyspec.conformance.mutants.selftest import Quiet, Selftest, selftest
from rekeyspec.conformance.target import BadInput


def nothing(_what: str, _done: int, _all: int) -> None:
    """Nobody looks."""


def test_it_is_the_same_whoever_does_it() -> None:
    alone = selftest({"reference": 40}, 3, 1, nothing, sample=6)
    shared = selftest({"reference": 40}, 3, 2, nothing, sample=6)
    assert alone == shared
    assert alone.exit_code == 0
    assert alone.quiet[0].examples == 40
    assert alone.quiet[0].mean > 5
    assert len(alone.caught) >= 6
    assert "0 alarms" in list(alone.lines())[-1]


def test_what_is_missed_late_or_alarming_fails() -> None:
    good = Selftest([Caught("a", "trace", 3, "EST-1")], [Quiet("reference", 2, 40)])
    assert good.exit_code == 0
    assert dataclasses.replace(good, caught=[Caught("a")]).exit_code == 1
    assert dataclasses.replace(good, caught=[Caught("a", "trace", 11, "EST-1")]).exit_code == 1
    assert dataclasses.replace(good, quiet=[Quiet("reference", 2, 40, ("trace: 0",))]).exit_code == 1
    assert dataclasses.replace(good, troubles=["it broke"]).exit_code == 2
    assert "missed" in next(dataclasses.replace(good, caught=[Caught("a")]).lines())


def test_a_target_that_is_none_is_said_before_anything_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_all", lambda *_: pytest.fail("it was run"))
    with pytest.raises(BadInput, match="is no target"):
        selftest({"referense": 40}, 0, 1, nothing)


def test_a_part_that_cannot_be_done_is_told_and_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> object:
        raise BadInput("no hypothesis")

    monkeypatch.setattr(module, "_search", none)
    found = selftest({"reference": 40}, 0, 1, nothing, sample=4)
    assert found.exit_code == 2
    assert found.troubles == ["reference: no hypothesis"]
    assert not found.missed

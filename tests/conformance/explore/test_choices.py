"""Every number means something, and the smaller the simpler."""

from __future__ import annotations

from typing import get_args

from rekeyspec.conformance.explore.choices import CHOICES, Deed
from rekeyspec.conformance.explore.drawing import LETTERS
from rekeyspec.conformance.explore.spoofs import SPOOFS


def test_nothing_is_the_simplest_choice() -> None:
    assert CHOICES[0].do == "Nothing"
    order = [choice.do for choice in CHOICES]
    assert order.index("Wait") < order.index("WaitUntil") < order.index("Pass") < order.index("Spoof")


def test_every_deed_can_be_chosen_by_a_letter() -> None:
    assert {choice.do for choice in CHOICES} == set(get_args(Deed))
    assert len(CHOICES) <= LETTERS


def test_every_spoof_can_be_chosen() -> None:
    assert {choice.which for choice in CHOICES if choice.do == "Spoof"} == set(range(len(SPOOFS)))


def test_a_deadline_can_be_met_just_before_and_just_after() -> None:
    for which in range(3):
        assert {c.by for c in CHOICES if c.do == "WaitUntil" and c.which == which} == {-1, 0, 1}

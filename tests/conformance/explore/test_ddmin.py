"""Delta debugging finds what is needed, and nothing that is not."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.explore.ddmin import ddmin


@given(st.sets(st.integers(0, 40), min_size=1), st.integers(41, 60))
def test_of_what_is_needed_together_all_is_left_and_nothing_else(needed: set[int], length: int) -> None:
    assert ddmin(range(length), lambda part: needed <= set(part)) == sorted(needed)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 40))
def test_what_is_left_is_one_minimal(items: list[int], least: int) -> None:
    def fails(part: Sequence[int]) -> bool:
        return sum(part) >= min(least, sum(items))

    left = ddmin(items, fails)
    assert fails(left)
    assert all(not fails(left[:i] + left[i + 1 :]) for i in range(len(left)) if len(left) > 1)


def test_it_asks_few_times_where_one_item_is_to_blame() -> None:
    asked: list[Sequence[int]] = []

    def fails(part: Sequence[int]) -> bool:
        asked.append(part)
        return 700 in part

    assert ddmin(range(1024), fails) == [700]
    assert len(asked) <= 40


def test_one_item_is_left_as_it_is() -> None:
    assert ddmin([7], lambda part: True) == [7]

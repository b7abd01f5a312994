"""Delta debugging: the smallest part of a sequence that still fails (Zeller and Hildebrandt, 2002, "Simplifying and
isolating failure-inducing input").

The sequence is cut into parts, and each part alone, then all but each part, is tried; where nothing fails any more the
parts become half as large. What is left is 1-minimal: without any one of its items it does not fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

_T = TypeVar("_T")


def ddmin(items: Sequence[_T], fails: Callable[[Sequence[_T]], bool]) -> list[_T]:
    """The items that are needed, in their order. `fails` is asked of parts, and is known to hold of the whole."""
    left, parts = list(items), 2
    while len(left) > 1:
        for smaller, then in _parts(left, parts):
            if fails(smaller):
                left, parts = smaller, then
                break
        else:
            if parts >= len(left):
                break
            parts = min(len(left), 2 * parts)
    return left


def _parts(items: list[_T], parts: int) -> Iterator[tuple[list[_T], int]]:
    """What to try, each with the number of parts to go on with."""
    cuts = [len(items) * i // parts for i in range(parts + 1)]
    spans = list(pairwise(cuts))
    for a, b in spans:
        yield items[a:b], 2
    for a, b in spans if parts > 2 else ():  # of two parts the one is all but the other
        yield items[:a] + items[b:], max(parts - 1, 2)

"""What one drawn number may mean: a thing to do to a link, or a pause before the next one.

An interleaving is a sequence of numbers, each read against what there is when its turn comes: who is open, what is
under way, which deadlines lie ahead. So every sequence means something, a number left out is a thing left undone, and
a smaller number is a simpler thing: 0 is nothing. `telling` does what a choice says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from rekeyspec.conformance.explore.spoofs import SPOOFS

Deed = Literal[
    "Nothing", "Wait", "WaitUntil", "Pass", "Settle", "Offer", "Tick", "Drop", "Copy", "Again", "Spoof", "Shut", "Open",
]  # fmt: skip


class Choice(NamedTuple):
    """One deed. `side`: at the first end (0) or the other (1). `which`: of several; `by`: how far off (ms)."""

    do: Deed
    side: int = 0
    which: int = 0
    by: int = 0


def _weighed() -> Iterable[tuple[int, Choice]]:
    """Every choice, the simplest first, with how many numbers mean it."""
    yield 1, Choice("Nothing")
    for weight, ms in ((2, 0), (4, 1), (6, 20), (3, 300)):
        yield weight, Choice("Wait", which=ms)
    for which, weights in enumerate(((12, 7, 7), (4, 3, 3), (2, 2, 2), (2, 1, 1))):
        for weight, by in zip(weights, (0, 1, -1), strict=True):
            yield weight, Choice("WaitUntil", 0, which, by)
    yield 16, Choice("Settle")
    for side in (0, 1):
        yield 11, Choice("Pass", side)
        yield 3, Choice("Pass", side, 1)
        for which, weight in enumerate((8, 3, 3, 4, 3, 1, 1, 1, 1)):
            yield weight, Choice("Offer", side, which)
        yield 3, Choice("Tick", side)
        yield 5, Choice("Drop", side)
        yield 1, Choice("Drop", side, 1)
    yield 6, Choice("Open")
    for side in (0, 1):
        yield 1, Choice("Shut", side)
        for which, weight in enumerate((3, 1, 1)):
            yield weight, Choice("Copy", side, which)
        for which in range(4):
            yield 1, Choice("Again", side, which)
    for which in range(len(SPOOFS)):
        yield 1, Choice("Spoof", 0, which)


CHOICES: Final[tuple[Choice, ...]] = tuple(choice for weight, choice in _weighed() for _ in range(weight))
"""What each number means."""

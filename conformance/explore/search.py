"""The search: hypothesis draws, each draw is told to the target, and the oracle judges.

What fails is made small by hypothesis first and then by our own means (`found`). After that the search goes on for a
failure by another rule. It is done in chunks, for hypothesis remembers every draw.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.explore.drawing import Draw, Drawn, Shape, draws, hypothesis
from rekeyspec.conformance.explore.fault import Fault, of_told
from rekeyspec.conformance.explore.found import Failure, failure
from rekeyspec.conformance.explore.telling import Told
from rekeyspec.conformance.target import Target

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Effort", "Explored", "Failure", "Progress", "Shape", "explore", "mark"]

Progress = Callable[[int, int], None]
"""Is told how many interleavings are done, and how many there are to do."""

CHUNK: Final = 2000
"""How many interleavings one call of hypothesis draws."""
SHRINKS: Final = 500
"""How often a target is asked at most while hypothesis makes a draw smaller."""
SHRINKS_BROKEN: Final = 10
"""The same for a target that breaks (`found`)."""
PATIENCE: Final = 10
"""How many interleavings in a row may find the target broken in a way that is known before the search is given up."""


@dataclass(frozen=True)
class Effort:
    """How long to search: so many interleavings of at most so many lines, until so many failures are found. The same
    seed finds the same."""

    examples: int
    seed: int = 0
    steps: int = 60
    failures: int = 3


@dataclass(frozen=True)
class Explored:
    """What a search did: interleavings, their lines, the failures in the order in which they were found, and the rules
    that were put to the test."""

    examples: int
    steps: int
    failures: tuple[Failure, ...]
    exercised: frozenset[str]


def explore(
    target: Target,
    effort: Effort,
    *,
    profile: str | None = None,
    shape: Shape | None = None,
    progress: Progress | None = None,
    known: Collection[str] = (),
    keep: Callable[[Failure], None] | None = None,
) -> Explored:
    """Search for interleavings in which the target leaves the rules. `profile` is a profile's name or a policy file
    (None: all parameters vary), `shape` whether one end is under test or both (None: either), `known` what failures are
    not looked for (`mark`), `keep` is given each failure as soon as it is found.

    The same for the same behaviour of the target, effort, profile and shape. Raises BadInput for what cannot be
    searched (`Drawn`), and where hypothesis is not installed.
    """
    drawn = Drawn(target, effort.steps, profile, shape)
    nothing = lambda *_: None  # noqa: E731  (two callbacks that do nothing)
    return _Search(target, effort, drawn, progress or nothing, keep or nothing, set(known)).whole()


def mark(fault: Fault) -> str:
    """What failures of one target have in common that are not looked for twice: the rule, or how it breaks."""
    return fault.rule or fault.do


@dataclass
class _Search:
    target: Target
    effort: Effort
    drawn: Drawn
    progress: Progress
    keep: Callable[[Failure], None]
    known: set[str]
    """The marks of failures that are not looked for any more."""
    examples: int = 0
    steps: int = 0
    failures: list[Failure] = field(default_factory=list)
    exercised: set[str] = field(default_factory=set)
    broken: int = 0
    """How many interleavings in a row found it broken in a way that is known."""

    def whole(self) -> Explored:
        """All of it."""
        number, strategy = 0, draws(self.effort.steps)
        while self.examples < self.effort.examples and not self.over():
            found = self._chunk(strategy, number)
            if found is not None:
                draw, fault = found
                self.known.add(mark(fault))
                self.failures.append(failure(self.target, self.drawn.told(draw), fault))
                self.keep(self.failures[-1])
            number += 1
        return Explored(self.examples, self.steps, tuple(self.failures), frozenset(self.exercised))

    def _chunk(self, strategy: SearchStrategy[Draw], number: int) -> tuple[Draw, Fault] | None:
        """Draw until something fails, and let hypothesis make it small; None where nothing fails."""
        h = hypothesis()
        first = _First(self, min(CHUNK, self.effort.examples - self.examples))
        phases = (h.Phase.generate, h.Phase.shrink)
        settings = h.settings(max_examples=first.left, database=None, deadline=None, derandomize=False, phases=phases)
        try:
            seeded = Random(f"{self.effort.seed}/{number}")  # noqa: S311  (no secret: the same seed finds the same)
            draw: Draw = h.find(strategy, first.fails, settings=settings, random=seeded)
        except h.errors.NoSuchExample:
            return None
        assert first.fault is not None
        return draw, first.fault

    def count(self, told: Told) -> Fault | None:
        """One more interleaving was told: how it failed, if that is not known."""
        self.examples += 1
        self.steps += len(told.lines)
        self.exercised |= told.exercised
        fault = of_told(told.found, told.broken, self.target.unsupported)
        new = fault is not None and not self._known(told, fault)
        self.broken = self.broken + 1 if told.broken and not new else 0
        self.progress(self.examples, self.effort.examples)
        return fault if new else None

    def _known(self, told: Told, fault: Fault) -> bool:
        """Is it what is not looked for, or done while that is left undone, and so perhaps only what comes of it?"""
        due = told.found.due if told.found else ()
        return mark(fault) in self.known or any(
            one.t <= told.found.t and one.rule in self.known for one in due if told.found
        )

    def over(self) -> bool:
        """Is enough found, or can nothing more be?"""
        return len(self.failures) >= self.effort.failures or self.broken >= PATIENCE


class _First:
    """What hypothesis is asked: does this draw fail? The first that fails says how, and what is smaller must fail in
    the same way. A draw has one answer, whatever the target does the next time, for hypothesis takes it at its word."""

    def __init__(self, search: _Search, left: int) -> None:
        self.search, self.left, self.tries = search, left, SHRINKS
        self.fault: Fault | None = None
        self.answers: dict[Draw, bool] = {}

    def fails(self, draw: Draw) -> bool:
        """Does it, in the way that is looked for?"""
        if self.fault is None:
            if self.left <= 0 or self.search.over():
                return False
            self.left -= 1
            self.fault = self.search.count(self.search.drawn.told(draw))
            if self.fault is not None:
                self.answers[draw] = True
                self.tries = SHRINKS if self.fault.rule else SHRINKS_BROKEN
            return self.fault is not None
        if draw not in self.answers:
            self.tries -= 1
            self.answers[draw] = self.tries >= 0 and self._again(draw) == self.fault
        return self.answers[draw]

    def _again(self, draw: Draw) -> Fault | None:
        told = self.search.drawn.told(draw)
        return of_told(told.found, told.broken, self.search.target.unsupported)

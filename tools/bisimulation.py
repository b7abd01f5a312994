"""Bisimulation: each state and step of a model's graph is one of the reference's, and the reference has no other.

The graph is TLC's; the reference is composed with the network, the adversary, the users and the clock (`composition`),
and `situation` relates the two. In every state that has all its steps in the graph, the spec's steps and the
reference's are the same: the action, what the ends become, what is under way then, what the adversary has. So the
initial state has the same behaviours on both sides, up to the frontier (`frontier`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Literal

from rekeyspec.tools.composition import Composition
from rekeyspec.tools.frontier import Explored
from rekeyspec.tools.situation import Reader, Situation

SHOWN: Final = 3
"""How many differences of one kind are kept with their states."""

Side = Literal["spec", "reference"]


@dataclass(frozen=True)
class Difference:
    """A step that one side has and the other has not: the action, by its state in the graph and what comes of it."""

    side: Side
    action: str
    state: int
    at: Situation
    after: Situation
    instead: tuple[Situation, ...] = ()
    """What comes of the same action on the other side."""


@dataclass(frozen=True)
class Compared:
    """What came of comparing one graph."""

    states: int
    edges: int
    cut: int
    """States at the frontier, whose steps were not compared."""
    actions: Mapping[str, int]
    """Steps of the graph that were compared, by action."""
    differences: int
    by: Mapping[tuple[Side, str], int] = field(default_factory=dict)
    """How many differences of each kind there are."""
    shown: tuple[Difference, ...] = ()
    """The first of each kind."""
    seconds: float = 0


def compare(explored: Explored, composition: Composition) -> Compared:
    """Compare a graph with the reference. Raises abstraction.Foreign for a graph of another spec."""
    begun = time.monotonic()
    reader = Reader(composition.channels)
    states = tuple(reader.situation(state) for state in explored.graph.states)
    by: Counter[tuple[Side, str]] = Counter()
    shown: list[Difference] = []
    for found in _differences(explored, states, composition):
        by[found.side, found.action] += 1
        if by[found.side, found.action] <= SHOWN:
            shown.append(found)
    actions = Counter(edge.action for index in explored.whole for edge in explored.graph.leaving[index])
    return Compared(
        states=len(states),
        edges=sum(actions.values()),
        cut=explored.cut,
        actions=dict(sorted(actions.items())),
        differences=sum(by.values()),
        by=dict(by),
        shown=tuple(shown),
        seconds=time.monotonic() - begun,
    )


def _differences(explored: Explored, states: tuple[Situation, ...], composition: Composition) -> Iterator[Difference]:
    graph = explored.graph
    for index in graph.initial:
        if states[index] != composition.first():
            yield Difference("spec", "Init", index, states[index], states[index], (composition.first(),))
    for index in explored.whole:
        here = states[index]
        wanted = {(edge.action, states[edge.target]) for edge in graph.leaving[index]}
        found = {(step.action, step.after) for step in composition.steps(here)}
        if wanted != found:
            yield from _sorted(index, here, wanted - found, found - wanted)


def _sorted(
    index: int, at: Situation, spec: AbstractSet[tuple[str, Situation]], reference: AbstractSet[tuple[str, Situation]]
) -> Iterator[Difference]:
    """The steps of either side that the other has not, in an order that is always the same."""
    sides: tuple[tuple[Side, AbstractSet[tuple[str, Situation]], AbstractSet[tuple[str, Situation]]], ...] = (
        ("spec", spec, reference),
        ("reference", reference, spec),
    )
    for side, mine, theirs in sides:
        for action, after in sorted(mine, key=repr):
            instead = tuple(sorted((to for do, to in theirs if do == action), key=repr))
            yield Difference(side, action, index, at, after, instead)

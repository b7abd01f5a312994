"""Tours of a directed graph: walks from one node, none longer than so many steps, that go along every arc.

The fewest steps that this can take are the directed postman's, who may start again at any time: each arc at least once,
as often into each node as out of it, a new start being an arc to the first node that costs nothing. That is a
minimum-cost flow, solved by OR-tools; what it takes is the bound. Of flows as short, one with fewest tours is taken.

The arcs, as often as the flow says, make one closed walk or several (Hierholzer). These are cut at new starts, and
where a tour would be too long: a cut costs the shortest way back to where it was, and the cuts are those that cost
least together. What is gone along elsewhere is then left out at both ends of a tour. So the whole is longer than the
bound only for the sake of `longest`, and of a part that no tour passes.

Nothing here knows what the graph is of. The same graph gives the same tours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from rekeyspec.conformance.target import BadInput

Arc = tuple[int, int]
"""From one node to another; nodes are numbered from 0."""

LONGEST: Final = 100
"""How many steps a tour may have."""

_RESTART: Final = -1
"""Stands among the arcs of a walk for a new start."""


@dataclass(frozen=True)
class Tours:
    """Walks from the first node, each the indices of its arcs."""

    paths: tuple[tuple[int, ...], ...]
    bound: int
    """The steps of the directed postman with restarts: no tours have fewer, were each as long as it liked."""

    @property
    def length(self) -> int:
        """All steps together."""
        return sum(map(len, self.paths))

    @property
    def ratio(self) -> float:
        """How many times as long as the bound they are."""
        return self.length / self.bound if self.bound else 1.0


def tours(arcs: Sequence[Arc], start: int, *, wanted: Collection[int] | None = None, longest: int = LONGEST) -> Tours:
    """Tours along every arc of `wanted` (None: every arc), each from `start` and of at most `longest` steps.

    Raises ValueError for an arc that is not reached in so many.
    """
    needed = [wanted is None or index in wanted for index in range(len(arcs))]
    ways = _Ways(arcs, start)
    for index, (source, _) in enumerate(arcs):
        if needed[index] and ways.length(source) >= longest:
            raise ValueError(f"arc {index} is not reached in {longest} steps")
    often, restarts = _flow(arcs, start, needed)
    bound = sum(often)
    found = _Cover(arcs, needed, ways)
    for walk in _walks(arcs, start, often, restarts):
        found.pieces += _cut(walk, [arcs[index][0] for index in walk], ways, longest)
    return Tours(tuple(found.trimmed()), bound)


def _flow(arcs: Sequence[Arc], start: int, needed: Sequence[bool]) -> tuple[list[int], dict[int, int]]:
    """How often to go along each arc, and how many new starts to make from each node."""
    try:
        from ortools.graph.python.min_cost_flow import (  # type: ignore[import-untyped]  # noqa: PLC0415
            SimpleMinCostFlow,
        )
    except ModuleNotFoundError:
        read = "OR-tools: read no such module, expected the package `ortools`, which comes with the extra `model`"
        raise BadInput(f"{read}; install it with: pip install 'rekeyspec[model]'") from None
    nodes = sorted({start, *(node for arc in arcs for node in arc)})
    surplus = dict.fromkeys(nodes, 0)
    for (source, target), once in zip(arcs, needed, strict=True):
        surplus[source] -= once
        surplus[target] += once
    flow, enough = SimpleMinCostFlow(), len(arcs) + 1
    for source, target in arcs:
        flow.add_arc_with_capacity_and_unit_cost(source, target, enough, enough)
    for node in nodes:
        flow.add_arc_with_capacity_and_unit_cost(node, start, enough, 1)
        flow.set_node_supply(node, surplus[node])
    if flow.solve() != flow.OPTIMAL:
        raise ValueError("no tours: an arc cannot be reached from the start")
    often = [flow.flow(index) + once for index, once in enumerate(needed)]
    restarts = {node: flow.flow(len(arcs) + index) for index, node in enumerate(nodes) if node != start}
    return often, restarts


def _walks(arcs: Sequence[Arc], start: int, often: Sequence[int], restarts: dict[int, int]) -> Iterator[list[int]]:
    """The walks that go along each arc just so often, cut at new starts; the one through `start` comes first."""
    leaving: dict[int, list[int]] = {node: [_RESTART] * times for node, times in restarts.items()}
    for index in range(len(arcs) - 1, -1, -1):
        leaving.setdefault(arcs[index][0], []).extend([index] * often[index])
    for node in (start, *sorted(leaving)):
        if leaving.get(node):
            yield from _split(_circuit(arcs, start, node, leaving))


def _circuit(arcs: Sequence[Arc], start: int, first: int, leaving: dict[int, list[int]]) -> list[int]:
    """Hierholzer's closed walk from `first` along all that is connected with it, which it takes out of `leaving`."""
    backwards: list[int] = []
    stack = [(first, _RESTART)]
    while stack:
        node, by = stack[-1]
        if leaving.get(node):
            index = leaving[node].pop()
            stack.append((start if index == _RESTART else arcs[index][1], index))
        else:
            backwards.append(by)
            stack.pop()
    return backwards[-2::-1]  # the last is how it came to be at `first`


def _split(walk: Iterable[int]) -> Iterator[list[int]]:
    piece: list[int] = []
    for index in walk:
        if index != _RESTART:
            piece.append(index)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


class _Ways:
    """The shortest way from the start to each node."""

    def __init__(self, arcs: Sequence[Arc], start: int) -> None:
        leaving: dict[int, list[int]] = {}
        for index, (source, _) in enumerate(arcs):
            leaving.setdefault(source, []).append(index)
        self.arcs, self.by, self.steps = arcs, dict[int, int](), {start: 0}
        todo = deque([start])
        while todo:
            node = todo.popleft()
            for index in leaving.get(node, ()):
                target = arcs[index][1]
                if target not in self.steps:
                    self.steps[target], self.by[target] = self.steps[node] + 1, index
                    todo.append(target)

    def length(self, node: int) -> int:
        """In steps; more than any tour may have where there is no way."""
        return self.steps.get(node, 1 << 62)

    def to(self, node: int) -> list[int]:
        """The arcs of the way."""
        backwards = []
        while node in self.by:
            backwards.append(self.by[node])
            node = self.arcs[self.by[node]][0]
        return backwards[::-1]


def _cut(walk: Sequence[int], nodes: Sequence[int], ways: _Ways, longest: int) -> Iterator[list[int]]:
    """The walk in tours, each with the way to where it begins, cut where all these ways together are shortest. `nodes`
    is where each step of it begins."""
    best: list[tuple[int, int]] = [(0, 0)]  # the cost of all before a step: steps of ways, and pieces
    begins: list[int] = [0]  # where the piece that ends before a step begins
    open_: list[tuple[int, int, int]] = []
    for at, node in enumerate(nodes):
        steps, pieces = best[at]
        heappush(open_, (steps + ways.length(node), pieces + 1, at))
        while open_ and ways.length(nodes[open_[0][2]]) + at + 1 - open_[0][2] > longest:
            heappop(open_)
        if not open_:
            raise ValueError(f"arc {walk[at]} is not reached in {longest} steps")
        best.append(open_[0][:2])
        begins.append(open_[0][2])
    found, end = [], len(walk)
    while end:
        begin = begins[end]
        found.append([*ways.to(nodes[begin]), *walk[begin:end]])
        end = begin
    return reversed(found)


class _Cover:
    """Tours, and how often they go along each arc, so that what another one covers can be left out."""

    def __init__(self, arcs: Sequence[Arc], needed: Sequence[bool], ways: _Ways) -> None:
        self.arcs, self.needed, self.ways = arcs, needed, ways
        self.pieces: list[list[int]] = []

    def trimmed(self) -> Iterator[tuple[int, ...]]:
        """The tours from the first step to the last for which each is needed, begun on the shortest way."""
        often = [0] * len(self.arcs)
        for piece in self.pieces:
            for index in piece:
                often[index] += 1
        for piece in self.pieces:
            for index in piece:
                often[index] -= 1
            own = [at for at, index in enumerate(piece) if self.needed[index] and not often[index]]
            if not own:
                continue
            kept = [*self.ways.to(self.arcs[piece[own[0]]][0]), *piece[own[0] : own[-1] + 1]]
            for index in kept:
                often[index] += 1
            yield tuple(kept)

"""Tours go along every arc, from the start, none too long; how long they may be together is the postman's to say."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.tours import Arc, Tours, tours


def walked(found: Tours, arcs: list[Arc], start: int, longest: int) -> set[int]:
    """The arcs that tours go along, once it is certain that they are tours."""
    for path in found.paths:
        assert 0 < len(path) <= longest
        assert arcs[path[0]][0] == start
        assert all(arcs[one][1] == arcs[other][0] for one, other in pairwise(path))
    return {index for path in found.paths for index in path}


def test_a_ring_is_one_tour() -> None:
    found = tours([(0, 1), (1, 2), (2, 0)], 0)
    assert found.paths == ((0, 1, 2),)
    assert (found.length, found.bound, found.ratio) == (3, 3, 1.0)


def test_a_new_start_is_cheaper_than_the_way_round() -> None:
    # From 1 two ways end: each is gone once, and the way to 1 twice.
    found = tours([(0, 1), (1, 2), (1, 3)], 0)
    assert sorted(found.paths) == [(0, 1), (0, 2)]
    assert found.bound == found.length == 4


def test_of_tours_as_short_the_fewest_are_taken() -> None:
    assert len(tours([(0, 1), (1, 0), (0, 2), (2, 0), (0, 0)], 0).paths) == 1


def test_a_tour_that_would_be_too_long_is_cut_where_the_way_back_is_shortest() -> None:
    # Three rings through 0, and one of them is left by a long way.
    arcs = [(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 4), (4, 0)]
    found = tours(arcs, 0, longest=4)
    assert walked(found, arcs, 0, 4) == set(range(7))
    assert found.length == found.bound == 7, "every cut is at 0, and costs nothing"


def test_a_cut_costs_the_way_back() -> None:
    ring = [(node, (node + 1) % 6) for node in range(6)]
    found = tours(ring, 0, longest=6)
    assert found.length == 6
    line = [(node, node + 1) for node in range(4)]
    arcs = [*line, (4, 3)]
    # 3 and 4 can be gone to and fro, but 5 steps do for all: 0 1 2 3 4 3.
    assert tours(arcs, 0, longest=5).length == 5
    twice = [*line, (3, 3), (4, 4), (4, 3)]
    found = tours(twice, 0, longest=5)
    assert walked(found, twice, 0, 5) == set(range(7))
    assert found.bound == 7
    assert found.length > found.bound


def test_an_arc_beyond_the_longest_tour_is_refused() -> None:
    arcs = [(node, node + 1) for node in range(5)]
    assert tours(arcs, 0, longest=5).length == 5
    with pytest.raises(ValueError, match="arc 4 is not reached in 4 steps"):
        tours(arcs, 0, longest=4)
    with pytest.raises(ValueError, match="arc 0 is not reached"):
        tours([(1, 2)], 0)


def test_only_what_is_wanted_is_covered_and_the_rest_is_for_the_way() -> None:
    arcs = [(0, 1), (1, 2), (2, 0), (0, 0), (2, 2)]
    found = tours(arcs, 0, wanted={4})
    assert found.paths == ((0, 1, 4),)
    # A ring that no wanted arc leads to is a part by itself, with the way to it.
    apart = tours(arcs, 0, wanted={3, 4})
    assert sorted(apart.paths) == [(0, 1, 4), (3,)]
    assert tours(arcs, 0, wanted=set()).paths == ()


graphs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=40)


def reached(arcs: list[Arc]) -> list[Arc]:
    """The arcs that can be reached from 0."""
    known = {0}
    for _ in range(8):
        known |= {target for source, target in arcs if source in known}
    return [arc for arc in arcs if arc[0] in known]


@given(graphs, st.integers(9, 20))
@settings(max_examples=200, deadline=None)
def test_every_arc_of_any_graph_is_gone_along(drawn: list[Arc], longest: int) -> None:
    arcs = reached(drawn)
    found = tours(arcs, 0, longest=longest)
    assert walked(found, arcs, 0, longest) == set(range(len(arcs)))
    assert found.length >= found.bound
    assert found == tours(arcs, 0, longest=longest)
    free = tours(arcs, 0, longest=10_000)
    assert free.length == free.bound == found.bound, "what is longer than the bound is for the sake of `longest`"


@given(graphs, st.sets(st.integers(0, 39)))
@settings(max_examples=200, deadline=None)
def test_every_wanted_arc_of_any_graph_is_gone_along(drawn: list[Arc], some: set[int]) -> None:
    arcs = reached(drawn)
    wanted = {index for index in some if index < len(arcs)}
    found = tours(arcs, 0, wanted=wanted)
    assert walked(found, arcs, 0, 100) >= wanted
    assert all(wanted.intersection(path) for path in found.paths)


def test_without_or_tools_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.graph.python.min_cost_flow", None)
    with pytest.raises(BadInput, match=r"ortools.*pip install"):
        tours([(0, 1)], 0)

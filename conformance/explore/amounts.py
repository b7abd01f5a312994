"""Numbers by the names of the parameters they come from: `idle_period - 1` says why, and fits another scale too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Final

from rekeyspec.conformance.rulebook import parameters, rules
from rekeyspec.reference.policy import Policy

LEAST: Final = 50
"""Smaller numbers are themselves: too many parameters have such a value."""


MOST: Final = 5
"""How many parameters are added up at most, the same one more than once among them."""


def names(value: int, unit: str, policy: Policy, rule: str) -> Iterator[str]:
    """Every sum of parameters of this unit (`ms`, `bytes`) that comes to `value`, give or take 1, the shortest first;
    of two as short the one of parameters that the rule reads."""
    if value < LEAST:
        return
    known = _named(unit, policy, rule)
    for terms in range(1, MOST + 1):
        for off, tail in ((0, ""), (1, " + 1"), (-1, " - 1")):
            for chosen in combinations_with_replacement(known, terms):
                if sum(number for _, number in chosen) + off == value:
                    yield _sum(chosen) + tail


def _sum(chosen: Sequence[tuple[str, int]]) -> str:
    """The largest first, and each parameter once."""
    counted = Counter(sorted(chosen, key=lambda one: (-one[1], one[0])))
    return " + ".join(name if times == 1 else f"{times}*{name}" for (name, _), times in counted.items())


def _named(unit: str, policy: Policy, rule: str) -> Sequence[tuple[str, int]]:
    read = rules()[rule].parameters if rule in rules() else ()
    own = [name for name, one in parameters().items() if one.unit == unit]
    ordered = sorted(own, key=lambda name: name not in read)  # a stable sort: the rest in the order of the rules
    return [(name, value) for name in ordered if (value := getattr(policy, name)) >= LEAST]

"""How far two runs of `bench cost` agree: `python -m rekeyspec.benchmarks.cost.agreement ONE.json OTHER.json`.

CPU of both ends, of every negotiation and every kind of data that both have measured.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from rekeyspec.benchmarks.cost.costs import Costs, load
from rekeyspec.conformance.target import BadInput

WITHIN = 0.05
Figures = Mapping[tuple[object, ...], float]


def line(name: str, one: Figures, other: Figures) -> str:
    """What is said of one kind of figure. Raises BadInput where the two have none in common."""
    apart = sorted((abs(one[key] / other[key] - 1), key) for key in one if key in other)
    if not apart:
        raise BadInput(f"the two runs have no {name} in common; give two runs of the same settings")
    parts = [part for part, _ in apart]
    within = sum(part <= WITHIN for part in parts)
    worst = ", ".join(str(word) for word in apart[-1][1] if word != "")
    return (
        f"{name}: {within} of {len(parts)} within {WITHIN:.0%}; apart by {median(parts):.1%} (median), "
        f"{parts[int(len(parts) * 0.9)]:.1%} (nine of ten), {parts[-1]:.1%} (at most: {worst})"
    )


def compared(one: Costs, other: Costs) -> list[str]:
    """A line for negotiations, and one for data."""
    both = (one, other)
    return [line("negotiations", *map(_negotiations, both)), line("data", *map(_data, both))]


def _negotiations(costs: Costs) -> Figures:
    return {tuple[object, ...](key): found.cpu.both for key, found in costs.handshakes.items()}


def _data(costs: Costs) -> Figures:
    return {tuple[object, ...](key): ends.both for key, ends in costs.data.items()}


def main(words: Sequence[str]) -> int:
    """Compare. 2: bad input."""
    if len(words) != 2:
        print("usage: python -m rekeyspec.benchmarks.cost.agreement ONE.json OTHER.json", file=sys.stderr)
        return 2
    try:
        print("\n".join(compared(*(load(Path(word)) for word in words))))
    except BadInput as why:
        print(f"rekeyspec: {why}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What is made of samples on a machine that does other things too.

CPU time is not free of what else runs: a busy neighbour takes cache and, where two threads share a core, a third of its
speed. So a small piece of fixed work, the canary, is timed around each burst of samples. Medians are of the quiet
samples, whose canary took at most QUIET of its best, and it is said how many there were. Where they are not ENOUGH, the
least disturbed are taken besides, and their times scaled to those of a quiet machine: by what the canary tells, and how
much what was measured slows with it (a power, the median over the run). Of a key that carries much, the stretches that
were disturbed count as the median of those of the same volume that were not. Tails (p99) are of all samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median
from typing import Final, NamedTuple, TypeVar

from rekeyspec.benchmarks.cost.ends import Ends, Sample, Stretch

QUIET: Final = 1.08
_LOUD, _BOTH = 1.15, 4
"""How much a thing slows is told from so many quiet readings at least, and so many with a canary of more than that."""
ENOUGH: Final = 8
"""So many quiet samples are tried for."""


class Reading(NamedTuple):
    """A sample, and how long the canary took around it (s)."""

    sample: Sample
    canary: float


class Noise(NamedTuple):
    """How long the canary takes on a quiet machine (s), and with which power of it the CPU time of works grows."""

    best: float
    power: float

    def scale(self, song: float) -> float:
        """By what the CPU time of a sample is multiplied that was disturbed so; 1 where it was not."""
        return 1.0 if song <= QUIET * self.best else float((self.best / song) ** self.power)


class Figures(NamedTuple):
    """Of one thing: medians of the quiet samples; the quartiles of both ends' CPU together; the stall's p50 and p99,
    and the wall's median (s); bytes each way; how many samples there were, and how many of them quiet."""

    cpu: Ends
    q1: float
    q3: float
    wall: float
    stall_p50: float
    stall_p99: float
    to_server: int
    to_client: int
    samples: int
    quiet: int


def figures(readings: list[Reading], noise: Noise) -> Figures:
    """Sum up the readings of one thing."""
    like = _quiet_stretch(readings, noise)
    bound = QUIET * noise.best
    chosen = _quietest(readings, bound)
    quiet = [_mended(_scaled(one.sample, noise.scale(one.canary)), like, bound) for one in chosen]
    both = sorted(one.client + one.server for one in quiet)
    stalls = sorted(one.sample.stall for one in readings)
    return Figures(
        Ends(median(one.client for one in quiet), median(one.server for one in quiet)),
        at(both, 0.25),
        at(both, 0.75),
        median(one.wall for one in quiet),
        at(stalls, 0.5),
        at(stalls, 0.99),
        round(median(one.to_server for one in quiet)),
        round(median(one.to_client for one in quiet)),
        len(readings),
        sum(one.canary <= bound for one in readings),
    )


T = TypeVar("T", Reading, Stretch)


def _quietest(found: list[T], bound: float) -> list[T]:
    """All within the bound, and in any case the ENOUGH nearest to it."""
    ordered = sorted(found, key=lambda one: one.canary)
    return ordered[: max(ENOUGH, sum(one.canary <= bound for one in ordered))]


def _scaled(sample: Sample, by: float) -> Sample:
    return sample._replace(client=sample.client * by, server=sample.server * by, wall=sample.wall * by)


def _quiet_stretch(readings: list[Reading], noise: Noise) -> Stretch | None:
    """The median of those that were not disturbed."""
    every = [one for reading in readings for one in reading.sample.stretches]
    if not every:
        return None
    chosen = _quietest(every, QUIET * noise.best)
    client, server, wall = (median(one[part] * noise.scale(one.canary) for one in chosen) for part in range(3))
    return Stretch(client, server, wall, noise.best)


def _mended(sample: Sample, like: Stretch | None, bound: float) -> Sample:
    """With its stretches in it, a quiet one for each that was disturbed."""
    if like is None:
        return sample
    every = [one if one.canary <= bound else like for one in sample.stretches]
    return sample._replace(
        client=sample.client + math.fsum(one.client for one in every),
        server=sample.server + math.fsum(one.server for one in every),
        wall=sample.wall + math.fsum(one.wall for one in every),
        stretches=(),
    )


def noise_of(all_readings: Iterable[list[Reading]]) -> Noise:
    """What the readings of one run say of the machine."""
    known = [some for some in all_readings if some]
    best = best_of(one.canary for some in known for one in some)
    powers = []
    for some in known:
        short = [one for one in some if not one.sample.stretches]
        quiet = [one for one in short if one.canary <= QUIET * best]
        loud = [one for one in short if one.canary > _LOUD * best]
        if min(len(quiet), len(loud)) >= _BOTH:
            slowed, sung = (median(map(of, loud)) / median(map(of, quiet)) for of in (_cost, _song))
            powers.append(math.log(slowed) / math.log(sung))
    return Noise(best, min(max(median(powers), 0.0), 2.0) if powers else 1.0)


def _cost(one: Reading) -> float:
    return max(one.sample.client + one.sample.server, 1e-9)


def _song(one: Reading) -> float:
    return one.canary


def best_of(songs: Iterable[float]) -> float:
    """The first percentile of these: shorter is chance."""
    ordered = sorted(songs)
    return at(ordered, 0.01) if ordered else 0.0


def at(ordered: list[float], part: float) -> float:
    """The value that this part of an ordered list lies at or below."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]

"""A fleet cut into parts that anybody may simulate: the sum is the same, to the last one, however it is cut.

A link's workload is a hash of the seed and its number, and all counts are whole numbers that add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from typing import Final

import numpy as np

from rekeyspec.benchmarks.policies.busy import BusyPeriods, draw
from rekeyspec.benchmarks.policies.counts import Counts, Ints, seconds
from rekeyspec.benchmarks.policies.vectorised import simulate
from rekeyspec.benchmarks.policies.workloads import WORKLOADS
from rekeyspec.reference.policy import Policy

PART: Final = 20_000
"""Links in a part."""
AHEAD: Final = 3
"""Parts that are given out at a time, for each that is being done: so that a long list of them takes no memory."""
_WAKING, _OPENING = 101, 102
"""The purposes of the random numbers that say when a link wakes, and when it opens."""


@dataclass(frozen=True)
class Wake:
    """Every link is silent until `at` (ms); its first message after it is moved to a moment of its own in the `jitter`
    ms that follow, and what comes after that moves with it."""

    at: int
    jitter: int


@dataclass(frozen=True)
class Fleet:
    """So many links under one policy and one workload, from their opening until `until` (ms)."""

    policy: Policy
    workload: str
    links: int
    until: int
    latency: int
    seed: int
    wake: Wake | None = None
    spread: int = 0
    """Links open at moments of their own in the first so many ms of the day, and are followed for `until` from then."""

    def parts(self) -> Iterator[Part]:
        """The parts of it."""
        for first in range(0, self.links, PART):
            yield Part(self, first, min(first + PART, self.links))


@dataclass(frozen=True)
class Part:
    """The links from `first` to `last - 1`."""

    fleet: Fleet
    first: int
    last: int

    def opened(self) -> Ints:
        """When each link opens, by the clock of the day (ms)."""
        f = self.fleet
        links = np.arange(self.first, self.last, dtype=np.int64)
        return (f.spread * draw(f.seed, links, _OPENING, 0)).astype(np.int64)

    def busy(self) -> BusyPeriods:
        """What their users offer, in times since each link opened; what they would have offered before is left out."""
        f = self.fleet
        end = f.until + f.spread
        made = WORKLOADS[f.workload].periods(f.seed, range(self.first, self.last), end)
        if f.wake is not None:
            made = woken(made, f.wake, f.seed, self.first).until(end)
        start = made.start - self.opened()
        missed = np.clip(-(start // made.gap), 0, made.count)
        left = BusyPeriods(start + missed * made.gap, made.count - missed, made.size, made.gap, made.role)
        return BusyPeriods(np.maximum(left.start, 0), left.count, left.size, left.gap, left.role).until(f.until)

    def counted(self) -> tuple[Counts, int]:
        """What happens on them, and how many busy periods they had."""
        busy, f = self.busy(), self.fleet
        return simulate(f.policy, busy, f.latency, f.until, self.opened(), f.spread), busy.periods


def woken(busy: BusyPeriods, wake: Wake, seed: int, first: int) -> BusyPeriods:
    """These periods, of links from that number on, as Wake says."""
    links = np.arange(first, first + busy.links, dtype=np.int64)
    later = (busy.start >= wake.at) & (busy.count > 0)
    begins = np.where(later, busy.start, np.iinfo(np.int64).max).min(axis=0)
    moment = wake.at + (wake.jitter * draw(seed, links, _WAKING, 0)).astype(np.int64)
    start = np.where(later, busy.start - np.where(later.any(axis=0), begins - moment, 0), 0)
    return BusyPeriods(start, np.where(later, busy.count, 0), busy.size, busy.gap, busy.role)


def counted(part: Part) -> tuple[Counts, int]:
    """What a worker is sent."""
    return part.counted()


def whole(fleet: Fleet, executor: Executor, width: int, done: Callable[[int], None]) -> tuple[Counts, int]:
    """The counts and busy periods of the whole fleet. `done` is told of links as they are finished."""
    total, periods = Counts(fleet.until, by_second=seconds(fleet.until + fleet.spread)), 0
    left, out = fleet.parts(), dict[Future[tuple[Counts, int]], Part]()

    def give() -> None:
        while len(out) < AHEAD * width and (part := next(left, None)) is not None:
            out[executor.submit(counted, part)] = part

    give()
    while out:
        future = next(as_completed(out))
        part = out.pop(future)
        counts, seen = future.result()
        total, periods = total + counts, periods + seen
        done(part.last - part.first)
        give()
    return total, periods

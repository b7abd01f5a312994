"""Measuring things that are compared: in rounds, each at its turn, so that a disturbance is everyone's.

CPU time is not free of what else runs: a busy neighbour takes cache and, where two threads share a core, a third of its
speed. So a small piece of fixed work, the canary, is timed before and after each visit. Medians are of the quiet
samples: those whose canary took at most QUIET of its best, and at least the quietest FEW. How many there were is
reported. Of a key that carries much, the stretches that were disturbed count as the median of those of the same key
that were not. Tails (p99) are of all samples.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Generic, NamedTuple, TypeVar

from rekeyspec.benchmarks.cost.ends import Clock, Ends, Sample, Stretch, canary

K = TypeVar("K", bound=Hashable)

QUIET: Final = 1.06
LEAST, MOST = 5, 400
"""How often each thing is measured at least, and at most."""
FEW: Final = 5
_VISIT: Final = 0.004
"""About so many seconds one thing is measured at a time."""
_BURST: Final = 12


class Reading(NamedTuple):
    """A sample, and how long the canary took around it (s)."""

    sample: Sample
    canary: float


@dataclass
class Turns(Generic[K]):
    """What was measured. `complete` is False where it was interrupted."""

    readings: dict[K, list[Reading]] = field(default_factory=dict)
    failed: dict[K, str] = field(default_factory=dict)
    complete: bool = True


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


def take_turns(
    works: Mapping[K, Callable[[], Sample]],
    share: float,
    say: Callable[[int, int], None] = lambda _done, _all: None,
    *,
    cpu: Clock = time.thread_time,
    wall: Clock = time.perf_counter,
) -> Turns[K]:
    """Measure each of these for about `share` seconds in all, LEAST times or more. An interrupt ends it early: what was
    measured is given."""
    turns: Turns[K] = Turns({one: [] for one in works})
    was = gc.isenabled()
    gc.disable()
    try:
        _measure(turns, works, share, say, (cpu, wall))
    except KeyboardInterrupt:
        turns.complete = False
    finally:
        if was:
            gc.enable()
    return turns


def _measure(
    turns: Turns[K],
    works: Mapping[K, Callable[[], Sample]],
    share: float,
    say: Callable[[int, int], None],
    clocks: tuple[Clock, Clock],
) -> None:
    cpu, wall = clocks
    visits: dict[K, tuple[int, int]] = {}
    for one, work in works.items():
        work()  # warms it up
        begun = wall()
        _visit(turns.readings[one], work, 1, cpu)
        took = max(wall() - begun, 1e-7)
        repeats = min(MOST, max(LEAST, round(share / took)))
        burst = max(1, min(_BURST, round(_VISIT / took)))
        visits[one] = math.ceil(repeats / burst), burst
    rounds = max((number for number, _ in visits.values()), default=0)
    total, done = sum(number for number, _ in visits.values()), 0
    for turn in range(rounds):
        for one, (number, burst) in visits.items():
            if (turn + 1) * number // rounds > turn * number // rounds:
                if burst > 1:
                    works[one]()  # after the others' turns the caches are theirs
                _visit(turns.readings[one], works[one], burst, cpu)
                done += 1
        gc.collect(0)
        say(done, total)


def _visit(readings: list[Reading], work: Callable[[], Sample], count: int, cpu: Clock) -> None:
    before = canary(cpu)
    samples = [work() for _ in range(count)]
    took = max(before, canary(cpu))
    readings.extend(Reading(one, took) for one in samples)


def figures(readings: list[Reading], best: float) -> Figures:
    """Sum up the readings of one thing. `best`: the canary's (s), as `best_canary` says."""
    songs = sorted(one.canary for one in readings)
    bound = max(QUIET * best, songs[min(FEW, len(songs)) - 1])
    quiet = [_whole(one.sample, best) for one in readings if one.canary <= bound or one.sample.stretches]
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
        len(quiet),
    )


def _whole(sample: Sample, best: float) -> Sample:
    """With its stretches in it."""
    if not sample.stretches:
        return sample
    songs = sorted(one.canary for one in sample.stretches)
    bound = max(QUIET * best, songs[min(FEW, len(songs)) - 1])
    quiet = [one for one in sample.stretches if one.canary <= bound]
    like = Stretch(*(median(values) for values in zip(*quiet, strict=True)))
    all_of_them = [one if one.canary <= bound else like for one in sample.stretches]
    return sample._replace(
        client=sample.client + math.fsum(one.client for one in all_of_them),
        server=sample.server + math.fsum(one.server for one in all_of_them),
        wall=sample.wall + math.fsum(one.wall for one in all_of_them),
        stretches=(),
    )


def best_canary(all_readings: Iterable[list[Reading]]) -> float:
    """How long the canary takes on a quiet machine: its fifth percentile (s)."""
    songs = sorted(one.canary for readings in all_readings for one in readings)
    return at(songs, 0.05) if songs else 0.0


def at(ordered: list[float], part: float) -> float:
    """The value that this part of an ordered list lies at or below."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]

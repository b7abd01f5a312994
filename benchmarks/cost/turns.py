"""Measuring things that are compared: in rounds, each at its turn, so that a disturbance is everyone's.

What is quiet, and what comes of the samples, is told in `quiet`.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from rekeyspec.benchmarks.cost.ends import Clock, Sample, canary
from rekeyspec.benchmarks.cost.quiet import ENOUGH, QUIET, Reading, best_of

K = TypeVar("K", bound=Hashable)

LEAST, MOST = 5, 400
"""How often each thing is measured at least, and at most."""
_OVER: Final = 1.3
"""Everything takes at most this times the seconds that were meant for it; on a busy machine there are fewer rounds."""
_NAP, _NAPS = 0.002, 8
_PATIENCE: Final = 0.5
"""Waiting for quiet takes this part of the time for measuring, at most."""
_BURST: Final = 0.0012
"""About so many seconds one thing is measured between two songs of the canary."""
_BURSTS, _MOST_BURST = 4, 12


class Visits(NamedTuple):
    """How many one thing gets, how many bursts each has, and how often it is measured in a burst."""

    number: int
    bursts: int
    burst: int


@dataclass
class Turns(Generic[K]):
    """What was measured. `complete` is False where it was interrupted."""

    readings: dict[K, list[Reading]] = field(default_factory=dict)
    complete: bool = True


class _Watch:
    """Watches the canary: how long it takes at best so far, and whether it is quiet now."""

    def __init__(self, cpu: Clock, sleep: Callable[[float], None], patience: float) -> None:
        self._cpu, self._sleep = cpu, sleep
        self._songs: list[float] = []
        self.best = math.inf
        self.patience = patience
        """So many seconds may be waited for quiet in all."""

    def sing(self) -> float:
        """Seconds of the canary now."""
        song = canary(self._cpu)
        self._songs.append(song)
        return song

    def learn(self) -> None:
        """What is best."""
        self.best = best_of(self._songs)

    def wait(self) -> float:
        """Wait a little while for quiet; the canary's seconds after it."""
        song = self.sing()
        for _ in range(_NAPS):
            if song <= QUIET * self.best or self.patience <= 0:
                break
            self._sleep(_NAP)
            self.patience -= _NAP
            song = self.sing()
        return song


def take_turns(
    works: Mapping[K, Callable[[], Sample]],
    share: float,
    say: Callable[[int, int], None] = lambda _done, _all: None,
    *,
    limit: float = math.inf,
    cpu: Clock = time.thread_time,
    wall: Clock = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Turns[K]:
    """Measure each of these for about `share` seconds in all, LEAST times or more where the time that all have together
    allows: `limit` seconds. An interrupt ends it early: what was measured is given."""
    turns: Turns[K] = Turns({one: [] for one in works})
    watch = _Watch(cpu, sleep, share * len(works) * _PATIENCE)
    was = gc.isenabled()
    gc.disable()
    try:
        visits = _visits(turns.readings, works, share, watch, wall)
        until = wall() + min(limit, share * len(works) * _OVER)
        for done, total in _rounds(turns.readings, works, visits, watch):
            say(done, total)
            if done < total and wall() > until:
                say(total, total)
                break
        _lacking(turns.readings, works, watch, lambda: wall() < until)
    except KeyboardInterrupt:
        turns.complete = False
    finally:
        if was:
            gc.enable()
    return turns


def _visits(
    readings: dict[K, list[Reading]],
    works: Mapping[K, Callable[[], Sample]],
    share: float,
    watch: _Watch,
    wall: Clock,
) -> dict[K, Visits]:
    """Which visits each gets; each has been measured once then."""
    visits: dict[K, Visits] = {}
    for one, work in works.items():
        work()  # warms it up
        begun = wall()
        _visit(readings[one], work, 1, watch)
        took = max(wall() - begun, 1e-7)
        repeats = min(MOST, max(LEAST, round(share / took)))
        burst = max(1, min(_MOST_BURST, round(_BURST / took)))
        bursts = max(1, min(_BURSTS, round(_BURSTS * _BURST / took / burst)))
        visits[one] = Visits(math.ceil(repeats / (burst * bursts)), bursts, burst)
    watch.learn()
    return visits


def _rounds(
    readings: dict[K, list[Reading]],
    works: Mapping[K, Callable[[], Sample]],
    visits: Mapping[K, Visits],
    watch: _Watch,
) -> Iterator[tuple[int, int]]:
    """Round by round, how many visits were made, and how many there are to be."""
    rounds = max((one.number for one in visits.values()), default=0)
    total, done = sum(one.number for one in visits.values()), 0
    for turn in range(rounds):
        for one, (number, bursts, burst) in visits.items():
            if (turn + 1) * number // rounds > turn * number // rounds:
                if bursts > 1:
                    works[one]()  # after the others' turns the caches are theirs
                _visit(readings[one], works[one], burst, watch, bursts)
                done += 1
        gc.collect(0)
        watch.learn()
        yield done, total


def _lacking(
    readings: dict[K, list[Reading]],
    works: Mapping[K, Callable[[], Sample]],
    watch: _Watch,
    may: Callable[[], bool],
) -> None:
    """Once more, for as long as it may: what has too few quiet samples."""
    while may():
        bound = QUIET * watch.best
        lacking = [one for one in works if sum(r.canary <= bound for r in readings[one]) < ENOUGH]
        if not lacking:
            return
        for one in lacking:
            if may():
                _visit(readings[one], works[one], 1, watch)
        watch.learn()


def _visit(readings: list[Reading], work: Callable[[], Sample], burst: int, watch: _Watch, bursts: int = 1) -> None:
    before = watch.wait()
    for _ in range(bursts):
        samples = [work() for _ in range(burst)]
        after = watch.sing()
        song = max(before, after)
        readings.extend(Reading(one, one.canary or song) for one in samples)
        before = after

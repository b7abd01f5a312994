"""Measuring things that are compared: in rounds, each at its turn, so that a disturbance is everyone's.

CPU time is not free of what else runs: a busy neighbour takes cache and, where two threads share a core, a third of its
speed. So a small piece of fixed work, the canary, is timed before and after each visit. Medians are of the quiet
samples, whose canary took at most QUIET of its best, and it is said how many there were. Where they are not ENOUGH, the
least disturbed are taken besides, and their times scaled to those of a quiet machine: by what the canary tells, and how
much what was measured slows with it (a power, the median over the run). Of a key that carries much, the stretches that
were disturbed count as the median of those of the same volume that were not. Tails (p99) are of all samples.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Generic, NamedTuple, TypeVar

from rekeyspec.benchmarks.cost.ends import Clock, Ends, Sample, Stretch, canary

K = TypeVar("K", bound=Hashable)

QUIET: Final = 1.08
_LOUD, _BOTH = 1.15, 4
"""How much a thing slows is told from so many quiet readings at least, and so many with a canary of more than that."""
LEAST, MOST = 5, 400
"""How often each thing is measured at least, and at most."""
ENOUGH: Final = 8
"""So many quiet samples are tried for."""
LIMIT: Final = 1.3
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
    cpu: Clock = time.thread_time,
    wall: Clock = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Turns[K]:
    """Measure each of these for about `share` seconds in all, and LEAST times or more where the time that all have
    together allows. An interrupt ends it early: what was measured is given."""
    turns: Turns[K] = Turns({one: [] for one in works})
    watch = _Watch(cpu, sleep, share * len(works) * _PATIENCE)
    was = gc.isenabled()
    gc.disable()
    try:
        visits = _visits(turns.readings, works, share, watch, wall)
        until = wall() + share * len(works) * LIMIT
        for done, total in _rounds(turns.readings, works, visits, watch):
            say(done, total)
            if wall() > until:
                break
        _lacking(turns.readings, works, watch, lambda: wall() < until)
        say(1, 1)
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

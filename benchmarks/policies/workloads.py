"""What users offer: five kinds of workload, made from a seed.

Every link of a kind has busy periods of its own, which depend on the seed and the number of the link only. Links differ
in pace, and in the kinds that people make a third of the periods is the server's. Times are ms, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rekeyspec.benchmarks.policies.busy import BusyPeriods, Ints, draw

DAY: Final = 86_400_000
HOUR: Final = 3_600_000
APART: Final = 2_000
"""From the end of a period to the next there are at least so many ms."""

Floats = NDArray[np.float64]
Draw = Callable[[int, int], Floats]
"""A random number from 0 up to 1 for each link: which one (a purpose), and its row."""

Burst = Callable[[Draw, int], tuple[Ints, Ints, Ints]]
"""How many messages, of which size, at which gap, in the period of this row."""
Silence = Callable[[Floats, Ints], Floats]
"""How long nothing is offered after a period that ended then (ms), from a random number."""


@dataclass(frozen=True)
class Workload:
    """One kind: its name, what it is, and how its periods are made for these links until then."""

    name: str
    about: str
    make: Callable[[Draw, int, int], BusyPeriods]
    """From the random numbers, how many links, and until when (ms)."""

    def periods(self, seed: int, links: range, until: int) -> BusyPeriods:
        """The busy periods of these links, by number: the same whichever others are asked for with them."""
        numbers = np.arange(links.start, links.stop, dtype=np.int64)
        return self.make(partial(draw, seed, numbers), len(links), until).until(until)


def _idle(random: Draw, links: int, until: int) -> BusyPeriods:
    one = np.zeros((1, links), dtype=np.int64)
    return BusyPeriods(one, one, one, one + 1, one)


def _busy(random: Draw, links: int, until: int) -> BusyPeriods:
    """One message after another, all of one size: 4 to 32 KiB every 1.5 to 6 s, from one end."""
    gap = (1500 + 4500 * random(1, 0)).astype(np.int64)
    size = (4096 + 28672 * random(2, 0)).astype(np.int64)
    start = (1000 * random(3, 0)).astype(np.int64)
    role = (random(4, 0) < 1 / 3).astype(np.int64)
    count = np.maximum(-((start - until) // gap), 0)
    return BusyPeriods(*(np.ascontiguousarray(one[None, :]) for one in (start, count, size, gap, role)))


def _rows(random: Draw, links: int, until: int, silence: Silence, burst: Burst) -> BusyPeriods:
    """Periods and silences by turns, until every link is past the end."""
    start: Ints = np.zeros(links, dtype=np.int64)
    t: Ints
    t = (5000 + silence(random(1, 0), start) * random(2, 0)).astype(np.int64)
    rows = []
    row = 0
    while (t < until).any():
        row += 1
        count, size, gap = burst(random, row)
        role = (random(3, row) < 1 / 3).astype(np.int64)
        count = np.where(t < until, count, 0)
        rows.append((np.minimum(t, until), count, size, gap, role))
        lasts: Ints = np.maximum(count - 1, 0) * gap
        end = t + lasts
        pause: Ints = silence(random(4, row), end).astype(np.int64)
        t = end + APART + pause
    if not rows:
        return _idle(random, links, until)
    return BusyPeriods(*(np.stack([one[part] for one in rows]) for part in range(5)))


def _pareto(share: Floats, least: float, shape: float, most: float) -> Floats:
    """Heavy tails: at least `least`, at most `most`."""
    return np.minimum(least * (1 - share) ** (-1 / shape), most)


def _transfers(random: Draw, row: int) -> tuple[Ints, Ints, Ints]:
    """A transfer: messages of 1 to 16 KiB at 20 to 200 ms, how many has a heavy tail."""
    count = _pareto(random(5, row), 4, 1.2, 1000).astype(np.int64)
    size = (1024 + 15360 * random(6, row)).astype(np.int64)
    return count, size, (20 + 180 * random(7, row)).astype(np.int64)


def _talk(random: Draw, row: int) -> tuple[Ints, Ints, Ints]:
    """A few messages of up to 4 KiB, half a second to two apart."""
    count = 1 + (8 * random(5, row)).astype(np.int64)
    size = (100 + 3996 * random(6, row)).astype(np.int64)
    return count, size, (500 + 1500 * random(7, row)).astype(np.int64)


def _batch(random: Draw, row: int) -> tuple[Ints, Ints, Ints]:
    """A queue that is emptied: 10 to 100 messages of 1 to 8 KiB, 5 to 25 ms apart."""
    count = 10 + (91 * random(5, row)).astype(np.int64)
    size = (1024 + 7168 * random(6, row)).astype(np.int64)
    return count, size, (5 + 20 * random(7, row)).astype(np.int64)


def _heavy(share: Floats, end: Ints) -> Floats:
    """Silences with a heavy tail: two minutes at least, eight hours at most."""
    return _pareto(share, 120_000, 1.1, 8 * HOUR)


def _office(share: Floats, end: Ints) -> Floats:
    """From nine to five a message every ten minutes or so; what would come later comes the next morning."""
    pause = -np.log1p(-share) * 600_000
    hour = (end + pause) % DAY
    early = np.where(hour < 9 * HOUR, 9 * HOUR - hour, 0)
    late = np.where(hour >= 17 * HOUR, DAY + 9 * HOUR - hour, 0)
    return pause + np.where(early + late > 0, early + late + share * HOUR / 4, 0)


def _minutes(share: Floats, end: Ints) -> Floats:
    """Batches twelve minutes apart on average."""
    return -np.log1p(-share) * 720_000


def _kinds() -> tuple[Workload, ...]:
    return (
        Workload("idle", "the link is open and nobody sends", _idle),
        Workload("busy", "one message of 4 to 32 KiB after another, every 1.5 to 6 s, without end", _busy),
        Workload(
            "on-off", "transfers and silences, both with heavy tails (Pareto)",
            lambda random, links, until: _rows(random, links, until, _heavy, _transfers),
        ),
        Workload(
            "office", "from nine to five a few messages every ten minutes or so; silence at night",
            lambda random, links, until: _rows(random, links, until, _office, _talk),
        ),
        Workload(
            "messaging", "batches of 10 to 100 messages, twelve minutes apart on average, day and night",
            lambda random, links, until: _rows(random, links, until, _minutes, _batch),
        ),
    )  # fmt: skip


WORKLOADS: Final[Mapping[str, Workload]] = MappingProxyType({one.name: one for one in _kinds()})

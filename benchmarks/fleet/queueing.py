"""What becomes of a storm: negotiations wait for a core, first come, first served, and who waits too long tries again.

Time goes in ticks. What cannot be served in a tick waits for the next; a negotiation that has waited for
`negotiation_timeout` is given up by its client (EST-4), which opens the link anew within `retry`. Giving up costs the
gateway nothing here: it sees that the client has gone. So what is said is the best that a gateway can do.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from rekeyspec.benchmarks.policies.counts import Ints

TICK: Final = 100
"""ms."""
_LONGEST: Final = 48 * 3_600_000 // TICK
"""Ticks after which a storm is said not to end."""


@dataclass(frozen=True)
class Served:
    """How it went. Times are ms; None: it never ends."""

    drained: int | None
    """From the first arrival until the last of those was served that had to wait; 0 where nobody had to."""
    wait_p50: int
    wait_p99: int
    wait_max: int
    """Waits of those that were served at last, from when their link first asked."""
    gave_up: int
    """Attempts that were given up: a link may give up several times."""
    backlog: int
    """The most that ever waited at once."""
    answered: int
    """All that came, where it ends."""


def ticks(by_second: Ints) -> Ints:
    """What comes in each tick, where only each second is known: evenly, the remainder first."""
    each = 1000 // TICK
    share, rest = np.divmod(by_second, each)
    return (share[:, None] + (np.arange(each)[None, :] < rest[:, None])).reshape(-1).astype(np.int64)


def seconds_of(arrivals: Ints) -> Ints:
    """What comes in each second, from what comes in each tick."""
    each = 1000 // TICK
    padded = np.append(arrivals, np.zeros(-arrivals.size % each, dtype=np.int64))
    return np.add.reduceat(padded, np.arange(0, padded.size, each)) if padded.size else padded


def served(arrivals: Ints, rate: float, patience: int, retry: int) -> Served:
    """Serve these arrivals (a number for each tick) at so many a second; `patience` is `negotiation_timeout` and
    `retry` the span in which a client tries again (ms)."""
    coming: dict[int, list[tuple[int, int]]] = {}  # again, by tick: since when, and how many
    waiting: deque[tuple[int, int, int]] = deque()  # since when in this attempt, since when at all, how many
    waits: dict[int, int] = {}
    some = np.flatnonzero(arrivals)
    if not some.size:
        return Served(0, 0, 0, 0, 0, 0, 0)
    tick, last, carry, gave_up, backlog, length = int(some[0]), int(some[-1]), 0.0, 0, 0, 0
    drained = tick
    first, span, most = tick, max(1, retry // TICK), max(1, patience // TICK)
    while tick <= last or waiting or coming:
        if tick - first > _LONGEST:
            return Served(None, *_percentiles(waits), gave_up, backlog, sum(waits.values()))
        here = int(arrivals[tick]) if tick < arrivals.size else 0
        for since, count in ([(tick, here)] if here else []) + coming.pop(tick, []):
            waiting.append((tick, since, count))
            length += count
        while waiting and tick - waiting[0][0] > most:
            _, since, count = waiting.popleft()
            gave_up, length = gave_up + count, length - count
            _again(coming, tick, since, count, span)
        backlog = max(backlog, length)
        carry = carry + rate * TICK / 1000 if waiting else min(carry + rate * TICK / 1000, rate * TICK / 1000)
        while waiting and carry >= 1:
            begun, since, count = waiting[0]
            now = min(count, int(carry))
            carry, length = carry - now, length - now
            waits[tick - since] = waits.get(tick - since, 0) + now
            drained = tick + 1 if tick > since else drained
            waiting.popleft()
            if count > now:
                waiting.appendleft((begun, since, count - now))
        tick += 1
    return Served((drained - first) * TICK, *_percentiles(waits), gave_up, backlog, sum(waits.values()))


def _again(coming: dict[int, list[tuple[int, int]]], tick: int, since: int, count: int, span: int) -> None:
    """They come again, spread evenly."""
    share, rest = divmod(count, span)
    for number in range(span):
        if now := share + (number < rest):
            coming.setdefault(tick + 1 + number, []).append((since, now))


def _percentiles(waits: dict[int, int]) -> tuple[int, int, int]:
    total = sum(waits.values())
    found, seen = [], 0
    wanted = [0.5, 0.99, 1.0]
    for wait in sorted(waits):
        seen += waits[wait]
        while wanted and seen >= wanted[0] * total:
            found.append(wait * TICK)
            wanted.pop(0)
    return (found[0], found[1], found[2]) if total else (0, 0, 0)

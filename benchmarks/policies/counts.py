"""What a simulation counts: exact whole numbers, so that sums over any partition of the links agree to the last one.

Percentiles come from histograms of integer bins: every value below 64 has a bin of its own, every octave above has 32.
A percentile is the top of its bin, so at most 3 % above the value itself. Times are ms, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FINE: Final = 64
"""Values below this have a bin each."""
PER_OCTAVE: Final = 32
BINS: Final = FINE + (53 - 6) * PER_OCTAVE
"""Bins up to 2**53, the largest time or size of a policy."""


def bins_of(values: Ints) -> Ints:
    """The bin of each value, from 0 to 2**53 - 1."""
    parts, powers = np.frexp(values.astype(np.float64))
    coarse = FINE + (powers.astype(np.int64) - 7) * PER_OCTAVE + ((parts - 0.5) * (2 * PER_OCTAVE)).astype(np.int64)
    return np.where(values < FINE, values, coarse)


def top_of(number: int) -> int:
    """The largest value of a bin."""
    if number < FINE:
        return number
    octave, part = divmod(number - FINE, PER_OCTAVE)
    return ((PER_OCTAVE + part + 1) << (octave + 1)) - 1


def histogram(values: Ints, times: Ints | None = None) -> Ints:
    """How many of the values lie in each bin, each counted once, or so many times."""
    if times is None:
        return np.bincount(bins_of(values), minlength=BINS).astype(np.int64)
    found = np.zeros(BINS, dtype=np.int64)
    np.add.at(found, bins_of(values), times)
    return found


def seconds(until: int) -> Ints:
    """A nought for each second until then (ms)."""
    return np.zeros(-(-until // 1000), dtype=np.int64)


def _empty() -> Ints:
    return np.zeros(BINS, dtype=np.int64)


@dataclass
class Counts:
    """What happened on some links from their opening to `until` (ms); what happens at `until` itself is left out.

    A key is counted once it is in force at an end. Its life runs from there until the next is in force at both ends;
    a cracked key is of use to forge data to an end while that end would deliver data under it, counted from the same
    instant. What `until` cuts off counts as far as it went.
    """

    until: int
    links: int = 0
    messages: int = 0
    """Messages of data that left."""
    bytes: int = 0
    negotiations: int = 0
    """Negotiations started, the first of each link included; two that cross are one (REKEY-5)."""
    needless: int = 0
    """Negotiations that replace a key under which no data was sent, started while none waited at either end: what
    IDLE-2 forbids and K's problem (i) complains of."""
    abbreviated: int = 0
    """Negotiations that were answered by resuming a session (CACHE-1); the others are full."""
    heartbeats: int = 0
    delayed: int = 0
    """Messages that left later than they were offered."""
    delay_sum: int = 0
    delay_max: int = 0
    refused: int = 0
    """Offers refused to the user (LIM-1)."""
    closed: int = 0
    """Links that ended although both ends lived."""
    keys: int = 0
    key_bytes_max: int = 0
    life_max: int = 0
    use_server_max: int = 0
    use_client_max: int = 0
    delay: Ints = field(default_factory=_empty)
    key_bytes: Ints = field(default_factory=_empty)
    life: Ints = field(default_factory=_empty)
    use_server: Ints = field(default_factory=_empty)
    """For each key, how long forged data would be delivered at the server; `use_client`: at the client."""
    use_client: Ints = field(default_factory=_empty)
    by_second: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Negotiations started in each second: from the opening on, or by a clock on which links open one by one."""

    abbreviated_by_second: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Those of them that were answered by resuming a session."""

    def __post_init__(self) -> None:
        """As many seconds as the simulation has."""
        if not self.by_second.size:
            self.by_second = seconds(self.until)
        if not self.abbreviated_by_second.size:
            self.abbreviated_by_second = np.zeros_like(self.by_second)

    def __add__(self, other: Self) -> Self:
        """The counts of both sets of links. Raises ValueError where they ran to different times."""
        if self.until != other.until:
            raise ValueError(f"counts to {self.until} ms and to {other.until} ms cannot be added")
        parts: dict[str, Any] = {"until": self.until}
        for f in fields(self)[1:]:
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            parts[f.name] = max(mine, theirs) if f.name.endswith("_max") else mine + theirs
        return type(self)(**parts)

    def differences(self, other: Self) -> list[str]:
        """Every count in which the two differ, in words; none if they are equal."""
        found = []
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            if isinstance(mine, np.ndarray):
                if not np.array_equal(mine, theirs):
                    at = int(np.flatnonzero(mine != theirs)[0]) if mine.shape == theirs.shape else -1
                    found.append(f"{f.name}[{at}]: {mine[at]} and {theirs[at]}")
            elif mine != theirs:
                found.append(f"{f.name}: {mine} and {theirs}")
        return found

    @property
    def full(self) -> int:
        """Negotiations that were not abbreviated."""
        return self.negotiations - self.abbreviated

    def percentile(self, name: str, share: float = 0.99) -> int:
        """The least bin top that this share of the named histogram's values do not exceed; 0 where it has none."""
        found: Ints = getattr(self, name)
        total = int(found.sum())
        if not total:
            return 0
        rank = max(1, -int(-share * total // 1))
        at = int(np.searchsorted(np.cumsum(found), rank))
        return min(top_of(at), int(getattr(self, f"{name}_max")))

"""Workloads as busy periods: so many messages of one size at equal gaps, offered by one end.

All links have as many rows; a row with no messages is padding. Rows of one link are in order of time and do not
overlap. Arrays are (rows, links), so that one row of all links lies together in memory.

Random numbers are a hash of (seed, link, what, number): a link's periods depend on nothing else, however the links are
cut into chunks or partitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from rekeyspec.reference.vocabulary import Role

Ints = NDArray[np.int64]

CLIENT: Final = 0
SERVER: Final = 1
ROLE: Final[tuple[Role, Role]] = ("client", "server")


@dataclass(frozen=True)
class BusyPeriods:
    """What the users of some links offer. Times are ms from the opening of the link, sizes bytes."""

    start: Ints
    count: Ints
    """Messages in the period; 0 is padding."""
    size: Ints
    gap: Ints
    """From one message to the next; at least 1."""
    role: Ints
    """Who offers: 0 the client, 1 the server."""

    @property
    def links(self) -> int:
        """How many links."""
        return int(self.start.shape[1])

    @property
    def periods(self) -> int:
        """How many busy periods, of all links together."""
        return int(np.count_nonzero(self.count))

    def check(self) -> None:
        """Raises ValueError for rows that overlap, are out of order, or have sizes or gaps below 1."""
        used = self.count > 0
        if (self.size[used] < 1).any() or (self.gap[used] < 1).any() or (self.start[used] < 0).any():
            raise ValueError("a busy period has a size or gap below 1, or a start below 0")
        last = np.full(self.links, -1, dtype=np.int64)
        for row in range(len(self.start)):
            here = used[row]
            if (self.start[row][here] <= last[here]).any():
                raise ValueError("the busy periods of a link are out of order, or overlap")
            last = np.where(here, self.start[row] + (self.count[row] - 1) * self.gap[row], last)

    def take(self, links: NDArray[np.intp]) -> Self:
        """Only these links."""
        return type(self)(*(np.ascontiguousarray(one[:, links]) for one in self._arrays()))

    def until(self, t: int) -> Self:
        """Only what is offered before `t` (ms)."""
        fits = np.clip(-((self.start - t) // self.gap), 0, self.count)
        return type(self)(self.start, fits, self.size, self.gap, self.role)

    def split(self, longest: int) -> Self:
        """The same offers, with no gap above `longest` (ms): periods with longer ones become single messages."""
        if not ((self.gap > longest) & (self.count > 1)).any():
            return self
        made = from_lists([list(self._split_link(link, longest)) for link in range(self.links)])
        return type(self)(made.start, made.count, made.size, made.gap, made.role)

    def _split_link(self, link: int, longest: int) -> Iterator[tuple[int, int, int, int, int]]:
        for row in range(len(self.start)):
            start, count, size, gap, role = (int(one[row, link]) for one in self._arrays())
            if count > 1 and gap > longest:
                yield from ((start + k * gap, 1, size, 1, role) for k in range(count))
            elif count:
                yield start, count, size, gap, role

    def offers(self, link: int) -> Iterator[tuple[int, Role, int]]:
        """Every message of one link: when (ms), by whom, how large."""
        for row in range(len(self.start)):
            start, count, size, gap, role = (int(one[row, link]) for one in self._arrays())
            for number in range(count):
                yield start + number * gap, ROLE[role], size

    def _arrays(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        return self.start, self.count, self.size, self.gap, self.role


def from_lists(links: list[list[tuple[int, int, int, int, int]]]) -> BusyPeriods:
    """Busy periods from a list of (start, count, size, gap, role) for each link."""
    rows = max((len(one) for one in links), default=0)
    table = np.zeros((5, max(rows, 1), len(links)), dtype=np.int64)
    table[3] = 1
    for number, one in enumerate(links):
        if one:
            table[:, : len(one), number] = np.array(one, dtype=np.int64).T
    return BusyPeriods(*table)


def draw(seed: int, links: NDArray[np.int64], what: int, number: int) -> NDArray[np.float64]:
    """A number from 0 up to 1 for each link: SplitMix64 of (seed, link, what, number)."""
    mixed = links.astype(np.uint64)
    for word in (seed, what, number):
        mixed = _mix(mixed ^ np.uint64((word * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & (2**64 - 1)))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))

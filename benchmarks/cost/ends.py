"""What both ends of a link spend, told apart: CPU seconds of each, and bytes each way.

Both ends run in one thread, in turns, so a thread's CPU clock read around each end's calls tells them apart.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

Clock = Callable[[], float]
"""Seconds, never going back."""


class Ends(NamedTuple):
    """One figure at each end."""

    client: float
    server: float

    @property
    def both(self) -> float:
        """Their sum."""
        return self.client + self.server


class Meter:
    """What was spent since it was made: CPU seconds of each end, bytes on the wire each way."""

    __slots__ = ("client", "cpu", "server", "to_client", "to_server", "wall")

    def __init__(self, cpu: Clock = time.thread_time, wall: Clock = time.perf_counter) -> None:
        self.cpu, self.wall = cpu, wall
        self.client = self.server = 0.0
        self.to_server = self.to_client = 0


class Stretch(NamedTuple):
    """A part of a key's data: CPU seconds of each end, seconds by the wall, and the canary's around it (s)."""

    client: float
    server: float
    wall: float
    canary: float


class Sample(NamedTuple):
    """One execution: CPU seconds of each end, seconds by the wall, bytes each way; `stall` is how long the message
    waited that waited for the key (s). Where data took long, its seconds are in `stretches` only."""

    client: float
    server: float
    wall: float
    to_server: int
    to_client: int
    stall: float = 0.0
    stretches: tuple[Stretch, ...] = ()
    canary: float = 0.0
    """The canary's around what is not in stretches (s); 0: as around the whole visit."""


_BLOCK: Final = bytes(1 << 15)


def canary(cpu: Clock) -> float:
    """How long a small piece of fixed work takes now, some of a hash and some of Python (CPU s): the shorter of two
    times, since at the first the caches are those of the work before it."""
    return min(_sung(cpu), _sung(cpu))


def _sung(cpu: Clock) -> float:
    begun = cpu()
    hashlib.sha256(_BLOCK).digest()
    total = 0
    for number in range(600):
        total += number * number
    return cpu() - begun


class Carrier(Protocol):
    """Two ends with nothing between them but memory; the client sends."""

    meter: Meter
    round_trips: int
    """How often the client waited for the server in the latest negotiation before it could send."""

    def negotiate(self) -> None:
        """A new key at both ends."""

    def carry(self, volume: int) -> None:
        """So many bytes from the client to the server, in messages."""


def negotiation(carrier: Carrier) -> Sample:
    """One negotiation. By so much as the first message costs more than the second, that is the negotiation's: buffers
    of a new connection, keys that are made ready at their first use. The first one waited for it: `stall`."""
    m = carrier.meter
    before = _spent(m)
    begun = m.wall()
    carrier.negotiate()
    found = _since(m, before, m.wall() - begun)
    ended = m.client, m.server
    carrier.carry(1)
    stall = m.wall() - begun
    first = _spent(m)
    carrier.carry(1)
    second = _spent(m)
    client, server = (2 * first[end] - after - second[end] for end, after in enumerate(ended))
    return found._replace(client=found.client + client, server=found.server + server, stall=stall)


def data(carrier: Carrier, volume: int) -> Sample:
    """So many bytes under the key that is there."""
    m = carrier.meter
    before = _spent(m)
    begun = m.wall()
    carrier.carry(volume)
    return _since(m, before, m.wall() - begun)


def whole(carrier: Carrier, volume: int, stretch: int) -> Sample:
    """A key from its negotiation to its last byte, in stretches of so many bytes where it carries more than two."""
    if volume <= 2 * stretch:
        return _short(carrier, volume)
    m = carrier.meter
    first, before = canary(m.cpu), _spent(m)
    begun = m.wall()
    carrier.negotiate()
    took = m.wall() - begun
    after = _spent(m)
    stretches, left, sung = [], volume, canary(m.cpu)
    first = max(first, sung)
    while left > 0:
        client, server, begun = m.client, m.server, m.wall()
        carrier.carry(min(stretch, left))
        ended = m.wall() - begun
        again = canary(m.cpu)
        stretches.append(Stretch(m.client - client, m.server - server, ended, max(sung, again)))
        sung, left = again, left - stretch
    return Sample(
        after[0] - before[0], after[1] - before[1], took, m.to_server - before[2], m.to_client - before[3], 0.0,
        tuple(stretches), first,
    )  # fmt: skip


def _short(carrier: Carrier, volume: int) -> Sample:
    m = carrier.meter
    before = _spent(m)
    begun = m.wall()
    carrier.negotiate()
    carrier.carry(volume)
    return _since(m, before, m.wall() - begun)


def _spent(m: Meter) -> tuple[float, float, int, int]:
    return m.client, m.server, m.to_server, m.to_client


def _since(m: Meter, before: tuple[float, float, int, int], wall: float) -> Sample:
    return Sample(m.client - before[0], m.server - before[1], wall, m.to_server - before[2], m.to_client - before[3])

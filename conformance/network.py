"""What lies between two ends: messages in flight, and the clock that limits how long they fly. Pure: every change is a
new network.

Over a stream the messages of one channel to one end arrive in the order in which they left; over datagrams in any
order. What an adversary may do to all this is in `adversary`. Replay, exploration and the bisimulation share both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from rekeyspec.reference.vocabulary import NEVER, Channel, Kind, Message, Role


@dataclass(frozen=True)
class Flight:
    """One message on its way, and when it left (ms)."""

    to: Role
    message: Message
    left_at: int = 0

    @property
    def lane(self) -> tuple[Role, Channel]:
        """What its order is kept in: the channel to that end."""
        return self.to, self.message.channel


@dataclass(frozen=True)
class Network:
    """Everything in flight, oldest first."""

    flights: tuple[Flight, ...] = ()

    def sent(self, to: Role, message: Message, t: int = 0) -> Self:
        """One more message is on its way, since `t` (ms)."""
        return type(self)((*self.flights, Flight(to, message, t)))

    def oldest(self, to: Role, kind: Kind | None = None) -> Flight | None:
        """The oldest message to this end, of this kind if one is named; None when there is none."""
        for flight in self.flights:
            if flight.to == to and kind in (None, flight.message.kind):
                return flight
        return None

    def heads(self, to: Role | None = None) -> Iterator[Flight]:
        """The oldest message of each channel, to this end or to both."""
        passed = set()
        for flight in self.flights:
            if flight.lane not in passed and to in (None, flight.to):
                yield flight
            passed.add(flight.lane)

    def overtaken(self, flight: Flight) -> bool:
        """Is an older message to the same end on the same channel still in flight (which a stream forbids)?"""
        return any(older.lane == flight.lane for older in self.flights[: self.flights.index(flight)])

    def without(self, flight: Flight) -> Self:
        """It arrived, or is lost."""
        at = self.flights.index(flight)
        return type(self)(self.flights[:at] + self.flights[at + 1 :])

    def silent(self, to: Role) -> Self:
        """Nothing is on its way to this end any more: it is closed."""
        return type(self)(tuple(flight for flight in self.flights if flight.to != to))

    def doubled(self, flight: Flight) -> Self:
        """A copy follows right behind it."""
        at = self.flights.index(flight) + 1
        return type(self)((*self.flights[:at], flight, *self.flights[at:]))

    def behind(self, place: int) -> int | None:
        """The place of the message that follows the one at this place on its channel; None if none does."""
        lane, later = self.flights[place].lane, range(place + 1, len(self.flights))
        return next((i for i in later if self.flights[i].lane == lane), None)

    def swapped(self, place: int) -> Self:
        """The next message of the same channel overtakes the one at this place. ValueError if there is none."""
        behind = self.behind(place)
        if behind is None:
            raise ValueError("nothing is behind it")
        flights = list(self.flights)
        flights[place], flights[behind] = flights[behind], flights[place]
        return type(self)(tuple(flights))

    def arrived(self, t: int, delay: int) -> tuple[Flight, ...]:
        """The oldest messages of each channel that cannot be under way any longer at `t`, if none is so for more than
        `delay` (ms)."""
        return tuple(flight for flight in self.heads() if t - flight.left_at >= delay)

    def deadline(self, delay: int) -> int:
        """When the next message must have arrived (ms; NEVER: nothing is under way)."""
        return min((flight.left_at + delay for flight in self.heads()), default=NEVER)

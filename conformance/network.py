"""What lies between two ends: messages in flight, and what may happen to them. Pure: every change is a new network.

Over a stream the messages of one channel to one end arrive in the order in which they left; over datagrams in any
order. What the adversary may do here is not in yet: loss and delay only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rekeyspec.reference.vocabulary import Kind, Message, Role


@dataclass(frozen=True)
class Flight:
    """One message on its way."""

    to: Role
    message: Message


@dataclass(frozen=True)
class Network:
    """Everything in flight, oldest first."""

    flights: tuple[Flight, ...] = ()

    def sent(self, to: Role, message: Message) -> Self:
        """One more message is on its way."""
        return type(self)((*self.flights, Flight(to, message)))

    def oldest(self, to: Role, kind: Kind | None = None) -> Flight | None:
        """The oldest message to this end, of this kind if one is named; None when there is none."""
        for flight in self.flights:
            if flight.to == to and kind in (None, flight.message.kind):
                return flight
        return None

    def overtaken(self, flight: Flight) -> bool:
        """Is an older message to the same end on the same channel still in flight (which a stream forbids)?"""
        older = self.flights[: self.flights.index(flight)]
        return any(o.to == flight.to and o.message.channel == flight.message.channel for o in older)

    def without(self, flight: Flight) -> Self:
        """It arrived, or is lost."""
        at = self.flights.index(flight)
        return type(self)(self.flights[:at] + self.flights[at + 1 :])

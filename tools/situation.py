"""A state of the spec, but for its history, in the words of `abstraction`; and states of a graph read as such.

TLC prints the ends, and what is under way to them, as one value for both. The same end comes again in many states, so
each part is read once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rekeyspec.reference.vocabulary import ROLES, Channel, Role
from rekeyspec.tools.graph import State
from rekeyspec.tools.records import Foreign, Record, Said, read
from rekeyspec.tools.values import parse

Queue = tuple[Said, ...]
Wire = tuple[Queue, ...]
"""What is under way to one end, by channel, oldest first."""

_ENDS: Final = re.compile(r"^\s*\[\s*client\s*\|->\s*(.*?)\s*,\s*server\s*\|->\s*(.*)\]\s*$", re.DOTALL)
_POSED: Final = re.compile(r"\bposed \|-> TRUE\b")
VARIABLES: Final = frozenset({"end", "wire", "foe", "link", "seen"})


class Foe(NamedTuple):
    """What the adversary has: the epochs whose key it cracked, how many messages it may still make, the one that it
    recorded, with the end that it was for, and the ends that answered a start of its own."""

    cracked: frozenset[int] = frozenset()
    strikes: int = 0
    recorded: frozenset[tuple[Role, Said]] = frozenset()
    posed: frozenset[Role] = frozenset()


class Situation(NamedTuple):
    """What two ends remember, what is under way to each, what the adversary has, and which link this is."""

    client: Record
    server: Record
    to_client: Wire
    to_server: Wire
    foe: Foe = Foe()
    link: int = 1

    def end(self, role: Role) -> tuple[Record, Wire]:
        """One end, and what is under way to it."""
        return (self.client, self.to_client) if role == "client" else (self.server, self.to_server)


def channels(number: int) -> tuple[Channel, ...]:
    """The channels of a link that has so many, in the order of a `Wire`."""
    return ("single",) if number == 1 else ("control", "data")


class Reader:
    """Reads the states of one graph."""

    def __init__(self, names: tuple[Channel, ...]) -> None:
        self.names = names
        self._known: dict[str, Any] = {}

    def situation(self, state: State) -> Situation:
        """The situation that a state of the graph is. Raises Foreign for one of another spec."""
        if set(state) != VARIABLES:
            raise Foreign(f"read the variables {', '.join(sorted(state))}, expected {', '.join(sorted(VARIABLES))}")
        texts = state.texts
        client, server = self._both(texts["end"])
        to_client, to_server = self._both(texts["wire"])
        return Situation(
            self._part(client, self._record),
            self._part(server, self._record),
            self._part(to_client, self._wire),
            self._part(to_server, self._wire),
            self._part(texts["foe"], self._foe)._replace(posed=self._posed(texts["seen"])),
            int(texts["link"]),
        )

    def _posed(self, text: str) -> frozenset[Role]:
        """The spec keeps with the history of an end that it is the adversary's start that it answered."""
        if text not in self._known:
            found = [role for role, part in zip(ROLES, self._both(text), strict=True) if _POSED.search(part)]
            self._known[text] = frozenset(found)
        posed: frozenset[Role] = self._known[text]
        return posed

    def _both(self, text: str) -> tuple[str, str]:
        found = _ENDS.match(text)
        if found is None:
            raise Foreign(f"read {text[:60]!r}, expected [client |-> ..., server |-> ...]")
        return found[1], found[2]

    def _part(self, text: str, make: Any) -> Any:
        if text not in self._known:
            self._known[text] = make(parse(text))
        return self._known[text]

    def _record(self, value: Any) -> Record:
        return read(Record, value)

    def _wire(self, value: Any) -> Wire:
        if not isinstance(value, Mapping) or set(value) != set(self.names):
            raise Foreign(f"read {value!r}, expected queues for the channels {', '.join(self.names)}")
        return tuple(tuple(read(Said, one) for one in value[name]) for name in self.names)

    def _foe(self, value: Any) -> Foe:
        if not isinstance(value, Mapping) or set(value) != {"cracked", "strikes", "recorded"}:
            raise Foreign(f"read {value!r}, expected an adversary with cracked, strikes and recorded")
        kept = frozenset((one["to"], read(Said, one["message"])) for one in value["recorded"])
        return Foe(value["cracked"], value["strikes"], kept)

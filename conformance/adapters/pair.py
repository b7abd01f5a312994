"""`pair:CLIENT SERVER`: two implementations, the client's end of the one and the server's of the other.

The harness is the network between them. Each is asked by its own adapter as if it were alone, and what either stated as
unsupported is not asked of the two. Opaque bytes are for an implementation's own other end, so they are carried where
both are the same one only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Final, Self, TypeVar

from rekeyspec.conformance.target import OWN_CLOCK, BadInput, Broken, End, Reply, Target, bare, features, own_clock
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Event, Role

_T = TypeVar("_T")


class PairEnd:
    """One end, of one of the two. `carries`: the other end is the same implementation's."""

    def __init__(self, role: Role, end: End, carries: bool) -> None:
        self._role, self._end, self._carries = role, end, carries

    def step(self, event: Event) -> Reply:
        """One event."""
        return self._told(_by(self._role, lambda: self._end.step(event)))

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Many events."""
        return [self._told(reply) for reply in _by(self._role, lambda: self._end.run(events))]

    def close(self) -> None:
        """It is not needed any more."""
        _by(self._role, self._end.close)

    def _told(self, reply: Reply) -> Reply:
        return reply if self._carries else Reply(tuple(map(bare, reply.did)), reply.deadline)


class PairTarget:
    """These two, under this name."""

    def __init__(self, name: str, client: Target, server: Target) -> None:
        self.name = name
        self._members: Final[Mapping[Role, Target]] = {"client": client, "server": server}
        self.implementations: Final[Mapping[str, str]] = {role: one.name for role, one in self._members.items()}
        """By role, so that what an end did wrong can be laid at the right door."""
        self.unsupported: Mapping[str, str] = {}
        """What either does not have, once both have said so."""
        self.features: frozenset[str] = frozenset()
        """What both can do together. A gateway's story is of one end, and no pair is told it."""
        self._started = ExitStack()

    def open(self, role: Role, policy: Policy) -> End:
        """A new end, of the implementation whose role this is."""
        end = _by(role, lambda: self._members[role].open(role, policy))
        return PairEnd(role, end, "opaque" in self.features)

    def __enter__(self) -> Self:
        """Starts both, or neither."""
        with ExitStack() as started:
            for role in ROLES:
                _by(role, lambda role=role: started.enter_context(self._members[role]))  # type: ignore[misc]
            self._started = started.pop_all()
        client, server = self._members["client"], self._members["server"]
        for one in (client, server):
            if own_clock(one):
                self.__exit__()
                raise BadInput(f"{self.name}: {one.name}: {OWN_CLOCK}; judge it by itself")
        self.unsupported = _lacking(client, server)
        self.features = features(client) & {"opaque"} if client.name == server.name else frozenset()
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends both."""
        self._started.close()


def _lacking(client: Target, server: Target) -> dict[str, str]:
    """What either does not have, each reason with its name; once where both are the same."""
    found = {rule: f"{client.name}: {reason}" for rule, reason in client.unsupported.items()}
    for rule, reason in server.unsupported.items() if client.name != server.name else ():
        found[rule] = f"{found[rule]}; {server.name}: {reason}" if rule in found else f"{server.name}: {reason}"
    return found


def _by(role: Role, act: Callable[[], _T]) -> _T:
    """Does it. What then is broken is said to be that end's."""
    try:
        return act()
    except Broken as why:
        raise Broken(f"the {role} of the pair: {why}") from why

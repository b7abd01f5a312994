"""What is judged, as the harness sees it: something that opens ends, and ends that take one event at a time.

The harness is the clock, the network, the user and the adversary. An end answers each event with what it did, and with
the next time at which it wants to be called though nothing happens: its deadline, which is never trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, Self

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role


class Reply(NamedTuple):
    """What an end did in answer to one event, in order, and its next deadline (ms; `NEVER`: none)."""

    did: tuple[Event, ...]
    deadline: int


class End(Protocol):
    """One end of one link of an implementation. Methods raise `Broken` when it crashed, hung or talked nonsense."""

    def step(self, event: Event) -> Reply:
        """Give it one event. What it did carries the event's time."""
        ...

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Give it many events in one go; as many replies as events."""
        ...

    def close(self) -> None:
        """It is not needed any more."""
        ...


class Target(Protocol):
    """An implementation under test. A context manager: leaving it reaps whatever it started."""

    name: str
    unsupported: Mapping[str, str]
    """Rules it said it does not have before the run, with its reason."""

    def open(self, role: Role, policy: Policy) -> End:
        """A new end. The first event it is given is `Open`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


Gateway = Callable[[str], End]
"""Opens the server's end of one more link of this user; all that it opened stand on one gateway (GATE-1)."""


def gateway(target: Target, policy: Policy) -> Gateway | None:
    """A new gateway, of a target that has a method `gateway` (which few need); None of one that makes single ends
    only."""
    make: Callable[[Policy], Gateway] | None = getattr(target, "gateway", None)
    return make(policy) if make else None


class Broken(Exception):
    """The program or adapter crashed, hung, or answered nonsense. The text says what was read and what was expected."""


class BadInput(Exception):
    """What the user gave cannot be used. One message: what was read, where, what was expected, what to do. Exit 2."""

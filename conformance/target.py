"""What is judged, as the harness sees it: something that opens ends, and ends that take one event at a time.

The harness is the clock, the network, the user and the adversary. An end answers each event with what it did, and with
the next time at which it wants to be called though nothing happens: its deadline, which is never trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, Self

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message, Role


class Carried(Message):
    """A message with bytes (as text) that its sender's implementation put there for its own other end. They are no part
    of the message: it equals the same one without them, and whoever judges never sees them. The network carries them
    by carrying the message; make one with `carried`."""

    opaque: str = ""


def carried(message: Message, opaque: str) -> Carried:
    """The message, with these bytes."""
    made = Carried(*message)
    made.opaque = opaque
    return made


def bare(e: Event) -> Event:
    """The event, its message without opaque bytes: as it is judged, and told."""
    return e._replace(message=Message(*e.message)) if type(e.message) is Carried else e


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


def features(target: Target) -> frozenset[str]:
    """What the target stated that not every one can do (`adapters.protocol.FEATURES`); most have no such attribute."""
    found: frozenset[str] = getattr(target, "features", frozenset())
    return found


def remote(target: Target) -> bool:
    """Is each question to it a round trip to a process of its own? Then many steps in one line cost less."""
    return bool(getattr(target, "remote", False))


def own_clock(target: Target) -> OwnClock | None:
    """How to open ends of a target that has a clock of its own, in real time; None for one that is given the time."""
    if "real-clock" not in features(target):
        return None
    tolerance: int = getattr(target, "tolerance", 0)
    opens: Callable[[Role, Policy], End] = getattr(target, "in_real_time", target.open)
    return OwnClock(tolerance, opens)


class OwnClock(NamedTuple):
    """By how much (ms) the times that the implementation says may be off, and what opens an end of it."""

    tolerance: int
    open: Callable[[Role, Policy], End]


def pairs(target: Target) -> bool:
    """Is it two implementations, the client's end of the one and the server's of the other?"""
    return bool(getattr(target, "implementations", {}))


def whose(target: Target, role: str) -> str:
    """Of a target that is two implementations, the name of the one whose end has this role; of any other nothing."""
    names: Mapping[str, str] = getattr(target, "implementations", {})
    return names.get(role, "")


Gateway = Callable[[str], End]
"""Opens the server's end of one more link of this user; all that it opened stand on one gateway (GATE-1)."""


def gateway(target: Target, policy: Policy) -> Gateway | None:
    """A new gateway, of a target that has a method `gateway` (which few need); None of one that makes single ends
    only."""
    make: Callable[[Policy], Gateway] | None = getattr(target, "gateway", None)
    return make(policy) if make else None


OWN_CLOCK: Final = (
    "it has a clock of its own (it stated `real-clock`), so that a story takes as long as it says; only replay, and "
    "check with traces of some seconds, can wait for that"
)
"""Why such an implementation cannot be given time as others are."""


class Broken(Exception):
    """The program or adapter crashed, hung, or answered nonsense. The text says what was read and what was expected."""


class BadInput(Exception):
    """What the user gave cannot be used. One message: what was read, where, what was expected, what to do. Exit 2."""

"""The reference in the place of an end under test, where an interleaving is tried out before it is put to one."""

from __future__ import annotations

from rekeyspec.conformance.adapters.reference import ReferenceEnd
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.replay import Seat
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import NEVER, Event, Role


class _Trusting(Oracle):
    """In an oracle's place where the reference is the end, to see what comes of an interleaving and not to judge it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.role, self.exercised = engine, engine.state.role, set()

    @property
    def state(self) -> End:
        """The end's own."""
        return self.engine.state

    def deadline(self) -> int:
        """The end's own is right."""
        return NEVER

    def observe(self, e: Event) -> None:
        """It is right."""


def rehearsal(policy: Policy, role: Role) -> Seat:
    """A seat at which the reference tries an interleaving out."""
    engine = Engine(policy, role)
    return Seat(ReferenceEnd(engine), _Trusting(engine))

"""`reference`: the rules' own machine, judged like any other implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from rekeyspec.conformance.adapters.wire import as_seen
from rekeyspec.conformance.target import End, Gateway, Reply
from rekeyspec.reference.engine import Engine, GatewayEngine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role


class ReferenceEnd:
    """One end of the reference. What it raises is a bug of ours and no verdict."""

    def __init__(self, engine: Engine | GatewayEngine) -> None:
        self._engine = engine

    def step(self, event: Event) -> Reply:
        """One event."""
        did, deadline = self._engine.step(as_seen(event))
        if event.link:
            did = tuple([done._replace(link=event.link) for done in did])
        return Reply(did, deadline)

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Many events."""
        return [self.step(event) for event in events]

    def close(self) -> None:
        """Nothing is held."""


class ReferenceTarget:
    """The reference, in this process."""

    def __init__(self) -> None:
        self.name = "reference"
        self.unsupported: Mapping[str, str] = {}

    def open(self, role: Role, policy: Policy) -> End:
        """A new end."""
        return ReferenceEnd(Engine(policy, role))

    def gateway(self, policy: Policy) -> Gateway:
        """A new gateway. Its links are told apart by the `link` of their events, which says the user too."""
        engine = GatewayEngine(policy)
        return lambda user: ReferenceEnd(engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing was started."""

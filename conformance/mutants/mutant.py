"""A mutant: an implementation with one mistake, and the target that it is judged as."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from rekeyspec.conformance.adapters.reference import ReferenceEnd
from rekeyspec.conformance.mutants.engine import Make
from rekeyspec.conformance.target import End, Gateway
from rekeyspec.reference.engine import Engine, GatewayEngine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Role


class Mutant(NamedTuple):
    """One mistake: its name, what is wrong in words, the rule that it breaks, and how its ends are made. `gateway`
    makes the policy of its gateways, where the mistake is there."""

    id: str
    about: str
    rule: str
    make: Make
    sort: str
    """`known`: the shape of a public bug report; `found`: what an implementer did; `guard`, `count`, `timer`, `reset`
    or `duty`: made from a table."""
    bound: int = 0
    """By how much it misreads `links_per_user`."""


class MutantTarget:
    """A mutant, judged like any other implementation."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.name = f"mutant:{mutant.id}"
        self.unsupported: Mapping[str, str] = {}

    def open(self, role: Role, policy: Policy) -> End:
        """A new end."""
        return ReferenceEnd(self.mutant.make(policy, role))

    def gateway(self, policy: Policy) -> Gateway:
        """A new gateway, of mistaken ends."""
        engine = MutantGateway(self.mutant, policy)
        return lambda user: ReferenceEnd(engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing was started."""


class MutantGateway(GatewayEngine):
    """A gateway whose ends are a mutant's."""

    def __init__(self, mutant: Mutant, policy: Policy) -> None:
        super().__init__(policy.but(links_per_user=max(policy.links_per_user + mutant.bound, 0)))
        self._mutant, self._policy = mutant, policy

    def end(self, link: str) -> Engine:
        """The end of this link."""
        if link not in self.ends:
            self.ends[link] = self._mutant.make(self._policy, "server")
        return self.ends[link]

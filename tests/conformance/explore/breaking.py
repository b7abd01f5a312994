"""Targets that are the reference, broken in one way each, and what the tests here have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from rekeyspec.conformance.adapters.wire import as_seen
from rekeyspec.conformance.target import Broken, Reply
from rekeyspec.reference.engine import Engine, act
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.obligations import Obligation, obligations
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End as State
from rekeyspec.reference.step import apply, step
from rekeyspec.reference.vocabulary import NEVER, SILENT, Do, Event, Role

Steps = Callable[[Event], tuple[tuple[Event, ...], int]]
Makes = Callable[[Policy, Role], Steps]


class Target:
    """Opens ends that take a step as `make` says."""

    def __init__(self, make: Makes, unsupported: Mapping[str, str] | None = None, **stated: Any) -> None:
        self.make, self.name = make, "broken-on-purpose"
        self.unsupported = dict(unsupported or {})
        self.open_ends = self.opened = 0
        self.policies: list[Policy] = []
        vars(self).update(stated)

    def open(self, role: Role, policy: Policy) -> End:
        self.opened += 1
        self.policies.append(policy)
        end = End(self, self.make(policy, role))
        self.open_ends += 1
        return end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class End:
    def __init__(self, target: Target, steps: Steps) -> None:
        self.target, self.steps = target, steps

    def step(self, event: Event) -> Reply:
        return Reply(*self.steps(as_seen(event)))

    def run(self, events: Sequence[Event]) -> list[Reply]:
        return [self.step(event) for event in events]

    def close(self) -> None:
        self.target.open_ends -= 1


def sound(policy: Policy, role: Role) -> Steps:
    return Engine(policy, role).step


def without(do: Do, rule: str) -> Makes:
    """One guard dropped."""
    return lambda policy, role: Engine(policy, role, Rules(policy).without(do, rule)).step


@dataclass
class Mutant:
    """The reference, but for one effect that an action leaves out, one duty that is not done, or done late (ms)."""

    policy: Policy
    role: Role
    leaves: tuple[str, str] = ("", "")
    forgets: tuple[str, str] = ("", "")
    late: tuple[str, str, int] = ("", "", 0)
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.rules = Rules(self.policy)
        self.state = Engine(self.policy, self.role).state

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:
        self.state = self._left(event.do, self.state, step(self.rules, self.state, event))
        did: list[Event] = []
        while True:
            now, deadline = self._look()
            if now is None:
                return tuple(did), deadline
            action = act(self.rules, self.state, now)
            self.state = self._left(action.do, self.state, apply(self.rules, self.state, action, now.taken))
            if action.do not in SILENT:
                did.append(action)
            if len(did) > 50:
                return tuple(did), NEVER  # what it left out asks for the same again, for ever

    def _left(self, do: str, before: State, after: State) -> State:
        return after.but(**{self.leaves[1]: getattr(before, self.leaves[1])}) if do == self.leaves[0] else after

    def _look(self) -> tuple[Obligation | None, int]:
        soon = NEVER
        for o in obligations(self.rules, self.state):
            if (o.do, o.rule) == self.forgets:
                continue
            t = o.t + (self.late[2] if (o.do, o.rule) == self.late[:2] else 0)
            if t <= self.state.t:
                return o, self.state.t
            soon = min(soon, t)
        return None, soon


def leaves(do: str, what: str) -> Makes:
    return lambda policy, role: Mutant(policy, role, leaves=(do, what)).step


def forgets(do: str, rule: str) -> Makes:
    return lambda policy, role: Mutant(policy, role, forgets=(do, rule)).step


def late(do: str, rule: str, ms: int) -> Makes:
    return lambda policy, role: Mutant(policy, role, late=(do, rule, ms)).step


def crashes(policy: Policy, role: Role) -> Steps:
    """It breaks down at a notice."""
    engine = Engine(policy, role)

    def steps(event: Event) -> tuple[tuple[Event, ...], int]:
        if event.message is not None and event.message.kind == "notice":
            raise Broken(f"it raised KeyError: {event.t}; it had been given {event}")
        return engine.step(event)

    return steps

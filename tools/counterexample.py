"""A counterexample as a reader wants it: each step its action, and what changed, named by its path in the state.

    4  SendData  (KeyChange:212)
         end.client.count       0 -> 1
         wire.server.single     <<>> -> <<[kind |-> "data", ...]>>

A violated liveness property has no last step: it goes on in a loop, or nothing happens any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rekeyspec.tools.output import INITIAL, Behaviour, State
from rekeyspec.tools.places import Place
from rekeyspec.tools.values import Function, NotAValue, Value, text

_WIDEST = 100
"""Values are cut off for display beyond this many characters."""


@dataclass(frozen=True)
class Change:
    """One part of the state, as TLA+ text before and after. Empty where there was, or is, no such part."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """One action and what it changed; of the initial state all that there is."""

    number: int
    action: str
    place: Place | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Counterexample:
    """Steps from the initial state; after the last one it goes on at step `back_to`, or nothing happens any more."""

    steps: tuple[Step, ...]
    back_to: int = 0
    stutters: bool = False

    def lines(self) -> Iterator[str]:
        """The same for people."""
        for step in self.steps:
            where = f"  ({step.place.module}:{step.place.line})" if step.place else ""
            yield f"{step.number:>4}  {step.action}{where}"
            widest = max((len(change.path) for change in step.changes), default=0)
            for change in step.changes:
                yield f"        {change.path:<{widest}}  {_shown(change)}"
        if self.back_to:
            yield f"      and on from step {self.back_to} for ever"
        elif self.stutters:
            yield "      and nothing happens any more"


def of(behaviour: Behaviour) -> Counterexample:
    """The steps of a behaviour."""
    before: Mapping[str, Value] = {}
    steps = []
    for state in behaviour.states:
        after = _values(state)
        steps.append(Step(state.number, state.action, state.place, tuple(_differences("", before, after))))
        before = after
    return Counterexample(tuple(steps), behaviour.back_to, behaviour.stutters)


def at_start(step: Step) -> bool:
    """Is it the initial state rather than an action?"""
    return step.action == INITIAL


def _values(state: State) -> dict[str, Value]:
    try:
        return state.values()
    except NotAValue:
        return dict(state.variables)  # as text: a difference is still seen


def _differences(path: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Change]:
    """What differs, as deep as both are records with the same fields."""
    for name in dict.fromkeys([*before, *after]):
        here = f"{path}.{name}" if path else name
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, Function) and isinstance(new, Function) and _fields(old) == _fields(new) is not None:
            yield from _differences(here, _named(old), _named(new))
        else:
            yield Change(here, "" if old is None else text(old), "" if new is None else text(new))


def _fields(value: Function) -> frozenset[str] | None:
    """The fields of a record; None of any other function."""
    names = [key for key in value if isinstance(key, str)]
    return frozenset(names) if len(names) == len(value) else None


def _named(value: Function) -> dict[str, Value]:
    return {str(key): item for key, item in value.items()}


def _shown(change: Change) -> str:
    before, after = (side if len(side) <= _WIDEST else f"{side[:_WIDEST]}..." for side in (change.before, change.after))
    return f"{before} -> {after}" if before else after

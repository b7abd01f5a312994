"""The reference broken on purpose, in every way of three kinds, on what it was asked when models were compared.

    guard   one rule's conditions dropped from one action (`Rules.without`)
    effect  one action leaves one field of the end as it was
    duty    one thing that is due is not waited for

A mutant is noticed where it makes a difference to what an end may do, becomes or sends in the words of the spec, in a
place that a compared model reaches: there the graph, which is equal to the unbroken reference, is not equal to it.
Nothing is dumped anew, and an end is asked again only for the actions that a mutant can touch. What no model notices
needs a reason.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Final

from rekeyspec.conformance.mutants.equal import EQUAL, Change
from rekeyspec.reference.guards import OWN, TAKING
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import ROLES
from rekeyspec.tools.abstraction import abstract
from rekeyspec.tools.alone import Alone, Local, Place
from rekeyspec.tools.composition import Composition
from rekeyspec.tools.models import Model

_REST: Final = frozenset({"Discard", "Ignore", "Close"})
"""What is done with a message that no other action takes; these ask the guards of the others."""

_LEFT_OUT: Final = frozenset({"t", "inbox", "role"})
"""Fields that the spec has not."""


class Survey:
    """Which mutants were noticed, and in which model. Models may be looked at in several threads."""

    def __init__(self) -> None:
        self.noticed: dict[Change, str] = {}
        self.possible: set[Change] = {
            Change("guard", do, guard.rule) for table in (TAKING, OWN) for do, gs in table.items() for guard in gs
        }
        self._lock = threading.Lock()

    def look(self, model: Model, composition: Composition) -> None:
        """Try every mutant that was not noticed so far on all that the reference was asked in this model."""
        with self._lock:
            for role in ROLES:
                alone = composition.alone[role]
                self._dropped(model.id, alone)
                self._effects(model.id, alone)
                self._duties(model.id, alone)

    def _dropped(self, model: str, alone: Alone) -> None:
        broken: dict[Change, Alone] = {}
        for place, known in alone.asked.items():
            for mutant in _touched(alone, place):
                if mutant in self.possible and mutant not in self.noticed:
                    if mutant not in broken:
                        rules = alone.rules.without(mutant.do, mutant.what)  # type: ignore[arg-type]
                        broken[mutant] = Alone(alone.bounds, rules, alone.role)
                    if differs(broken[mutant], mutant, place, known):
                        self.noticed[mutant] = model

    def _effects(self, model: str, alone: Alone) -> None:
        for place in alone.asked:
            for event, before, after, _ in alone.done(place):
                for name in _changed(before, after):
                    mutant = Change("effect", event.do, name)
                    self.possible.add(mutant)
                    if mutant not in self.noticed:
                        broken = after.but(**{name: getattr(before, name)})
                        if abstract(alone.policy, broken) != abstract(alone.policy, after):
                            self.noticed[mutant] = model

    def _duties(self, model: str, alone: Alone) -> None:
        for place in alone.aged:
            due = {Change("duty", o.do, o.rule) for o in alone.dues(place)}
            self.possible |= due
            if len(due) == 1:  # without it time passes
                self.noticed.setdefault(due.pop(), model)

    def lines(self) -> Iterator[str]:
        """What is to be said of it: the mutants that no model noticed, each with its reason, and the figures."""
        left = self.unnoticed()
        for mutant, reason in left.items():
            yield f"mutant of the reference not noticed: {mutant}: {reason or 'nobody knows why'}"
        for mutant in self.refuted():
            yield f"mutant of the reference noticed in {self.noticed[mutant]}: {mutant}: but it has a reason not to be"
        unknown = sum(not reason for reason in left.values())
        counts = f"{len(self.noticed)} noticed, {len(left) - unknown} cannot be, {unknown} ought to be"
        yield f"{len(self.possible)} mutants of the reference: {counts}"

    def survived(self) -> bool:
        """Was one not noticed, and nobody knows why? Or one noticed that has a reason not to be?"""
        return not all(self.unnoticed().values()) or bool(self.refuted())

    def refuted(self) -> list[Change]:
        """Those that were noticed, although they have a reason not to be."""
        return sorted(set(EQUAL) & set(self.noticed))

    def unnoticed(self) -> Mapping[Change, str]:
        """Those that no model noticed, each with the reason why none can (empty: nobody knows one)."""
        return {one: EQUAL.get(one, "") for one in sorted(self.possible - set(self.noticed))}


def _touched(alone: Alone, place: Place) -> set[Change]:
    """The guard mutants that can make a difference at a place: those without the one rule by which an action is refused
    there. Whether data comes after a gap is asked of the guard of Deliver but for ORDER-1."""
    found = set()
    for event, why in alone.refused(place):
        false = {why.rule, *why.also}
        found |= {Change("guard", event.do, rule) for rule in false if false <= {rule, "ORDER-1"}}
    return found


def differs(broken: Alone, mutant: Change, place: Place, known: Collection[Local]) -> bool:
    """Does a guard mutant make a difference at a place, where the reference may do what is known?"""
    dos = _REST | {mutant.do} if mutant.do in TAKING else frozenset({mutant.do})
    return _asked(broken, place, dos) != {local for local in known if local.action in dos}


def _asked(broken: Alone, place: Place, dos: frozenset[str]) -> set[Local] | None:
    """What a mutant may do; None where it breaks down, having come where no guard would have let it."""
    try:
        return set(broken.ask(place, dos))
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def _changed(before: End, after: End) -> Iterator[str]:
    for one in fields(End):
        if one.name not in _LEFT_OUT and getattr(before, one.name) != getattr(after, one.name):
            yield one.name

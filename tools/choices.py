"""Of all steps of one end's view, those that the reference takes, and when.

Where the rules leave a choice it always makes the same one. What is due it does at once, so nothing happens to it
until that is done; but what comes at the very instant of a deadline comes before it is called for that. The other
steps are as right, and another implementation may take them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rekeyspec.conformance.modelgraph import AGAIN, Label, closed_for, given, label
from rekeyspec.reference.engine import act
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.obligations import look
from rekeyspec.reference.state import End, fresh
from rekeyspec.reference.step import apply, step
from rekeyspec.tools.endview import View

_GIVEN = frozenset({"Tick", "Open", "Offer", "Shut", AGAIN})


class Taken(NamedTuple):
    """One step that the reference takes: its number in the view, and from where to where. A state of the view is two
    places: at its own number the end waits for what comes, and beyond them all it has not yet done what is due."""

    source: int
    target: int
    number: int


def taken(view: View, rules: Rules) -> list[Taken]:
    """All that the reference does when all is done to it that can be done in the view."""
    search = _Search(view, rules)
    while search.todo:
        at, s = search.todo.pop()
        for one in search.inputs.get(at, {}).values():
            search.give(at, s, one)
    return list(search.found)


class _Search:
    """From state to state, each with one end that is in it."""

    def __init__(self, view: View, rules: Rules) -> None:
        self.view, self.rules = view, rules
        self.steps = {(source, one): number for number, (source, _, one) in enumerate(view.steps)}
        self.inputs: dict[int, dict[Label, Label]] = {}
        for source, _, one in view.steps:
            if one.kind or one.do in _GIVEN:
                self.inputs.setdefault(source, {}).setdefault(one.given, one)
        self.todo = [(0, fresh(rules.policy, view.role))]
        self.known = {0}
        self.found: dict[Taken, None] = {}

    def give(self, at: int, s: End, one: Label) -> None:
        """Give the end at this state what the label gives, and follow it until it waits again."""
        path = list(self._path(at, answer(self.rules, s, one)))
        if one.do == "Tick" and path:  # it may be that it is not called before something comes at that instant
            number, end = path[0]
            self._arrive(Taken(at, self.view.steps[number][1], number), end)
        place, beyond = at, self.view.states
        for index, (number, end) in enumerate(path):
            last = index == len(path) - 1
            target = self.view.steps[number][1]
            step_ = Taken(place, target + (0 if last else beyond), number)
            place = step_.target
            if last:
                self._arrive(step_, end)
            else:
                self.found[step_] = None

    def _arrive(self, step_: Taken, end: End) -> None:
        self.found[step_] = None
        if step_.target not in self.known:
            self.known.add(step_.target)
            self.todo.append((step_.target, end))

    def _path(self, at: int, labels: Iterator[tuple[Label, End]]) -> Iterator[tuple[int, End]]:
        """The steps with these labels one after the other, and the end after each; none where the view lacks one."""
        found = []
        for one, end in labels:
            number = self.steps.get((at, one))
            if number is None:
                return
            found.append((number, end))
            at = self.view.steps[number][1]
        yield from found


def answer(rules: Rules, s: End, one: Label) -> Iterator[tuple[Label, End]]:
    """What the reference makes of what a label gives: each step, and the end after it."""
    if one.do == AGAIN:
        yield one, fresh(rules.policy, s.role).but(t=s.t)
        return
    event = given(rules.policy, s, one)
    before, s = s, step(rules, s, event)
    if event.do != "Arrive":
        yield label(rules, before, event), s
    while (due := look(rules, s)[0]) is not None:
        action, message = act(rules, s, due), due.taken
        closes_for = closed_for(rules, s) if due.do == "Close" else None
        before, s = s, apply(rules, s, action, message)
        yield label(rules, before, action, message or closes_for), s

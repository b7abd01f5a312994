"""What a check has exercised of what there is: rules, actions, conditions of guards, and of models states and steps.

An action counts when it happened, seen or unseen. A condition counts when it alone kept an action from happening: with
one condition less the end would have been allowed to do otherwise, so an end that lacks it has been tempted. (DEAD-5
counts when the end was closed: it then remembers nothing, and little else holds either.) Of a model
count the states in which an end was, and the steps that it took, as far as its log stays in the model's graph; what
another allowed choice leads to is there too, but not reached.

All of it is read off the logs of the cases, which the reference's rules follow again. Logs of real programs say less,
and their coverage is that of what they show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from rekeyspec.conformance.modelgraph import Graph, followed, passage
from rekeyspec.conformance.policies import policy_from
from rekeyspec.conformance.rulebook import rules as rulebook
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.enabled import NOTHING
from rekeyspec.reference.guards import OWN, TAKES, TAKING, NotEnabled, Rules, Table
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, fresh
from rekeyspec.reference.vocabulary import ROLES, Do, Event, Message

ACTIONS: Final[tuple[str, ...]] = tuple(name for some in get_args(Do) for name in get_args(some))
GUARDS: Final[tuple[tuple[str, str], ...]] = tuple(
    dict.fromkeys((do, guard.rule) for table in (TAKING, OWN) for do, guards in table.items() for guard in guards)
)
"""Every action with each rule that its guard asks for."""


@dataclass(frozen=True)
class Reached:
    """Of one model as one end sees it: the states and steps that were reached, by number."""

    graph: Graph
    states: frozenset[int]
    steps: frozenset[int]

    def line(self) -> str:
        """In words."""
        g = self.graph
        return (
            f"model {g.model}, {g.end}: states {len(self.states):,} of {g.states:,}, "
            f"steps {len(self.steps):,} of {len(g.steps):,}"
        )


@dataclass(frozen=True)
class Coverage:
    """What the cases of one target have exercised."""

    target: str
    rules: frozenset[str]
    actions: frozenset[str]
    guards: frozenset[tuple[str, str]]
    models: tuple[Reached, ...] = ()

    def lines(self) -> Iterator[str]:
        """In words, what is missing of it too."""
        yield f"coverage of {self.target}:"
        every = list(rulebook())
        for name, had, of in (("rules", self.rules, every), ("actions", self.actions, ACTIONS)):
            missing = [one for one in of if one not in had]
            yield f"  {name} {len(of) - len(missing)} of {len(of)}{_not(missing)}"
        yield f"  guards {len(self.guards)} of {len(GUARDS)}{_not(self._untempted())}"
        yield from (f"  {one.line()}" for one in self.models)

    def _untempted(self) -> list[str]:
        """What is missing of the guards: each action with its rules."""
        by_action: dict[str, list[str]] = {}
        for do, rule in GUARDS:
            if (do, rule) not in self.guards:
                by_action.setdefault(do, []).append(rule)
        return [f"{do} ({' '.join(rules)})" for do, rules in by_action.items()]

    def plain(self) -> dict[str, object]:
        """For programs."""
        return {
            "target": self.target,
            "rules": sorted(self.rules),
            "actions": sorted(self.actions),
            "guards": [list(one) for one in sorted(self.guards)],
            "of": {"rules": len(rulebook()), "actions": len(ACTIONS), "guards": len(GUARDS)},
            "models": [
                {
                    "model": one.graph.model,
                    "end": one.graph.end,
                    "states": len(one.states),
                    "steps": len(one.steps),
                    "of": {"states": one.graph.states, "steps": len(one.graph.steps)},
                }
                for one in self.models
            ],
        }


def _not(missing: Sequence[str]) -> str:
    return f"; not {', '.join(missing)}" if missing else ""


def coverage(cases: Iterable[Case], graphs: Sequence[Graph]) -> list[Coverage]:
    """The coverage of each target, in the order of the cases; the graphs are of the models whose tours were told."""
    by_target: dict[str, list[Case]] = {}
    for case in cases:
        by_target.setdefault(case.target, []).append(case)
    return [_of(target, group, graphs) for target, group in by_target.items()]


def _of(target: str, cases: Sequence[Case], graphs: Sequence[Graph]) -> Coverage:
    seen = _Seen()
    known: dict[tuple[tuple[str, object], ...], Rules] = {}
    of_trace = {name: graph for graph in graphs for name in graph.traces}
    steps: dict[int, set[int]] = {id(graph): set() for graph in graphs}
    told: set[str] = set()
    for case in cases:
        seen.rules |= case.exercised
        if not case.log:
            continue
        rules = known.setdefault(tuple(case.policy.items()), Rules(_policy(case.policy)))
        for log in _ends(case.log):
            seen.log(rules, log)
        if case.trace in of_trace:
            graph = of_trace[case.trace]
            told.add(case.trace)
            steps[id(graph)].update(followed(graph, rules, _ends(case.log)[0]))
    models = tuple(_reached(graph, steps[id(graph)]) for graph in graphs if told.intersection(graph.traces))
    return Coverage(target, frozenset(seen.rules), frozenset(seen.actions), frozenset(seen.guards), models)


def _policy(parameters: Mapping[str, object]) -> Policy:
    return policy_from(parameters, Policy(), "the policy of a case")


def _reached(graph: Graph, steps: set[int]) -> Reached:
    states = {0, *(graph.steps[number][1] for number in steps)} if steps else set()
    return Reached(graph, frozenset(states), frozenset(steps))


def _ends(log: Iterable[Event]) -> list[list[Event]]:
    """The events of each end, as it saw them: none can tell an adversary that holds the key from its peer."""
    found: dict[tuple[str, str], list[Event]] = {}
    for e in log:
        if e.message is not None and e.message.sealed_by == "adversary":
            e = e._replace(message=e.message._replace(sealed_by="peer"))  # noqa: PLW2901  (the same event, as seen)
        found.setdefault((e.end, e.link), []).append(e)
    return list(found.values())


@dataclass
class _Seen:
    """What was exercised so far."""

    rules: set[str] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)
    guards: set[tuple[str, str]] = field(default_factory=set)

    def log(self, rules: Rules, log: Sequence[Event]) -> None:
        """The log of one end, as far as the rules allow it."""
        self.actions.update(e.do for e in log if e.do == "Arrive")
        role = next(role for role in ROLES if role == log[0].end)
        try:
            for s, e, taken in passage(rules, fresh(rules.policy, role), log):
                self.actions.add(e.do)
                self._tempted(rules, s, e, taken)
        except NotEnabled:
            return

    def _tempted(self, rules: Rules, s: End, e: Event, taken: Message | None) -> None:
        for do in OWN:
            self._alone(rules.own, do, rules, s, NOTHING)
        for m in {*s.inbox, *([taken] if taken else [])}:
            for do in TAKES[m.kind]:
                self._alone(rules.taking, do, rules, s, m)

    def _alone(self, table: Table, do: Do, rules: Rules, s: End, m: Message) -> None:
        false = [guard.rule for guard in table[do] if not guard.holds(rules, s, s.t, m)]
        if false and (len(set(false)) == 1 or s.phase == "closed"):
            self.guards.add((do, false[0]))

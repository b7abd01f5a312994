"""Violations, each told once: of all cases in which a target leaves one rule in one way, the shortest is the example.

A way is a rule, and what was done against it or left undone. A search finds the same fault a thousand times over; the
reader needs the shortest story of it, how many others there are, and under which profiles. `gathered` keeps one
example for each way and lets go of the rest, so that it may be given a journal's cases one at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from rekeyspec.conformance.verdict import Case, Verdict

Kind = Literal["not-allowed", "not-done", "observed"]
"""Of a divergence; `observed` where an experiment says so without one."""

NAMED: Final = 5
"""How many other traces that show the same are named; the rest is counted."""


class Way(NamedTuple):
    """What makes two violations the same. `do` is what was done, or left undone; empty where nothing says."""

    target: str
    rule: str
    kind: Kind
    do: str


@dataclass(frozen=True)
class Violation:
    """One way in which a target breaks a rule, and how often it was seen to."""

    way: Way
    cases: int
    profiles: Mapping[str, int]
    """Profile -> cases, in the order in which they were seen."""
    example: Case | None
    """The case with the fewest events before the divergence; None where only the verdict is left."""
    others: tuple[str, ...] = ()
    """Other traces that show it, the first few."""
    also: frozenset[str] = frozenset()
    """Rules whose guards were false at the same step."""

    @property
    def target(self) -> str:
        """Who breaks it."""
        return self.way.target

    @property
    def rule(self) -> str:
        """The rule that is broken."""
        return self.way.rule


@dataclass
class _Seen:
    """What is known of one way so far."""

    example: Case
    cases: int = 0
    profiles: dict[str, int] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    also: set[str] = field(default_factory=set)

    def add(self, case: Case) -> None:
        self.cases += 1
        self.profiles[case.profile] = self.profiles.get(case.profile, 0) + 1
        self.also.update(case.divergence.also if case.divergence else ())
        if _length(case) < _length(self.example):
            self.example = case
        if len(self.others) <= NAMED:
            self.others[case.trace] = None

    def whole(self, way: Way) -> Violation:
        others = tuple(trace for trace in self.others if trace != self.example.trace)[:NAMED]
        return Violation(way, self.cases, self.profiles, self.example, others, frozenset(self.also))


def gathered(cases: Iterable[Case]) -> list[Violation]:
    """The violations among these cases, in the order in which they are first seen. Keeps no other case than the
    examples."""
    seen: dict[Way, _Seen] = {}
    for case in cases:
        for way in ways(case):
            seen.setdefault(way, _Seen(case)).add(case)
    return [one.whole(way) for way, one in seen.items()]


def ways(case: Case) -> Iterator[Way]:
    """The ways in which this case breaks a rule: one, or for an experiment without a divergence one for each rule that
    it asks."""
    if case.word != "violates":
        return
    found = case.divergence
    if found is None:
        yield from (Way(case.target, rule, "observed", "") for rule in case.rules)
    elif found.kind == "not-done":
        missed = next((due.do for due in found.due if due.rule == found.rule), found.due[0].do if found.due else "")
        yield Way(case.target, found.rule, "not-done", missed)
    else:
        yield Way(case.target, found.rule, "not-allowed", found.did.do if found.did else "")


def bare(verdict: Verdict) -> Violation:
    """What is left of a violation when its cases are not here: the verdict."""
    return Violation(Way(verdict.target, verdict.rule, "observed", ""), 1, {verdict.profile: 1}, None)


def _length(case: Case) -> tuple[int, int, str, str]:
    """Shorter is easier to read. What is equally short is told apart by name, so that the order of cases is nothing."""
    return case.divergence.index if case.divergence else len(case.log), len(case.log), case.profile, case.trace

"""What a campaign has come to: the report, made of the journal alone, in the plan's order.

The cases come from the journal one job at a time and are let go again; kept are those that a verdict stands on, and of
each way of violating a rule the shortest example. So the size of a campaign is nothing to the size of its report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rekeyspec import __version__
from rekeyspec.conformance.campaign.done import Example, Sort, Sum, sorts
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.campaign.plan import Plan
from rekeyspec.conformance.check import Checked, replay_command
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.output import write_whole
from rekeyspec.conformance.report.verdicts import Reckoning
from rekeyspec.conformance.report.violations import NAMED, Violation, Way, ways
from rekeyspec.conformance.rulebook import rules, sources
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.conformance.verdict import Case, Word


def outcome(journal: Journal, plan: Plan) -> Checked:
    """The report, what could not be judged at all, and what is to be said beside. Raises BadInput for a journal that is
    damaged."""
    stated = {
        target: ({} if target.startswith("peer:") else UNJUDGED) | journal.stated(target) for target in plan.targets
    }
    reckoning = Reckoning(stated, list(rules()))
    examples = {example.sort: _told_again(example, plan) for example in journal.examples()}
    violations = _Violations(examples)
    totals: dict[str, dict[Word, int]] = {}
    troubles: dict[str, None] = {}
    notes: dict[str, None] = {}
    for target, done in journal.dones():
        troubles |= dict.fromkeys([done.trouble] if done.trouble else [])
        notes |= dict.fromkeys(done.remarks)
        for case, entry in done.cases():
            words = totals.setdefault(target, {})
            words[case.word] = words.get(case.word, 0) + entry.times
            reckoning.add(_shown(case, examples), entry.asked)
            violations.add(case, entry)
    report = Report(
        reckoning.verdicts(), reckoning.standing(), rules(), __version__, sources(), totals, violations.all()
    )
    return Checked(report, list(troubles), list(notes))


def _told_again(example: Example, plan: Plan) -> Example:
    """What a search found, saved as a trace, with the command that tells it. Raises BadInput where it cannot be
    written."""
    if not example.story:
        return example
    target, profile = example.sort.target, example.sort.profile
    folder = Path(plan.evidence) / f"target-{plan.targets.index(target) + 1}" / profile
    path = folder / f"{example.case.trace}.yaml"
    write_whole(path, example.story)
    return Example(example.sort, replace(example.case, replay=replay_command(str(path), target, None)), example.story)


def _shown(case: Case, examples: Mapping[Sort, Example]) -> Case:
    """What a search found stands for what can be told again: the shortest story of its sort."""
    for sort in sorts(case, "a story, if there is one"):
        example = examples.get(sort)
        if example and example.story:
            divergence = replace(example.case.divergence, state={}) if example.case.divergence else None
            return replace(example.case, log=(), divergence=divergence)
    return case


@dataclass
class _Way:
    """What is known of one way of violating a rule."""

    cases: int = 0
    profiles: dict[str, int] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    also: set[str] = field(default_factory=set)


class _Violations:
    """The violations, each once, from entries that stand for many."""

    def __init__(self, examples: Mapping[Sort, Example]) -> None:
        self._ways: dict[Way, _Way] = {}
        self._examples: dict[Way, Example] = {}
        for example in examples.values():
            for way in ways(example.case):
                if way not in self._examples or _length(example) < _length(self._examples[way]):
                    self._examples[way] = example

    def add(self, case: Case, entry: Sum) -> None:
        """Cases that say the same."""
        for way in ways(case):
            found = self._ways.setdefault(way, _Way())
            found.cases += entry.times
            found.profiles[case.profile] = found.profiles.get(case.profile, 0) + entry.times
            found.also.update(case.divergence.also if case.divergence else ())
            if len(found.others) <= NAMED:
                found.others |= dict.fromkeys(entry.others)

    def all(self) -> list[Violation]:
        """In the order in which they were first seen."""
        return list(self._all())

    def _all(self) -> Iterator[Violation]:
        for way, found in self._ways.items():
            example = self._examples[way].case if way in self._examples else None
            shown = example.trace if example else ""
            others = tuple(name for name in found.others if name != shown)[:NAMED]
            yield Violation(way, found.cases, found.profiles, example, others, frozenset(found.also))


def _length(example: Example) -> tuple[int, int, str, str]:
    """As `report/violations.py` has it."""
    index, events, trace = example.length
    return index, events, example.case.profile, trace

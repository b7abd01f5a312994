"""What a report says of real programs besides verdicts: which they were, when and where they ran, and each experiment
with its settings, what was seen, what the program follows, and its log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from rekeyspec.conformance.log import row
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.policy import Policy

EVENTS: Final = 150
"""So many events of an experiment's log are kept, the last ones up to `AFTER` behind the divergence."""
AFTER: Final = 10


@dataclass(frozen=True)
class Occasion:
    """When and where real programs ran. Whoever starts them looks at the clock; a report does not."""

    date: str
    """The day, as 2026-01-31."""
    machine: str
    """System, processor and number of cores, in words."""
    repetitions: int
    """How often each experiment was performed."""


@dataclass(frozen=True)
class Program:
    """A real program that was judged or would have been."""

    target: str
    title: str
    version: str
    """Empty where it is missing."""
    watched: str
    manual: str
    missing: Sequence[str] = ()
    """What this machine lacks for it."""


def trials(cases: Iterable[Case]) -> Iterator[Case]:
    """The cases that are experiments on real programs, each once: a violation of several rules makes several cases."""
    seen = set()
    for case in cases:
        if case.trial is not None and (case.target, case.trace) not in seen:
            seen.add((case.target, case.trace))
            yield case


def experiment(case: Case, *, whole: bool) -> dict[str, object]:
    """One experiment as JSON has it; `whole` with its log."""
    trial = case.trial
    assert trial is not None
    default = Policy().plain()
    found: dict[str, object] = {
        "target": case.target,
        "name": case.trace,
        "question": trial.question,
        "rules": list(case.rules),
        "word": case.word,
        "reason": case.reason,
        "seen": trial.seen,
        "settings": trial.settings,
        "policy": {name: value for name, value in Policy(**case.policy).plain().items() if value != default[name]},  # type: ignore[arg-type]
        "tolerance": trial.tolerance,
        "hidden": list(trial.hidden),
        "repetitions": trial.repetitions,
        "exercised": sorted(case.exercised),
        "follows": None if trial.follows is None else dict(trial.follows),
        "evidence": case.evidence,
    }
    if case.divergence is not None:
        found["broken"] = _broken(case.divergence)
    if whole:
        end = min(len(case.log), (case.divergence.index if case.divergence else len(case.log)) + AFTER)
        found["log"] = [row(event) for event in case.log[max(0, end - EVENTS) : end]]
        found["skipped"] = max(0, end - EVENTS)
    return found


def _broken(found: Divergence) -> dict[str, object]:
    return {
        "rule": found.rule, "also": list(found.also), "kind": found.kind, "index": found.index, "t": found.t,
        "end": found.end, "guard": found.guard, "due": [asdict(due) for due in found.due],
        "sentence": found.sentence(),
    }  # fmt: skip


def program(one: Program) -> Mapping[str, object]:
    """One program as JSON has it."""
    return {**asdict(one), "missing": list(one.missing)}

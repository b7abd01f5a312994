"""A run of real programs, read back from the JSON report that it was written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rekeyspec.conformance.log import event
from rekeyspec.conformance.report.form import ExperimentForm, OccasionForm, ProgramForm, VerdictForm
from rekeyspec.conformance.report.reading import whole
from rekeyspec.conformance.verdict import Case, Divergence, Due
from rekeyspec.conformance.yamlfile import problem
from rekeyspec.reference.policy import Policy


@dataclass(frozen=True)
class Run:
    """What one run says of real programs."""

    occasion: OccasionForm
    tool: str
    programs: Sequence[ProgramForm]
    experiments: Sequence[ExperimentForm]
    verdicts: Sequence[VerdictForm]

    def of(self, target: str) -> list[ExperimentForm]:
        """The experiments on one program, in the order of the run."""
        return [one for one in self.experiments if one.target == target]

    def word(self, target: str, rule: str) -> VerdictForm | None:
        """The verdict on one rule of one program."""
        found = (one for one in self.verdicts if one.target == target and one.rule == rule)
        return next(found, None)


def kept_run(path: Path) -> Run:
    """Read a run. Raises BadInput where it is no report, or one in which no real program was asked."""
    report = whole(path)
    if report.occasion is None or not report.experiments:
        remedy = "write one with `rekeyspec check peer:all --json FILE`"
        raise problem(str(path), "a report without experiments on real programs", "one with them", remedy)
    targets = {one.target for one in report.programs}
    return Run(
        report.occasion, report.tool, report.programs, report.experiments,
        [one for one in report.verdicts if one.target in targets],
    )  # fmt: skip


def policy_of(one: ExperimentForm) -> Policy:
    """The policy that the program was configured to."""
    return Policy().but(**one.policy)


def case_of(one: ExperimentForm) -> Case:
    """The experiment as a case again, with its kept log; what was left out of the log is left out of its divergence."""
    found, divergence = one.broken, None
    if found is not None:
        due = tuple(Due(d.rule, d.do, d.t) for d in found.due)
        index = found.index - one.skipped
        log = [event(line) for line in one.log]
        did = log[index] if found.kind == "not-allowed" and 0 <= index < len(log) else None
        divergence = Divergence(0, index, found.t, found.end, found.rule, found.kind, did, found.guard, due=due)
    return Case(
        one.target, one.target, one.name, tuple(one.rules), dict(one.policy), tuple(map(event, one.log)), one.word,
        one.reason, divergence, frozenset(one.exercised), evidence=one.evidence,
    )  # fmt: skip

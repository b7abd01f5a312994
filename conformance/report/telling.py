"""A violation as every form tells it to somebody who does not know the rule: what the rule says and with which
parameters, what happened, what was allowed and due instead, how often, and the command that shows it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.keep import cut
from rekeyspec.conformance.report.violations import Violation
from rekeyspec.conformance.report.words import due_by_then, due_later, happened, meant, spelt
from rekeyspec.conformance.rulebook import Rule, parameters
from rekeyspec.conformance.verdict import Case, Divergence, Due, Verdict

MANY = 8
"""So many profiles are named with their counts; of more it is said how many."""


@dataclass(frozen=True)
class Parameter:
    """One that the rule reads, with its value in this case."""

    name: str
    value: object
    meaning: str


@dataclass(frozen=True)
class Telling:
    """One violation. Without a case (only its verdict was kept), what the verdict says."""

    violation: Violation
    title: str
    rule: Rule | None
    case: Case | None
    divergence: Divergence | None
    profile: str
    trace: str
    happened: str
    culprit: str
    """Of two implementations, the one that left the rules, and its role; else empty."""
    remark: str
    """What the case says beyond its divergence: the option or the manual that says so."""
    often: str
    allowed: tuple[str, ...]
    due: tuple[Due, ...]
    later: tuple[Due, ...]
    parameters: tuple[Parameter, ...]
    changed: Mapping[str, object]
    replay: str

    @property
    def instead(self) -> str:
        """In a sentence, what a rule demanded at that moment; empty where none did."""
        if self.divergence is None or self.divergence.kind == "not-done" or not self.due:
            return ""
        return "Due instead: " + ", ".join(f"{meant(due.do)} by {due.rule}" for due in self.due) + "."


def telling(report: Report, violation: Violation, longest: int = 2_000) -> Telling:
    """The violation in words; texts from outside are cut at `longest` characters."""
    case = violation.example
    found = case.divergence if case else None
    verdict = _verdict(report, violation)
    profile = case.profile if case else next(iter(violation.profiles), "")
    return Telling(
        violation=violation,
        title=report.title(violation.rule),
        rule=report.rules.get(violation.rule),
        case=case,
        divergence=found,
        profile=profile,
        trace=case.trace if case else verdict.trace if verdict else "",
        happened=cut(_happened(case, verdict), longest),
        culprit=_culprit(case),
        remark=cut(_remark(case), longest),
        often=often(violation),
        allowed=tuple(spelt(one) for one in found.allowed) if found else (),
        due=tuple(due_by_then(found)) if found else (),
        later=tuple(due_later(found)) if found else (),
        parameters=tuple(_parameters(report, violation, case)),
        changed=report.changes.get(profile, {}).get(case.trace, {}) if case else {},
        replay=(case.replay if case else "") or (verdict.replay if verdict else ""),
    )


def _verdict(report: Report, violation: Violation) -> Verdict | None:
    """The first verdict of the target on the rule that is no pass."""
    cell = report.cell(violation.target, violation.rule)
    return next((verdict for verdict in cell if verdict.verdict == "violates"), None)


def _happened(case: Case | None, verdict: Verdict | None) -> str:
    if case and case.divergence:
        return happened(case.divergence)
    return (case.reason if case else "") or (spelt(verdict.reason or verdict.detail) if verdict else "")


def _remark(case: Case | None) -> str:
    """A divergence's own words are no remark."""
    found = case.divergence if case else None
    own = found is None or case is None or case.reason in ("", found.guard) or case.reason.endswith(found.sentence())
    return "" if own or case is None else case.reason


def _culprit(case: Case | None) -> str:
    """What stands before the divergence's own sentence, where the case's reason ends with that."""
    found = case.divergence if case else None
    if case is None or found is None or not case.reason.endswith(f": {found.sentence()}"):
        return ""
    return case.reason.removesuffix(f": {found.sentence()}")


def often(violation: Violation) -> str:
    """How many cases show it, under which profiles, and in which other traces; empty where it is one."""
    if violation.cases < 2:
        return ""
    named = [f"{profile} {count:,}" for profile, count in islice(violation.profiles.items(), MANY)]
    more = len(violation.profiles) - len(named)
    under = ", ".join(named) + (f" and {more} other profiles" if more > 0 else "")
    text = f"Seen in {violation.cases:,} cases ({under}); this is the shortest."
    if violation.others:
        dots = " ..." if violation.cases > 1 + len(violation.others) else ""
        text += f" Also in {', '.join(violation.others)}{dots}"
    return text


def _parameters(report: Report, violation: Violation, case: Case | None) -> list[Parameter]:
    known, policy = parameters(), case.policy if case else {}
    names = report.rules[violation.rule].parameters if violation.rule in report.rules else ()
    return [Parameter(name, policy[name], known[name].meaning) for name in names if name in policy and name in known]

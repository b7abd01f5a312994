"""The report for CI servers: JUnit XML. A suite is a target under a profile, a test case a rule.

*violates* is a failure, *broken* an error; *unsupported* and *inconclusive* are skipped with their reason: neither is a
pass, and neither is the program's fault. A violation has its story in words, and how many other cases show the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from xml.etree import ElementTree as ET

from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.report.keep import Keep, chosen, cut, fitted, left_out, sentences
from rekeyspec.conformance.report.telling import often
from rekeyspec.conformance.report.violations import Way
from rekeyspec.conformance.report.words import happened, meant
from rekeyspec.conformance.verdict import Verdict, Word

_OUTCOME: dict[Word, str] = {
    "violates": "failure", "broken": "error", "unsupported": "skipped", "inconclusive": "skipped",
}  # fmt: skip


def as_junit(report: Report) -> str:
    """The whole report as one XML document."""
    return fitted(lambda keep: _document(report, keep))


def _document(report: Report, keep: Keep) -> str:
    root = ET.Element("testsuites", {"name": "rekeyspec", **_counts(report.verdicts)})
    picked = chosen(report, keep).told
    told = frozenset(one.way for number, one in enumerate(report.violations) if number in picked)
    place = {target: number for number, target in enumerate(report.targets)}
    ordered = sorted(report.verdicts, key=lambda v: (place[v.target], v.profile))
    for (target, profile), group in groupby(ordered, key=lambda v: (v.target, v.profile)):
        root.append(_suite(_Told(report, keep, told), (target, profile), list(group)))
    ET.indent(root, " ")
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    # What is left out is a comment: no element of this form is about the whole.
    missing = [s for s in sentences(left_out(report, keep)) if "diagram" not in s]
    return head + "".join(f"<!-- {one} -->\n" for one in missing) + ET.tostring(root, encoding="unicode") + "\n"


@dataclass(frozen=True)
class _Told:
    """What is told, how much of it, and which violations have their story."""

    report: Report
    keep: Keep
    stories: frozenset[Way]


def _suite(told: _Told, by: tuple[str, str], verdicts: list[Verdict]) -> ET.Element:
    # XML 1.0 cannot hold a control character at all, escaped or not: hence `printable` for what comes from outside.
    target, profile = by
    name = printable(f"{target} under {profile}")
    suite = ET.Element("testsuite", {"name": name, **_counts(verdicts)})
    properties = ET.SubElement(suite, "properties")
    for parameter, value in told.report.policies.get(profile, {}).items():
        ET.SubElement(properties, "property", name=f"policy.{parameter}", value=printable(str(value)))
    for verdict in verdicts:
        suite.append(_case(told, name, verdict))
    return suite


def _case(told: _Told, suite: str, verdict: Verdict) -> ET.Element:
    report, keep = told.report, told.keep
    name = printable(f"{verdict.rule} {report.title(verdict.rule)}".strip())
    case = ET.Element("testcase", classname=suite, name=name)
    if verdict.verdict == "conforms":
        if keep.passes:
            ET.SubElement(case, "system-out").text = printable("\n".join(_again(verdict, keep)))
        return case
    message = printable(cut(f"{verdict.verdict}: {verdict.reason or verdict.detail}", keep.text))
    outcome = ET.SubElement(case, _OUTCOME[verdict.verdict], message=message)
    if verdict.verdict in ("violates", "broken"):
        outcome.set("type", verdict.verdict)
    outcome.text = printable("\n".join([*_story(told, verdict), *_again(verdict, keep)]))
    return case


def _story(told: _Told, verdict: Verdict) -> Iterator[str]:
    """A violation in words: the case that this verdict stands on, whichever is the shortest one."""
    case = told.report.case(verdict) if verdict.verdict == "violates" else None
    found = told.report.violation(verdict) if case else None
    if case is None or case.divergence is None or found is None or found.way not in told.stories:
        return
    yield cut(happened(case.divergence), told.keep.text)
    due = [f"{meant(due.do)} by {due.rule}" for due in case.divergence.due if due.t <= case.divergence.t]
    yield from (f"due: {one}" for one in due)
    yield from (f"allowed: {one}" for one in case.divergence.allowed)
    yield from [often(found)] if found.cases > 1 else []


def _again(verdict: Verdict, keep: Keep) -> Iterator[str]:
    if verdict.detail or verdict.reason:
        yield cut(verdict.detail or verdict.reason, keep.text)
    if verdict.trace:
        yield f"trace: {verdict.trace}" + (f", step {verdict.step}" if verdict.step else "")
    if verdict.replay:
        yield f"replay: {cut(verdict.replay, keep.text)}"


def _counts(verdicts: Iterable[Verdict]) -> dict[str, str]:
    outcomes = Counter(_OUTCOME.get(verdict.verdict, "") for verdict in verdicts)
    return {
        "tests": str(outcomes.total()),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
        "skipped": str(outcomes["skipped"]),
    }

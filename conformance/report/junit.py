"""The report for CI servers: JUnit XML. A suite is a target under a profile, a test case a rule.

*violates* is a failure, *broken* an error; *unsupported* and *inconclusive* are skipped with their reason: neither is a
pass, and neither is the program's fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.verdict import Verdict, Word

_OUTCOME: dict[Word, str] = {
    "violates": "failure", "broken": "error", "unsupported": "skipped", "inconclusive": "skipped",
}  # fmt: skip


def as_junit(report: Report) -> str:
    """The whole report as one XML document."""
    root = ET.Element("testsuites", {"name": "rekeyspec", **_counts(report.verdicts)})
    ordered = sorted(report.verdicts, key=lambda v: (report.targets.index(v.target), v.profile))
    for (target, profile), group in groupby(ordered, key=lambda v: (v.target, v.profile)):
        root.append(_suite(report, target, profile, list(group)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, target: str, profile: str, verdicts: list[Verdict]) -> ET.Element:
    # XML 1.0 cannot hold a control character at all, escaped or not: hence `printable` for what comes from outside.
    name = printable(f"{target} under {profile}")
    suite = ET.Element("testsuite", {"name": name, **_counts(verdicts)})
    properties = ET.SubElement(suite, "properties")
    for parameter, value in report.policies.get(profile, {}).items():
        ET.SubElement(properties, "property", name=f"policy.{parameter}", value=printable(str(value)))
    for verdict in verdicts:
        suite.append(_case(report, name, verdict))
    return suite


def _case(report: Report, suite: str, verdict: Verdict) -> ET.Element:
    name = printable(f"{verdict.rule} {report.title(verdict.rule)}".strip())
    case = ET.Element("testcase", classname=suite, name=name)
    if verdict.verdict == "conforms":
        ET.SubElement(case, "system-out").text = printable(_story(verdict))
        return case
    message = printable(f"{verdict.verdict}: {verdict.reason or verdict.detail}")
    outcome = ET.SubElement(case, _OUTCOME[verdict.verdict], message=message)
    if verdict.verdict in ("violates", "broken"):
        outcome.set("type", verdict.verdict)
    outcome.text = printable(_story(verdict))
    return case


def _story(verdict: Verdict) -> str:
    lines = [verdict.detail or verdict.reason]
    if verdict.trace:
        lines.append(f"trace: {verdict.trace}" + (f", step {verdict.step}" if verdict.step else ""))
    if verdict.replay:
        lines.append(f"replay: {verdict.replay}")
    return "\n".join(lines)


def _counts(verdicts: Iterable[Verdict]) -> dict[str, str]:
    outcomes = Counter(_OUTCOME.get(verdict.verdict, "") for verdict in verdicts)
    return {
        "tests": str(outcomes.total()),
        "failures": str(outcomes["failure"]),
        "errors": str(outcomes["error"]),
        "skipped": str(outcomes["skipped"]),
    }

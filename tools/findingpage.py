"""docs/findings.md and its diagrams, from the entries and the traces that are kept of them. Needs no model checker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rekeyspec.conformance import trace as form
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.picture import picture
from rekeyspec.conformance.report.words import clock, said
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT, Event
from rekeyspec.tools.findings import Finding
from rekeyspec.tools.scenario import Scenario, ticks

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "findings.md"
DIAGRAMS: Final = PAGE.parent / "findings"

POWERS: Final[Mapping[str, str]] = {
    "delay": "can hold messages back",
    "duplicate": "can double messages",
    "replay": "can record a message and send it again",
    "reorder": "can change the order of datagrams",
    "crack-marked": "finds out a key in which a heartbeat was sent",
    "crack": "finds out any key in force",
    "inject": "makes data under a key that it has",
    "forge": "makes heartbeats and the like, where they are clear or it has the key",
    "junk": "makes messages that no key protects",
    "resume": "has the secret of the cached session",
    "impersonate": "poses as a client whom nobody asks for proof",
}
"""What each power of the adversary's is, for people."""

_HEAD: Final = """\
# Findings: where the sources' own rules break a promise

Each of these was found by the model checker, in a model of two ends that keep every rule: nobody in them is at fault
but the rules. An entry says what the source has to say, what goes wrong, who can bring it about and what it costs, and
what remedy the model checker then finds to hold. The steps are a shortest counterexample, but of a promise about what
happens in the end, where they are one of the short ones. Times are ticks of the model: what matters is the order.
`rekeyspec model findings` runs both models of each entry again; this page is made by
`rekeyspec model findings --update` from `spec/findings.yaml`.

The sources are cited as in `spec/rules.yaml`: K is "Key-based encryption" (GB 0405245.2), P is "Protected keep alive
message" (EP 0 999 673). [Every claim](claims.md) of both is accounted for elsewhere.
"""


def outputs(findings: tuple[Finding, ...]) -> dict[Path, str]:
    """Every file that is made of the findings, by its path; of one without a trace there is no diagram, and without
    a docs folder (as in an installed package) there is nothing."""
    made = {PAGE: page(findings)} if PAGE.parent.is_dir() else {}
    for finding in findings:
        if made and finding.trace.is_file():
            made[DIAGRAMS / f"{finding.id}.svg"] = picture(_case(finding))
    return made


def page(findings: tuple[Finding, ...]) -> str:
    """docs/findings.md."""
    lines = [_HEAD, "| finding | rules | adversary | broken |", "|---|---|---|---|"]
    for finding in findings:
        link = f"[{finding.entry.title}](#{finding.id})"
        asked = finding.question
        lines.append(f"| {link} | {', '.join(finding.entry.rules)} | {_adversary(asked)} | `{asked.property}` |")
    for finding in findings:
        lines += ["", *_section(finding)]
    return "\n".join([*lines, ""])


def _section(finding: Finding) -> Iterator[str]:
    entry, asked = finding.entry, finding.question
    yield f'<a id="{finding.id}"></a>'
    yield ""
    yield f"## {entry.title}"
    yield ""
    book = rules()
    yield f"- **rules**: {', '.join(f'{rule} ({book[rule].title.lower()})' for rule in entry.rules)}"
    yield f"- **the source** ({', '.join(entry.sources)}): {entry.says}"
    yield f"- **what happens**: {entry.happens}"
    yield f"- **who can do it**: {entry.who} ({_adversary(asked)})"
    yield f"- **what it costs**: {entry.costs}"
    yield f"- **remedy**: {entry.remedy}"
    yield f"- **violated**: `{asked.property}`, under {_policy(finding.broken)}. {_validated(asked)}"
    mended = finding.remedied
    yield f"- **holds with the remedy**: `{mended.property}`, {_remedied(finding)}. {_validated(mended)}"
    if finding.trace.is_file():
        yield ""
        yield from _told(finding)


def _told(finding: Finding) -> Iterator[str]:
    """The steps: what was given to an end, what it did, and what the adversary did unseen."""
    case, trace = _case(finding), form.read(finding.trace)
    yield f"As the {trace.end} sees it:" if trace.end != "both" else "At both ends:"
    yield ""
    yield "```"
    notes = [step for step in trace.steps if step.note]
    for event in case.log:
        given = event.do in ENVIRONMENT
        if notes and given and event.do == notes[0].do and _carries(event, notes[0]):
            yield f"{'':>8}  {'':<6}  ({notes.pop(0).note})"
        yield f"{clock(event.t):>8}  {event.end:<6}  {'' if given else '-> '}{said(event)}"
    yield f"{'':>8}  {'':<6}  {trace.about.rpartition('counterexample: ')[2]}"
    yield "```"
    yield ""
    if finding.question.steps:
        yield "It is the shortest of those in which an end does at once what is due."
        yield ""
    yield f"![The same as a diagram](findings/{finding.id}.svg)"
    yield ""
    yield f"    rekeyspec replay spec/findings/{finding.id}.yaml reference"


def _carries(event: Event, step: form.Step) -> bool:
    """Is the step's message this event's?"""
    if step.message is None or event.message is None:
        return step.message is None
    asked, m = step.message, event.message
    return (asked.kind, asked.epoch, asked.sealed_by) == (m.kind, m.epoch, m.sealed_by)


def _adversary(asked: Scenario) -> str:
    parts = [f"an adversary who {' and '.join(POWERS[power] for power in asked.powers)}"] if asked.powers else []
    parts += [f"the loss of a {' or a '.join(asked.loses)}"] if asked.loses else []
    parts += ["delay"] if asked.delay and not asked.powers else []
    parts += [f"the {' and the '.join(asked.shuts)} goes away"] if asked.shuts else []
    return "; ".join(parts) or "nobody"


def _policy(policy: Policy) -> str:
    base = ticks().plain()
    differs = [f"`{name}` {value}" for name, value in policy.plain().items() if value != base[name]]
    return ", ".join(differs) or "every default"


def _remedied(finding: Finding) -> str:
    before, after = finding.broken.plain(), finding.remedied.policy.plain()
    changed = [f"`{name}` {value}" for name, value in after.items() if value != before[name]]
    powers = finding.remedied.powers
    if powers != finding.question.powers:
        changed.append(f"an adversary who {' and '.join(POWERS[one] for one in powers)}")
    if finding.remedied.loses != finding.question.loses:
        lost = " or a ".join(finding.remedied.loses)
        changed.append(f"the loss of a {lost} only" if lost else "nothing lost")
    if finding.remedied.steps:
        changed.append(f"steps bounded by `{finding.remedied.steps}`")
    return f"with {', '.join(changed)}" if changed else "under the same policy"


def _validated(asked: Scenario) -> str:
    found = contradictions(asked.policy)
    return f"Policy validation refuses it: {found[0].rule}." if found else "Policy validation accepts it."


def _case(finding: Finding) -> Case:
    trace = form.read(finding.trace)
    return replay(trace, policy_of(trace), ReferenceTarget())

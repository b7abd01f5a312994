"""One replayed case in words, line by line: what happened, what the end did, where it first left the rules."""

from __future__ import annotations

from collections.abc import Iterator

from rekeyspec.conformance.report.contents import printable
from rekeyspec.conformance.report.words import clock, said
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT

_SEEN = 60
"""How many events before the divergence are shown; a long trace is in its file."""


def told(case: Case) -> Iterator[str]:
    """The lines to print."""
    yield printable(f"{case.trace} on {case.target}, judged by {case.profile}")
    default = Policy().plain()
    changed = [f"{name} {value}" for name, value in case.policy.items() if value != default.get(name)]
    yield "policy: " + (", ".join(changed) or "every default") + "; the rest by default"
    yield ""
    if len(case.log) > _SEEN:
        yield f"  ... {len(case.log) - _SEEN} events before"
    for event in case.log[-_SEEN:]:
        given = event.do in ENVIRONMENT
        yield printable(f"{clock(event.t):>14}  {event.end:<6}  {'' if given else '  -> '}{said(event)}")
    yield ""
    yield printable(f"{case.word}" + (f": {case.reason}" if case.reason else ""))
    if case.divergence is not None:
        yield from _explained(case.divergence)
    if case.word == "conforms":
        yield "exercised: " + ", ".join(rule for rule in rules() if rule in case.exercised)
    if case.replay:
        yield printable(f"again: {case.replay}")


def _explained(found: Divergence) -> Iterator[str]:
    book = rules()
    if found.rule in book:
        rule = book[found.rule]
        yield f"  {rule.id} ({rule.title}; {rule.source}): {rule.text}"
    where = f"line {found.step} of the trace, " if found.step else ""
    yield f"  first divergence: {where}at {clock(found.t)}, at the {found.end}"
    yield f"  {'false' if found.kind == 'not-allowed' else 'not done'}: {found.guard}"
    if found.also:
        yield f"  also: {', '.join(found.also)}"
    if found.allowed:
        yield f"  allowed instead: {'; '.join(found.allowed)}"
    for due in found.due:
        yield f"  due: {due.do} by {due.rule}, at {clock(due.t)}"
    yield printable("  state: " + ", ".join(f"{name} {value}" for name, value in found.state.items()))

"""One case in words, line by line: what happened, what the end did, where it first left the rules.

`told` is what `replay` prints. `lines` is what stands beside a sequence diagram, for those who cannot see it, and in
its place where nothing can be drawn: the events around the divergence, which is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from rekeyspec.conformance.report.contents import printable
from rekeyspec.conformance.report.words import clock, said
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT

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
    yield f"  {'not done' if found.kind == 'not-done' else 'false' if found.did else 'seen'}: {found.guard}"
    if found.also:
        yield f"  also: {', '.join(found.also)}"
    if found.allowed:
        yield f"  allowed instead: {'; '.join(found.allowed)}"
    for due in found.due:
        yield f"  due: {due.do} by {due.rule}, at {clock(due.t)}"
    yield printable("  state: " + ", ".join(f"{name} {value}" for name, value in found.state.items()))


BEFORE, AFTER = 30, 4
"""Lines before and after the first divergence."""
_QUIET: Final = frozenset(("Tick", *SILENT))


class Line(NamedTuple):
    """One event, or what was due and not done. `time` and `end` are empty where they are those of the line above."""

    time: str
    end: str
    text: str
    wrong: bool = False


def lines(case: Case) -> list[Line]:
    """The case's log around its first divergence, without what shows nothing."""
    found = case.divergence
    at = found.index if found else len(case.log)
    bad = at if found and found.kind == "not-allowed" else -1
    before = [n for n in range(min(at, len(case.log))) if case.log[n].do not in _QUIET]
    after = [n for n in range(at, len(case.log)) if n == bad or case.log[n].do not in _QUIET]
    told = [_line(case, n) for n in before[-BEFORE:]]
    if len(before) > BEFORE:
        told.insert(0, Line("", "", f"({len(before) - BEFORE:,} earlier events)"))
    if found and bad >= 0:
        told += [_line(case, bad, f"not allowed by {found.rule}")] if bad in after else []
        after = [n for n in after if n != bad]
    elif found:
        told += [Line(clock(due.t), found.end, f"{due.do} due by {due.rule}, and not done", True) for due in found.due]
    told += [_line(case, n) for n in after[:AFTER]]
    if len(after) > AFTER:
        told.append(Line("", "", f"({len(after) - AFTER:,} later events)"))
    return told


def _line(case: Case, number: int, wrong: str = "") -> Line:
    event = case.log[number]
    arrow = "" if event.do in ENVIRONMENT else "-> "
    return Line(clock(event.t), event.end, arrow + said(event) + (f"   <- {wrong}" if wrong else ""), bool(wrong))

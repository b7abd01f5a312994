"""What a search finds: from the first interleaving that fails to the trace that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from rekeyspec.conformance.explore.fault import Fault, of_trace
from rekeyspec.conformance.explore.naming import cited, named
from rekeyspec.conformance.explore.smaller import Smaller
from rekeyspec.conformance.explore.telling import Told
from rekeyspec.conformance.explore.text import text
from rekeyspec.conformance.explore.written import called, trace_of
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import Target
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.verdict import Case

TRIES: Final = 3000
"""How often a target is asked at most while the trace is made smaller."""
TRIES_BROKEN: Final = 40
"""The same for a target that breaks: each time it may hang for seconds, or have to be started again."""


@dataclass(frozen=True)
class Failure:
    """The smallest trace, its case, and the text of its file, which `rekeyspec replay` reads."""

    trace: Trace
    case: Case
    text: str


def failure(target: Target, told: Told, fault: Fault) -> Failure:
    """The failure that this interleaving shows. Where it does not fail when it is told again, the case is
    *inconclusive*: an end must do the same when it is given the same."""
    for lines in (told.lines, called(told)):
        trace = trace_of("found", "Being made smaller.", cited(fault), told.policy, told.tested, lines)
        if of_trace(trace, policy_of(trace), target) == fault:
            tries = TRIES if fault.rule else TRIES_BROKEN
            trace = named(Smaller(trace, fault, target, tries).smallest(), fault, target)
            return Failure(trace, replay(trace, policy_of(trace), target), text(trace))
    return _unsteady(target, told, fault)


def _unsteady(target: Target, told: Told, fault: Fault) -> Failure:
    trace = trace_of("found", "Being told again.", cited(fault), told.policy, told.tested, told.lines)
    trace = named(trace, fault, target)
    how = " ".join(word for word in fault if word)
    reason = f"it failed once ({how}) and otherwise, or not at all, when it was told the same again"
    case = replay(trace, policy_of(trace), target)
    return Failure(trace, replace(case, word="inconclusive", reason=reason), text(trace))

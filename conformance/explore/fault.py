"""How a target failed, and whether two failures are the same: the rule that was left, how, and what was done or left
undone. A trace is made smaller only as long as it fails in the same way, and each way of one target is found once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final, NamedTuple

from rekeyspec.conformance.player import script
from rekeyspec.conformance.replay import begin, replay
from rekeyspec.conformance.target import BadInput, Broken, Target
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.policy import Policy

_PARTICULARS: Final = re.compile(r"; it had been .*|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+", re.DOTALL)
"""What differs where a program breaks twice for the same reason: what it was asked, what it said, numbers."""


class Fault(NamedTuple):
    """In which way a target failed. `do`: what it did, or left undone; where it is broken, how."""

    rule: str
    kind: str
    do: str


def of_told(found: Divergence | None, broken: str, unsupported: Mapping[str, str]) -> Fault | None:
    """How it failed, if it did. That it does not keep a rule which it stated not to have is no failure."""
    if broken:
        return Fault("", "broken", _PARTICULARS.sub("", broken)[:200])
    if found is None or found.rule in unsupported:
        return None
    if found.kind == "not-done":
        return Fault(found.rule, found.kind, found.due[0].do)
    return Fault(found.rule, found.kind, found.did.do if found.did else "")


def of_case(case: Case, target: Target) -> Fault | None:
    """The same of a case."""
    return of_told(case.divergence, case.reason if case.word == "broken" else "", target.unsupported)


def of_trace(trace: Trace, policy: Policy, target: Target) -> Fault | None:
    """How the target fails when it is told this trace; None also where the trace cannot be told, or bends a stream."""
    try:
        if trace.end != "both":
            return of_case(replay(trace, policy, target), target)
        inputs = script(trace, policy)
        with ExitStack() as ends:
            run = begin(trace, policy, target, ends)
            found = run.give(inputs)
            return None if run.overtook else of_told(found, "", target.unsupported)
    except BadInput:
        return None
    except Broken as why:
        return of_told(None, str(why), target.unsupported)

"""What catches a mutant: of the traces of a suite the one that leads to a violation in the fewest steps.

A step is one line of a trace; opening an established link is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rekeyspec.conformance.mutants.mutant import Mutant, MutantTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import Told

FEW: Final = 10
"""In how many steps a trace should catch what it catches."""


class Caught(NamedTuple):
    """A mutant, the trace that catches it, in how many steps, and the rule that is said to be violated. No trace: it
    was missed."""

    mutant: str
    trace: str = ""
    steps: int = 0
    rule: str = ""


def caught(mutant: Mutant, suites: Sequence[Sequence[Told]]) -> Caught:
    """How the first of these suites that catches it does so in the fewest steps."""
    for suite in suites:
        found = [one for told in suite if (one := _by(mutant, told)) is not None]
        if found:
            return min(found, key=lambda one: one.steps)
    return Caught(mutant.id)


def _by(mutant: Mutant, told: Told) -> Caught | None:
    case = replay(told.trace, told.policy, MutantTarget(mutant))
    if case.divergence is None:
        return None
    return Caught(mutant.id, told.trace.name, case.divergence.step, case.divergence.rule)

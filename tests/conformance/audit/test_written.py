"""A case that is written as a log is found to be the same when the log is audited."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.audit.written import log_of
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.verdict import Case
from tests.conformance.audit.logs import audited, rules
from tests.conformance.test_oracle import WRONG, Follows


def as_text(case: Case) -> str:
    return "".join(f"{line}\n" for line in log_of(case))


@pytest.mark.parametrize("name", stories())
def test_of_every_story_the_log_has_the_same_verdict(name: str) -> None:
    trace = stories()[name]
    case = replay(trace, policy_of(trace), ReferenceTarget())
    assert case.word == "conforms", case.reason
    found = audited(as_text(case))
    assert (found.divergences, found.unjudged) == ({}, {})
    shown = {rule for step in trace.steps for rule in step.shows}
    assert found.exercised <= case.exercised <= found.exercised | shown


@pytest.mark.parametrize(("story", "rule", "wrong"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_of_every_end_that_leaves_the_rules_the_log_shows_it(story: str, rule: str, wrong: dict[str, object]) -> None:
    trace = stories()[story]
    case = replay(trace, policy_of(trace), Follows(**wrong))
    assert case.divergence
    found = audited(as_text(case))
    assert case.divergence.rule in rules(found)
    every = [one for kept in found.kept.values() for one in kept]
    first = min(every, key=lambda one: one.place)
    assert (first.divergence.rule, first.divergence.guard, first.divergence.t) == (
        case.divergence.rule,
        case.divergence.guard,
        case.divergence.t,
    )

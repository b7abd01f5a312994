"""The hand-written stories: the reference does what each says, and the oracle refuses what each says it must refuse."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.player import script
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import fits, policy_of, stories
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.enabled import TAKEN
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import NotEnabled
from rekeyspec.reference.messages import SENDS, outbound
from rekeyspec.reference.step import step
from rekeyspec.reference.vocabulary import Event

STORIES = list(stories().values())


@pytest.mark.parametrize("trace", STORIES, ids=lambda t: t.name)
@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_the_reference_does_what_the_story_says(trace: Trace, stepwise: bool) -> None:
    case = replay(trace, policy_of(trace), ReferenceTarget(), stepwise=stepwise)
    assert case.word == "conforms", case.reason
    assert not set(trace.rules) - case.exercised, "cited, but not exercised"


@pytest.mark.parametrize("trace", [t for t in STORIES if t.end != "both"], ids=lambda t: t.name)
def test_what_the_story_refuses_is_refused_by_that_rule(trace: Trace) -> None:
    policy = policy_of(trace)
    assert trace.end != "both"
    engine = Engine(policy, trace.end)
    for one in script(trace, policy):
        before = step(engine.rules, engine.state, one.event)
        for refused in one.step.refuse if one.last else ():
            arrived = before.inbox[-1] if before.inbox else None
            message = arrived if refused.do in TAKEN else None
            if refused.do in SENDS and refused.do not in TAKEN and (refused.do != "SendData" or before.queue):
                message = outbound(engine.rules, before, refused.do)
            with pytest.raises(NotEnabled) as why:
                step(engine.rules, before, Event(before.t, trace.end, refused.do, message))
            assert refused.by in (why.value.rule, *why.value.also), f"line {one.line}: {why.value}"
        engine.step(one.event)


@pytest.mark.parametrize("trace", STORIES, ids=lambda t: t.name)
def test_a_story_fits_its_own_policy(trace: Trace) -> None:
    assert fits(trace, policy_of(trace))

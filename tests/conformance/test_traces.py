"""The hand-written stories: the reference does what each says, and the oracle refuses what each says it must refuse."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.player import script
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import fits, policy_of, stories
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.enabled import TAKEN, enabled
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import OWN, TAKING, NotEnabled, Rules
from rekeyspec.reference.messages import SENDS, outbound
from rekeyspec.reference.state import End
from rekeyspec.reference.step import step
from rekeyspec.reference.vocabulary import Do, Event

STORIES = list(stories().values())


@pytest.mark.parametrize("trace", STORIES, ids=lambda t: t.name)
@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_the_reference_does_what_the_story_says(trace: Trace, stepwise: bool) -> None:
    case = replay(trace, policy_of(trace), ReferenceTarget(), stepwise=stepwise)
    assert case.word == "conforms", case.reason
    assert not set(trace.rules) - case.exercised, "cited, but not exercised"


def refusals() -> list[tuple[str, Rules, End, Event, str]]:
    """Where a story refuses something: its line, the rules, the end just before, the action, the refusing rule."""
    found = []
    for trace in STORIES:
        if trace.end == "both" or trace.steps[0].link:
            continue
        policy = policy_of(trace)
        engine = Engine(policy, trace.end)
        r = engine.rules
        for one in script(trace, policy):
            before = step(r, engine.state, one.event)
            for refused in one.step.refuse if one.last else ():
                message = before.inbox[-1] if before.inbox and refused.do in TAKEN else None
                if refused.do in SENDS and refused.do not in TAKEN and (refused.do != "SendData" or before.queue):
                    message = outbound(r, before, refused.do)
                action = Event(before.t, trace.end, refused.do, message)
                found.append((f"{trace.name}, line {one.line}", r, before, action, refused.by))
            engine.step(one.event)
    return found


REFUSALS = refusals()


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: f"{r[0]}-{r[3].do}-{r[4]}")
def test_what_a_story_refuses_is_refused_by_that_rule(refusal: tuple[str, Rules, End, Event, str]) -> None:
    _, r, before, action, rule = refusal
    with pytest.raises(NotEnabled) as why:
        step(r, before, action)
    assert rule in (why.value.rule, *why.value.also), why.value


def false_rules(r: Rules, before: End, action: Event) -> set[str]:
    try:
        enabled(r, before, action)
    except NotEnabled as why:
        return {why.rule, *why.also}
    return set()


@pytest.mark.parametrize(("do", "rule"), sorted({(action.do, rule) for _, _, _, action, rule in REFUSALS}))
def test_a_guard_that_is_dropped_is_missed(do: Do, rule: str) -> None:
    """A mutant: without its guard the action, where a story refuses it, is no longer refused by that rule."""
    if do not in {**OWN, **TAKING} or (do, rule) == ("SendData", "FLOW-1"):
        return  # Close has reasons to close and no table; where nothing was offered there is no message to send
    seen = [x for x in REFUSALS if (x[3].do, x[4]) == (do, rule) and (do not in TAKEN or do in ("Deliver", "Reject"))]
    for _, r, before, action, _ in seen:
        assert rule not in false_rules(r.without(do, rule), before, action)


@pytest.mark.parametrize("trace", STORIES, ids=lambda t: t.name)
def test_a_story_fits_its_own_policy(trace: Trace) -> None:
    assert fits(trace, policy_of(trace))

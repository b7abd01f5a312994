"""Strategies for other people's tests: what is drawn can be used as it is."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rekeyspec.conformance import strategies
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.adapters.wire import as_seen
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.strategies import events, interleavings, messages, policies
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.trace import Trace
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message


@given(policies())
def test_a_policy_contradicts_itself_in_nothing(policy: Policy) -> None:
    assert contradictions(policy) == []


@given(policies(unsupported=["CHAN-1", "CACHE-1"]))
def test_a_policy_asks_nothing_that_is_not_supported(policy: Policy) -> None:
    assert (policy.channels, policy.session_cache) == (1, "off")


@given(interleavings())
def test_an_interleaving_is_a_trace_to_which_the_reference_conforms(trace: Trace) -> None:
    case = replay(trace, policy_of(trace), ReferenceTarget())
    assert case.word == "conforms", case.reason
    assert trace.steps[0].do == "Open"
    assert set(trace.rules) <= set(rules())
    assert set(trace.rules) <= case.exercised | {"EST-4"}


@given(interleavings(profile="timed", shape="both-ends", steps=30))
def test_profile_shape_and_length_are_as_asked_for(trace: Trace) -> None:
    assert (trace.profile, trace.policy, trace.end) == ("timed", {}, "both")
    assert len(trace.steps) <= 30


def test_an_interleaving_shrinks_to_the_lines_that_matter() -> None:
    def spoofed(trace: Trace) -> bool:
        return any(step.message and step.message.sealed_by == "nobody" for step in trace.steps)

    small = find(interleavings(shape="one-end"), spoofed, settings=settings(max_examples=500, database=None))
    assert len(small.steps) <= 3


@given(events(end="server", profile="combined"))
def test_events_can_be_given_to_an_engine_one_after_the_other(given_: tuple[Event, ...]) -> None:
    engine = Engine(profiles()["combined"], "server")
    assert given_[0].do == "Open"
    last = 0
    for event in given_:
        assert event.t >= last
        assert event.end == "server"
        last = event.t
        engine.step(as_seen(event))


@given(st.data())
def test_a_message_has_no_field_that_its_kind_does_not_use(data: st.DataObject) -> None:
    m = data.draw(messages())
    assert isinstance(m, Message)
    assert m.number == 0 or m.kind in ("data", "heartbeat", "reply")
    assert m.negotiation == "" or m.kind in ("start", "answer", "finish")
    assert m.session == ""
    assert m.bytes == 0 or m.kind in ("data", "notice")


@given(messages(Policy(session_cache="on", byte_counts="data+control", channels=2)))
def test_a_message_follows_the_policy(m: Message) -> None:
    engine = Engine(Policy(session_cache="on", byte_counts="data+control", channels=2), "client")
    engine.step(Event(0, "client", "Open"))
    engine.step(as_seen(Event(1, "client", "Arrive", m)))


def test_without_hypothesis_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Mapping[str, Any]) -> Any:
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, strategies.__name__)
    with pytest.raises(ModuleNotFoundError, match=r"rekeyspec\[explore\]"):
        importlib.import_module(strategies.__name__)

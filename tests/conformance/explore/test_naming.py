"""A found trace is named after the rule and what was done, and says where it fails."""

from __future__ import annotations

import re

import msgspec
import pytest

from rekeyspec.conformance.explore.fault import Fault, of_trace
from rekeyspec.conformance.explore.naming import named
from rekeyspec.conformance.explore.text import text
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.trace import MessageForm, Step, Trace
from tests.conformance.explore.breaking import Makes, Target, crashes, forgets, leaves, without

BEAT = Step("Arrive", message=MessageForm("heartbeat"))


def failing(make: Makes, profile: str, *steps: Step, end: str = "client") -> Trace:
    target = Target(make)
    whole = [Step("Open", established=True), *steps]
    trace = Trace(0, "found", "Being made smaller.", profile, ["FLOW-1"], whole, end)  # type: ignore[arg-type]
    fault = of_trace(trace, policy_of(trace), target)
    assert isinstance(fault, Fault)
    return named(trace, fault, target)


def test_by_what_was_left_undone() -> None:
    trace = failing(forgets("SendReply", "HB-3"), "combined", BEAT, Step("Tick", after=1))
    assert trace.name == "found-hb-3-no-reply-after-heartbeat"
    assert trace.rules == ["HB-3"]
    assert "the client leaves undone what HB-3 demands" in trace.about
    assert [step.note for step in trace.steps] == ["", "HB-3: SendReply is not done", ""]


def test_by_what_was_done() -> None:
    trace = failing(
        leaves("SendHeartbeat", "marked_sent"),
        "key-based",
        Step("Tick", after="idle_period"),
        Step("Arrive", message=MessageForm("reply")),
        Step("Offer", bytes=5, after=1),
    )
    assert trace.name == "found-idle-1-data-after-reply"
    assert trace.steps[-1].note == "IDLE-1: SendData is wrong"


def test_what_breaks_is_named_after_its_last_line() -> None:
    trace = failing(crashes, "byte-count", Step("Arrive", message=MessageForm("notice")))
    assert trace.name == "found-broken-after-notice"
    assert trace.rules, "a trace cites a rule"


@pytest.mark.parametrize("make", [without("SendReply", "HB-5"), leaves("SendReply", "beat_seen")])
def test_a_name_is_one_that_a_trace_may_have_and_names_no_machine(make: Makes) -> None:
    again = Step("Arrive", message=MessageForm("heartbeat", number=1))
    trace = failing(make, "combined", again, again, end="server")
    assert re.fullmatch(r"found-[a-z0-9]+(-[a-z0-9]+)*", trace.name)
    assert msgspec.convert(msgspec.to_builtins(trace), Trace) == trace
    assert "/" not in text(trace).replace("K:", "")

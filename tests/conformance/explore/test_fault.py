"""Two failures are the same where rule, manner and deed are."""

from __future__ import annotations

from rekeyspec.conformance.explore.fault import Fault, of_case, of_told, of_trace
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.trace import Step, Trace
from rekeyspec.conformance.verdict import Divergence, Due
from rekeyspec.reference.vocabulary import Event
from tests.conformance.explore.breaking import Target, crashes, forgets, sound, without

EARLY = Divergence(0, 3, 5, "client", "HB-2", "not-allowed", Event(5, "client", "SendHeartbeat"), "not yet")
UNDONE = Divergence(0, 3, 5, "client", "HB-3", "not-done", None, "", due=(Due("HB-3", "SendReply", 4),))


def test_a_fault_is_the_rule_the_manner_and_the_deed() -> None:
    assert of_told(EARLY, "", {}) == Fault("HB-2", "not-allowed", "SendHeartbeat")
    assert of_told(UNDONE, "", {}) == Fault("HB-3", "not-done", "SendReply")
    assert of_told(None, "", {}) is None


def test_what_was_stated_to_be_lacking_is_no_fault() -> None:
    assert of_told(EARLY, "", {"HB-2": "it sends none"}) is None


def test_the_same_break_with_other_particulars_is_the_same() -> None:
    one = "exec:a: it answered 'x 7': expected `int` at byte 12; it had been asked '{\"id\":3}'"
    other = "exec:a: it answered 'y': expected `int` at byte 9; it had been asked '{\"id\":4}'"
    assert of_told(None, one, {}) == of_told(None, other, {}) != of_told(None, "exec:a: it ended with status 1", {})


def test_a_trace_is_asked_as_replay_asks_it() -> None:
    trace = stories()["hb-answered-at-once"]
    silent = Target(forgets("SendReply", "HB-3"))
    case = replay(trace, policy_of(trace), silent)
    assert of_trace(trace, policy_of(trace), silent) == of_case(case, silent) == Fault("HB-3", "not-done", "SendReply")
    assert of_trace(trace, policy_of(trace), Target(sound)) is None


def both(*steps: Step) -> Trace:
    opened = [Step("Open", end="server"), Step("Open", end="client", established=True)]
    return Trace(0, "told", "Told.", "byte-count", ["FLOW-1"], [*opened, *steps], "both")


def test_with_both_ends_too_and_a_break_is_told_from_a_violation() -> None:
    trace = both(Step("Offer", end="client", bytes=5), Step("Pass", end="server"), Step("Pass", end="server"))
    again = both(*trace.steps[2:], Step("Tick", end="client", after=9))
    assert of_trace(again, policy_of(again), Target(sound)) is None
    late = of_trace(again, policy_of(again), Target(forgets("Deliver", "FLOW-1")))
    assert late == Fault("FLOW-1", "not-done", "Deliver")
    from rekeyspec.conformance.trace import MessageForm

    told = both(Step("Arrive", end="client", message=MessageForm("notice", sealed_by="adversary")))
    broken = of_trace(told, policy_of(told), Target(crashes))
    assert broken is not None
    assert broken.kind == "broken"


def test_what_bends_a_stream_shows_nothing() -> None:
    offers = (
        Step("Offer", end="client", bytes=5),
        Step("Shut", end="client"),
        Step("Pass", end="server", kind="close"),
    )
    late = (Step("Pass", end="server", kind="data"), Step("Tick", end="client", after=9))
    passing = both(*offers, *late)
    deaf = Target(without("Deliver", "DEAD-5"))
    assert of_trace(passing, policy_of(passing), deaf) is None


def test_a_trace_that_cannot_be_told_shows_nothing() -> None:
    trace = stories()["hb-answered-at-once"]
    wrong = Trace(0, "told", "Told.", "combined", ["FLOW-1"], [Step("Open"), Step("Tick", after="no_parameter")])
    assert of_trace(wrong, policy_of(trace), Target(sound)) is None

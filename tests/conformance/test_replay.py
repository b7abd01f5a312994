"""Replay drives time honestly: who acts early is seen early, who acts late is seen late, whatever is declared."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.network import Network
from rekeyspec.conformance.player import script
from rekeyspec.conformance.replay import TIRELESS, begin, replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import Broken, Reply
from rekeyspec.conformance.trace import Step, Trace
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Message, Role

Twist = Callable[[Engine, Event], Reply]


class Twisted:
    """The reference, with a twist in how it answers."""

    def __init__(self, twist: Twist) -> None:
        self.twist, self.name, self.unsupported = twist, "twisted", dict[str, str]()
        self.open_ends = 0
        self.calls: list[Event] = []

    def open(self, role: Role, policy: Policy) -> TwistedEnd:
        self.open_ends += 1
        return TwistedEnd(self, Engine(policy, role))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


class TwistedEnd:
    def __init__(self, target: Twisted, engine: Engine) -> None:
        self.target, self.engine = target, engine

    def step(self, event: Event) -> Reply:
        self.target.calls.append(event)
        return self.target.twist(self.engine, event)

    def run(self, events: list[Event]) -> list[Reply]:
        return [self.step(event) for event in events]

    def close(self) -> None:
        self.target.open_ends -= 1


def told(name: str, twist: Twist, **how: bool) -> tuple[Case, Twisted]:
    target = Twisted(twist)
    trace = stories()[name]
    case = replay(trace, policy_of(trace), target, **how)
    assert target.open_ends == 0, "an end was left open"
    return case, target


def test_an_end_that_declares_no_deadline_is_called_all_the_same() -> None:
    case, target = told("dead-no-reply-closes", lambda engine, e: Reply(engine.step(e)[0], NEVER), stepwise=True)
    assert case.word == "conforms", case.reason
    assert Event(300_000, "client", "Tick") in target.calls


def test_an_end_that_acts_early_is_seen_early() -> None:
    def early(engine: Engine, e: Event) -> Reply:
        did, deadline = engine.step(e)
        if e.do == "Tick" and e.t == 299_000:
            return Reply(
                (Event(e.t, e.end, "SendHeartbeat", Message("heartbeat", 1, 1, sealed_by="nobody")),), deadline
            )
        return Reply(did, 299_000 if e.t < 299_000 else deadline)

    case, _ = told("idle-then-data", early)
    assert case.divergence
    assert (case.divergence.rule, case.divergence.t) == ("HB-2", 299_000)


def test_an_end_that_acts_late_is_seen_late() -> None:
    def late(engine: Engine, e: Event) -> Reply:
        return Reply(engine.step(e)[0] if e.t != 300_000 else (), 300_001)

    case, _ = told("idle-then-data", late, stepwise=True)
    assert case.divergence
    assert (case.divergence.rule, case.divergence.kind) == ("HB-1", "not-done")
    assert [due.t for due in case.divergence.due] == [300_000]


def test_an_end_that_handles_only_what_arrived_is_called_again_at_that_instant() -> None:
    waiting: list[Event] = []

    def by_and_by(engine: Engine, e: Event) -> Reply:
        if e.do != "Tick":
            did, deadline = engine.step(e)
            waiting.extend(did)
            return Reply((), e.t if waiting else deadline)
        did = tuple(waiting) or engine.step(e)[0]
        waiting.clear()
        return Reply(did, engine.step(Event(e.t, e.end, "Tick"))[1])

    case, _ = told("idle-then-data", by_and_by, stepwise=True)
    assert case.word in ("conforms", "inconclusive"), case.reason
    assert not case.divergence


def test_an_end_that_only_ever_asks_to_be_called_is_broken() -> None:
    case, target = told(
        "est-never-answered",
        lambda engine, e: Reply((), e.t + 1) if e.do == "Tick" else Reply(engine.step(e)[0], e.t + 1),
    )
    assert case.word == "violates" or str(TIRELESS) in case.reason
    assert len(target.calls) <= 2 * TIRELESS + 10


def test_what_breaks_midway_keeps_the_log_so_far() -> None:
    def breaks(engine: Engine, e: Event) -> Reply:
        if e.do == "Offer":
            raise Broken("it said nonsense")
        return Reply(*engine.step(e))

    case, _ = told("idle-then-data", breaks, stepwise=True)
    assert (case.word, case.reason) == ("broken", "it said nonsense")
    assert case.log[-1].do == "Tick"


def test_an_end_that_takes_another_path_that_is_allowed_is_inconclusive_and_no_violation() -> None:
    trace = stories()["close-by-the-peer"]

    def chatty(engine: Engine, e: Event) -> Reply:
        did, deadline = engine.step(e)
        if did and did[0].do == "Close":
            did = (did[0]._replace(message=Message("close", 1)),)
        return Reply(did, deadline)

    case = replay(trace, policy_of(trace), Twisted(chatty))
    assert case.word == "conforms", "announcing an end that the peer announced is allowed"


def test_a_violation_at_a_line_blames_the_rules_that_the_line_shows() -> None:
    def silent(engine: Engine, e: Event) -> Reply:
        did, deadline = engine.step(e)
        return Reply(tuple(d for d in did if d.do != "SendReply"), deadline)

    case, _ = told("hb-answered-at-once", silent)
    assert case.divergence
    assert case.divergence.rule == "HB-3"
    assert case.divergence.step == 2
    assert "HB-3" not in case.exercised


@pytest.mark.parametrize("lost", ["start", "answer", "finish"])
def test_both_ends_under_test_and_a_message_is_lost(lost: str) -> None:
    """With both ends played by the target the network is the harness's; the reference survives a loss by ending."""
    to = "client" if lost == "answer" else "server"
    steps = [Step("Open", end="server"), Step("Open", end="client")]
    for kind, end in (("start", "server"), ("answer", "client"), ("finish", "server")):
        steps.append(Step("Drop" if kind == lost else "Pass", end=end, kind=kind))  # type: ignore[arg-type]
        if kind == lost:
            break
    steps += [Step("Tick", end="client", at=20_000), Step("Tick", end="server", at=20_000)]
    trace = Trace(0, "lost", "A message is lost.", "byte-count", ["EST-4"], steps, "both")
    case = replay(trace, policy_of(trace), ReferenceTarget())
    assert case.word == "conforms", case.reason
    closed = {e.end for e in case.log if e.do == "Close"}
    assert closed == ({"client", "server"} if lost != "finish" else {"server"}), to


def test_the_network_keeps_order_and_forgets_nothing() -> None:
    one, two = Message("data", 1, 1), Message("heartbeat", 1, 1)
    network = Network().sent("server", one).sent("server", two).sent("client", one)
    assert network.oldest("server") == network.flights[0]
    beat = network.oldest("server", "heartbeat")
    assert beat
    assert network.overtaken(beat)
    assert [f.message for f in network.without(beat).flights] == [one, one]
    assert network.oldest("client", "reply") is None


def both(*steps: Step, **policy: int | str) -> Trace:
    opened = [Step("Open", end="server"), Step("Open", end="client", established=True)]
    return Trace(0, "told", "Told.", "byte-count", ["FLOW-1"], [*opened, *steps], "both", policy)


@pytest.mark.parametrize(("transport", "overtook"), [("stream", True), ("datagram", False)])
def test_that_a_message_overtakes_another_is_noticed_where_no_stream_does_that(transport: str, overtook: bool) -> None:
    offers = (Step("Offer", end="client", bytes=5), Step("Shut", end="client"))
    for kind, noticed in (("data", False), ("close", overtook)):
        trace = both(*offers, Step("Pass", end="server", kind=kind), transport=transport)  # type: ignore[arg-type]
        with ExitStack() as ends:
            run = begin(trace, policy_of(trace), ReferenceTarget(), ends)
            run.give(script(trace, policy_of(trace)))
            assert run.overtook == noticed


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
def test_where_a_link_still_stands_no_other_is_opened(stepwise: bool) -> None:
    steps = [Step("Open", established=True), Step("Open", after=5), Step("Offer", after=5, bytes=9)]
    trace = Trace(0, "told", "Told.", "byte-count", ["EST-4"], steps)
    case = replay(trace, policy_of(trace), ReferenceTarget(), stepwise=stepwise)
    assert (case.word, case.divergence) == ("inconclusive", None)
    assert "line 2: the client's link has not ended" in case.reason
    assert [e.do for e in case.log].count("Open") == 1
    assert case.log[-1].do == "SendData", "the rest is told"

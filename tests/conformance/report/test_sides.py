from __future__ import annotations

from dataclasses import fields, replace

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.sides import HONEST, RULES, honest, sides
from rekeyspec.conformance.report.stated import PARTS, rows, valued
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.state import NONE, End, Negotiation, Queued, Series, fresh
from rekeyspec.reference.vocabulary import NEVER, Event, Message

POLICY = profiles()["combined"].but(byte_counts="data", channels=1)

START, ANSWER, FINISH = (Message(kind, 1, negotiation="c1") for kind in ("start", "answer", "finish"))
OPENING = (
    Event(0, "client", "Open"),
    Event(0, "client", "Start", START),
    Event(9, "client", "Arrive", ANSWER),
    Event(9, "client", "Finish", FINISH),
)


def data(number: int, *, epoch: int = 1, sealed_by: str = "peer") -> Message:
    return Message("data", epoch, number, bytes=100, sealed_by=sealed_by)  # type: ignore[arg-type]


def case(*log: Event, end: str = "client", index: int | None = None) -> Case:
    at = len(log) - 1 if index is None else index
    state = {"role": end, "epoch": 1, "next_beat": 300_009, "expected_at": 7}
    found = Divergence(1, at, log[at].t, end, "IDLE-1", "not-allowed", log[at], "", state=state)
    return Case("mine", "combined", "a", (), POLICY.plain(), log, "violates", "", found)


def test_an_honest_peer_got_what_this_end_sent_and_sent_what_reached_it() -> None:
    log = (
        *OPENING,
        Event(10, "client", "SendData", data(1)),
        Event(20, "client", "Arrive", data(1)),
        Event(30, "client", "Deliver", data(1)),
        Event(40, "client", "SendHeartbeat", Message("heartbeat", 1, 1)),
        Event(50, "client", "Arrive", Message("reply", 1, 1)),
    )
    peer = honest(POLICY, "server", log)
    assert (peer.epoch, peer.in_force_at, peer.count) == (1, 9, 200)
    assert (peer.delivered_number, peer.sent_number) == (1, 1)
    assert (peer.marked_accepted, peer.marked_sent, peer.beat_seen, peer.negotiation) == (True, False, 1, None)


def test_what_an_adversary_sent_or_sent_again_is_not_the_peers() -> None:
    strange = [
        Event(20, "client", "Arrive", data(1, sealed_by="adversary")),
        Event(20, "client", "Arrive", data(9)),
        Event(20, "client", "Arrive", data(1, epoch=3)),
        Event(20, "client", "Arrive", Message("heartbeat", 1, 5)),
        Event(20, "client", "Arrive", Message("heartbeat", 1, 1, sealed_by="adversary")),
        Event(20, "client", "Arrive", Message("close", 1, sealed_by="nobody")),
    ]
    assert honest(POLICY, "server", (*OPENING, *strange)) == honest(POLICY, "server", OPENING).but(t=20)


def test_a_negotiation_begins_at_the_start_and_ends_when_the_key_is_in_force() -> None:
    renewed = Message("start", 2, negotiation="s2")
    started = (*OPENING, Event(50, "client", "Arrive", renewed))
    assert honest(POLICY, "server", started).negotiation == Negotiation("s2", 2, mine=True)
    answered = (*started, Event(50, "client", "Answer", Message("answer", 2, negotiation="s2")))
    peer = honest(POLICY, "server", (*OPENING, Event(20, "client", "SendData", data(1)), *answered[4:]))
    assert (peer.epoch, peer.count, peer.negotiation) == (2, 0, None)
    mine = Event(49, "client", "Start", Message("start", 2, negotiation="c2"))
    found = honest(POLICY, "server", (*OPENING, mine)).negotiation
    assert found == Negotiation("c2", 2, mine=False)


def test_a_closed_peer_takes_nothing_more() -> None:
    log = (*OPENING, Event(10, "client", "Arrive", Message("close", 1)), Event(11, "client", "SendData", data(1)))
    peer = honest(POLICY, "server", log)
    assert (peer.phase, peer.count) == ("closed", 0)


@pytest.mark.parametrize("name", [one.name for one in stories().values() if one.end != "both"])
def test_the_keys_of_an_honest_peer_are_those_of_the_end_or_one_ahead(name: str) -> None:
    trace = stories()[name]
    told = replay(trace, policy_of(trace), ReferenceTarget())
    for link in {event.link for event in told.log}:
        log = [event for event in told.log if event.link == link]
        done = [e.message.epoch for e in log if e.do in ("Finish", "Answer") and e.message]
        reopened = sum(e.do == "Open" for e in log) > 1
        peer = honest(policy_of(trace), "client" if trace.end == "server" else "server", log)
        assert reopened or peer.epoch == max(done, default=0)


def test_of_a_log_of_both_ends_the_other_is_followed_too() -> None:
    trace = stories()["idle-both-renew-after-silence"]
    told = replay(trace, policy_of(trace), ReferenceTarget())
    at = next(n for n, e in enumerate(told.log) if e.do == "SendHeartbeat") + 1
    found = Divergence(1, at, told.log[at].t, "client", "IDLE-1", "not-allowed", told.log[at], "", state={"epoch": 1})
    own, other = sides(replace(told, word="violates", divergence=found))
    assert (own.end, own.how, other.end, other.how) == ("client", RULES, "server", RULES)
    assert other.state["epoch"] == 1
    assert other.state["phase"] == "open"


def test_of_a_log_of_one_end_the_other_is_an_honest_peer() -> None:
    own, other = sides(case(*OPENING, Event(20, "client", "SendData", data(1))))
    assert (own.end, other.end, other.how) == ("client", "server", HONEST)
    assert "count" not in other.state, "the state is that before the divergence"
    assert other.state["epoch"] == 1
    assert "role" not in own.state


def test_when_heartbeats_are_due_is_said_where_there_are_any() -> None:
    assert POLICY.heartbeat_sender == "client"
    (own, _), (server, _) = sides(case(*OPENING)), sides(case(*OPENING, end="server"))
    assert "next_beat" in own.state
    assert "expected_at" not in own.state
    assert "next_beat" not in server.state
    assert "expected_at" in server.state


def test_of_what_cannot_be_followed_only_the_one_side_is_told() -> None:
    alone = replace(case(*OPENING), policy={"no_such": 1})
    assert [side.end for side in sides(alone)] == ["client"]
    assert sides(replace(alone, divergence=None)) == []


def test_an_other_end_that_left_the_rules_itself_is_told_as_an_honest_peer() -> None:
    opened, late = Event(0, "server", "Open"), Event(9, "server", "Deliver", data(1))
    _, other = sides(case(*OPENING[:1], opened, *OPENING[1:], late, Event(20, "client", "SendData", data(1))))
    assert (other.how, other.state["epoch"]) == (HONEST, 1)
    assert "delivered_number" not in other.state


def test_every_part_of_a_state_is_explained() -> None:
    assert [f.name for f in fields(End) if f.name != "role"] == list(PARTS)


def test_values_are_words() -> None:
    said = {
        ("next_beat", 300_009): "300.009 s",
        ("next_beat", NEVER): "never",
        ("awaiting_since", NONE): "none",
        ("count", 4_711): "4,711 B",
        ("marked_sent", True): "yes",
        ("idle_rejects", 1): "it may be read either way",
        ("queue", (Queued(700, 1, 0), Queued(3, 1, 2))): "700 B, 3 B (offered after idleness)",
        ("series", Series(2, 4, 9_000)): "2 to 4, the latest sent at 9 s",
        ("series", Series(2, 2, 9_000)): "2, the latest sent at 9 s",
        ("negotiation", Negotiation("c2", 2, mine=True)): "c2 for epoch 2, started by this end",
        ("inbox", (Message("heartbeat", 1, 3),)): "heartbeat #3, epoch 1",
        ("phase", "open"): "open",
    }
    assert {key: valued(*key) for key in said} == said


def test_a_row_has_the_value_at_each_side() -> None:
    both = sides(case(*OPENING, Event(20, "client", "SendData", data(1))))
    found = {row.name: row.values for row in rows(both)}
    assert found["epoch"] == ("1", "1")
    assert found["next_beat"] == ("300.009 s", "-")
    assert list(found) == [name for name in PARTS if name in found]
    assert fresh(POLICY, "server").limit
    assert found["limit"][0] == "-"

"""Verdicts on what was not allowed name the rule that was broken and the condition that was false."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.oracle import judge
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import Gateway
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event, Message, Role

CLIENT = [
    Event(0, "client", "Open"),
    Event(0, "client", "Start", Message("start", 1, negotiation="c1")),
    Event(0, "client", "Arrive", Message("answer", 1, negotiation="c1")),
    Event(0, "client", "Finish", Message("finish", 1, negotiation="c1")),
]
SERVER = [
    Event(0, "server", "Open"),
    Event(0, "server", "Arrive", Message("start", 1, negotiation="c1")),
    Event(0, "server", "Answer", Message("answer", 1, negotiation="c1")),
    Event(0, "server", "Arrive", Message("finish", 1, negotiation="c1")),
]
START = Message("start", 2, negotiation="s2")


def told(policy: Policy, role: Role, *events: tuple[int, Do, Message | None] | Event) -> Divergence:
    """What is said of the last of these events, at an end whose link was established at 0."""
    log = [*(CLIENT if role == "client" else SERVER)]
    log += [e if isinstance(e, Event) else Event(e[0], role, e[1], e[2]) for e in events]
    found, _ = judge(policy, role, log)
    assert found
    assert found.index == len(log) - 1, found.sentence()
    assert found.kind == "not-allowed"
    return found


def data(number: int, epoch: int = 1, size: int = 5) -> Message:
    return Message("data", epoch, number, bytes=size)


# LIM-1 or GATE-1.


class Full(ReferenceTarget):
    """It admits one link of each user, and gives another reason for it."""

    def gateway(self, policy: Policy) -> Gateway:
        return super().gateway(policy.but(links_per_user=1))


def test_a_link_that_is_refused_although_there_is_room_is_the_gateways_rule() -> None:
    found = replay(stories()["gate-no-bound"], policy_of(stories()["gate-no-bound"]), Full()).divergence
    assert found
    assert (found.rule, found.also, found.did and found.did.do) == ("GATE-1", (), "Refuse")
    assert found.guard == "the user of this link has as many links as `links_per_user` allows"


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        (Event(0, "server", "Refuse", link="ann/1"), "GATE-1"),
        (Event(0, "server", "Refuse", link="ann/1", reason="no room"), "GATE-1"),
        (Event(0, "server", "Refuse", link="ann/1", reason="max_message"), "LIM-1"),
        (Event(0, "server", "Refuse", reason="GATE-1"), "GATE-1"),
        (Event(0, "server", "Refuse", reason="links_per_user"), "GATE-1"),
        (Event(0, "server", "Refuse"), "LIM-1"),
        (Event(0, "client", "Refuse", link="ann/1"), "LIM-1"),
    ],
)
def test_what_tells_the_refusal_of_a_link_from_that_of_an_offer(event: Event, rule: str) -> None:
    opens = [Event(0, event.end, "Open", link=event.link)]
    found, _ = judge(Policy(), event.end, [*opens, *(CLIENT[1:2] if event.end == "client" else ()), event])
    assert found
    assert found.rule == rule


@pytest.mark.parametrize(
    "before",
    [
        [],
        [Event(4, "server", "Shut"), Event(4, "server", "Close", Message("close", 1))],
    ],
    ids=["established", "closed"],
)
def test_a_link_that_was_admitted_is_not_refused_but_an_offer_on_it(before: list[Event]) -> None:
    found = told(Policy(), "server", *before, Event(5, "server", "Refuse", link="ann/1"))
    assert (found.rule, found.guard) == ("LIM-1", "the offer, or the link, is one that must be refused")


# REKEY-6.

COUNTED = Policy(accounting="client", byte_limit=100, byte_trigger="next-data")
IDLE = Policy(accounting="client", rekey_idle=1000, idle_trigger="period")
BYTES, SILENCE = Message("notice", 1, bytes=5), Message("notice", 1)


def got(number: int, size: int, t: int = 10) -> list[Event]:
    return [
        Event(t, "client", "Arrive", data(number, size=size)),
        Event(t, "client", "Deliver", data(number, size=size)),
    ]


@pytest.mark.parametrize(
    ("policy", "events", "words"),
    [
        (COUNTED, [*got(1, 5), (10, "SendNotice", BYTES)], "the count has met the limit (BYTE-3)"),
        (
            COUNTED,
            [
                *got(1, 100),
                (10, "SendNotice", BYTES._replace(bytes=100)),
                (11, "SendNotice", BYTES._replace(bytes=100)),
            ],
            "the peer was not told of the count since data was last delivered",
        ),
        (IDLE, [(999, "SendNotice", SILENCE)], "the link has been idle for its period (`rekey_idle`)"),
        (
            IDLE,
            [(1000, "SendNotice", SILENCE), (1001, "SendNotice", SILENCE)],
            "the peer was not told of this idleness already",
        ),
        (
            IDLE.but(
                while_waiting="hold", heartbeat_sender="client", idle_period=500, rekey_idle=1000, reply_timeout=500
            ),
            [
                (500, "SendHeartbeat", Message("heartbeat", 1, 1)),
                Event(900, "client", "Offer", bytes=5),
                (1000, "SendNotice", SILENCE),
            ],
            "no data waits here that may yet leave under this key",
        ),
        (
            Policy(accounting="client", rekey_idle=1000),
            [(1000, "SendNotice", SILENCE)],
            "the peer can act on a notice of idleness (`idle_trigger` or `reject_trigger` period, where data goes)",
        ),
        (
            IDLE.but(direction="to-server"),
            [(1000, "SendNotice", SILENCE)],
            "the peer can act on a notice of idleness (`idle_trigger` or `reject_trigger` period, where data goes)",
        ),
        (COUNTED.but(accounting="server"), [(1, "SendNotice", BYTES)], "this end counts for both"),
    ],
    ids=["count", "told-of-count", "idle", "told-of-idleness", "data-waits", "triggers", "direction", "other-end"],
)
def test_a_notice_that_is_not_allowed_is_told_by_the_condition_that_is_false(
    policy: Policy, events: list[Event], words: str
) -> None:
    found = told(policy, "client", *events)
    assert (found.rule, found.guard) == ("REKEY-6", words)


# DEAD-1 or DEAD-2.

BEATS = Policy(idle_period=1000, heartbeat_sender="server", reply_timeout=300, on_missed_reply="rekey")
BEAT = Message("heartbeat", 1, 1)


def test_a_heartbeat_after_a_missed_series_comes_before_the_new_key() -> None:
    missed = [(1000, "SendHeartbeat", BEAT), (1300, "Request", Message("request", 1))]
    again = BEAT._replace(number=2)
    found = told(BEATS, "server", *missed, (2000, "SendHeartbeat", again))
    assert (found.rule, found.also) == ("DEAD-2", ())
    assert found.guard == "a repeat is left, or a reply may yet come (neither is so, and a new key comes first)"
    closing = told(BEATS.but(on_missed_reply="close"), "server", missed[0], (1300, "SendHeartbeat", again))
    assert (closing.rule, closing.also) == ("DEAD-2", ())
    assert closing.guard.endswith("(neither is so, and the link ends)")


def test_a_repeat_too_early_and_one_too_many_are_told_apart() -> None:
    once = [(1000, "SendHeartbeat", BEAT)]
    again = BEAT._replace(number=2)
    many = told(BEATS, "server", *once, (1200, "SendHeartbeat", again))
    assert (many.rule, many.guard) == ("DEAD-1", "a repeat is left (all `retries` are spent)")
    early = told(BEATS.but(retries=1), "server", *once, (1200, "SendHeartbeat", again))
    assert (early.rule, early.guard) == ("DEAD-1", "the outstanding one has been unanswered for `reply_timeout`")


# NEED-1, IDLE-2 and AGE-2.

NEEDED = "there is data to send, or a rule that needs none gives a reason for a new key"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            Policy(age_limit=1000, age_trigger="timer"),
            " (the key's age asks nothing of this end: by AGE-2 the client renews it)",
        ),
        (Policy(age_limit=2000, age_trigger="timer"), ""),
        (Policy(age_limit=1000), " (the key's age asks for none until there is data: `age_trigger` is data)"),
        (
            Policy(age_limit=1000, age_trigger="active", idle_period=500, rekey_initiator="server"),
            " (the key's age asks for none while the link is idle: `age_trigger` is active)",
        ),
    ],
    ids=["other-end", "young", "data", "active"],
)
def test_a_renewal_for_age_that_nothing_asks_for_says_why_not(policy: Policy, words: str) -> None:
    do: Do = "Start" if policy.rekey_initiator == "server" else "Request"
    sent = START if do == "Start" else Message("request", 1)
    found = told(policy, "server", (1000, do, sent))
    assert (found.rule, found.guard) == ("IDLE-2", NEEDED + words)


def test_a_start_without_a_reason_is_that_before_it_is_the_wrong_ends() -> None:
    for policy in (Policy(), Policy(rekey_initiator="client")):
        found = told(policy, "server", (5, "Start", START))
        assert (found.rule, found.guard, found.also) == ("IDLE-2", NEEDED, ("NEED-1", "REKEY-4"))
    asked = told(Policy(), "client", (5, "Request", Message("request", 1)))
    assert (asked.rule, asked.also) == ("IDLE-2", ("NEED-1", "REKEY-4"))
    offer = Event(5, "server", "Offer", bytes=5)
    needless = told(Policy(rekey_initiator="client"), "server", offer, (5, "Start", START))
    assert needless.rule == "NEED-1"
    wrong = told(Policy(rekey_initiator="client", idle_trigger="any"), "server", offer, (5, "Start", START))
    assert (wrong.rule, wrong.guard, wrong.also) == ("REKEY-4", "this end may start a renegotiation", ())


# What data that was discarded should have become.


@pytest.mark.parametrize(
    ("policy", "before", "message", "words"),
    [
        (Policy(), [], data(1), "it cannot be delivered (it had to be, by FLOW-1)"),
        (
            Policy(reject_trigger="any", idle_trigger="any"),
            [],
            data(1),
            "it is no suspected spoof (it is, and had to be reported, by IDLE-4)",
        ),
        (
            Policy(channels=2),
            [
                Event(5, "server", "Arrive", Message("start", 2, negotiation="c2", channel="control")),
                Event(5, "server", "Answer", Message("answer", 2, negotiation="c2", channel="control")),
            ],
            data(1, 2),
            "it need not wait for its epoch (it has to be kept until that is in force, by EARLY-1)",
        ),
        (Policy(), [], data(2), "no gap comes before it (there is one, and the link ends, by ORDER-1)"),
    ],
    ids=["delivered", "reported", "kept", "gap"],
)
def test_data_that_must_not_be_discarded_says_what_it_had_to_become(
    policy: Policy, before: list[Event], message: Message, words: str
) -> None:
    opened = list(SERVER)
    if policy.channels == 2:
        opened = [e._replace(message=e.message and e.message._replace(channel="control")) for e in opened]
        message = message._replace(channel="data")
    events = [Event(10, "server", "Arrive", message), Event(10, "server", "Discard", message)]
    found, _ = judge(policy, "server", [*opened, *before, *events])
    assert found
    assert (found.rule, found.guard) == ("REKEY-2", words)


def test_with_a_tolerance_data_may_be_either_delivered_or_reported() -> None:
    policy = Policy(reject_trigger="period", idle_trigger="period", rekey_idle=1000)
    events = [Event(1005, "server", "Arrive", data(1)), Event(1005, "server", "Discard", data(1))]
    found, _ = judge(policy, "server", [*SERVER, *events], Margin(20))
    assert found
    assert found.guard == "it can be neither delivered nor reported (it had to be either, by FLOW-1 or IDLE-4)"

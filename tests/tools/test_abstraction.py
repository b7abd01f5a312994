"""The abstraction respects steps: whatever end a record stands for, it does the same."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.obligations import obligations
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End, Negotiation, Queued, Series
from rekeyspec.reference.vocabulary import ROLES, Message, Role
from rekeyspec.tools import abstraction
from rekeyspec.tools.abstraction import NOW, abstract, concrete, message, said
from rekeyspec.tools.alone import Alone, Place
from rekeyspec.tools.bounds import Bounds
from rekeyspec.tools.records import Foreign, Record, Said, read
from rekeyspec.tools.values import Function
from tests.reference.walks import arriving, walk

COMBINED = Policy(
    byte_limit=3,
    age_limit=5,
    idle_period=2,
    reply_timeout=2,
    negotiation_timeout=4,
    heartbeat_sender="both",
    on_missed_heartbeat="close",
    session_cache="on",
    session_lifetime=6,
    channels=2,
)


def an_end(random: Random, role: Role) -> End:
    """An end somewhere in the middle of things, its times as they come."""
    mine, epoch = random.random() < 0.5, random.randrange(1, 4)
    starter = role if mine else "server" if role == "client" else "client"
    first, last = random.choice([(1, 1), (1, 2), (3, 3)])
    return End(
        role,
        3,
        phase="open",
        t=NOW,
        epoch=epoch,
        in_force_at=NOW - random.randrange(9),
        count=random.randrange(5),  # a notice tells it, and the spec counts no further
        active_at=NOW - random.randrange(6),
        next_beat=NOW + random.randrange(-1, 3),
        expected_at=NOW + random.randrange(-1, 3),
        beat_number=last,
        beat_seen=random.randrange(3),
        series=random.choice([None, Series(first, last, NOW - random.randrange(5))]),
        negotiation=random.choice([None, Negotiation(f"{starter[0]}{epoch + 1}", epoch + 1, mine)]),
        awaiting_since=random.choice([NONE, NOW - 1]),
        old_until=random.choice([NONE, NOW + 2, NOW, NOW - 3]),
        old_rejects=random.random() < 0.5,
        session=random.choice(["", f"s{epoch}", f"c{epoch}"]),
        session_at=NOW - random.randrange(9),
        queue=random.choice([(), (Queued(1, epoch, 2),), (Queued(2, epoch, 0),)]),
        sent_number=2,
        delivered_number=1,
    )


@pytest.mark.parametrize("role", ROLES)
def test_what_a_record_stands_for_has_that_record(role: Role) -> None:
    for seed in range(300):
        record = abstract(COMBINED, an_end(Random(seed), role))
        assert abstract(COMBINED, concrete(COMBINED, role, record)) == record


def test_a_closed_end_that_remembers_something_is_no_closed_end_of_the_spec() -> None:
    closed = End("client", 3, phase="closed", t=NOW)
    assert abstract(COMBINED, closed) == Record(phase="closed", limit=3)
    assert abstract(COMBINED, closed.but(epoch=2)) != Record(phase="closed", limit=3)


def test_a_fresh_end_of_a_second_link_is_a_closed_one() -> None:
    assert concrete(COMBINED, "client", Record(limit=3)).phase == "fresh"
    assert concrete(COMBINED, "client", Record(limit=3), again=True).phase == "closed"


@pytest.mark.parametrize(
    ("to", "one", "negotiation", "session"),
    [
        ("server", Said("start", 3, 0, 0, 1, "single", "peer"), "c3", "c1"),
        ("client", Said("answer", 3, 0, 0, 3, "single", "peer"), "c3", "c3"),
        ("client", Said("finish", 3, 0, 0, 3, "single", "peer"), "s3", "s3"),
        ("client", Said("data", 3, 7, 2, 0, "data", "adversary"), "", ""),
    ],
)
def test_a_message_has_the_ids_that_follow_from_who_started(
    to: Role, one: Said, negotiation: str, session: str
) -> None:
    m = message(to, one)
    assert (m.negotiation, m.session, said(m)) == (negotiation, session, one)


def test_a_record_with_another_field_is_foreign() -> None:
    value = Function(Said("data", 1, 1, 1, 0, "data", "peer")._asdict())
    assert read(Said, value) == Said("data", 1, 1, 1, 0, "data", "peer")
    with pytest.raises(Foreign, match=r"unknown colour; missing seal"):
        read(Said, Function({name: one for name, one in value.items() if name != "seal"} | {"colour": 1}))


def test_time_counts_only_as_far_as_it_makes_a_difference() -> None:
    end = replace(an_end(Random(1), "client"), active_at=NOW - 900, session="c1", session_at=NOW - 900)
    assert abstract(COMBINED, end) == abstract(COMBINED, end.but(active_at=NOW - 901, session_at=NOW - 8))
    assert abstraction.idle_seen(COMBINED) == 0
    assert abstraction.idle_seen(COMBINED.but(idle_trigger="period")) == 3
    assert message("server", said(Message("reply", 1, 4, "", "", 0, "control"))).number == 4


TIMES = ("in_force_at", "active_at", "next_beat", "expected_at", "awaiting_since", "suspect_since", "old_until")


def at_now(s: End) -> End:
    """The same end, with its clock set so that it is NOW."""
    ahead = NOW - s.t
    if s.phase != "open":
        return s.but(t=NOW)
    times = {name: at + ahead for name in TIMES if (at := getattr(s, name)) != NONE}
    series = s.series._replace(last_at=s.series.last_at + ahead) if s.series else None
    return s.but(**times, t=NOW, series=series, session_at=s.session_at + ahead)


def test_an_end_does_what_its_record_does() -> None:
    """From every end that random walks of the reference reach: the same steps, and time may pass or may not."""
    asked = 0
    for seed in range(150):
        policy, role, events = walk(seed)
        random = Random(seed)
        bound = Bounds(policy=policy, sizes=frozenset({1, 300}), wished=frozenset({(role, n) for n in range(9)}))
        engine = Engine(policy, role)
        for event in events:
            engine.step(event)
            s = at_now(engine.state)
            if s.inbox:
                continue  # in the spec it would still be under way
            m = arriving(random, s, policy)
            heads = (said(m),) if message(role, said(m)) == m else ()
            place = Place(abstract(policy, s), heads)
            itself, another = (Alone(bound, Rules(policy), role) for _ in range(2))
            itself._ends[place.record, False] = s
            assert set(itself.ask(place)) == set(another.ask(place)), (seed, event)
            assert itself.age(place) == another.age(place), (seed, event)
            asked += 1
    assert asked > 1000


def a_policy(random: Random) -> Policy:
    """Small times, so that they meet."""
    return COMBINED.but(
        transport=random.choice(["stream", "datagram"]),
        byte_trigger=random.choice(["at-once", "next-data"]),
        accounting=random.choice(["each", "each", "client", "server"]),
        age_limit=random.choice([0, 5]),
        age_trigger=random.choice(["data", "active", "timer"]),
        heartbeat_interval=random.choice([1, 2, 4]),
        heartbeat_protection=random.choice(["protected", "clear"]),
        while_waiting=random.choice(["send", "hold"]),
        idle_trigger=random.choice(["never", "any", "period", "heartbeat"]),
        reject_trigger=random.choice(["never", "any", "period", "heartbeat"]),
        on_missed_reply=random.choice(["close", "rekey"]),
        on_missed_heartbeat=random.choice(["ignore", "close", "rekey"]),
        proof_of_life=random.choice(["reply", "any"]),
        rekey_initiator=random.choice(["sender", "client", "server"]),
        retries=random.choice([0, 1]),
    )


def test_any_end_that_owes_nothing_old_does_what_its_record_does() -> None:
    asked = 0
    for seed in range(3000):
        random = Random(seed)
        policy, role = a_policy(random), random.choice(ROLES)
        s, rules = an_end(random, role).but(requesting=random.random() < 0.2), Rules(policy)
        m = arriving(random, s, policy)
        if any(o.t < NOW for o in obligations(rules, s)) or message(role, said(m)) != m:
            continue  # time would not have passed over it
        place = Place(abstract(policy, s), (said(m),))
        itself, another = (Alone(Bounds(policy=policy), rules, role) for _ in range(2))
        itself._ends[place.record, False] = s
        assert set(itself.ask(place)) == set(another.ask(place)), seed
        assert itself.age(place) == another.age(place), seed
        asked += 1
    assert asked > 1000

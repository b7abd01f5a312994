from __future__ import annotations

from dataclasses import fields
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.reference.contradictions import LARGEST, contradictions, grace_needed
from rekeyspec.reference.policy import Policy

BEATS = Policy(heartbeat_sender="client", idle_period=60_000)
KEY_BASED = BEATS.but(
    direction="to-server", heartbeat_protection="clear", idle_trigger="heartbeat", reject_trigger="heartbeat",
    on_missed_heartbeat="close",
)  # fmt: skip


def found(policy: Policy, **changes: object) -> list[str]:
    return [one.rule for one in contradictions(policy.but(**changes))]


def text(policy: Policy) -> str:
    (only,) = contradictions(policy)
    return only.text


def test_the_defaults_and_the_sources_own_policy_are_consistent() -> None:
    assert contradictions(Policy()) == []
    assert contradictions(BEATS) == []
    assert contradictions(KEY_BASED) == []


@pytest.mark.parametrize(
    ("base", "changes", "rule"),
    [
        (Policy(), {"authentication": "server-only"}, "EST-2"),
        (Policy(), {"authentication": "server-only", "direction": "to-client"}, "EST-2"),
        (Policy(), {"negotiation_timeout": 0}, "EST-4"),
        (Policy(), {"delay": 2500}, "EST-4"),
        (Policy(), {"heartbeat_sender": "both"}, "HB-1"),
        (BEATS, {"retries": 6}, "HB-2"),
        (BEATS, {"reply_timeout": 60_001}, "HB-2"),
        (BEATS, {"heartbeat_interval": 9_999}, "HB-2"),
        (BEATS, {"heartbeat_interval": 120_000, "retries": 6}, "HB-2"),
        (BEATS, {"channels": 2, "heartbeat_protection": "clear"}, "CHAN-1"),
        (Policy(), {"idle_trigger": "heartbeat"}, "IDLE-1"),
        (Policy(), {"idle_trigger": "period"}, "IDLE-1"),
        (BEATS, {"reject_trigger": "heartbeat"}, "IDLE-3"),
        (BEATS, {"reject_trigger": "any", "idle_trigger": "never"}, "IDLE-3"),
        (BEATS, {"reject_trigger": "any", "idle_trigger": "period"}, "IDLE-3"),
        (BEATS, {"reject_trigger": "any", "idle_trigger": "any", "delay": 1}, "IDLE-3"),
        (BEATS, {"reject_trigger": "period", "idle_trigger": "heartbeat"}, "IDLE-3"),
        (BEATS, {"reject_trigger": "period", "idle_trigger": "period", "delay": 1}, "IDLE-3"),
        (
            BEATS,
            {"reject_trigger": "period", "idle_trigger": "heartbeat", "rekey_idle": 70_000, "retries": 1},
            "IDLE-3",
        ),
        (BEATS, {"reject_trigger": "heartbeat", "idle_trigger": "period", "rekey_idle": 60_001}, "IDLE-3"),
        (BEATS, {"reject_trigger": "heartbeat", "idle_trigger": "any", "delay": 1}, "IDLE-3"),
        (BEATS, {"reply_timeout": 0}, "DEAD-1"),
        (BEATS, {"reply_timeout": 2000, "delay": 1000}, "DEAD-1"),
        (Policy(), {"on_missed_heartbeat": "close"}, "DEAD-3"),
        (BEATS, {"on_missed_heartbeat": "rekey", "retries": 1}, "DEAD-3"),
        (BEATS, {"on_missed_heartbeat": "close", "delay": 1, "grace": 2}, "DEAD-3"),
        (Policy(), {"accounting": "client", "idle_trigger": "any"}, "REKEY-6"),
        (
            Policy(),
            {"accounting": "client", "idle_trigger": "any", "reject_trigger": "period", "rekey_idle": 5},
            "REKEY-6",
        ),
        (Policy(), {"age_trigger": "active", "age_limit": 1000, "idle_period": 1000}, "AGE-2"),
        (Policy(), {"session_cache": "on", "session_lifetime": 0}, "CACHE-1"),
        (Policy(), {"max_message": 0}, "LIM-1"),
        (Policy(), {"max_message": 100, "queue_limit": 99}, "LIM-1"),
        (Policy(), {"byte_limit": LARGEST + 1}, "BYTE-3"),
        (Policy(), {"retries": -1}, "DEAD-1"),
    ],
)
def test_refused(base: Policy, changes: dict[str, object], rule: str) -> None:
    assert found(base, **changes) == [rule]


@pytest.mark.parametrize(
    ("base", "changes"),
    [
        (Policy(), {"authentication": "server-only", "direction": "to-server"}),
        (Policy(), {"delay": 2499}),
        (Policy(), {"age_limit": 1000, "age_trigger": "active"}),
        (Policy(), {"age_limit": 1001, "age_trigger": "active", "idle_period": 1000}),
        (Policy(), {"age_limit": 10, "age_trigger": "timer", "idle_period": 1000}),
        (Policy(), {"byte_floor": 32_768}),
        (Policy(), {"byte_limit": 1}),
        (BEATS, {"retries": 5}),
        (BEATS, {"heartbeat_interval": 10_000}),
        (BEATS, {"heartbeat_interval": 120_000}),
        (BEATS, {"reply_timeout": 2001, "delay": 1000}),
        (BEATS, {"reject_trigger": "any", "idle_trigger": "any"}),
        (BEATS, {"reject_trigger": "period", "idle_trigger": "any", "delay": 1000}),
        (BEATS, {"reject_trigger": "period", "idle_trigger": "period"}),
        (BEATS, {"reject_trigger": "period", "idle_trigger": "heartbeat", "rekey_idle": 60_001}),
        (BEATS, {"reject_trigger": "heartbeat", "idle_trigger": "any"}),
        (KEY_BASED, {"idle_trigger": "period", "delay": 1, "grace": 2}),
        (BEATS, {"on_missed_heartbeat": "close", "delay": 1, "grace": 3}),
        (BEATS, {"on_missed_heartbeat": "rekey", "retries": 1, "grace": 10_000}),
        (Policy(), {"accounting": "server", "idle_trigger": "period", "rekey_idle": 5}),
        (Policy(), {"max_message": 100, "queue_limit": 100}),
        (Policy(), {"byte_limit": LARGEST}),
    ],
)
def test_allowed(base: Policy, changes: dict[str, object]) -> None:
    assert contradictions(base.but(**changes)) == []


def test_a_notice_under_way_is_no_notice() -> None:
    told = Policy(accounting="client", idle_trigger="period", reject_trigger="period", rekey_idle=5)
    assert contradictions(told) == []
    assert found(told, delay=1) == ["IDLE-3", "REKEY-6"]
    assert found(told, delay=1, direction="to-server") == ["IDLE-3"]


def test_the_arithmetic_is_in_the_text() -> None:
    assert "K:C11 is broken" in text(Policy(authentication="server-only"))
    assert "(6 + 1) * 10000 = 70000 ms" in text(BEATS.but(retries=6))
    assert "min(60000, 60000) = 60000 ms" in text(BEATS.but(retries=6))
    assert "4 * 2500 = 10000 ms" in text(Policy(delay=2500))
    grace = BEATS.but(on_missed_heartbeat="close", retries=2, delay=1500, grace=23_000)
    assert "2 * 10000 + 2 * 1500 = 23000 ms, which must be less than grace 23000" in text(grace)


def test_one_delay_is_enough_where_activity_begins_at_the_heartbeats_sender() -> None:
    one_way = KEY_BASED.but(delay=100)
    assert grace_needed(one_way) == 101
    assert grace_needed(one_way.but(direction="both")) == 201
    assert grace_needed(one_way.but(rekey_initiator="server")) == 201
    assert grace_needed(one_way.but(heartbeat_sender="both")) == 201
    backwards = one_way.but(direction="to-client", heartbeat_sender="server")
    assert grace_needed(backwards) == 101
    assert grace_needed(backwards.but(age_limit=1000, age_trigger="timer")) == 201
    asks = backwards.but(on_missed_reply="rekey")
    assert grace_needed(asks) == asks.reply_timeout + 201


def test_the_end_that_waits_lets_a_missing_reply_ask_for_its_new_key_first() -> None:
    # No heartbeat of the series got through; the start that follows its end is a sign of life (DEAD-2, DEAD-3).
    policy = BEATS.but(on_missed_heartbeat="close", on_missed_reply="rekey", retries=2, delay=700)
    asks_at = policy.delay + policy.idle_period + (policy.retries + 1) * policy.reply_timeout
    overdue_at = policy.idle_period + grace_needed(policy)
    assert asks_at + policy.delay == overdue_at - 1


def test_a_healthy_link_at_its_slowest_is_within_the_grace() -> None:
    # The receiver sent data at 0; it reached the other end after a delay, all its heartbeats but the last were lost.
    policy = BEATS.but(on_missed_heartbeat="close", retries=2, delay=700, direction="to-client")
    noted = policy.delay
    last = noted + policy.idle_period + policy.retries * policy.reply_timeout
    overdue_at = policy.idle_period + grace_needed(policy)
    assert last + policy.delay < overdue_at
    assert last + policy.delay >= overdue_at - 1


HINTS = get_type_hints(Policy)
NUMBERS = st.sampled_from([0, 1, 2, 500, 10_000, 60_000, LARGEST, LARGEST + 1, -1])
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        f.name: st.sampled_from(get_args(HINTS[f.name])) if get_origin(HINTS[f.name]) else NUMBERS
        for f in fields(Policy)
    },
).map(lambda chosen: Policy(**chosen))


@given(POLICIES)
def test_any_policy_is_judged_and_none_is_changed(policy: Policy) -> None:
    before = policy.but()
    for one in contradictions(policy):
        assert one.rule.partition("-")[2].isdigit()
        assert one.text
    assert policy == before


@given(POLICIES, st.integers(1, 100_000))
def test_more_delay_mends_nothing(policy: Policy, more: int) -> None:
    if policy.delay >= 0 and contradictions(policy):
        assert contradictions(policy.but(delay=policy.delay + more))

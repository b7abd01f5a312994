"""What our own two programs are asked. Their options are the policy itself, so they have no excuse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.own import scripts
from rekeyspec.conformance.peers.own.proxy import nothing
from rekeyspec.conformance.peers.own.scene import Provocation
from rekeyspec.conformance.peers.own.scripts import AGE, BEAT, MANY, TIMEOUT
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

LIMIT: Final = 5000
"""bytes"""

Asked = Experiment[Provocation]


def _ask(name: str, rules: Sequence[str], policy: Policy, script: Any, observe: Any, **more: Any) -> Asked:
    """`how` is the rest of the Provocation, `more` that of the Experiment."""
    changes = [f"{k}: {v}" for k, v in policy.plain().items() if v != Policy().plain()[k]]
    provocation = Provocation(script, **more.pop("how", {}))
    return Experiment(name, tuple(rules), policy, provocation, observe, "", ", ".join(changes), **more)


def _ending(events: Sequence[Event]) -> str:
    said = [e for e in events if e.do == "Close"]
    return ("announced the end" if said[-1].message else "ended without a word") if said else "did not end"


def _silence(events: Sequence[Event]) -> str:
    last, closed = measures.times(events, "Deliver"), measures.times(events, "Close")
    allowed = _WATCHED.idle_period + _WATCHED.grace
    return f"gave up {closed[-1] - last[-1]} ms after the last data; configured are {allowed} ms" if closed else "never"


def _replies(events: Sequence[Event]) -> str:
    came = [e for e in events if e.do == "Arrive" and e.message and e.message.kind == "heartbeat"]
    return f"{len(measures.times(events, 'SendReply'))} replies to {len(came)} heartbeats"


def _sessions(events: Sequence[Event]) -> str:
    starts = [e.message for e in events if e.do == "Start" and e.message]
    return f"{sum(bool(m.session) for m in starts)} of {len(starts)} negotiations abbreviated"


def _lives(events: Sequence[Event]) -> bool:
    """Did data flow both ways after heartbeats had been answered?"""
    replies = [e.t for e in events if e.do == "Arrive" and e.message and e.message.kind == "reply"]
    return bool(replies) and all(any(e.do == do and e.t > replies[0] for e in events) for do in ("SendData", "Deliver"))


def _refused(events: Sequence[Event]) -> bool:
    """Was the link ended without a key, although the server had answered? (It answers at once, and nothing is lost.)"""
    return bool(measures.times(events, "Close")) and not measures.times(events, "Finish")


def _renewals(events: Sequence[Event]) -> int:
    return len(measures.times(events, "Finish")) - 1


_LIMITED: Final = Policy(byte_limit=LIMIT)
_NEXT: Final = _LIMITED.but(byte_trigger="next-data")
_OF_BYTES: Final = partial(measures.of_bytes, LIMIT)
_BYTES: Final = ("byte_limit", "byte_trigger", "byte_test", "byte_counts")
_AGED: Final = Policy(age_limit=AGE)
_TIMER: Final = Policy(age_limit=AGE, age_trigger="timer")
_OF_AGES: Final = partial(measures.of_ages, AGE)
_BEATING: Final = Policy(idle_period=BEAT, heartbeat_sender="client", reply_timeout=300)
_OF_BEATS: Final = partial(measures.of_intervals, BEAT)
_MISSED: Final = _BEATING.but(idle_period=700, reply_timeout=200, retries=2)
_WATCHED: Final = _BEATING.but(on_missed_heartbeat="close", grace=100)
_UNTIL: Final = _TIMER.but(negotiation_timeout=TIMEOUT)
_OF_TIME: Final = partial(measures.of_renegotiation, TIMEOUT)
_RESUMING: Final = _TIMER.but(session_cache="on", session_lifetime=1200)
_KEYS: Final = measures.of_keys
_KEPT: Final = ("BYTE-3", "BYTE-4", "BYTE-5", "REKEY-3")

EXPERIMENTS: Final[tuple[Asked, ...]] = (
    _ask("DEAD-1-muted", ["DEAD-1", "DEAD-2"], _MISSED, scripts.muted, partial(measures.of_death, 600)),
    _ask(
        "DEAD-1-muted.rekey", ["DEAD-2", "EST-4"], _MISSED.but(on_missed_reply="rekey", negotiation_timeout=TIMEOUT),
        scripts.muted, _OF_TIME,
    ),
    _ask("DEAD-3-silent", ["DEAD-3"], _WATCHED, scripts.dead_client, _silence, end="server"),
    _ask(
        "DEAD-4-traffic", ["DEAD-4"], _BEATING.but(idle_period=500, reply_timeout=450, proof_of_life="any"),
        scripts.replies_late, _ending, follow=("proof_of_life",),
        shows={"DEAD-4": lambda events: len(measures.times(events, "SendHeartbeat")) > 2},
    ),
    _ask("EST-4-ignored", ["EST-4"], _UNTIL, scripts.ignored, _OF_TIME),
    _ask("EST-4-ignored-busy", ["EST-4", "REKEY-2"], _UNTIL, scripts.ignored_busy, _OF_TIME,
         shows={"REKEY-2": measures.delivered_during}),
    _ask(
        "EST-4-first", ["EST-4"], Policy(negotiation_timeout=TIMEOUT), scripts.deaf, _OF_TIME,
        how={"before": True, "knobs": {"lets": {"up": nothing, "down": nothing}}},
    ),
    _ask(
        "EST-2-wrong-key", ["EST-2"], Policy(), scripts.deaf, _KEYS, shows={"EST-2": _refused},
        how={"before": True, "believed": "stranger.pem"},
    ),
    _ask("BYTE-3-sent", _KEPT, _LIMITED, scripts.sent, _OF_BYTES, follow=_BYTES,
         shows=dict.fromkeys(_KEPT, measures.renewed)),
    _ask("BYTE-3-sent.exceeded", _KEPT, _NEXT.but(byte_test="exceeded"), scripts.sent, _OF_BYTES, follow=_BYTES,
         shows=dict.fromkeys(_KEPT, measures.renewed)),
    _ask("BYTE-3-sent.two-channels", ["CHAN-1", "BYTE-3"], _NEXT.but(channels=2), scripts.sent, _OF_BYTES,
         shows={"CHAN-1": measures.renewed}),
    _ask("BYTE-3-received", ["BYTE-1"], _NEXT, scripts.received, _OF_BYTES, stands_for={"BYTE-3": ("BYTE-1",)}),
    _ask("BYTE-3-both", ["BYTE-1"], _NEXT, scripts.both, _OF_BYTES, stands_for={"BYTE-3": ("BYTE-1",)}),
    _ask("BYTE-1-small", ["BYTE-1", "NEED-1"], _NEXT.but(byte_limit=1500), scripts.small,
         partial(measures.of_bytes, 1500), stands_for={"BYTE-3": ("BYTE-1", "NEED-1")}),
    _ask("BYTE-2-heartbeats", ["BYTE-2", "IDLE-2", "HB-4"], _BEATING.but(byte_limit=16), scripts.quiet, _OF_BEATS,
         stands_for={"IDLE-2": ("BYTE-2", "IDLE-2", "HB-4")}),
    _ask("LIM-2-many", ["LIM-2"], Policy(byte_limit=1000), scripts.many, partial(measures.of_bytes, 1000),
         shows={"LIM-2": lambda events: _renewals(events) >= MANY - 1}),
    _ask("AGE-1-busy", ["AGE-1", "AGE-2"], _AGED, scripts.trickle, _OF_AGES, shows={"AGE-2": measures.renewed},
         follow=("age_limit",)),
    _ask("AGE-2-idle", ["AGE-1", "IDLE-2"], _AGED, scripts.age_idle, _OF_AGES, follow=("age_limit",)),
    _ask("AGE-2-idle.timer", ["AGE-2", "EST-3"], _TIMER, scripts.quiet, _OF_AGES, follow=("age_trigger",),
         shows={"EST-3": lambda events: _renewals(events) > 1}),
    _ask("IDLE-1-data", ["IDLE-1"], _BEATING.but(idle_trigger="heartbeat"), scripts.idle_then_data, _KEYS,
         follow=("idle_trigger",)),
    _ask("HB-2-interval", ["HB-1", "HB-2"], _BEATING, scripts.quiet, _OF_BEATS, follow=("heartbeat_sender",)),
    _ask("HB-2-sending", ["HB-2"], _BEATING, scripts.sending, measures.of_flow,
         shows={"HB-2": lambda events: len(measures.times(events, "SendData")) > 10}),
    _ask("HB-2-receiving", ["HB-1", "HB-2"], _BEATING, scripts.receiving, measures.of_flow),
    _ask("HB-3-reply", ["HB-3"], _BEATING, scripts.quiet, _replies, end="server"),
    _ask("HB-5-forged", ["HB-5", "AUTH-1"], _BEATING, scripts.forged, _OF_BEATS,
         shows={"HB-5": _lives, "AUTH-1": _lives}),
    _ask("HB-5-forged.replayed", ["HB-5"], _BEATING, scripts.repeated, _OF_BEATS, shows={"HB-5": _lives}),
    _ask("REKEY-1-slow", ["REKEY-1", "FLOW-1", "ORDER-1"], _TIMER, scripts.slow, _KEYS,
         shows={"ORDER-1": lambda events: len(measures.times(events, "SendData")) >= 4}),
    _ask("REKEY-2-old-key", ["REKEY-2"], _TIMER, scripts.old_key, _KEYS,
         shows={"REKEY-2": measures.delivered_during}),
    _ask("REKEY-5-both", ["REKEY-5"], _AGED, scripts.crossing, _KEYS),
    _ask("REKEY-5-both.server", ["REKEY-5"], _AGED, scripts.crossing, _KEYS, end="server",
         shows={"REKEY-5": lambda events: bool(measures.times(events, "Start") and measures.times(events, "Answer"))}),
    _ask("REKEY-4-request", ["REKEY-4"], _AGED.but(rekey_initiator="client"), scripts.server_data, _KEYS),
    _ask("CACHE-1-session", ["CACHE-1", "CACHE-2"], _RESUMING, scripts.quiet, _sessions,
         shows={rule: lambda events: _sessions(events)[0] != "0" for rule in ("CACHE-1", "CACHE-2")}),
    _ask("CLOSE-1-quit", ["CLOSE-1"], Policy(), scripts.nothing_more, _ending),
    _ask("CLOSE-1-rekeying", ["CLOSE-1"], _TIMER, scripts.quit_rekeying, _ending),
)  # fmt: skip

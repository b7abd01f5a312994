"""What aioquic is asked: each experiment with the policy that its options come to.

How its options read in our words: `idle_timeout` ends the link when nothing has come for so long, which is DEAD-3's
`close` where the server sends the heartbeats, the `negotiation_timeout` of what is never answered, and the
`reply_timeout` of a PING. request_key_update() and send_ping() are for its user's own timers. It has no limit on bytes
or age and no idle time of a key: it is asked by the policies that would have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.quic import scripts
from rekeyspec.conformance.peers.quic.scene import Provocation
from rekeyspec.conformance.peers.quic.scripts import AGE, IDLE, MANY, TIMEOUT, Script
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

LIMIT: Final = 18_000
"""bytes"""

_ONLY_BY_HAND: Final = (
    "QuicConnection.request_key_update(): 'Request an update of the encryption keys'; no option of QuicConfiguration "
    "has to do with "
)
_NO_HEARTBEAT: Final = "QuicConnection.send_ping(): 'Send a PING frame to the peer'; no option sends them by itself"
_SWITCHES: Final = (
    "RFC 9001, section 6: an endpoint 'initiates a key update by updating its packet protection write secret and using "
    "that to protect new packets'; nothing is to be waited for"
)
_DERIVED: Final = "RFC 9001, section 6.1: the next secret is HKDF-Expand-Label of the last one, 'quic ku'"
_KEPT: Final = (
    "RFC 9001, section 6.1: 'An endpoint MUST retain old keys until it has successfully unprotected a packet sent "
    "using the new keys'; aioquic goes over to the new ones in both directions when it sends the first packet"
)
_CONFIRMED: Final = (
    "RFC 9001, section 6.1: 'An endpoint MUST NOT initiate a subsequent key update unless it has received an "
    "acknowledgment for a packet that was sent protected with keys from the current key phase'; request_key_update() "
    "waits for the handshake only"
)
_IDLE: Final = "idle_timeout: 'The connection is terminated if nothing is received for the given duration'"

Asked = Experiment[Provocation]


def _ask(
    name: str, rules: Sequence[str], policy: Policy, script: Script, observe: Any, manual: str = "", **more: Any
) -> Asked:
    """`how` is the rest of the Provocation, `more` that of the Experiment."""
    provocation = Provocation(script, **more.pop("how", {}))
    settings = f"idle_timeout={provocation.idle:g}"
    return Experiment(name, tuple(rules), policy, provocation, observe, manual, settings, **more)


def _timer(**more: object) -> Policy:
    """The user's own timer is why a renegotiation starts."""
    return Policy(age_limit=AGE, age_trigger="timer").but(**more)


def _replies(events: Sequence[Event]) -> str:
    came = [e.t for e in events if e.do == "Arrive" and e.message and e.message.kind == "heartbeat"]
    sent = measures.times(events, "SendReply")
    return f"{len(sent)} replies to {len(came)} heartbeats"


def _ending(events: Sequence[Event]) -> str:
    said = [e for e in events if e.do == "Close"]
    return ("announced the end" if said[-1].message else "ended without a word") if said else "did not end"


def _death(events: Sequence[Event]) -> str:
    heard = [e.t for e in events if e.do in ("Deliver", "SendReply", "SendHeartbeat")]
    closed = measures.times(events, "Close")
    lasted = (closed or [events[-1].t])[0] - (heard or [0])[-1]
    return f"{'gave up' if closed else 'had not given up'} {lasted} ms after that; configured are {TIMEOUT} ms"


def _answers(events: Sequence[Event]) -> int:
    return len(measures.times(events, "Answer"))


def _many(events: Sequence[Event]) -> str:
    return f"{_answers(events)} renegotiations, of {MANY} begun"


def _ended(events: Sequence[Event]) -> bool:
    return bool(measures.times(events, "Shut"))


def _derived(events: Sequence[Event]) -> str:
    """EST-3: what data under a second key shows."""
    if not measures.renewed(events):
        return ""
    return (
        "data went under a second key, in whose making nothing had been exchanged: it follows from the first one alone"
    )


def _one_key(events: Sequence[Event]) -> bool:
    """Did data flow both ways under the second key, and none under a third?"""
    ways = {(e.do, e.message.epoch) for e in events if e.do in ("SendData", "Deliver") and e.message}
    return ways == {("SendData", 2), ("Deliver", 2)}


def _believed(events: Sequence[Event]) -> str:
    return "completed the handshake" if measures.times(events, "Finish") else "broke the handshake off"


_SHORT: Final = {"idle": TIMEOUT / 1000}
_LENGTH: Final = partial(measures.of_renegotiation, TIMEOUT)
_AGES: Final = partial(measures.of_ages, 700)
_AGED: Final = Policy(age_limit=700)
_SILENT: Final = Policy(idle_period=TIMEOUT, heartbeat_sender="server", on_missed_heartbeat="close")
_LIMITED: Final = Policy(byte_limit=LIMIT, byte_trigger="next-data")
_OF_BYTES: Final = partial(measures.of_bytes, LIMIT)
_RESTED: Final = Policy(idle_period=IDLE, idle_trigger="period")
_BEATING: Final = Policy(idle_period=IDLE, heartbeat_sender="client")
_BEATEN: Final = Policy(idle_period=300, heartbeat_sender="server")
_MUTED: Final = _BEATING.but(heartbeat_interval=5000, reply_timeout=TIMEOUT)
_KEYS: Final = measures.of_keys

EXPERIMENTS: Final[tuple[Asked, ...]] = (
    _ask(
        "BYTE-3-sent", ["BYTE-3", "BYTE-5"], _LIMITED, scripts.sent, _OF_BYTES, f"{_ONLY_BY_HAND}bytes",
        follow=("byte_limit", "byte_trigger", "byte_test", "byte_counts"),
    ),
    _ask(
        "BYTE-3-received", ["BYTE-1"], _LIMITED, scripts.received, _OF_BYTES, f"{_ONLY_BY_HAND}bytes",
        stands_for={"BYTE-3": ("BYTE-1",)},
    ),
    _ask("AGE-1-busy", ["AGE-1"], _AGED, scripts.age_busy, _AGES, f"{_ONLY_BY_HAND}a key's age", follow=("age_limit",)),
    _ask("AGE-2-idle", ["AGE-1"], _AGED, scripts.age_idle, _AGES, f"{_ONLY_BY_HAND}a key's age", follow=("age_limit",)),
    _ask("AGE-2-idle.quiet", ["IDLE-2"], _AGED, scripts.quiet, _AGES),
    _ask(
        "IDLE-1-data", ["IDLE-1"], _RESTED, scripts.idle_then_data, _KEYS, f"{_ONLY_BY_HAND}idleness",
        follow=("idle_trigger",),
    ),
    _ask(
        "IDLE-3-data", ["IDLE-3"], _RESTED.but(reject_trigger="period"), scripts.idle_then_received, _KEYS,
        f"{_ONLY_BY_HAND}idleness", follow=("reject_trigger",),
    ),
    _ask(
        "HB-1-idle", ["HB-1"], _BEATING, scripts.quiet, partial(measures.of_intervals, IDLE), _NO_HEARTBEAT,
        follow=("heartbeat_sender",),
    ),
    _ask(
        "HB-3-reply", ["HB-3", "HB-4"], _BEATEN, scripts.beats, _replies,
        shows={"HB-4": lambda events: bool(measures.times(events, "SendReply")) and not measures.renewed(events)},
    ),
    _ask("HB-5-forged", ["HB-5", "AUTH-1"], _BEATEN, scripts.forged, _replies, stands_for={"HB-5": ("HB-5", "AUTH-1")}),
    _ask("HB-5-forged.replayed", ["HB-5"], _BEATEN, scripts.repeated, _replies),
    _ask("DEAD-1-muted", ["DEAD-2"], _MUTED, scripts.muted, _death, _IDLE, how=_SHORT, follow=("reply_timeout",)),
    _ask(
        "DEAD-3-silent", ["DEAD-3"], _SILENT, scripts.silence, _death, _IDLE, how=_SHORT,
        follow=("on_missed_heartbeat",),
    ),
    _ask("DEAD-3-silent.heartbeats", ["DEAD-3"], _SILENT, scripts.beats_then_silence, _death, _IDLE, how=_SHORT),
    _ask("EST-1-early", ["EST-1", "FLOW-1"], Policy(), scripts.early, _KEYS),
    _ask("EST-2-wrong-key", ["EST-2"], Policy(), scripts.stranger, _believed, how={"stranger": True}),
    _ask(
        "EST-3-contributions", ["EST-3"], _timer(), scripts.renewed, _KEYS, _DERIVED, breaks={"EST-3": _derived},
    ),
    _ask(
        "EST-4-first", ["EST-4"], Policy(negotiation_timeout=TIMEOUT), scripts.deaf, _LENGTH, _IDLE,
        how=_SHORT | {"way": scripts.nothing_arrives}, follow=("negotiation_timeout",),
    ),
    _ask(
        "EST-4-ignored", ["EST-4"], _timer(negotiation_timeout=TIMEOUT), scripts.ignored, _LENGTH, _IDLE, how=_SHORT,
        follow=("negotiation_timeout",),
    ),
    _ask(
        "EST-4-ignored-busy", ["EST-4"], _timer(negotiation_timeout=TIMEOUT), scripts.ignored_busy, _LENGTH, _KEPT,
        how=_SHORT,
    ),
    _ask("REKEY-1-slow", ["REKEY-1"], _timer(), scripts.slow, _KEYS, _SWITCHES),
    _ask(
        "REKEY-1-peer", ["REKEY-1", "EST-4"], Policy(), scripts.server_starts, _KEYS,
        shows={"REKEY-1": measures.renewed},
    ),
    _ask(
        "REKEY-2-old-key", ["REKEY-2"], _timer(), scripts.old_key, _KEYS, _KEPT,
        shows={"REKEY-2": measures.delivered_during},
    ),
    _ask("REKEY-2-after", ["REKEY-2"], _timer(), scripts.after, _KEYS),
    _ask(
        "REKEY-5-both", ["REKEY-5"], _timer(), scripts.crossing, _KEYS, shows={"REKEY-5": _one_key}
    ),
    _ask("REKEY-5-again", ["REKEY-5"], _timer(), scripts.again, _KEYS, _CONFIRMED, shows={"REKEY-5": _ended}),
    _ask(
        "LIM-2-many", ["LIM-2"], Policy(), scripts.many, _many, stands_for={"CLOSE-1": ("LIM-2",)},
        shows={"LIM-2": lambda events: _answers(events) >= MANY},
    ),
    _ask("CLOSE-1-quit", ["CLOSE-1"], Policy(), scripts.quit_idle, _ending),
    _ask("CLOSE-1-rekeying", ["CLOSE-1"], _timer(), scripts.quit_rekeying, _ending),
)  # fmt: skip

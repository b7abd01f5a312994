"""What every TLS 1.3 stack is asked, and by which policy: the same of each, with its own options and manual (`ways`).

TLS has no heartbeats any more (RFC 6520's are in none of these stacks), so a silent peer is one whose heartbeats stay
away: `heartbeat_sender: server` and `on_missed_heartbeat: close`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.tls import scripts, seen
from rekeyspec.conformance.peers.tls.scripts import AGE, IDLE, TIMEOUT
from rekeyspec.conformance.peers.tls.ways import Asked, Ways
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy

LIMITS: Final = {4096: 1024, 18_000: 3000, 60_000: 10_000}
"""bytes, each with the size of the messages by a few of which it is reached exactly."""

LIMIT: Final = 18_000
"""bytes: passed by six messages of 4096, and by the sum of three of 4000 each way."""

SMALL: Final = 3000
"""bytes: reached by thirty messages of 100, against each of which what TLS adds is much."""

_BYTES: Final = ("byte_limit", "byte_trigger", "byte_test", "byte_counts")
_ONE_WAY: Final = {"reading": "one-way"}

SWITCHES: Final = (
    "RFC 8446, section 4.6.3: 'After sending a KeyUpdate message, the sender SHALL send all its traffic using the next "
    "generation of keys'; nothing is to be waited for"
)
_DERIVED: Final = "RFC 8446, section 7.2: the next secret is HKDF-Expand-Label of the last one, with an empty context"
_CROSSED: Final = (
    "RFC 8446, section 4.6.3: 'if both sides independently send KeyUpdates with request_update set to "
    '"update_requested" and they cross in flight, then each side will also send a response, with the result that each '
    "side increments by two generations'"
)
_UNTIMED: Final = "RFC 8446, section 4.6.3, sets no time within which a KeyUpdate must be answered, and no option does"
_APART: Final = (
    "RFC 8446, section 7.3: each direction has a traffic key of its own, so what came and what went are not one sum"
)


def experiments(w: Ways) -> tuple[Asked, ...]:
    """Every question, the longest first, since they start one after the other."""
    return (*_silences(w), *_ages(w), *_renegotiations(w), *_crossings(w), *_limits(w), *_sums(w), *_ends(w))


def timer(**more: object) -> Policy:
    """The user's own timer is why a renegotiation starts (see `scripts`)."""
    return Policy(age_limit=AGE, age_trigger="timer").but(**more)


def _silences(w: Ways) -> Sequence[Asked]:
    silent = Policy(idle_period=TIMEOUT, heartbeat_sender="server", on_missed_heartbeat="close")
    beating = Policy(idle_period=600, heartbeat_sender="client")
    idle = Policy(idle_period=IDLE, idle_trigger="period")
    return (
        w.ask(
            "EST-4-first", ["EST-4"], Policy(negotiation_timeout=TIMEOUT), scripts.deaf,
            partial(measures.of_renegotiation, TIMEOUT), "first", "timed",
            how={"before": True, "knobs": {"deaf": True}}, follow=("negotiation_timeout",),
        ),
        w.ask(
            "DEAD-3-silent", ["DEAD-3"], silent, scripts.silence, seen.silence, "silent", "timed",
            follow=("on_missed_heartbeat",),
        ),
        w.ask(
            "HB-1-idle", ["HB-1"], beating, scripts.age_quiet, partial(measures.of_intervals, 600), "heartbeat",
            follow=("heartbeat_sender",),
        ),
        w.ask(
            "IDLE-1-data", ["IDLE-1"], idle.but(direction="to-server"), scripts.idle_then_data, measures.of_keys,
            "idle", how=_ONE_WAY, follow=("idle_trigger",),
        ),
        w.ask(
            "IDLE-3-data", ["IDLE-3"], idle.but(reject_trigger="period"), scripts.idle_then_received, measures.of_keys,
            "idle", follow=("reject_trigger",),
        ),
    )  # fmt: skip


def _ages(w: Ways) -> Sequence[Asked]:
    policy, observe = Policy(direction="to-server", age_limit=700), partial(measures.of_ages, 700)
    follow: dict[str, Any] = {"how": _ONE_WAY, "follow": ("age_limit", "age_trigger")}
    return (
        w.ask("AGE-1-busy", ["AGE-1", "AGE-2"], policy, scripts.age_busy, observe, "age", **follow),
        w.ask("AGE-2-idle", ["AGE-1", "AGE-2"], policy, scripts.age_idle, observe, "age", **follow),
        w.ask("AGE-2-idle.quiet", ["IDLE-2"], policy, scripts.age_quiet, observe, "age", how=_ONE_WAY),
    )


def _limits(w: Ways) -> Sequence[Asked]:
    """One direction alone."""
    kept = ("BYTE-3", "BYTE-4", "BYTE-5", "REKEY-3")

    def sent(
        name: str, limit: int, size: int, count: int, rules: Sequence[str] = kept, manual: str = "bytes", **more: Any
    ) -> Asked:
        policy = Policy(direction="to-server", byte_limit=limit).but(byte_trigger=w.trigger)
        return w.ask(
            name, rules, policy, scripts.sent(size, count), partial(measures.of_bytes, limit), manual, str(limit),
            how=_ONE_WAY, follow=_BYTES, shows=dict.fromkeys(kept, measures.renewed), **more,
        )  # fmt: skip

    plain = [sent(f"BYTE-3-sent.{limit}", limit, size, 20) for limit, size in LIMITS.items()]
    if not w.limited:
        return plain
    counted = {"NEED-1": ("BYTE-1", "NEED-1"), "IDLE-2": ("BYTE-1",)}
    return (
        *plain,
        sent("BYTE-3-sent.uneven", LIMIT, 4096, 14, (*kept, "NEED-1"), "uneven"),
        sent("BYTE-3-sent.large", LIMIT, 50_000, 3, kept, "uneven"),
        sent("BYTE-1-small", SMALL, 100, 36, ("BYTE-1", "NEED-1"), "bytes", stands_for=counted),
    )


def _sums(w: Ways) -> Sequence[Asked]:
    """Both directions."""
    policy, observe = Policy(byte_limit=LIMIT).but(byte_trigger=w.trigger), partial(measures.of_bytes, LIMIT)
    summed: dict[str, Any] = {"stands_for": {"BYTE-3": ("BYTE-1",)}}
    given = str(LIMIT)
    return (
        w.ask("BYTE-3-received", ["BYTE-1"], policy, scripts.received, observe, "received", given, **summed),
        w.ask("BYTE-3-both", ["BYTE-1"], policy, scripts.both, observe, _APART, given, **summed),
    )


def _renegotiations(w: Ways) -> Sequence[Asked]:
    limited, observe = timer(negotiation_timeout=TIMEOUT), partial(measures.of_renegotiation, TIMEOUT)
    return (
        w.ask("EST-4-ignored", ["EST-4"], limited, scripts.ignored, observe, _UNTIMED, follow=("negotiation_timeout",)),
        w.ask("EST-4-ignored-busy", ["EST-4"], limited, scripts.ignored_busy, observe, _UNTIMED),
        w.ask(
            "LIM-2-many", ["LIM-2"], Policy(), scripts.many, seen.renegotiations, "answer",
            stands_for={"CLOSE-1": ("LIM-2",)}, shows={"LIM-2": seen.many},
        ),
        w.ask(
            "EST-3-contributions", ["EST-3"], timer(), scripts.renewed, measures.of_keys, _DERIVED,
            breaks={"EST-3": seen.derived},
        ),
        w.ask("REKEY-1-slow", ["REKEY-1"], timer(), scripts.slow, measures.of_keys, SWITCHES),
        w.ask(
            "REKEY-1-peer", ["EST-4", "REKEY-1"], Policy(), scripts.server_starts, measures.of_keys, "answer",
            shows={"REKEY-1": measures.renewed},
        ),
        w.ask(
            "REKEY-2-old-key", ["REKEY-2"], timer(), scripts.old_key, measures.of_keys,
            shows={"REKEY-2": measures.delivered_during},
        ),
    )  # fmt: skip


def _crossings(w: Ways) -> Sequence[Asked]:
    return (
        w.ask(
            "REKEY-5-both", ["REKEY-5"], timer(), scripts.crossing, measures.of_keys, _CROSSED,
            stands_for={"EST-3": ("REKEY-5",), "EST-4": ("REKEY-5",)},
        ),
        w.ask(
            "REKEY-5-again", ["REKEY-5"], timer(), scripts.again, measures.of_keys, SWITCHES,
            shows={"REKEY-5": seen.ended},
        ),
    )  # fmt: skip


TYPED: Final = Margin(ms=300)
"""What is typed to a program that renegotiates in TLS 1.2 it may do some 160 ms later; when is not what is asked."""


def renegotiated(w: Ways, given: str) -> Sequence[Asked]:
    """The same of TLS 1.2's renegotiation, with the options of that name. Nothing but its user starts one."""
    limited, observe = timer(negotiation_timeout=TIMEOUT), measures.of_keys
    how = {"renegotiates": True}
    asked = (
        w.ask(
            "EST-4-ignored.tls12", ["EST-4"], limited, scripts.ignored, partial(measures.of_renegotiation, TIMEOUT),
            "untimed", given, how=how, follow=("negotiation_timeout",),
        ),
        w.ask(
            "EST-3-contributions.tls12", ["EST-3"], timer(), scripts.renewed, observe, "", given, how=how,
            shows={"EST-3": measures.renewed},
        ),
        w.ask("REKEY-1-slow.tls12", ["REKEY-1", "FLOW-1"], timer(), scripts.slow, observe, "", given, how=how),
        w.ask(
            "REKEY-2-old-key.tls12", ["REKEY-2"], timer(), scripts.old_data, observe, "oldkey", given, how=how,
            shows={"REKEY-2": measures.delivered_during}, stands_for={"CLOSE-1": ("REKEY-2",)},
        ),
        w.ask(
            "REKEY-4-request.tls12", ["REKEY-4"], Policy(rekey_initiator="client"), scripts.requested, observe, "",
            given, how=how,
        ),
        w.ask(
            "CLOSE-1-rekeying.tls12", ["CLOSE-1"], timer(), scripts.quit_rekeying, seen.ending, "unannounced", given,
            how=how,
        ),
    )  # fmt: skip
    return tuple(replace(e, margin=TYPED) for e in asked)


def _ends(w: Ways) -> Sequence[Asked]:
    strange = {"stranger": True}
    delayed = {"before": True, "knobs": {"hello_delay": 0.4}}
    careless = w.ask(
        "EST-2-wrong-key.default",
        ["EST-2"],
        Policy(),
        scripts.stranger,
        seen.believed,
        "verify",
        "careless",
        how=strange,
    )
    early = w.ask("EST-1-early", ["EST-1", "FLOW-1"], Policy(), scripts.early, measures.of_keys, how=delayed)
    return (
        w.ask("EST-2-wrong-key", ["EST-2"], Policy(), scripts.stranger, seen.believed, "verify", how=strange),
        *([careless] if "careless" in w.options else []),
        *([early] if w.early else []),
        w.ask("CLOSE-1-quit", ["CLOSE-1"], Policy(), scripts.quit_idle, seen.ending),
        w.ask("CLOSE-1-rekeying", ["CLOSE-1"], timer(), scripts.quit_rekeying, seen.ending),
    )

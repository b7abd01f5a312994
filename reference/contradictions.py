"""Policies that contradict themselves or cannot work, found by arithmetic before any link is opened.

Each check is one sentence of a rule with the numbers put in. All of them bound what an honest pair of ends would do to
itself when every message takes at most `delay`: what an adversary can do is no matter of a policy's consistency. What
arrives at the very instant of a deadline may be handled before it or after it, so a tie counts as a failure: the time
allowed must be more than the delay it waits for. A policy that claims no delay (0, as K's own) is held to no such tie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Final, NamedTuple

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role

LARGEST: Final = 1 << 53
"""The largest time (ms) or size (bytes): beyond it JSON numbers are no longer exact everywhere."""

_RULE_OF: Final = {
    "negotiation_timeout": "EST-4", "byte_limit": "BYTE-3", "byte_floor": "BYTE-3", "age_limit": "AGE-1",
    "idle_period": "HB-1", "heartbeat_interval": "HB-2", "rekey_idle": "IDLE-1", "reply_timeout": "DEAD-1",
    "retries": "DEAD-1", "grace": "DEAD-3", "session_lifetime": "CACHE-1", "channels": "CHAN-1",
    "max_message": "LIM-1", "queue_limit": "LIM-1", "links_per_user": "GATE-1", "delay": "EST-4",
}  # fmt: skip


class Contradiction(NamedTuple):
    """A rule that the policy cannot keep, or that its other parameters defeat, and why, with the numbers."""

    rule: str
    text: str


def contradictions(policy: Policy) -> list[Contradiction]:
    """All that is wrong with this policy as a whole; nothing, if it is consistent."""
    absurd = list(_ranges(policy))
    return absurd or [found for check in _CHECKS for found in check(policy)]


Found = Iterator[Contradiction]


def _ranges(p: Policy) -> Found:
    for f in fields(p):
        value = getattr(p, f.name)
        if isinstance(value, int) and not 0 <= value <= LARGEST:
            yield Contradiction(_RULE_OF[f.name], f"{f.name} {value} is not between 0 and {LARGEST}")


def _beats(p: Policy) -> bool:
    return any(p.sends_heartbeats(role) for role in ROLES)


def _authentication(p: Policy) -> Found:
    if p.authentication == "server-only" and p.direction != "to-server":
        yield Contradiction(
            "EST-2",
            f"authentication server-only with direction {p.direction}: the client is a second entity too, and nobody "
            "authenticated it, so K:C11 is broken; server-only needs direction to-server",
        )


def _negotiation(p: Policy) -> Found:
    # The longest way to a new key at one end: its request, or its own start that lost against the other's (REKEY-5),
    # then the other end's start, the answer, the finish. Its time runs from the first of them to the last (EST-4).
    if p.negotiation_timeout == 0:
        yield Contradiction(
            "EST-4", "negotiation_timeout 0: a negotiation that the peer leaves would hold the link for ever"
        )
    elif p.negotiation_timeout <= 4 * p.delay:
        yield Contradiction(
            "EST-4",
            f"a request, start, answer and finish may take 4 * delay = 4 * {p.delay} = {4 * p.delay} ms, which must be "
            f"less than negotiation_timeout {p.negotiation_timeout}",
        )


def _heartbeats(p: Policy) -> Found:
    if p.heartbeat_sender != "none" and p.idle_period == 0:
        yield Contradiction(
            "HB-1", f"heartbeat_sender {p.heartbeat_sender} with idle_period 0: no heartbeat would ever be due"
        )
    if not _beats(p):
        return
    # The next first heartbeat comes an interval after this one if the link stays idle, and, if data ends the idleness
    # right after it, an idle period after that. The series must be over by then, or a late reply answers either.
    series, room = (p.retries + 1) * p.reply_timeout, min(p.idle_period, p.heartbeat_interval)
    if series > room:
        yield Contradiction(
            "HB-2",
            f"a series of heartbeats lasts (retries + 1) * reply_timeout = ({p.retries} + 1) * {p.reply_timeout} = "
            f"{series} ms and must lie within min(idle_period, heartbeat_interval) = "
            f"min({p.idle_period}, {p.heartbeat_interval}) = {room} ms, or it blurs two heartbeats",
        )
    if p.channels == 2 and p.heartbeat_protection == "clear":
        yield Contradiction(
            "CHAN-1", "channels 2 with heartbeat_protection clear: what flows on the control channel is protected"
        )


def _triggers(p: Policy) -> Found:
    for rule, name, value in (
        ("IDLE-1", "idle_trigger", p.idle_trigger),
        ("IDLE-3", "reject_trigger", p.reject_trigger),
    ):
        if value == "heartbeat" and not _beats(p):
            yield Contradiction(
                rule, f"{name} heartbeat with no heartbeat ever sent: set heartbeat_sender and idle_period"
            )
        if value == "period" and p.rekey_idle == 0:
            yield Contradiction(rule, f"{name} period with rekey_idle 0, which is never: set rekey_idle or idle_period")


def _age(p: Policy) -> Found:
    # A negotiation is activity: where the next age limit comes no later than the idleness after it, it finds the link
    # in use, and so does every one after that.
    if p.age_trigger == "active" and 0 < p.age_limit <= p.idle_period:
        yield Contradiction(
            "AGE-2",
            f"age_trigger active with age_limit {p.age_limit} at most idle_period {p.idle_period}: the negotiation of "
            "each new key ends idleness, so that a silent link is renewed for ever; age_limit must be more than "
            "idle_period",
        )


def _accounting(p: Policy) -> Found:
    other: Role = "server" if p.accounting == "client" else "client"
    told = p.idle_trigger == p.reject_trigger == "period"  # with `heartbeat` nobody waits to be told
    if p.accounting != "each" and told and p.may_offer(other) and p.delay:
        yield Contradiction(
            "REKEY-6",
            f"accounting {p.accounting} with reject_trigger period: a notice that the {p.accounting} gives at "
            f"rekey_idle {p.rekey_idle} ms reaches the {other} up to delay = {p.delay} ms later, and what the {other} "
            f"sends until then arrives when the {p.accounting} refuses it",
        )
    if p.accounting != "each" and "any" in (p.idle_trigger, p.reject_trigger):
        yield Contradiction(
            "REKEY-6",
            f"accounting {p.accounting} gives notice of idleness at rekey_idle ({p.rekey_idle} ms), but a trigger is "
            "`any`: the end that does not count could never know of idleness above 0 ms in time",
        )


def _rejection(p: Policy) -> Found:
    if p.reject_trigger == "heartbeat":
        yield from _rejection_by_heartbeat(p)
    elif p.reject_trigger != "never":
        yield from _rejection_by_clock(p)


def _rejection_by_clock(p: Policy) -> Found:
    # How idle an end may be and yet send under the old key; the receiver may have noted the latest activity a delay
    # before the sender did, and receives a delay later: its own idle time is at most 2 * delay more.
    spread = p.retries * p.reply_timeout + 2 * p.delay  # until the heartbeat's mark is at both ends
    reach = {"any": 0, "period": max(p.rekey_idle - 1, 0), "heartbeat": p.idle_period + spread}.get(p.idle_trigger)
    least = 1 if p.reject_trigger == "any" else p.rekey_idle
    if reach is None:
        yield Contradiction(
            "IDLE-3",
            f"reject_trigger {p.reject_trigger} with idle_trigger never: one end refuses what the other may send",
        )
    elif reach + 2 * p.delay >= least > 0:
        yield Contradiction(
            "IDLE-3",
            f"with idle_trigger {p.idle_trigger} data may leave after {reach} ms of idle time and arrives after up to "
            f"{reach} + 2 * delay = {reach} + 2 * {p.delay} = {reach + 2 * p.delay} ms of the receiver's, but "
            f"reject_trigger {p.reject_trigger} refuses it from {least} ms on",
        )


def _rejection_by_heartbeat(p: Policy) -> Found:
    if p.idle_trigger == "never":
        yield Contradiction(
            "IDLE-3", "reject_trigger heartbeat with idle_trigger never: one end refuses what the other may send"
        )
    elif p.idle_trigger == "period" and p.rekey_idle > p.idle_period:
        yield Contradiction(
            "IDLE-3",
            f"after a heartbeat at idle_period {p.idle_period} ms data is refused, but idle_trigger period "
            f"renegotiates only from rekey_idle {p.rekey_idle} ms on",
        )
    elif p.idle_trigger != "heartbeat" and p.direction == "both" and p.delay:
        # Data that crosses the heartbeat ends the idleness at the heartbeat's sender, not the mark at its receiver.
        yield Contradiction(
            "IDLE-3",
            f"with delay {p.delay} ms and data both ways, data may cross a heartbeat: its sender is idle no more, so "
            f"that idle_trigger {p.idle_trigger} lets data go, which reject_trigger heartbeat refuses; "
            "use idle_trigger heartbeat",
        )


def _dead(p: Policy) -> Found:
    if _beats(p) and p.reply_timeout == 0:
        yield Contradiction("DEAD-1", "reply_timeout 0: without a limit, nobody notices an unanswered heartbeat")
    elif _beats(p) and p.reply_timeout <= 2 * p.delay:
        yield Contradiction(
            "DEAD-1",
            f"a heartbeat and its reply may take 2 * delay = 2 * {p.delay} = {2 * p.delay} ms, which must be less than "
            f"reply_timeout {p.reply_timeout}",
        )
    if p.on_missed_heartbeat == "ignore":
        return
    if not _beats(p):
        yield Contradiction(
            "DEAD-3",
            f"on_missed_heartbeat {p.on_missed_heartbeat} with no heartbeat ever sent: set heartbeat_sender and "
            "idle_period",
        )
        return
    if p.grace < grace_needed(p):
        times, tries = _delays(p), _tries(p)
        yield Contradiction(
            "DEAD-3",
            "a heartbeat, or the new key that its missing reply asks for, may be late by "
            f"{_TRIES[p.on_missed_reply]} * reply_timeout + {times} * delay = "
            f"{tries} * {p.reply_timeout} + {times} * {p.delay} = "
            f"{tries * p.reply_timeout + times * p.delay} ms, which must be {'less than' if p.delay else 'at most'} "
            f"grace {p.grace}",
        )


_TRIES: Final = {"close": "retries", "rekey": "(retries + 1)"}


def _tries(p: Policy) -> int:
    return p.retries + (p.on_missed_reply == "rekey")


def grace_needed(p: Policy) -> int:
    """The least grace (ms) with which no live and honest sender of heartbeats is given up (DEAD-3).

    Its repeats are spent `retries * reply_timeout` after the first, and a receiver that gives up sooner makes them
    useless; with `on_missed_reply: rekey` the sender asks for a new key one `reply_timeout` after that (DEAD-2), which
    is a sign of life too. What gets through arrives a delay later. And the sender may have begun to count later than
    the receiver: activity that began at the receiver (its data, its negotiation) is noted at the sender up to a delay
    afterwards. So a second delay, unless activity begins at the sender only; and one ms more, against a tie, where a
    delay is claimed. (`rekeyspec model timers` finds the same by search.)
    """
    return _tries(p) * p.reply_timeout + _delays(p) * p.delay + (1 if p.delay else 0)


def _delays(p: Policy) -> int:
    others: list[Role] = ["server" if role == "client" else "client" for role in ROLES if p.sends_heartbeats(role)]
    return 2 if any(_begins(p, role) for role in others) else 1


def _begins(p: Policy, role: Role) -> bool:
    """May activity begin at this end: data of its user's, or a negotiation that it starts (REKEY-4)?"""
    dataless = (p.age_limit > 0 and p.age_trigger != "data") or p.on_missed_reply == "rekey"
    by_default = p.rekey_initiator == "sender" and role == "client" and dataless
    return p.may_offer(role) or p.rekey_initiator == role or by_default


def _sessions(p: Policy) -> Found:
    if p.session_cache == "on" and p.session_lifetime == 0:
        yield Contradiction("CACHE-1", "session_cache on with session_lifetime 0: no session would ever be resumed")


def _bounds(p: Policy) -> Found:
    if p.max_message == 0:
        yield Contradiction("LIM-1", "max_message 0: no message could be offered")
    if p.max_message > p.queue_limit:
        yield Contradiction(
            "LIM-1",
            f"max_message {p.max_message} is more than queue_limit {p.queue_limit}: the largest message allowed could "
            "never wait",
        )


_CHECKS: Final[tuple[Callable[[Policy], Found], ...]] = (
    _authentication, _negotiation, _heartbeats, _triggers, _rejection, _dead, _age, _accounting, _sessions, _bounds,
)  # fmt: skip

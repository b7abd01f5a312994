"""What an end may do of its own accord: the guards of the actions that take no message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rekeyspec.reference.conditions import (
    aged,
    barred,
    exhausted,
    full,
    holding,
    idle_notice_at,
    may_start,
    missed_reply,
    notices_bytes,
    reasons,
    reply_deadline,
    since,
    surely_outstanding,
)
from rekeyspec.reference.guard import ESTABLISHED, OPEN, Guard, Table
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End
from rekeyspec.reference.vocabulary import Message

if TYPE_CHECKING:
    from rekeyspec.reference.guards import Rules

_reason = Guard(
    "NEED-1",
    "a rule gives a reason for a new key (bytes, age, idleness before data, a missed reply, a request)",
    lambda r, s, t, m: s.epoch == 0 or next(reasons(r.policy, s, t, r.margin), "") != "",
)
_needed = Guard(
    "IDLE-2",
    "there is data to send, or a rule that needs none gives a reason for a new key",
    lambda r, s, t, m: s.epoch == 0 or bool(s.queue) or next(reasons(r.policy, s, t, r.margin), "") != "",
)
_not_holding = Guard(
    "HB-6",
    "no reply is outstanding, or the policy does not hold back for it",
    lambda r, s, t, m: not holding(r.policy, s) or missed_reply(r.policy, s, t, r.margin) > 0,
)


def _repeat_due(r: Rules, s: End, t: int, m: Message) -> bool:
    if not surely_outstanding(s):
        return True
    return not exhausted(r.policy, s) and since(t, reply_deadline(r.policy, s), r.margin) > 0


def overdue(r: Rules, s: End, t: int) -> bool:
    """DEAD-3: may this end hold a heartbeat of the peer to be missing?"""
    return watches(r.policy, s) and since(t, s.expected_at + r.policy.grace, r.margin) > 0


def watches(p: Policy, s: End) -> bool:
    """DEAD-3: does this end wait for heartbeats now?"""
    return s.role in p.watching and s.negotiation is None and s.epoch > 0 and s.suspect_since == NONE


OWN: Final[Table] = {
    "Start": (
        OPEN,
        Guard("REKEY-5", "no other negotiation is in progress", lambda r, s, t, m: s.negotiation is None),
        Guard("EST-4", "the client starts the first one", lambda r, s, t, m: s.epoch > 0 or s.role == "client"),
        _needed,
        _reason,
        Guard(
            "REKEY-4",
            "this end may start a renegotiation",
            lambda r, s, t, m: s.epoch == 0 or s.requested or may_start(r.policy, s),
        ),
        _not_holding,
    ),
    "Request": (
        OPEN,
        ESTABLISHED,
        Guard(
            "REKEY-5",
            "no negotiation is in progress or asked for",
            lambda r, s, t, m: s.negotiation is None and not s.requesting,
        ),
        _needed,
        _reason,
        Guard("REKEY-4", "this end may not start one itself", lambda r, s, t, m: not may_start(r.policy, s)),
        _not_holding,
    ),
    "SendData": (
        OPEN,
        ESTABLISHED,
        Guard("FLOW-1", "the user has offered data that is not yet sent", lambda r, s, t, m: bool(s.queue)),
        Guard("REKEY-1", "no negotiation is in progress here", lambda r, s, t, m: s.negotiation is None),
        Guard(
            "BYTE-3",
            "the bytes under this key are within the limit",
            lambda r, s, t, m: not full(r.policy, s, -r.margin.bytes),
        ),
        Guard("AGE-1", "the key is younger than its limit", lambda r, s, t, m: aged(r.policy, s, t, r.margin) < 2),
        Guard(
            "IDLE-1",
            "the link was not idle, as `idle_trigger` says, before this data",
            lambda r, s, t, m: not s.queue or barred(r.policy, s, s.queue[0]) < 2,
        ),
        Guard("HB-6", "no reply is outstanding that holds data back", lambda r, s, t, m: not holding(r.policy, s)),
        Guard(
            "DEAD-2",
            "no reply is missing that asks for a new key first",
            lambda r, s, t, m: missed_reply(r.policy, s, t, r.margin) < 2,
        ),
    ),
    "SendHeartbeat": (
        OPEN,
        ESTABLISHED,
        Guard("HB-1", "this end sends heartbeats", lambda r, s, t, m: r.policy.sends_heartbeats(s.role)),
        Guard("HB-1", "no negotiation is in progress", lambda r, s, t, m: s.negotiation is None),
        Guard(
            "HB-2",
            "the link has been idle for its period, or the interval since the last one has passed",
            lambda r, s, t, m: surely_outstanding(s) or since(t, s.next_beat, r.margin) > 0,
        ),
        Guard("DEAD-1", "the outstanding one is overdue and a repeat is left", _repeat_due),
    ),
    "SendNotice": (
        OPEN,
        ESTABLISHED,
        Guard("REKEY-6", "this end counts for both", lambda r, s, t, m: s.role in r.policy.noticing),
        Guard("REKEY-6", "no negotiation is in progress", lambda r, s, t, m: s.negotiation is None),
        Guard(
            "REKEY-6",
            "the count has met the limit, or idle time the period, and the peer was not told since",
            lambda r, s, t, m: (
                notices_bytes(r.policy, s, r.margin.bytes) or since(t, idle_notice_at(r.policy, s), r.margin) > 0
            ),
        ),
    ),
    "Suspect": (
        OPEN,
        Guard(
            "DEAD-3",
            "a heartbeat of the peer is overdue, and the policy asks for a new key then",
            lambda r, s, t, m: overdue(r, s, t) and r.policy.on_missed_heartbeat == "rekey",
        ),
    ),
    "Refuse": (
        Guard("LIM-1", "the offer, or the link, is one that must be refused", lambda r, s, t, m: s.refusal != ""),
    ),
}

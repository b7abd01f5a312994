"""What may be done with a message that arrived: the guards of the actions that take one.

`TAKES` says which actions may take a message of which kind. What no other action takes is ignored, but for what waits
(EARLY-1) and for what ends the link (CLOSE-1, ORDER-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rekeyspec.reference.conditions import (
    carries_old,
    decides_alone,
    exhausted,
    new_session,
    rejects,
    reply_deadline,
    sealed,
    since,
)
from rekeyspec.reference.guard import ESTABLISHED, OPEN, Guard, Table
from rekeyspec.reference.state import NONE, Certainty, End
from rekeyspec.reference.vocabulary import Do, Kind, Message

if TYPE_CHECKING:
    from rekeyspec.reference.guards import Rules

_sealed = Guard("AUTH-1", "the message is sealed by a key the peer has", lambda r, s, t, m: sealed(m))
_sealed_data = Guard(
    "AUTH-1", "the message is sealed by a key of the link", lambda r, s, t, m: sealed(m) and m.epoch > 0
)
_channel = Guard(
    "CHAN-1", "it came over the channel for its kind", lambda r, s, t, m: m.channel == r.policy.channel(m.kind)
)
_direction = Guard("LIM-1", "data may flow in this direction", lambda r, s, t, m: r.policy.may_offer(s.peer))
_heartbeat_seal = Guard(
    "HB-5",
    "it is sealed, or the policy lets heartbeats be clear",
    lambda r, s, t, m: m.sealed_by != "nobody" or r.policy.heartbeat_protection == "clear",
)
_in_force = Guard("HB-3", "it is of the epoch in force here", lambda r, s, t, m: m.epoch == s.epoch and s.epoch > 0)


def _peer_may_start(r: Rules, s: End, t: int, m: Message) -> bool:
    return s.epoch == 0 or r.policy.rekey_initiator != s.role


def _from_peer(s: End, m: Message) -> bool:
    """EST-3: is the negotiation's id the one that the peer gives this epoch?"""
    return m.negotiation == f"{s.peer[0]}{m.epoch}"


def _mine(s: End, m: Message) -> bool:
    return s.negotiation is not None and s.negotiation[:3] == (m.negotiation, m.epoch, True)


def _theirs(s: End, m: Message) -> bool:
    return s.negotiation is not None and s.negotiation[:3] == (m.negotiation, m.epoch, False)


def _agreed(r: Rules, s: End, t: int, m: Message) -> bool:
    if m.session == new_session(r.policy, m.negotiation):
        return True
    return s.negotiation is not None and m.session == s.negotiation.session != ""


def _deliverable_epoch(r: Rules, s: End, t: int, m: Message) -> bool:
    if m.epoch == s.epoch:
        return True
    return carries_old(r.policy, s) and m.epoch == s.epoch - 1 and since(t, s.old_until, r.margin) < 2


def _not_rejecting(r: Rules, s: End, t: int, m: Message) -> bool:
    return m.epoch != s.epoch or rejects(r.policy, s, t, r.margin) < 2


def _next_number(r: Rules, s: End, t: int, m: Message) -> bool:
    if r.policy.transport == "stream":
        return m.number == s.delivered_number + 1
    return m.number > s.delivered_number


def waits(r: Rules, s: End, m: Message) -> bool:
    """EARLY-1: must this data wait here for its epoch?"""
    if r.policy.transport != "stream" or m.epoch <= s.epoch:
        return False
    return s.negotiation is not None and not s.negotiation.mine and m.epoch == s.negotiation.epoch


def gap(r: Rules, s: End, m: Message) -> bool:
    """ORDER-1: does this data, which is otherwise fit for delivery, come after a gap in a stream?"""
    return (
        r.policy.transport == "stream"
        and m.kind == "data"
        and m.number > s.delivered_number + 1
        and all(g.holds(r, s, s.t, m) for g in r.taking["Deliver"] if g.rule != "ORDER-1")
    )


def announced(r: Rules, m: Message) -> bool:
    """CLOSE-1: does this message announce the end of the link, authentically?"""
    return m.kind == "close" and sealed(m) and m.channel == r.policy.channel("close")


def _spoilt(r: Rules, s: End, t: int, m: Message) -> Certainty:
    """IDLE-3, DEAD-3: is this data of a key that nothing may be delivered under any more?"""
    if m.epoch != s.epoch or m.number <= s.delivered_number or not r.policy.may_offer(s.peer):
        return 0
    return 2 if s.suspect_since != NONE else rejects(r.policy, s, t, r.margin)


def _discards(r: Rules, s: End, t: int, m: Message) -> bool:
    if waits(r, s, m) or gap(r, s, m) or _spoilt(r, s, t, m) == 2:
        return False
    if m.epoch == s.epoch - 1 and carries_old(r.policy, s) and since(t, s.old_until, r.margin):
        return True  # at the very instant of the old key's end it may be delivered, or not
    return not all(g.holds(r, s, t, m) for g in r.taking["Deliver"])


TAKES: Final[Mapping[Kind, tuple[Do, ...]]] = {
    "data": ("Reject", "Deliver", "Discard"),
    "heartbeat": ("SendReply",),
    "reply": ("AcceptReply",),
    "start": ("Answer", "RefuseStart"),
    "answer": ("Finish",),
    "finish": ("Establish",),
    "request": ("AcceptRequest",),
    "notice": ("AcceptNotice",),
    "close": (),
}
"""Which actions may take a message of each kind, in the order in which the reference tries them; Ignore is the last."""

TAKING: Final[Table] = {
    "Reject": (
        OPEN,
        _sealed_data,
        _channel,
        _direction,
        Guard("IDLE-4", "it is of the epoch in force", lambda r, s, t, m: m.epoch == s.epoch > 0),
        Guard(
            "IDLE-4",
            "the idleness that `reject_trigger` asks for was seen, or a heartbeat is overdue",
            lambda r, s, t, m: rejects(r.policy, s, t, r.margin) > 0 or s.suspect_since != NONE,
        ),
        Guard("ORDER-1", "it was not delivered before", lambda r, s, t, m: m.number > s.delivered_number),
    ),
    "Deliver": (
        OPEN,
        _sealed_data,
        _channel,
        ESTABLISHED,
        _direction,
        Guard("EARLY-1", "its epoch is in force here already", lambda r, s, t, m: m.epoch <= s.epoch),
        Guard("REKEY-2", "its epoch is still in force here", _deliverable_epoch),
        Guard("DEAD-3", "no heartbeat is overdue", lambda r, s, t, m: s.suspect_since == NONE or m.epoch != s.epoch),
        Guard("IDLE-3", "the link was not idle as `reject_trigger` says, under this epoch", _not_rejecting),
        Guard("ORDER-1", "it is the next in order", _next_number),
    ),
    "Discard": (
        OPEN,
        _sealed_data,
        _channel,
        Guard("REKEY-2", "it can be neither delivered, nor reported, nor kept for later", _discards),
    ),
    "SendReply": (
        OPEN,
        _heartbeat_seal,
        _channel,
        _in_force,
        Guard(
            "HB-5",
            "its number is new (a repeated one is a replay)",
            lambda r, s, t, m: r.policy.heartbeat_protection == "clear" or m.number > s.beat_seen,
        ),
    ),
    "AcceptReply": (
        OPEN,
        _heartbeat_seal,
        _channel,
        _in_force,
        Guard(
            "DEAD-4",
            "it answers the outstanding series",
            lambda r, s, t, m: s.series is not None and s.series.first <= m.number <= s.series.last,
        ),
        Guard(
            "DEAD-2",
            "its time is not over",
            lambda r, s, t, m: not exhausted(r.policy, s) or since(t, reply_deadline(r.policy, s), r.margin) < 2,
        ),
    ),
    "Answer": (
        OPEN,
        _sealed,
        _channel,
        Guard(
            "EST-3",
            "it asks for the epoch after the one in force, by the id of the peer",
            lambda r, s, t, m: m.epoch == s.epoch + 1 and _from_peer(s, m),
        ),
        Guard("EST-4", "the client starts the first one", lambda r, s, t, m: s.epoch > 0 or s.role == "server"),
        Guard("REKEY-4", "the peer may start a renegotiation", _peer_may_start),
        Guard(
            "REKEY-5",
            "no negotiation is in progress but one that the client's overrides",
            lambda r, s, t, m: s.negotiation is None or (s.negotiation.mine and s.role == "server"),
        ),
    ),
    "RefuseStart": (
        OPEN,
        _sealed,
        _channel,
        Guard(
            "REKEY-4",
            "the peer may not start a renegotiation",
            lambda r, s, t, m: m.epoch == s.epoch + 1 and not _peer_may_start(r, s, t, m),
        ),
    ),
    "Finish": (
        OPEN,
        Guard("EST-2", "the answer authenticates the second entity", lambda r, s, t, m: sealed(m)),
        _channel,
        Guard("EST-3", "it answers the negotiation that this end started", lambda r, s, t, m: _mine(s, m)),
        Guard("CACHE-1", "it makes a session of its own, or resumes the one that this end offered", _agreed),
    ),
    "Establish": (
        OPEN,
        Guard("EST-2", "the finish is the peer's", lambda r, s, t, m: sealed(m)),
        _channel,
        Guard("EST-3", "it finishes the negotiation that this end answered", lambda r, s, t, m: _theirs(s, m)),
    ),
    "AcceptRequest": (
        OPEN,
        _sealed,
        _channel,
        Guard(
            "REKEY-4",
            "it is for the epoch in force, and this end is the one to start",
            lambda r, s, t, m: m.epoch == s.epoch > 0 and s.negotiation is None and decides_alone(r.policy, s),
        ),
    ),
    "AcceptNotice": (
        OPEN,
        _sealed,
        _channel,
        Guard(
            "REKEY-6",
            "it is of the epoch in force, and the peer is the one who counts",
            lambda r, s, t, m: m.epoch == s.epoch > 0 and s.role not in r.policy.counting,
        ),
    ),
}

"""What is allowed, by rule: the guard of every action as a table of labelled conditions.

An end's action takes a message that arrived (TAKING), sends one (SENDING), does both (Answer, Finish, SendReply), or
neither (OWN). A guard is the conjunction of its conditions; each names its rule and says in words what must be true,
so that a false one explains itself. Tables, not code: a mutant drops a line, a report prints one, a reader finds a
rule.

What a sent message must look like is no condition but one expected message (`messages.outbound`); FORM names the rule
of each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rekeyspec.reference.conditions import (
    EXACT,
    Margin,
    aged,
    barred,
    carries_old,
    decides_alone,
    exhausted,
    full,
    holding,
    may_start,
    reasons,
    rejects,
    reply_deadline,
    sealed,
    since,
)
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, Certainty, End
from rekeyspec.reference.vocabulary import Do, Kind, Message


class NotEnabled(Exception):
    """An action whose guard is false: the rule of the first false condition, its words, and the other false rules."""

    def __init__(self, rule: str, text: str, also: tuple[str, ...] = ()) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule, self.text, self.also = rule, text, also


class Guard(NamedTuple):
    """One labelled condition: `holds(rules, end, time, message)`. The message is the one taken, or the one sent."""

    rule: str
    text: str
    holds: Callable[[Rules, End, int, Message], bool]


Table = Mapping[Do, tuple[Guard, ...]]

_open = Guard("DEAD-5", "the end is not closed", lambda r, s, t, m: s.phase == "open")
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
_established = Guard("EST-1", "a negotiation has completed", lambda r, s, t, m: s.epoch > 0)
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
    lambda r, s, t, m: not holding(r.policy, s) or _missed_reply(r, s, t),
)


def _missed_reply(r: Rules, s: End, t: int) -> bool:
    p = r.policy
    return exhausted(p, s) and p.on_missed_reply == "rekey" and since(t, reply_deadline(p, s), r.margin) > 0


def _peer_may_start(r: Rules, s: End, t: int, m: Message) -> bool:
    return s.epoch == 0 or r.policy.rekey_initiator != s.role


def _from_peer(s: End, m: Message) -> bool:
    """EST-3: is the negotiation's id the one that the peer gives this epoch?"""
    return m.negotiation == f"{s.peer[0]}{m.epoch}"


def _mine(s: End, m: Message) -> bool:
    return s.negotiation is not None and s.negotiation == (m.negotiation, m.epoch, True)


def _theirs(s: End, m: Message) -> bool:
    return s.negotiation is not None and s.negotiation == (m.negotiation, m.epoch, False)


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


def _repeat_due(r: Rules, s: End, t: int, m: Message) -> bool:
    if s.series is None:
        return True
    return not exhausted(r.policy, s) and since(t, reply_deadline(r.policy, s), r.margin) > 0


TAKES: Final[Mapping[Kind, tuple[Do, ...]]] = {
    "data": ("Reject", "Deliver", "Discard"),
    "heartbeat": ("SendReply",),
    "reply": ("AcceptReply",),
    "start": ("Answer", "RefuseStart"),
    "answer": ("Finish",),
    "finish": ("Establish",),
    "request": ("AcceptRequest",),
    "notice": (),
    "close": (),
}
"""Which actions may take a message of each kind, in the order in which the reference tries them; Ignore is the last."""

TAKING: Final[Table] = {
    "Reject": (
        _open,
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
        _open,
        _sealed_data,
        _channel,
        _established,
        _direction,
        Guard("EARLY-1", "its epoch is in force here already", lambda r, s, t, m: m.epoch <= s.epoch),
        Guard("REKEY-2", "its epoch is still in force here", _deliverable_epoch),
        Guard("DEAD-3", "no heartbeat is overdue", lambda r, s, t, m: s.suspect_since == NONE or m.epoch != s.epoch),
        Guard("IDLE-3", "the link was not idle as `reject_trigger` says, under this epoch", _not_rejecting),
        Guard("ORDER-1", "it is the next in order", _next_number),
    ),
    "Discard": (
        _open,
        _sealed_data,
        _channel,
        Guard("REKEY-2", "it can be neither delivered, nor reported, nor kept for later", _discards),
    ),
    "SendReply": (
        _open,
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
        _open,
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
        _open,
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
        _open,
        _sealed,
        _channel,
        Guard(
            "REKEY-4",
            "the peer may not start a renegotiation",
            lambda r, s, t, m: m.epoch == s.epoch + 1 and not _peer_may_start(r, s, t, m),
        ),
    ),
    "Finish": (
        _open,
        Guard("EST-2", "the answer authenticates the second entity", lambda r, s, t, m: sealed(m)),
        _channel,
        Guard("EST-3", "it answers the negotiation that this end started", lambda r, s, t, m: _mine(s, m)),
    ),
    "Establish": (
        _open,
        Guard("EST-2", "the finish is the peer's", lambda r, s, t, m: sealed(m)),
        _channel,
        Guard("EST-3", "it finishes the negotiation that this end answered", lambda r, s, t, m: _theirs(s, m)),
    ),
    "AcceptRequest": (
        _open,
        _sealed,
        _channel,
        Guard(
            "REKEY-4",
            "it is for the epoch in force, and this end is the one to start",
            lambda r, s, t, m: m.epoch == s.epoch > 0 and s.negotiation is None and decides_alone(r.policy, s),
        ),
    ),
}

OWN: Final[Table] = {
    "Start": (
        _open,
        Guard("REKEY-5", "no other negotiation is in progress", lambda r, s, t, m: s.negotiation is None),
        Guard("EST-4", "the client starts the first one", lambda r, s, t, m: s.epoch > 0 or s.role == "client"),
        Guard(
            "REKEY-4",
            "this end may start a renegotiation",
            lambda r, s, t, m: s.epoch == 0 or s.requested or may_start(r.policy, s),
        ),
        _not_holding,
        _needed,
        _reason,
    ),
    "Request": (
        _open,
        _established,
        Guard(
            "REKEY-5",
            "no negotiation is in progress or asked for",
            lambda r, s, t, m: s.negotiation is None and not s.requesting,
        ),
        Guard("REKEY-4", "this end may not start one itself", lambda r, s, t, m: not may_start(r.policy, s)),
        _not_holding,
        _needed,
        _reason,
    ),
    "SendData": (
        _open,
        _established,
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
            lambda r, s, t, m: (
                r.policy.on_missed_reply != "rekey"
                or not exhausted(r.policy, s)
                or since(t, reply_deadline(r.policy, s), r.margin) < 2
            ),
        ),
    ),
    "SendHeartbeat": (
        _open,
        _established,
        Guard("HB-1", "this end sends heartbeats", lambda r, s, t, m: r.policy.sends_heartbeats(s.role)),
        Guard("HB-1", "no negotiation is in progress", lambda r, s, t, m: s.negotiation is None),
        Guard(
            "HB-2",
            "the link has been idle for its period, or the interval since the last one has passed",
            lambda r, s, t, m: s.series is not None or since(t, s.next_beat, r.margin) > 0,
        ),
        Guard("DEAD-1", "the outstanding one is overdue and a repeat is left", _repeat_due),
    ),
    "Suspect": (
        _open,
        Guard(
            "DEAD-3",
            "a heartbeat of the peer is overdue, and the policy asks for a new key then",
            lambda r, s, t, m: overdue(r, s, t) and r.policy.on_missed_heartbeat == "rekey",
        ),
    ),
    "Refuse": (Guard("LIM-1", "the offer is one that must be refused", lambda r, s, t, m: s.refusal != ""),),
}


def overdue(r: Rules, s: End, t: int) -> bool:
    """DEAD-3: may this end hold a heartbeat of the peer to be missing?"""
    return watches(r.policy, s) and since(t, s.expected_at + r.policy.grace, r.margin) > 0


def watches(p: Policy, s: End) -> bool:
    """DEAD-3: does this end wait for heartbeats now?"""
    return s.role in p.watching and s.negotiation is None and s.epoch > 0 and s.suspect_since == NONE


@dataclass(frozen=True)
class Rules:
    """A policy and how exactly it is to be judged: the margin, and the guard tables (which a mutant changes)."""

    policy: Policy
    margin: Margin = EXACT
    taking: Table = field(default_factory=lambda: TAKING)
    own: Table = field(default_factory=lambda: OWN)

    def without(self, do: Do, rule: str) -> Rules:
        """These rules with the conditions of one rule dropped from one action: a mutant. KeyError if there is none."""
        taking, own = dict(self.taking), dict(self.own)
        found = 0
        for table in (taking, own):
            if do in table:
                found += sum(g.rule == rule for g in table[do])
                table[do] = tuple(g for g in table[do] if g.rule != rule)
        if not found:
            raise KeyError(f"{do} has no condition of {rule}")
        return Rules(self.policy, self.margin, taking, own)


def false_guard(table: Table, do: Do, r: Rules, s: End, t: int, m: Message) -> Guard | None:
    """The first false condition of an action in one table; None when all hold."""
    for guard in table[do]:
        if not guard[2](r, s, t, m):  # by index: the innermost loop, and a name costs as much as the condition
            return guard
    return None


def taker(r: Rules, s: End, t: int, m: Message) -> Do | None:
    """The action that takes this message now: the first of TAKES that is enabled, else Ignore; None where it waits
    (EARLY-1) or where the end closes because of it (CLOSE-1, ORDER-1)."""
    for do in TAKES[m.kind]:
        if false_guard(r.taking, do, r, s, t, m) is None:
            return do
    if announced(r, m):
        return None
    if m.kind == "data" and sealed(m) and m.channel == r.policy.channel("data") and (waits(r, s, m) or gap(r, s, m)):
        return None
    return "Ignore"


def closing(r: Rules, s: End, t: int) -> tuple[str, str]:
    """Why this end may close now: the rule and the reason in words; two empty strings if it may not."""
    p = r.policy
    if s.ending:
        return s.ending, "the user ends the link" if s.ending == "CLOSE-1" else "data was taken for a spoof"
    for m in s.inbox:
        if announced(r, m):
            return "CLOSE-1", "the peer announced the end"
        if m.kind == "data" and gap(r, s, m):
            return "ORDER-1", "data is missing from the stream"
    if s.awaiting_since != NONE and since(t, s.awaiting_since + p.negotiation_timeout, r.margin):
        return "EST-4", "a negotiation was not completed in time"
    if s.suspect_since != NONE and since(t, s.suspect_since + p.negotiation_timeout, r.margin):
        return "DEAD-3", "no new key came after a missed heartbeat"
    if p.on_missed_reply == "close" and exhausted(p, s) and since(t, reply_deadline(p, s), r.margin):
        return "DEAD-2", "no reply came"
    if p.on_missed_heartbeat == "close" and overdue(r, s, t):
        return "DEAD-3", "a heartbeat is missing"
    return "", ""

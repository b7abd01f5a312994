"""What is due, and when: the actions over which time may not pass.

A guard says that an action is allowed; an obligation that it must come. What is due "at once" is due at the time of the
latest event; timers are due at their deadline. The two meet in `look`, what an end that keeps every rule does next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rekeyspec.reference import plain
from rekeyspec.reference.conditions import (
    age_due,
    aged,
    barred,
    exhausted,
    full,
    holding,
    may_start,
    missed_reply,
    notice_due,
    rejects,
    reply_deadline,
)
from rekeyspec.reference.guards import Rules, closing, taker, watches
from rekeyspec.reference.state import FULL, NONE, End
from rekeyspec.reference.vocabulary import NEVER, Do, Message

_tuple = tuple.__new__  # past the named tuples' own, which only calls it


class Obligation(NamedTuple):
    """An action that must have happened before time passes beyond `t` (ms), by this rule. `taken` is the message that
    it takes, if any."""

    t: int
    do: Do
    rule: str
    taken: Message | None = None


DUTY: dict[str, str] = {
    "Deliver": "FLOW-1",
    "Reject": "IDLE-4",
    "Discard": "REKEY-2",
    "SendReply": "HB-3",
    "AcceptReply": "DEAD-1",
    "Answer": "EST-4",
    "RefuseStart": "REKEY-4",
    "Finish": "EST-4",
    "Establish": "EST-4",
    "AcceptRequest": "REKEY-4",
    "AcceptNotice": "REKEY-6",
    "Ignore": "AUTH-1",
}
"""The rule by which an action that takes a message is due at once."""


def obligations(r: Rules, s: End) -> list[Obligation]:
    """Everything that is due at this end, now or later, in the order in which the reference does it."""
    if s.phase != "open":
        return [Obligation(s.t, "Refuse", "GATE-1" if s.refusal == FULL else "LIM-1")] if s.refusal else []
    out = list(_answers(r, s)) if s.inbox else []
    if s.refusal:
        out.append(Obligation(s.t, "Refuse", "LIM-1"))
    _endings(r, s, out)
    if s.negotiation is None:
        if s.epoch == 0:
            if s.role == "client":
                out.append(Obligation(s.t, "Start", "EST-4"))
        else:
            if not s.requesting:
                at, rule = renegotiation_due(r, s)
                if at != NEVER:
                    out.append(Obligation(at, "Start" if s.requested or may_start(r.policy, s) else "Request", rule))
            data = [Obligation(s.t, "SendData", "FLOW-1")] if s.queue and not _held(r, s) else []
            if s.next_beat <= s.in_force_at:
                # Data goes before a heartbeat that fell due in a negotiation (HB-1): if that marked the new key, what
                # was offered meanwhile would wait for another (IDLE-1), and where negotiations are slow, for ever.
                out += data
                data = []
            if s.role in r.policy.beating:
                _heartbeats(r, s, out)
            if s.role in r.policy.noticing:
                at = notice_due(r.policy, s, r.margin.bytes)
                if at != NEVER:
                    out.append(Obligation(at, "SendNotice", "REKEY-6"))
            out += data
    return out


def _answers(r: Rules, s: End) -> Iterator[Obligation]:
    """What is due to what arrived, in the order of its coming."""
    for m in s.inbox:
        do = taker(r, s, s.t, m)
        if do is not None:
            early = do == "Discard" and m.epoch > s.epoch
            yield _tuple(Obligation, (s.t, do, "EARLY-1" if early else DUTY[do], m))


def _endings(r: Rules, s: End, out: list[Obligation]) -> None:
    p = r.policy
    if s.inbox or s.ending:
        rule = closing(r, s, NONE)[0]
        if rule:
            out.append(Obligation(s.t, "Close", rule))
    if s.awaiting_since != NONE:
        out.append(Obligation(s.awaiting_since + p.negotiation_timeout, "Close", "EST-4"))
    if s.suspect_since != NONE:
        out.append(Obligation(s.suspect_since + p.negotiation_timeout, "Close", "DEAD-3"))
    if s.series is not None and p.on_missed_reply == "close" and exhausted(p, s):
        out.append(Obligation(reply_deadline(p, s), "Close", "DEAD-2"))
    if s.role in p.watching and watches(p, s):
        do: Do = "Close" if p.on_missed_heartbeat == "close" else "Suspect"
        out.append(Obligation(s.expected_at + p.grace, do, "DEAD-3"))


def renegotiation_due(r: Rules, s: End) -> tuple[int, str]:
    """When a renegotiation is due at this end and by which rule, or (NEVER, "")."""
    p = r.policy
    missed = s.series is not None and p.on_missed_reply == "rekey" and exhausted(p, s)
    if s.series is not None and holding(p, s):
        return (reply_deadline(p, s), "DEAD-2") if missed else (NEVER, "")
    if s.requested:
        return s.t, "REKEY-4"
    if s.reached and full(p, s, -r.margin.bytes):
        return s.t, "BYTE-5"
    if s.queue:
        if full(p, s, -r.margin.bytes):
            return s.t, "BYTE-3"
        if aged(p, s, s.t, r.margin):
            return s.t, "AGE-1"
        if barred(p, s, s.queue[0]):
            return s.t, "IDLE-1"
    at, rule = age_due(p, s) if s.role in p.aging else NEVER, "AGE-2"
    if missed and reply_deadline(p, s) < at:
        at, rule = reply_deadline(p, s), "DEAD-2"
    # What was held back until now (HB-6) is due now, and was not due before.
    return (max(at, s.t), rule) if at != NEVER else (NEVER, "")


def _heartbeats(r: Rules, s: End, out: list[Obligation]) -> None:
    p = r.policy
    if s.series is None:
        first = s.next_beat == s.active_at + p.idle_period
        at = s.next_beat if s.next_beat > s.t else s.t  # it may have been due earlier, had no negotiation been on
        out.append(Obligation(at, "SendHeartbeat", "HB-1" if first else "HB-2"))
    elif not exhausted(p, s):
        out.append(Obligation(reply_deadline(p, s), "SendHeartbeat", "DEAD-1"))


def _held(r: Rules, s: End) -> bool:
    """Does a rule hold data back that is waiting here?"""
    p = r.policy
    return (
        holding(p, s)
        or full(p, s, -r.margin.bytes)
        or aged(p, s, s.t, r.margin) > 0
        or barred(p, s, s.queue[0]) > 0
        or missed_reply(p, s, s.t, r.margin) > 0
    )


def look(r: Rules, s: End) -> tuple[Obligation | None, int]:
    """The first thing that is due by the time of the latest event, None when time may pass; and when something is due
    next (ms; NEVER: nothing ever is, if nothing happens)."""
    if s.inbox:
        for o in _answers(r, s):
            return o, s.t
    elif calm(s):
        soon = timers(r, s)
        if soon > s.t:
            if not s.queue:
                return None, soon
            if plain.sends(r.policy, s, s.t, r.margin):
                return _tuple(Obligation, (s.t, "SendData", "FLOW-1", None)), s.t
    soon = NEVER
    for o in obligations(r, s):
        if o.t <= s.t:
            return o, s.t
        if o.t < soon:
            soon = o.t
    return None, soon


def soonest(r: Rules, s: End) -> int:
    """When the first obligation of all is due, at once or later (ms; NEVER: none is)."""
    return timers(r, s) if not s.queue and calm(s) else min([o.t for o in obligations(r, s)], default=NEVER)


# Most of the time an end has nothing to do but wait. The two functions below answer that case without listing anything:
# look and soonest are asked at every step. tests/reference/test_obligations.py holds them equal to the list.


def calm(s: End) -> bool:
    """Is nothing due here but timers, and data that waits?"""
    return (
        s.epoch > 0
        and s.phase == "open"
        and not (s.refusal or s.ending or s.requested or s.reached or s.series or s.inbox)
    )


def timers(r: Rules, s: End) -> int:
    """When the first timer of a quiet end fires (ms)."""
    p, soon = r.policy, NEVER
    if s.awaiting_since != NONE:
        soon = s.awaiting_since + p.negotiation_timeout
    if s.suspect_since != NONE:
        soon = min(soon, s.suspect_since + p.negotiation_timeout)
    if s.negotiation is not None:
        return soon
    role = s.role
    if role in p.beating and s.next_beat < soon:
        soon = s.next_beat if s.next_beat > s.t else s.t
    if role in p.aging and not s.requesting and (at := age_due(p, s)) < soon:
        soon = at if at > s.t else s.t
    if role in p.watching and s.suspect_since == NONE and (at := s.expected_at + p.grace) < soon:
        soon = at
    if role in p.noticing and (at := notice_due(p, s, r.margin.bytes)) < soon:
        soon = at
    return soon


def sticky(r: Rules, s: End, t: int) -> bool:
    """IDLE-3: is anything under this epoch to be refused from now on? (What the end carries over into the next one.)"""
    return rejects(r.policy, s, t, r.margin) > 0 or s.suspect_since != NONE

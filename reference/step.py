"""What changes: `step(rules, end, event)` is the end after one action.

One match, one short function per action, in the order of the spec's Next. All change of state is here. An action whose
guard is false raises `NotEnabled` and changes nothing; anything else that is raised is a bug.
"""

from __future__ import annotations

from typing import assert_never

from rekeyspec.reference.conditions import full, idle_for, rejects
from rekeyspec.reference.guards import TAKES, Guard, NotEnabled, Rules, Table, closing, false_guard, taker
from rekeyspec.reference.messages import check_form
from rekeyspec.reference.obligations import DUTY, sticky
from rekeyspec.reference.state import NONE, End, Negotiation, Queued, Series
from rekeyspec.reference.vocabulary import Do, Event, Kind, Message

NOTHING = Message("notice", 0, 0)
"""Stands for the message of an action that neither takes nor sends one, so that every condition has one to look at."""

TAKEN: dict[Do, Kind] = {do: kind for kind, dos in TAKES.items() for do in dos}


def step(r: Rules, s: End, e: Event) -> End:
    """The end after this event. Raises NotEnabled, naming the rule, when the event is an action that no rule allows."""
    do, t = e.do, e.t
    match do:
        case "Open":
            return _open(r, s, t)
        case "Offer":
            return _offer(r, s, e)
        case "Arrive":
            assert e.message is not None
            return s.but(t=t) if s.phase != "open" else s.but(t=t, inbox=(*s.inbox, e.message))
        case "Tick":
            return s.but(t=t)
        case "Shut":
            return s.but(t=t, ending=s.ending or "CLOSE-1") if s.phase == "open" else s.but(t=t)
        case "Start" | "Request" | "SendData" | "SendHeartbeat" | "Suspect" | "Refuse":
            return _own(r, s, e)
        case "Close":
            return _close(r, s, e)
        case "Ignore":
            return _ignore(r, s, t, e.message)
        case (
            "Answer"
            | "Finish"
            | "SendReply"
            | "Deliver"
            | "Reject"
            | "Discard"
            | "RefuseStart"
            | "Establish"
            | "AcceptReply"
            | "AcceptRequest"
        ):
            return _take(r, s, e)
        case _:
            assert_never(do)


def taken_by(r: Rules, s: End, e: Event) -> Message:
    """The message that this action takes from the inbox. Raises NotEnabled when none is there that it may take."""
    table, failed = r.taking, None
    for m in s.inbox:
        if m.kind == TAKEN[e.do] and (e.do not in _NAMED or e.message is None or m == e.message):
            guard = false_guard(table, e.do, r, s, e.t, m)
            if guard is None:
                return m
            failed = failed or (guard, m)
    if failed is None:
        raise NotEnabled(_UNPROVOKED.get(e.do) or DUTY[e.do], f"a {TAKEN[e.do]} arrived that {e.do} takes")
    raise _not_enabled(table, failed[0], r, s, e, failed[1])


def _not_enabled(table: Table, first: Guard, r: Rules, s: End, e: Event, m: Message) -> NotEnabled:
    false = (g.rule for g in table[e.do] if g.rule != first.rule and not g.holds(r, s, e.t, m))
    return NotEnabled(first.rule, first.text, tuple(dict.fromkeys(false)))


_NAMED: frozenset[Do] = frozenset({"Deliver", "Reject", "Discard", "RefuseStart"})
"""Actions whose event names the message they take; the others name the one they send, or none."""

_UNPROVOKED: dict[Do, str] = {"Deliver": "ORDER-1"}


def _own(r: Rules, s: End, e: Event) -> End:
    about = e.message or NOTHING
    t = e.t
    guard = false_guard(r.own, e.do, r, s, t, about)
    if guard is not None:
        raise _not_enabled(r.own, guard, r, s, e, about)
    match e.do:
        case "Start":
            check_form(r, s, e.do, e.message, None)
            return _negotiating(r, s, t, about, mine=True)
        case "Request":
            check_form(r, s, e.do, e.message, None)
            return s.but(t=t, requesting=True, awaiting_since=_first(s.awaiting_since, t))
        case "SendData":
            check_form(r, s, e.do, e.message, None)
            sent = s.but(queue=s.queue[1:], count=s.count + about.bytes, sent_number=about.number, **_active(r, s, t))
            return sent.but(reached=True) if full(r.policy, sent, r.margin.bytes) else sent
        case "SendHeartbeat":
            check_form(r, s, e.do, e.message, None)
            return _beat(r, s, t, about)
        case "Suspect":
            return s.but(t=t, suspect_since=t)
        case _:
            return s.but(t=t, refusal="")


def _take(r: Rules, s: End, e: Event) -> End:
    m = taken_by(r, s, e)
    t, p = e.t, r.policy
    changes: dict[str, object] = {"t": t, "inbox": _without(s.inbox, m)}
    if p.proof_of_life == "any" and m.epoch == s.epoch and m.sealed_by != "nobody":
        changes["series"] = None
    match e.do:
        case "Answer":
            check_form(r, s, e.do, e.message, m)
            return _negotiating(r, s.but(**changes), t, m, mine=False)
        case "Finish":
            check_form(r, s, e.do, e.message, m)
            return _in_force(r, s.but(**changes), t, m.epoch)
        case "Establish":
            return _in_force(r, s.but(**changes), t, m.epoch)
        case "SendReply":
            check_form(r, s, e.do, e.message, m)
            count = s.count + m.bytes + (e.message.bytes if e.message else 0) if _counts_control(r) else s.count
            changes |= {"count": count, "marked_accepted": True, "beat_seen": max(s.beat_seen, m.number)}
            # Own data may have crossed the heartbeat: then the peer counts a whole idle period from that data.
            expected = max(s.active_at + p.idle_period, t + p.heartbeat_interval)
            return s.but(**changes, expected_at=expected)
        case "AcceptReply":
            count = s.count + m.bytes if _counts_control(r) else s.count
            return s.but(**(changes | {"count": count, "series": None}))
        case "AcceptRequest":
            return s.but(**changes, requested=True)
        case "Deliver":
            return s.but(**(changes | _delivered(r, s, t, m)))
        case "Reject":
            return s.but(**changes, ending=s.ending or ("IDLE-4" if p.on_spoof == "close" else ""))
        case _:
            return s.but(**changes)


def _open(r: Rules, s: End, t: int) -> End:
    start = s.but(phase="open", t=t, awaiting_since=t)
    return start.but(**_active(r, start, t))


def _offer(r: Rules, s: End, e: Event) -> End:
    """LIM-1: the offer is queued, or a refusal is due. IDLE-1: idleness is judged here, when the message is offered."""
    p, t = r.policy, e.t
    refusal = ""
    if s.phase != "open" or s.ending:
        refusal = "closed"
    elif not p.may_offer(s.role):
        refusal = "direction"
    elif e.bytes > p.max_message:
        refusal = "max_message"
    elif s.queue and sum(q.bytes for q in s.queue) + e.bytes > p.queue_limit:
        refusal = "queue_limit"
    if refusal:
        return s.but(t=t, refusal=refusal)
    idle = idle_for(p, p.idle_trigger, s, t, r.margin)
    return s.but(t=t, queue=(*s.queue, Queued(e.bytes, s.epoch, idle)))


def _close(r: Rules, s: End, e: Event) -> End:
    """DEAD-5: what a closed end remembers is that it is closed."""
    rule, _ = closing(r, s, e.t)
    if s.phase != "open" or not rule:
        raise NotEnabled("CLOSE-1", "a rule gives a reason to end the link")
    if e.message is not None:
        check_form(r, s, "Close", e.message, None)
    elif s.ending == "CLOSE-1":
        raise NotEnabled("CLOSE-1", "an orderly end is announced to the peer")
    return End(s.role, r.policy.limit, phase="closed", t=e.t)


def _ignore(r: Rules, s: End, t: int, m: Message | None) -> End:
    for arrived in s.inbox:
        if (m is None or m == arrived) and taker(r, s, t, arrived) == "Ignore":
            alive = r.policy.proof_of_life == "any" and arrived.kind == "reply" and arrived.epoch == s.epoch
            series = None if alive and arrived.sealed_by != "nobody" else s.series
            return s.but(t=t, inbox=_without(s.inbox, arrived), series=series)
    raise NotEnabled("AUTH-1", "a message arrived that changes nothing")


def _negotiating(r: Rules, s: End, t: int, m: Message, *, mine: bool) -> End:
    """REKEY-3: timers restart when a negotiation starts; the outstanding series ends with it."""
    limit = m.bytes if not mine and s.epoch == 0 and r.policy.limit_from == "initiator" else s.limit
    return s.but(
        **_active(r, s, t),
        negotiation=Negotiation(m.negotiation, m.epoch, mine),
        awaiting_since=_first(s.awaiting_since, t),
        requesting=False,
        requested=False,
        series=None,
        limit=limit,
    )


def _in_force(r: Rules, s: End, t: int, epoch: int) -> End:
    """BYTE-4, REKEY-3: the new epoch is in force here; count, age and marks begin anew."""
    p = r.policy
    lags = p.channels == 2 and p.transport == "stream" and s.epoch > 0
    return s.but(
        t=t,
        epoch=epoch,
        in_force_at=t,
        count=0,
        reached=False,
        marked_sent=False,
        marked_accepted=False,
        idle_rejects=0,
        negotiation=None,
        awaiting_since=NONE,
        requesting=False,
        requested=False,
        suspect_since=NONE,
        expected_at=max(s.expected_at, t),
        old_until=t + p.negotiation_timeout if lags else NONE,
        old_rejects=sticky(r, s, t),
    )


def _active(r: Rules, s: End, t: int) -> dict[str, object]:
    """Idle time counts anew from here. What idleness `reject_trigger` has seen until now is kept (IDLE-3)."""
    p = r.policy
    changes: dict[str, object] = {
        "t": t,
        "active_at": t,
        "next_beat": t + p.idle_period,
        "expected_at": t + p.idle_period,
    }
    if p.reject_trigger in ("any", "period") and s.epoch > 0:
        changes["idle_rejects"] = rejects(p, s, t, r.margin)
    return changes


def _beat(r: Rules, s: End, t: int, m: Message) -> End:
    p = r.policy
    first = s.series.first if s.series else m.number
    sent = s.but(
        t=t,
        beat_number=m.number,
        marked_sent=True,
        series=Series(first, m.number, t),
        next_beat=s.next_beat if s.series else t + p.heartbeat_interval,
    )
    if not _counts_control(r):
        return sent
    counted = sent.but(count=s.count + m.bytes)
    return counted.but(reached=True) if full(p, counted, r.margin.bytes) else counted


def _delivered(r: Rules, s: End, t: int, m: Message) -> dict[str, object]:
    """BYTE-1: what is delivered counts under its own key; REKEY-2: the data channel now carries the new epoch."""
    changes = _active(r, s, t) | {"delivered_number": m.number}
    if m.epoch == s.epoch:
        changes |= {"count": s.count + m.bytes, "old_until": NONE}
    return changes


def _counts_control(r: Rules) -> bool:
    return r.policy.byte_counts == "data+control"


def _first(earlier: int, now: int) -> int:
    return now if earlier == NONE else earlier


def _without(inbox: tuple[Message, ...], taken: Message) -> tuple[Message, ...]:
    at = inbox.index(taken)
    return inbox[:at] + inbox[at + 1 :]

"""What changes: `step(rules, end, event)` is the end after one action.

One match, what happens most first. All change of state is here. An action whose guard is false raises
`NotEnabled` and changes nothing; anything else that is raised is a bug.
"""

from __future__ import annotations

from typing import assert_never

from rekeyspec.reference.conditions import (
    exhausted,
    full,
    idle_for,
    missed_reply,
    new_session,
    rejects,
    reply_deadline,
    sealed,
    since,
    surely_outstanding,
)
from rekeyspec.reference.enabled import GIVEN, NOTHING, enabled
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.obligations import sticky
from rekeyspec.reference.state import NONE, End, Negotiation, Queued, Series, closed
from rekeyspec.reference.vocabulary import Do, Event, Message


def step(r: Rules, s: End, e: Event) -> End:
    """The end after this event. Raises NotEnabled, naming the rule, when the event is an action that no rule allows."""
    return apply(r, s, e, None if e.do in GIVEN else enabled(r, s, e))


def apply(r: Rules, s: End, e: Event, taken: Message | None) -> End:
    """The end after an event that is enabled, which takes this message from the inbox."""
    t, do = e.t, e.do
    m = taken or NOTHING
    if taken is not None and do != "Deliver":
        s = s.but(t=t, inbox=_without(s.inbox, taken), series=_alive(r, s, t, do, taken))
    match do:
        case "Offer":
            return _offer(r, s, e)
        case "SendData":
            return sent(r, s, t, e.message or NOTHING)
        case "Arrive":
            return s.but(t=t, inbox=(*s.inbox, e.message)) if s.phase == "open" else s.but(t=t)
        case "Deliver":
            series = s.series and _alive(r, s, t, do, m)
            return s.but(inbox=_without(s.inbox, m), series=series, **delivered(r, s, t, m))
        case "Tick":
            return s.but(t=t)
        case "Open":
            return _open(r, s, t)
        case "Shut":
            return s.but(t=t, ending=s.ending or "CLOSE-1") if s.phase == "open" else s.but(t=t)
        case "Start":
            return _negotiating(r, s, t, e.message or NOTHING)
        case "Answer":
            return _negotiating(r, s, t, m, e.message or NOTHING)
        case "Finish":
            return _in_force(r, s, t, m, m.session)
        case "Establish":
            return _in_force(r, s, t, m, s.negotiation.session if s.negotiation else "")
        case "Request":
            return s.but(t=t, requesting=True, awaiting_since=_first(s.awaiting_since, t))
        case "AcceptRequest":
            return s.but(requested=True)
        case "AcceptNotice":
            return _told(r, s, m)
        case "Reject":
            return s.but(ending=s.ending or ("IDLE-4" if r.policy.on_spoof == "close" else ""))
        case "Discard" | "RefuseStart" | "Ignore":
            return s
        case "SendHeartbeat":
            return _beat(r, s, t, e.message or NOTHING)
        case "SendNotice":
            told = "bytes_noticed" if e.message and e.message.bytes else "idle_noticed"
            return s.but(t=t, **{told: True})
        case "SendReply":
            return _reply(r, s, t, m, e.message or NOTHING)
        case "AcceptReply":
            return s.but(count=s.count + _control(r, s, m), series=_series_answered(r, s, t))
        case "Suspect":
            return s.but(t=t, suspect_since=t)
        case "Refuse":
            return s.but(t=t, refusal="")
        case "Close":
            return closed(r.policy, s.role, t)
        case _:
            assert_never(do)


def _open(r: Rules, s: End, t: int) -> End:
    """IDLE-5: also at a closed end, which remembers nothing; so the first negotiation of a new link is a full one."""
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


def _negotiating(r: Rules, s: End, t: int, m: Message, answer: Message | None = None) -> End:
    """REKEY-3: timers restart when a negotiation starts; the outstanding series ends with it. `m` is its start,
    `answer` this end's own to it, if the peer started. CACHE-1: the session is the one offered, or agreed to."""
    limit = m.bytes if answer and s.epoch == 0 and r.policy.limit_from == "initiator" else s.limit
    return s.but(
        **_active(r, s, t),
        negotiation=Negotiation(m.negotiation, m.epoch, answer is None, (answer or m).session),
        awaiting_since=_first(s.awaiting_since, t),
        requesting=False,
        requested=False,
        series=None,
        limit=limit,
    )


def _in_force(r: Rules, s: End, t: int, m: Message, session: str) -> End:
    """BYTE-4, REKEY-3: the new epoch is in force here; count, age and marks begin anew. CACHE-1: a full negotiation
    makes a session, which is kept and whose lifetime begins; an abbreviated one prolongs none."""
    p = r.policy
    made = session != "" and session == new_session(p, m.negotiation)
    lags = p.channels == 2 and p.transport == "stream" and s.epoch > 0
    return s.but(
        t=t,
        epoch=m.epoch,
        in_force_at=t,
        session=session if made else s.session,
        session_at=t if made else s.session_at,
        count=0,
        reached=False,
        bytes_noticed=False,
        idle_noticed=False,
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
    if s.idle_noticed:
        changes["idle_noticed"] = False
    return changes


def sent(r: Rules, s: End, t: int, m: Message) -> End:
    """BYTE-1: what is sent counts. BYTE-5: it is this end's message that reached the limit, if it is reached now."""
    new = s.but(queue=s.queue[1:], count=s.count + _counted(r, s, m), sent_number=m.number, **_active(r, s, t))
    return new.but(reached=True) if _reaches(r, new) else new


def _reply(r: Rules, s: End, t: int, taken: Message, sent: Message) -> End:
    """HB-3: the epoch is marked. DEAD-3: the next heartbeat is expected an interval from here, but where data of this
    end's own crossed this one, no earlier than the peer's idle period after that data."""
    p = r.policy
    marked = s.but(
        count=s.count + _control(r, s, taken),
        marked_accepted=True,
        beat_seen=max(s.beat_seen, taken.number),
        expected_at=max(s.active_at + p.idle_period, t + p.heartbeat_interval),
    )
    return _control_sent(r, marked, sent)


def _control_sent(r: Rules, s: End, m: Message) -> End:
    """BYTE-2, BYTE-5: a heartbeat or reply of this end's own counts, and may be what fills the key."""
    size = _control(r, s, m)
    if not size:
        return s
    counted = s.but(count=s.count + size)
    return counted.but(reached=True) if _reaches(r, counted) and not full(r.policy, s, -r.margin.bytes) else counted


def _beat(r: Rules, s: End, t: int, m: Message) -> End:
    p = r.policy
    outstanding = s.series if surely_outstanding(s) else None
    first = outstanding.first if outstanding else m.number
    sent = s.but(
        t=t,
        beat_number=m.number,
        marked_sent=True,
        series=Series(first, m.number, t),
        next_beat=s.next_beat if outstanding else t + p.heartbeat_interval,
    )
    return _control_sent(r, sent, m)


def _reaches(r: Rules, s: End) -> bool:
    """BYTE-5: with `at-once`, has this end's own message reached the limit?"""
    return r.policy.byte_trigger == "at-once" and full(r.policy, s, r.margin.bytes)


def delivered(r: Rules, s: End, t: int, m: Message) -> dict[str, object]:
    """BYTE-1: what is delivered counts under its own key; REKEY-2: the data channel now carries the new epoch."""
    changes = _active(r, s, t)
    changes["delivered_number"] = m.number
    if m.epoch == s.epoch:
        changes["count"] = s.count + _counted(r, s, m)
        changes["old_until"] = NONE
        if s.bytes_noticed:
            changes["bytes_noticed"] = False  # REKEY-6: the peer sends on, so the notice may be lost
    return changes


def _told(r: Rules, s: End, m: Message) -> End:
    """REKEY-6: this end goes on as if it had counted itself; it was its message that reached the limit."""
    if not m.bytes:
        return s.but(idle_noticed=True)
    told = s.but(count=max(s.count, m.bytes))
    return told.but(reached=True) if _reaches(r, told) else told


def _counted(r: Rules, s: End, m: Message) -> int:
    """REKEY-6: what a message adds to the count: nothing where the peer counts for both."""
    return m.bytes if s.role in r.policy.counting else 0


def _control(r: Rules, s: End, m: Message) -> int:
    """BYTE-2: what a control message adds to the count."""
    return _counted(r, s, m) if r.policy.byte_counts == "data+control" else 0


def _alive(r: Rules, s: End, t: int, do: Do, m: Message) -> Series | None:
    """DEAD-4: with `any`, whatever authentic message of the epoch in force arrives answers the outstanding series. What
    is rejected, or was seen before, is not taken for the peer's; a late reply is."""
    if s.series is None or r.policy.proof_of_life == "reply" or m.epoch != s.epoch or not sealed(m):
        return s.series
    if exhausted(r.policy, s) and since(t, reply_deadline(r.policy, s), r.margin) == 2:
        return s.series  # DEAD-2: its time is over, and the new key it asked for is what counts
    if do in ("Reject", "Discard", "RefuseStart"):
        return s.series
    if do == "Ignore" and not (m.kind == "reply" and m.channel == r.policy.channel("reply")):
        return s.series
    return _series_answered(r, s, t)


def _series_answered(r: Rules, s: End, t: int) -> Series | None:
    """DEAD-2: the outstanding series is answered. At the very instant at which its time is over that may come before or
    after; where a request is under way already nothing shows which, so the series may then be read either way."""
    if s.series is None or not s.requesting or missed_reply(r.policy, s, t, r.margin) != 1:
        return None
    return s.series._replace(doubtful=True)


def _first(earlier: int, now: int) -> int:
    return now if earlier == NONE else earlier


def _without(inbox: tuple[Message, ...], taken: Message) -> tuple[Message, ...]:
    if len(inbox) == 1:
        return ()
    at = inbox.index(taken)
    return inbox[:at] + inbox[at + 1 :]

"""The one relation between what the spec remembers of an end, or says in a message, and what the reference does; both
ways.

This module and `situation` know what the spec's variables mean (`spec/Link.tla`). The same words name the same things
on both sides; what differs is how a few of them are written:

    time        The reference keeps instants and deadlines, the spec ticks since and ticks to go. A tick is a
                millisecond, and a state is looked at at the instant NOW. Where more makes no difference the spec stops
                counting, and where nothing depends on it, it keeps 0.
    closed      A closed end remembers that it is closed, and what it must still refuse (DEAD-5). A fresh end of a
                second link is a closed end of the reference, at which a new link opens (IDLE-5).
    ids         The id of a negotiation follows from who started it and the epoch it is for, so the spec has none; that
                of a session is the epoch whose negotiation made it, whoever started that.
    inbox       In the spec a message stays in its channel until an end takes it: to arrive and to be taken is one step.
    sizes       Where heartbeats count (BYTE-2) they are CONTROL units long; the reference lets them have any length.
    numbers     Of heartbeats: see `numbering`, since what makes them finite concerns both ends and what is under way.

The relation is a function from the reference to the spec; `concrete` picks one of the ends that a record stands for.
Which one must not matter: `tests/tools/test_abstraction.py` walks the reference at random and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End, Negotiation, Queued, Series
from rekeyspec.reference.vocabulary import Message, Role
from rekeyspec.tools.records import QUIET, Beats, Item, Record, Said

NOW: Final = 1_000_000
"""The instant at which states are related (ms): later than anything that an end remembers."""

CONTROL: Final = 1
"""How long a heartbeat or a reply is in the spec, in units, where it counts."""

PEER: Final[Mapping[Role, Role]] = {"client": "server", "server": "client"}


# From the spec to the reference.


def concrete(p: Policy, role: Role, r: Record, *, again: bool = False) -> End:
    """An end of the reference, at NOW, that this record stands for. `again`: a link came before this one."""
    if r.phase != "open":
        phase: Literal["fresh", "closed"] = "closed" if again else r.phase
        return End(role, p.limit, phase=phase, t=NOW, refusal=r.refusal)
    return End(
        role,
        r.limit,
        phase="open",
        t=NOW,
        epoch=r.epoch,
        in_force_at=NOW - r.in_force_at,
        count=r.count,
        reached=r.reached,
        bytes_noticed=r.bytes_noticed,
        idle_noticed=r.idle_noticed,
        marked_sent=r.marked_sent,
        marked_accepted=r.marked_accepted,
        idle_rejects=r.idle_rejects,
        active_at=NOW - r.active_at,
        next_beat=NOW + r.next_beat,
        expected_at=NOW + r.expected_at,
        beat_number=r.beat_number,
        beat_seen=r.beat_seen,
        series=_series(r.series),
        negotiation=_negotiation(role, r),
        awaiting_since=_instant(r.awaiting_since),
        requesting=r.requesting,
        requested=r.requested,
        suspect_since=_instant(r.suspect_since),
        old_until=NONE if r.old_until == NONE else NOW + r.old_until,
        old_rejects=r.old_rejects,
        session=_session(r.session),
        session_at=NOW - r.session_at,
        queue=tuple(Queued(q.bytes, q.epoch if q.idle else r.epoch, q.idle) for q in r.queue),
        sent_number=r.sent_number,
        delivered_number=r.delivered_number,
        refusal=r.refusal,
        ending=r.ending,
    )


def _negotiation(role: Role, r: Record) -> Negotiation | None:
    if r.negotiation == "none":
        return None
    mine = r.negotiation == "mine"
    id_ = _id(role if mine else PEER[role], r.epoch + 1)
    return Negotiation(id_, r.epoch + 1, mine, _session(r.offered, r.epoch + 1, id_))


def message(to: Role, said: Said) -> Message:
    """The message of the reference that is under way to this end."""
    starter = {"start": PEER[to], "finish": PEER[to], "answer": to}.get(said.kind)
    id_ = _id(starter, said.epoch) if starter else ""
    return Message(
        said.kind,
        said.epoch,
        said.number,
        id_,
        _session(said.session, said.epoch, id_),
        said.bytes,
        said.channel,
        said.seal,
    )


def _id(starter: Role, epoch: int) -> str:
    return f"{starter[0]}{epoch}"


def _session(session: int, epoch: int = 0, negotiation: str = "") -> str:
    """The id of a session: that of the negotiation that makes it, or of one long past, of which any id will do."""
    if not session:
        return ""
    return negotiation if session == epoch else _id("client", session)


def _instant(ticks: int) -> int:
    return NONE if ticks == NONE else NOW - ticks


# From the reference to the spec.


def abstract(p: Policy, s: End, t: int = NOW) -> Record:
    """The record that stands for this end at `t` (ms)."""
    if s.phase != "open" and s == End(s.role, s.limit, phase=s.phase, t=s.t, refusal=s.refusal):
        return Record(phase=s.phase, limit=s.limit, refusal=s.refusal)
    left = s.old_until - t if s.old_until != NONE else NONE
    left = left if left >= 0 else NONE
    ages = s.epoch > 0 and p.age_limit > 0
    return Record(
        phase=s.phase,
        limit=s.limit,
        epoch=s.epoch,
        in_force_at=min(t - s.in_force_at, p.age_limit + 1) if ages else 0,
        count=min(s.count, s.limit + 1) if s.limit else 0,
        reached=s.reached,
        bytes_noticed=s.bytes_noticed,
        idle_noticed=s.idle_noticed,
        marked_sent=s.marked_sent,
        marked_accepted=s.marked_accepted,
        idle_rejects=s.idle_rejects,
        active_at=min(t - s.active_at, idle_seen(p)),
        next_beat=max(s.next_beat - t, 0) if s.role in p.beating else 0,
        expected_at=max(s.expected_at - t, -p.grace) if s.role in p.watching else 0,
        beat_number=s.beat_number,
        beat_seen=0 if p.heartbeat_protection == "clear" else s.beat_seen,
        series=_beats(p, s, t),
        negotiation="none" if s.negotiation is None else "mine" if s.negotiation.mine else "theirs",
        offered=_made(s.negotiation.session) if s.negotiation else 0,
        awaiting_since=_ticks(s.awaiting_since, t, p.negotiation_timeout),
        requesting=s.requesting,
        requested=s.requested,
        suspect_since=_ticks(s.suspect_since, t, p.negotiation_timeout),
        old_until=left,
        old_rejects=s.old_rejects and left != NONE,
        session=_made(s.session),
        session_at=min(t - s.session_at, p.session_lifetime + 1) if s.session else 0,
        queue=tuple(Item(q.bytes, q.epoch if q.idle else 0, q.idle) for q in s.queue),
        sent_number=s.sent_number,
        delivered_number=s.delivered_number,
        refusal=s.refusal,
        ending=s.ending,
    )


def said(m: Message, age: int = 0) -> Said:
    """The message as the spec writes it."""
    return Said(m.kind, m.epoch, m.number, m.bytes, _made(m.session), m.channel, m.sealed_by, age)


@lru_cache
def idle_seen(p: Policy) -> int:
    """As much idle time as makes a difference (ms): `IdleSeen` of the spec."""
    triggers = (p.idle_trigger, p.reject_trigger)
    return max(
        p.rekey_idle + 1 if "period" in triggers else 0,
        1 if "any" in triggers else 0,
        p.idle_period + 1 if p.age_limit and p.age_trigger == "active" else 0,
        p.idle_period if p.heartbeat_interval < p.idle_period else 0,
    )


def _beats(p: Policy, s: End, t: int) -> Beats:
    if s.series is None:
        return QUIET
    return Beats(s.series.first, s.series.last, min(t - s.series.last_at, p.reply_timeout + 1), s.series.doubtful)


def _series(beats: Beats) -> Series | None:
    return Series(beats.first, beats.last, NOW - beats.last_at, beats.doubtful) if beats.last else None


def _made(session: str) -> int:
    """The epoch whose negotiation made this session."""
    return int(session[1:]) if session else 0


def _ticks(instant: int, t: int, limit: int) -> int:
    return NONE if instant == NONE else min(t - instant, limit)

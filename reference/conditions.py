"""The arithmetic of the rules: what guards and obligations both ask.

Conditions on time and bytes come in two strengths. "May" is true from the deadline on, less the tolerance; "must" only
beyond it, plus the tolerance. At the very instant of a deadline an end may have acted before it or after it, so both
readings are allowed there; with no tolerance they differ at that instant only. For bytes, which are counted and not
measured, they do not differ at all unless a tolerance is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, Certainty, End, Queued
from rekeyspec.reference.vocabulary import NEVER, Message


@dataclass(frozen=True)
class Margin:
    """How far an observation may be off: `ms` of time, `bytes` of count. None for an end on a virtual clock."""

    ms: int = 0
    bytes: int = 0


EXACT = Margin()


def since(t: int, deadline: int, margin: Margin) -> Certainty:
    """Has the deadline passed at `t`? 1 at the instant itself."""
    if t > deadline + margin.ms:
        return 2
    return 1 if t + margin.ms >= deadline else 0


def full(p: Policy, s: End, slack: int) -> bool:
    """BYTE-3: has the count reached (or passed) the limit, give or take `slack` bytes?"""
    if not s.limit:
        return False
    count = s.count + slack
    return count > s.limit if p.byte_test == "exceeded" else count >= s.limit


def aged(p: Policy, s: End, t: int, margin: Margin) -> Certainty:
    """AGE-1: has the key's age reached the limit?"""
    return since(t, s.in_force_at + p.age_limit, margin) if p.age_limit else 0


def idle_for(p: Policy, trigger: str, s: End, t: int, margin: Margin) -> Certainty:
    """Does `any` or `period` idleness hold at `t` (IDLE-1, IDLE-3)? Never for the other triggers. Where one end keeps
    idle time for both, either is idle for the `period` from the notice on that it gave or got (REKEY-6)."""
    if trigger == "any":
        return 2 if t > s.active_at + margin.ms else 1 if margin.ms else 0
    if trigger == "period" and p.rekey_idle:
        if s.idle_noticed or s.role not in p.counting:
            return 2 if s.idle_noticed else 0
        return since(t, s.active_at + p.rekey_idle, margin)
    return 0


def barred(p: Policy, s: End, item: Queued) -> Certainty:
    """IDLE-1: must this message wait for a new epoch, because of the idleness before it was offered?"""
    if p.idle_trigger == "heartbeat":
        return 2 if s.marked else 0
    return item.idle if item.epoch == s.epoch else 0


def rejects(p: Policy, s: End, t: int, margin: Margin) -> Certainty:
    """IDLE-3: does `reject_trigger` hold here, now or earlier under this epoch?"""
    if p.reject_trigger == "heartbeat":
        return 2 if s.marked_accepted else 0
    now = idle_for(p, p.reject_trigger, s, t, margin)
    return now if now > s.idle_rejects else s.idle_rejects


def notices_bytes(p: Policy, s: End, slack: int) -> bool:
    """REKEY-6: may this end give notice that the count has reached the limit, give or take `slack` bytes?"""
    return s.role in p.noticing and not s.bytes_noticed and full(p, s, slack)


def idle_notice_at(p: Policy, s: End) -> int:
    """REKEY-6: from when on this end may give notice of idleness (ms), or NEVER: nobody keeps idle time for the other
    end, the other end could not act on it, or it knows already, or data waits here that may yet leave under this key,
    which the other end would then take for a spoof."""
    if s.idle_noticed or s.queue or s.role not in p.noticing or not p.rekey_idle:
        return NEVER
    return s.active_at + p.rekey_idle if idle_notice_useful(p, s) else NEVER


def idle_notice_useful(p: Policy, s: End) -> bool:
    """REKEY-6: could the other end act on a notice of idleness?"""
    return (p.idle_trigger == "period" and p.may_offer(s.peer)) or (
        p.reject_trigger == "period" and p.may_offer(s.role)
    )


def notice_due(p: Policy, s: End, slack: int = 0) -> int:
    """REKEY-6: when this end must give a notice, of bytes or of idleness (ms), or NEVER. Of bytes none is due where its
    own message reached the limit: then it renegotiates itself (BYTE-5)."""
    if not s.reached and notices_bytes(p, s, -slack):
        return s.t
    at = idle_notice_at(p, s)
    return at if at > s.t else s.t


def resumable(p: Policy, s: End, t: int, margin: Margin) -> Certainty:
    """CACHE-1: may the session held here be resumed at `t`?"""
    if p.session_cache == "off" or not s.session:
        return 0
    passed = since(t, s.session_at + p.session_lifetime, margin)
    return 2 if passed == 0 else 1 if passed == 1 else 0


def new_session(p: Policy, negotiation: str) -> str:
    """CACHE-1: the id of the session that this negotiation makes if it is full; empty where none is kept."""
    return negotiation if p.session_cache == "on" else ""


def reply_deadline(p: Policy, s: End) -> int:
    """DEAD-1: when the outstanding heartbeat must have been answered."""
    return s.series.last_at + p.reply_timeout if s.series else NEVER


def exhausted(p: Policy, s: End) -> bool:
    """DEAD-2: has the outstanding series no repeat left?"""
    return s.series is not None and s.series.last - s.series.first >= p.retries


def surely_outstanding(s: End) -> bool:
    """Is a series outstanding, and surely so?"""
    return s.series is not None and not s.series.doubtful


def missed_reply(p: Policy, s: End, t: int, margin: Margin) -> Certainty:
    """DEAD-2 with `rekey`: must a new key come first?"""
    if p.on_missed_reply != "rekey" or s.series is None or not exhausted(p, s):
        return 0
    return 1 if s.series.doubtful else since(t, reply_deadline(p, s), margin)


def holding(p: Policy, s: End) -> bool:
    """HB-6: is everything held back because a reply is outstanding?"""
    return p.while_waiting == "hold" and surely_outstanding(s)


def decides_alone(p: Policy, s: End) -> bool:
    """REKEY-4: may this end start a renegotiation although no data decides?"""
    return s.role in p.alone


def may_start(p: Policy, s: End) -> bool:
    """REKEY-4: may this end start a renegotiation now?"""
    if p.rekey_initiator == "sender":
        return s.role == "client" or bool(s.queue) or s.reached
    return p.rekey_initiator == s.role


def age_due(p: Policy, s: End) -> int:
    """AGE-2: when this end must start a renegotiation because of the key's age alone, or NEVER."""
    if s.role not in p.aging:
        return NEVER
    at = s.in_force_at + p.age_limit
    if p.age_trigger == "timer" or not p.idle_period:
        return at
    at = at if at > s.active_at else s.active_at
    return at if at - s.active_at < p.idle_period else NEVER


def reasons(p: Policy, s: End, t: int, margin: Margin) -> Iterator[str]:
    """The rules that allow a renegotiation to start now (NEED-1), by id."""
    if s.requested:
        yield "REKEY-4"
    if s.reached:
        yield "BYTE-5"
    if missed_reply(p, s, t, margin):
        yield "DEAD-2"
    if s.queue:
        if full(p, s, margin.bytes):
            yield "BYTE-3"
        if aged(p, s, t, margin):
            yield "AGE-1"
        if barred(p, s, s.queue[0]):
            yield "IDLE-1"
    if aged(p, s, t, margin) and p.age_trigger != "data" and decides_alone(p, s):
        busy = not p.idle_period or t - s.active_at <= p.idle_period + margin.ms
        if p.age_trigger == "timer" or busy:
            yield "AGE-2"


def sealed(m: Message) -> bool:
    """AUTH-1: is it protected by a key that the peer has (who else has it cannot be seen)?"""
    return m.sealed_by != "nobody"


def carries_old(p: Policy, s: End) -> bool:
    """REKEY-2: may data of the previous epoch still come, over a second stream channel?"""
    return s.old_until != NONE and not s.old_rejects

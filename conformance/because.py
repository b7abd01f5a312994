"""Why an action was not allowed, for whoever reads the verdict.

A condition of a guard may have several parts, and then its words name all of them, true or not. Here the false part is
named. A rule is changed only where the condition that was false is another rule's too, and that rule says more. Nothing
here decides what is allowed: the guards have done that.
"""

from __future__ import annotations

from rekeyspec.reference.conditions import (
    aged,
    decides_alone,
    exhausted,
    full,
    idle_notice_useful,
    reply_deadline,
    since,
)
from rekeyspec.reference.enabled import NOTHING
from rekeyspec.reference.guards import NotEnabled, Rules, false_guard, gap, waits
from rekeyspec.reference.state import FULL, End
from rekeyspec.reference.vocabulary import Event

_OF_LINKS = frozenset({FULL, "GATE-1"})
_OF_OFFERS = frozenset({"closed", "direction", "max_message", "queue_limit", "LIM-1"})
"""Reasons by which a `Refuse` says itself what it is of."""


def because(r: Rules, s: End, e: Event, why: NotEnabled) -> NotEnabled:
    """The same refusal of this event in this state, told by the part of the condition that is false."""
    s = s if s.t == e.t else s.but(t=e.t)
    match (e.do, why.rule):
        case ("Refuse", "LIM-1") if _of_a_link(s, e):
            return NotEnabled("GATE-1", "the user of this link has as many links as `links_per_user` allows", why.also)
        case ("SendNotice", "REKEY-6"):
            return _told(why, _notice(r, s, e) if s.role in r.policy.noticing and s.negotiation is None else "")
        case ("SendHeartbeat", "DEAD-1"):
            return _repeat(r, s, why)
        case ("Start" | "Request", "IDLE-2"):
            return _told(why, f"{why.text}{_age(r, s)}")
        case ("Discard", "REKEY-2"):
            return _told(why, _instead(r, s, e))
    return why


def _told(why: NotEnabled, text: str) -> NotEnabled:
    return NotEnabled(why.rule, text or why.text, why.also)


def _of_a_link(s: End, e: Event) -> bool:
    """Is it a link that is refused here, and no offer? A gateway refuses one as it opens: nothing was offered there."""
    if e.reason in _OF_LINKS or e.reason in _OF_OFFERS:
        return e.reason in _OF_LINKS
    opening = s.phase == "open" and s.epoch == 0 and s.negotiation is None
    return bool(e.link) and s.role == "server" and opening and not s.queue


def _notice(r: Rules, s: End, e: Event) -> str:
    """What is false of the notice that was sent: of the count where it tells one, else of idleness. Empty: that one was
    in order."""
    p = r.policy
    if (e.message or NOTHING).bytes:
        if not full(p, s, r.margin.bytes):
            return "the count has met the limit (BYTE-3)"
        return "the peer was not told of the count since data was last delivered" if s.bytes_noticed else ""
    if not idle_notice_useful(p, s):
        return "the peer can act on a notice of idleness (`idle_trigger` or `reject_trigger` period, where data goes)"
    if s.idle_noticed:
        return "the peer was not told of this idleness already"
    if s.queue:
        return "no data waits here that may yet leave under this key"
    return "the link has been idle for its period (`rekey_idle`)"


def _repeat(r: Rules, s: End, why: NotEnabled) -> NotEnabled:
    """DEAD-1 is about repeats while a reply may come; what follows when none has is DEAD-2's."""
    if not exhausted(r.policy, s):
        return _told(why, "the outstanding one has been unanswered for `reply_timeout`")
    if not since(s.t, reply_deadline(r.policy, s), r.margin):
        return _told(why, "a repeat is left (all `retries` are spent)")
    follows = "the link ends" if r.policy.on_missed_reply == "close" else "a new key comes first"
    text = f"a repeat is left, or a reply may yet come (neither is so, and {follows})"
    return NotEnabled("DEAD-2", text, tuple(rule for rule in why.also if rule != "DEAD-2"))


def _age(r: Rules, s: End) -> str:
    """AGE-2: why the key's age, which has come to the limit, is no reason here; empty where it has not."""
    p = r.policy
    if not aged(p, s, s.t, r.margin):
        return ""
    if p.age_trigger == "data":
        return " (the key's age asks for none until there is data: `age_trigger` is data)"
    if not decides_alone(p, s):
        return f" (the key's age asks nothing of this end: by AGE-2 the {s.peer} renews it)"
    return " (the key's age asks for none while the link is idle: `age_trigger` is active)"


def _instead(r: Rules, s: End, e: Event) -> str:
    """What had to become of the data that was discarded; empty where none was there."""
    m = next((m for m in s.inbox if m.kind == "data" and e.message in (None, m)), None)
    if m is None:
        return ""
    if waits(r, s, m):
        return "it need not wait for its epoch (it has to be kept until that is in force, by EARLY-1)"
    if gap(r, s, m):
        return "no gap comes before it (there is one, and the link ends, by ORDER-1)"
    deliver, report = (false_guard(r.taking, do, r, s, s.t, m) is None for do in ("Deliver", "Reject"))
    if deliver and report:
        return "it can be neither delivered nor reported (it had to be either, by FLOW-1 or IDLE-4)"
    if report:
        return "it is no suspected spoof (it is, and had to be reported, by IDLE-4)"
    return "it cannot be delivered (it had to be, by FLOW-1)" if deliver else ""

"""The plain case: data that no rule holds back or speaks against, on a link where nothing else is going on.

Nearly every step of a busy link is one of these two, and the tables (`own`, `taking`) answer them no otherwise; only
slower. Where these functions say no, nothing is said: then the tables are asked. tests/reference/test_plain.py holds
them to the tables.
"""

from __future__ import annotations

from rekeyspec.reference.conditions import Margin, barred, full, rejects, since
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End
from rekeyspec.reference.vocabulary import Message


def flows(p: Policy, s: End, t: int, margin: Margin) -> bool:
    """May data leave at `t`, whatever the tolerance, unless idleness before it was offered forbids that?"""
    return (
        s.phase == "open"
        and s.epoch > 0
        and s.negotiation is None
        and s.series is None
        and not (s.limit and full(p, s, -margin.bytes))
        and not (p.age_limit and since(t, s.in_force_at + p.age_limit, margin))
        and not (p.idle_trigger == "heartbeat" and s.marked)
    )


def sends(p: Policy, s: End, t: int, margin: Margin) -> bool:
    """May, and must, the data that waits first leave at `t`, whatever the tolerance?"""
    return bool(s.queue) and flows(p, s, t, margin) and not barred(p, s, s.queue[0])


def delivers(p: Policy, s: End, t: int, margin: Margin, m: Message) -> bool:
    """Is this to be delivered at `t`, whatever the tolerance, and nothing else to be done with it?"""
    return (
        m.number == s.delivered_number + 1
        and m.epoch == s.epoch > 0
        and m.kind == "data"
        and m.sealed_by != "nobody"
        and s.phase == "open"
        and s.suspect_since == NONE
        and m.channel == p.data_channel
        and s.peer in p.offering
        and (p.reject_trigger == "never" or not rejects(p, s, t, margin))
    )

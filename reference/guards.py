"""What is allowed, by rule: the guard of every action as a table of labelled conditions.

An end's action takes a message that arrived (TAKING, in `taking`), some of these sending another in answer, or comes of
the end's own accord (OWN, in `own`). A guard is the conjunction of its conditions; each names its rule and says in
words what must be true, so that a false one explains itself. Tables, not code: a mutant drops a line, a report prints
one, a reader finds a rule.

What a sent message must look like is no condition but one expected message (`messages.outbound`); FORM names the rule
of each field. Here are what joins the two tables: the rules by which an end is judged, and the reasons to close."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from rekeyspec.reference import plain
from rekeyspec.reference.conditions import EXACT, Margin, exhausted, reply_deadline, sealed, since
from rekeyspec.reference.guard import Guard, NotEnabled, Table
from rekeyspec.reference.own import OWN, overdue, watches
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End
from rekeyspec.reference.taking import TAKES, TAKING, announced, gap, waits
from rekeyspec.reference.vocabulary import Do, Message

__all__ = [
    "OWN", "TAKES", "TAKING", "Guard", "NotEnabled", "Rules", "Table", "announced", "closing", "false_guard", "gap",
    "overdue", "taker", "waits", "watches",
]  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """A policy and how exactly it is to be judged: the margin, and the guard tables (which a mutant changes)."""

    policy: Policy
    margin: Margin = EXACT
    taking: Table = field(default_factory=lambda: TAKING)
    own: Table = field(default_factory=lambda: OWN)

    @cached_property
    def whole(self) -> bool:
        """Are these the rules as they are, and no mutant? Then the plain cases may be answered without the tables."""
        return self.taking is TAKING and self.own is OWN

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
    if m.kind == "data" and r.whole and plain.delivers(r.policy, s, t, r.margin, m):
        return "Deliver"
    for do in TAKES[m.kind]:
        if false_guard(r.taking, do, r, s, t, m) is None:
            return do
    if announced(r, m):
        return None
    if m.kind == "data" and sealed(m) and m.channel == r.policy.data_channel and (waits(r, s, m) or gap(r, s, m)):
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

"""May this action happen now? `enabled(rules, end, event)` finds the message it takes, or raises `NotEnabled`.

What the environment does is always enabled. An end's own action needs a true guard and, where it sends something, the
one message that the rules foretell."""

from __future__ import annotations

from typing import Final

from rekeyspec.reference import plain
from rekeyspec.reference.guards import TAKES, Guard, NotEnabled, Rules, Table, closing, false_guard, taker
from rekeyspec.reference.messages import SENDS, check_form, next_data
from rekeyspec.reference.obligations import DUTY
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import ENVIRONMENT, Do, Event, Kind, Message

NOTHING: Final = Message("notice")
"""Stands for the message of an action that neither takes nor sends one, so that every condition has one to look at."""

TAKEN: Final[dict[Do, Kind]] = {do: kind for kind, dos in TAKES.items() for do in dos}
"""The kind of message that each taking action takes; Ignore takes any."""

GIVEN: Final[frozenset[Do]] = frozenset(ENVIRONMENT)
"""What the environment does: always enabled."""

_NAMED: Final[frozenset[Do]] = frozenset({"Deliver", "Reject", "Discard", "RefuseStart", "Ignore"})
"""Actions whose event names the message they take; the others name the one they send, or none."""

_PLAIN: Final[frozenset[Do]] = frozenset({"SendData", "Deliver"})
"""Actions that have a plain case."""

_UNPROVOKED: Final[dict[Do, str]] = {"Deliver": "ORDER-1"}
"""The rule that an action breaks when nothing arrived for it to take, where that is not the rule of its duty."""


def enabled(r: Rules, s: End, e: Event) -> Message | None:
    """The message from the inbox that this action takes, None if it takes none. Raises NotEnabled, naming the rule."""
    do = e.do
    if do in GIVEN:
        return None
    if do in _PLAIN and r.whole:
        m = e.message
        if do == "Deliver" and m is not None and s.inbox and m == s.inbox[0]:
            if plain.delivers(r.policy, s, e.t, r.margin, m):
                return m
        elif do == "SendData" and m is not None and plain.sends(r.policy, s, e.t, r.margin) and m == next_data(r, s):
            return None
    if do in r.own:
        about = e.message or NOTHING
        guard = false_guard(r.own, do, r, s, e.t, about)
        if guard is not None:
            raise _not_enabled(r.own, guard, r, s, e, about)
        if do in SENDS:
            check_form(r, s if s.t == e.t else s.but(t=e.t), do, e.message, None)
        return None
    if do == "Close":
        _may_close(r, s, e)
        return None
    if do == "Ignore":
        return _ignorable(r, s, e)
    taken = _taken(r, s, e)
    if do in SENDS:
        check_form(r, s if s.t == e.t else s.but(t=e.t), do, e.message, taken)
    return taken


def _taken(r: Rules, s: End, e: Event) -> Message:
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


def _may_close(r: Rules, s: End, e: Event) -> None:
    rule, _ = closing(r, s, e.t)
    if s.phase != "open" or not rule:
        raise NotEnabled("CLOSE-1", "a rule gives a reason to end the link")
    if e.message is not None:
        check_form(r, s, "Close", e.message, None)
    elif s.ending == "CLOSE-1":
        raise NotEnabled("CLOSE-1", "an orderly end is announced to the peer")


def _ignorable(r: Rules, s: End, e: Event) -> Message:
    for m in s.inbox:
        if e.message in (None, m) and taker(r, s, e.t, m) == "Ignore":
            return m
    raise NotEnabled("AUTH-1", "a message arrived that changes nothing")

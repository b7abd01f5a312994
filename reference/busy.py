"""The two steps of a busy link, each in one: data is offered and leaves, data comes and is delivered.

`Engine.step` does the same in several, and is asked wherever these say None. Nothing is decided here: `plain` knows
when the tables would say nothing else, and what changes is `step`'s. The oracle, which judges, does not use them.
tests/reference/test_plain.py holds them to what the engine does without them.
"""

from __future__ import annotations

from rekeyspec.reference import plain
from rekeyspec.reference.conditions import idle_for
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.obligations import calm, timers
from rekeyspec.reference.state import End
from rekeyspec.reference.step import delivered, sent
from rekeyspec.reference.vocabulary import Event, Message

_tuple = tuple.__new__  # past the named tuples' own, which only calls it

Done = tuple[End, Event, int]
"""The end after it, what it did, and its next deadline (ms)."""


def offered(r: Rules, s: End, e: Event) -> Done | None:
    """Data is offered where none waits, and leaves at once."""
    p, t = r.policy, e.t
    if s.queue or e.bytes > p.max_message or s.role not in p.offering or not calm(s) or timers(r, s) <= t:
        return None
    if not plain.flows(p, s, t, r.margin) or idle_for(p, p.idle_trigger, s, t, r.margin):
        return None
    m = _tuple(Message, ("data", s.epoch, s.sent_number + 1, "", "", e.bytes, p.data_channel, "peer"))
    new = sent(r, s, t, m)
    if new.reached or (soon := timers(r, new)) <= t:
        return None
    return new, _tuple(Event, (t, s.role, "SendData", m, 0, "", "")), soon


def arrived(r: Rules, s: End, e: Event) -> Done | None:
    """Data comes, and is delivered at once."""
    t, m = e.t, e.message
    if m is None or s.queue or not calm(s) or not plain.delivers(r.policy, s, t, r.margin, m):
        return None
    new = s.but(**delivered(r, s, t, m))
    if (soon := timers(r, new)) <= t:
        return None
    return new, _tuple(Event, (t, s.role, "Deliver", m, 0, "", "")), soon

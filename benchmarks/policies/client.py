"""What one busy period of the client's does to a link.

In passes: a new key if one must come first, then as many messages as leave under it, then the next key if one is due at
once. The client reads its own clock only.
"""

from __future__ import annotations

import numpy as np

from rekeyspec.benchmarks.policies.busy import CLIENT
from rekeyspec.benchmarks.policies.counts import Ints
from rekeyspec.benchmarks.policies.lanes import NEVER, Flags, Lanes, Where


def client_pass(s: Lanes, a: Ints, n: Ints, size: Ints, gap: Ints) -> tuple[Ints, Ints, Flags]:
    """The client's data: `n` messages from `a` on. Gives when the next is offered, how many are left, and the lanes for
    which this is not exact."""
    t, lat = s.t, s.t.latency
    ready, need = _ready(s, a)
    if need.any():
        n = np.where(need & (ready >= t.until), 0, n)
        first = np.flatnonzero(need & (ready < t.until))
        s.start(first, ready[first], False, np.ones(first.shape, dtype=np.bool_))
        ready = np.where(need, np.maximum(a, s.fc), ready)
    n = np.where(ready < t.until, n, 0)
    sent = np.minimum((t.full - s.count - 1) // size + 1, n)
    end = s.fc + t.age
    if t.age:
        sent = np.minimum(sent, -((a - end) // gap))
    sent = np.maximum(sent, 0)
    last, odd = leave(s, a, sent, size, gap, ready, CLIENT)
    live = sent > 0
    s.ac = np.where(live, last, s.ac)
    s.sc = np.where(live, last + lat, s.sc)
    s.beat = np.where(live, last + t.period, s.beat)
    n = n - sent
    a = a + sent * gap
    reached = live & (s.count >= t.full) & t.at_once
    if t.at_once:
        full = np.flatnonzero(reached)
        s.start(full, last[full], False, s.data[full] > 0)
    if t.aging:
        old = np.flatnonzero(live & ~reached & (n > 0) & (a >= end))
        s.start(old, end[old], False, s.data[old] > 0)
    return a, n, odd


def _ready(s: Lanes, a: Ints) -> tuple[Ints, Flags]:
    """From when on the message that is offered at `a` may leave, and whether a new key comes first."""
    t, lat = s.t, s.t.latency
    ready = np.maximum(a, s.fc)
    need = s.count >= t.full
    if t.age:
        need |= ready >= s.fc + t.age
    if t.idles:
        need |= (a >= s.ac + t.idles) & (a > s.fc)
    if t.marks:
        need |= s.mark < NEVER
    s.heartbeats(np.where(need, -1, a))  # one that is due at this instant goes before data, and after a start
    if t.marks:
        need |= s.mark < NEVER
    if t.holds:
        ready = np.maximum(ready, s.last_beat + 2 * lat)
        need |= (ready >= s.fc + t.age) & (t.age > 0)
    return ready, need


def leave(s: Lanes, a: Ints, sent: Ints, size: Ints, gap: Ints, ready: Ints, who: int) -> tuple[Ints, Flags]:
    """So many messages leave, each when it is offered or, if that is later, at `ready`. Gives when the last leaves, and
    the lanes whose user may have been told to wait (LIM-1), for which this is not exact."""
    tally = s.tally
    live = sent > 0
    last = np.maximum(a + (sent - 1) * gap, ready)
    amount = sent * size
    tally.add("messages", int(sent.sum()))
    tally.add("bytes", int(amount.sum()))
    s.count += amount
    s.data += amount
    odd = np.zeros(live.shape, dtype=np.bool_)
    late = np.flatnonzero((ready > a) & live)
    if late.size:
        wait, every = ready[late] - a[late], gap[late]
        offered = wait // every + 1
        odd[late] = _crowded(s, late, a[late], offered * size[late])
        many = np.minimum(sent[late], -(-wait // every))
        number = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        tally.keep("delay", np.repeat(wait, many) - number * np.repeat(every, many))
    s.z = np.where(live, last, s.z)
    s.who = np.where(live, who, s.who)
    return last, odd


def _crowded(s: Lanes, late: Where, a: Ints, amount: Ints) -> Flags:
    """LIM-1: may more have waited at once than `queue_limit`?"""
    before = np.where(a <= s.z[late], s.waiting[late], 0)
    s.waiting[late] = before + amount
    crowded: Flags = before + amount > s.t.queue
    return crowded

"""What one busy period of the server's does to a link, in passes as the client's.

What the client begins of its own accord (heartbeats, keys for age) reaches the server a latency later, and what the
server sends or asks for reaches the client a latency later. So the two may cross.
"""

from __future__ import annotations

import numpy as np

from rekeyspec.benchmarks.policies.busy import SERVER
from rekeyspec.benchmarks.policies.client import leave
from rekeyspec.benchmarks.policies.counts import Ints
from rekeyspec.benchmarks.policies.lanes import NEVER, Flags, Lanes
from rekeyspec.benchmarks.policies.quiet import age_due, carried


def server_pass(s: Lanes, a: Ints, n: Ints, size: Ints, gap: Ints) -> tuple[Ints, Ints, Flags]:
    """The server's data, as `client_pass`."""
    t, lat = s.t, s.t.latency
    ready = np.maximum(a, s.fs)
    need = s.count >= t.full
    if t.age:
        need |= ready >= s.fs + t.age
    if t.marks:
        need |= s.mark + lat < ready
    if t.idles:
        need |= (a >= s.sc + t.idles) & (a > s.fs)
    if need.any():
        n = _ask(s, a, n, ready, need)
        ready = np.maximum(a, s.fs)
    n = np.where(ready < t.until, n, 0)
    heard = ready + lat
    own = age_due(s)
    if t.active:
        own = np.where(own < heard, own, np.maximum(s.fc + t.age, heard))
    sent = np.minimum((t.full - s.count - 1) // size + 1, n)
    s.heartbeats(np.where(n > 0, np.minimum(heard, own) - 1, -1))
    if t.marks:
        sent = np.minimum(sent, np.maximum((s.mark + lat - a) // gap + 1, 0))
    if t.age:
        sent = np.minimum(sent, -((a - s.fs - t.age) // gap))
    if t.aging:
        sent = np.minimum(sent, (own + lat - a) // gap + 1)
    sent = np.maximum(sent, 0)
    before = carried(s)
    last, odd = leave(s, a, sent, size, gap, ready, SERVER)
    live, n, a = sent > 0, n - sent, a + sent * gap
    s.sc = np.where(live, last, s.sc)
    s.ac = np.where(live, last + lat, s.ac)
    s.beat = np.where(live, last + lat + t.period, s.beat)
    reached = live & (s.count >= t.full) & t.at_once
    if reached.any():
        at, by_server = _asked(s, last, own)
        full = np.flatnonzero(reached & (at < t.until))
        s.start(full, at[full], by_server[full], before[full] | (ready[full] <= at[full]))
    if t.aging:
        _begin(s, live & ~reached, own, np.where(n > 0, a - lat, NEVER), last + lat, before | (ready <= own))
    return a, n, odd


def _ask(s: Lanes, a: Ints, n: Ints, ready: Ints, need: Flags) -> Ints:
    """A new key comes before these messages. Gives how many are left to send before the end: none where it comes too
    late."""
    t, lat = s.t, s.t.latency
    at, by_server = _asked(s, ready, age_due(s))
    s.heartbeats(np.where(need, np.where(by_server, at + lat, at) - 1, -1))
    first, used = np.flatnonzero(need & (at < t.until)), carried(s)
    s.start(first, at[first], by_server[first], (a[first] <= at[first]) | used[first])
    if t.sender:
        s.sc[first] = np.maximum(s.sc[first], ready[first])
    return np.where(need & (at >= t.until), 0, n)


def _asked(s: Lanes, now: Ints, own: Ints) -> tuple[Ints, Flags]:
    """REKEY-4, REKEY-5: when the negotiation starts that the server wants at `now`, and whether the server starts it. A
    start of the client's own, before it hears of this, wins."""
    t, lat = s.t, s.t.latency
    if not t.sender:
        return np.minimum(own, now + lat), np.zeros(now.shape, dtype=np.bool_)
    wins = (own < now + lat) & (own < t.until)
    return np.where(wins, own, now), ~wins


def _begin(s: Lanes, where: Flags, own: Ints, heard: Ints, arrived: Ints, used: Flags) -> None:
    """AGE-2: the client started for age while the server sent. If the server hears of it before it offers more, the key
    is replaced now; if not, what it sends until then goes first."""
    where &= own < s.t.until
    old = np.flatnonzero(where & (own < heard) & (heard < NEVER))
    s.start(old, own[old], False, used[old])
    late = where & (own < arrived)
    late[old] = False
    s.bare = np.where(late & (s.begun == NEVER), ~used, s.bare)
    s.begun = np.where(late, own, s.begun)

"""What the client does of its own accord on a silent link: heartbeats, and new keys.

Keys are renewed for age, or for bytes where heartbeats count. No data is sent meanwhile.
"""

from __future__ import annotations

import numpy as np

from rekeyspec.benchmarks.policies.counts import Ints
from rekeyspec.benchmarks.policies.lanes import NEVER, Flags, Lanes, Where


def quiet(s: Lanes, last: Ints) -> Flags:
    """All that the client does of its own accord by `last`, with nothing to send. Gives the lanes for which this is not
    exact: a heartbeat's reply fills the key just before `last`."""
    t = s.t
    odd = np.zeros(last.shape, dtype=np.bool_)
    if not t.aging and not t.control:
        s.heartbeats(last)
        return odd
    last = np.minimum(last, t.until - 1)
    while True:
        at = age_due(s)
        if t.control:
            filled, sent = _filled(s)
            odd |= (sent <= last + 3 * t.latency) & (sent >= last - 5 * t.latency)
            s.heartbeats(np.minimum(last, np.minimum(at - 1, filled)))
            at = np.minimum(at, filled)
        else:
            s.heartbeats(np.minimum(last, at - 1))
        fires = np.flatnonzero(at <= last)
        if not fires.size:
            return odd
        now = at[fires]
        s.start(fires, now, False, carried(s)[fires])
        if not t.active and not t.control and not t.lifetime:
            _cycles(s, fires, now, last[fires])


def age_due(s: Lanes) -> Ints:
    """AGE-2: when the client renews the key for its age alone, if no data comes."""
    t = s.t
    if not t.aging:
        return np.full(s.fc.shape, NEVER, dtype=np.int64)
    at = s.fc + t.age
    if t.active:
        at = np.where(at - s.ac < t.period, np.maximum(at, s.ac), NEVER)
    return np.minimum(at, s.begun)


def _filled(s: Lanes) -> tuple[Ints, Ints]:
    """BYTE-5 with data+control: when the client starts because a heartbeat or its reply filled the key, and when that
    heartbeat left."""
    t = s.t
    left = np.maximum(t.full - s.count, 1)
    before = (left - 1) // (2 * t.control)
    sent = s.beat + before * t.interval if t.beats else np.full(left.shape, NEVER, dtype=np.int64)
    by_reply = left - 2 * t.control * before > t.control
    return sent + np.where(by_reply, 2 * t.latency, 0), sent


def _cycles(s: Lanes, where: Where, at: Ints, last: Ints) -> None:
    """AGE-2 with `timer` on a silent link: all renewals but the last, which are alike."""
    t, tally = s.t, s.tally
    lat, cycle = t.latency, t.age + 2 * t.latency
    more = (last - at) // cycle - 1
    here = more > 0
    if not here.any():
        return
    where, at, more = where[here], at[here], more[here]
    total = int(more.sum())
    beats = (cycle - t.period - 1) // t.interval + 1 if t.beats and cycle > t.period else 0
    tally.add("negotiations", total)
    tally.add("needless", total)
    tally.add("heartbeats", total * beats)
    number = np.arange(total) - np.repeat(np.cumsum(more) - more, more)
    tally.keep("starts", np.repeat(at + s.origin[where], more) + (number + 1) * cycle)
    tally.repeat("key_bytes", 0, total)
    tally.repeat("life", cycle + lat, total)
    if "client" in t.policy.offering:
        tally.repeat("use_server", t.period - lat if t.rejects and beats else cycle + lat, total)
    if "server" in t.policy.offering:
        tally.repeat("use_client", cycle, total)
    if beats:
        s.last_beat[where] = at + (more - 1) * cycle + t.period + (beats - 1) * t.interval
    for name in ("fc", "fs", "ac", "sc", "beat"):
        getattr(s, name)[where] += more * cycle


def carried(s: Lanes) -> Flags:
    """Was data sent under the key, by when the client began to replace it if it has?"""
    found: Flags = (s.data > 0) & ((s.begun == NEVER) | (s.bare == 0))
    return found

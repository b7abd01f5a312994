"""Many links at once, in lock-step over their busy periods: every count is the reference's, a thousand times as fast.

Messages of one busy period, heartbeats of a silence and renewals of a silent link are counted in closed form. A link on
which the two ends' data meet within a latency, or whose user is told to wait, is handed to the reference instead
(`entangled`). What is not covered is refused (`coverage`); that the counts are equal is shown by `agreement`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rekeyspec.benchmarks.policies.busy import CLIENT, SERVER, BusyPeriods
from rekeyspec.benchmarks.policies.client import client_pass
from rekeyspec.benchmarks.policies.counts import Counts, Ints, seconds
from rekeyspec.benchmarks.policies.coverage import check
from rekeyspec.benchmarks.policies.lanes import Flags, Lanes, Tally, Terms, Where
from rekeyspec.benchmarks.policies.play import reference_counts
from rekeyspec.benchmarks.policies.quiet import quiet
from rekeyspec.benchmarks.policies.server import server_pass
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy

CHUNK: Final = 20_000
"""So many links at a time: their state stays in the processor's cache."""


def simulate(
    policy: Policy, busy: BusyPeriods, latency: int, until: int, opened: Ints | None = None, spread: int = 0
) -> Counts:
    """What happens on every link until then (ms since it opened), each message `latency` under way.

    `opened` says when each link opened, below `spread` (ms), by the clock that `by_second` goes by: without it all
    opened at once, at 0. Raises BadInput for a policy or a latency that is not covered.
    """
    check(policy, latency)
    terms = Terms(policy, latency, until, spread)
    total = Counts(until, by_second=seconds(until + spread))
    origin = np.zeros(busy.links, dtype=np.int64) if opened is None else opened
    for first in range(0, busy.links, CHUNK):
        some = np.arange(first, min(first + CHUNK, busy.links))
        total += _chunk(terms, busy.take(some), origin[some])
    return total


def entangled(policy: Policy, busy: BusyPeriods, latency: int, until: int) -> Flags:
    """Which links must be left to the reference."""
    terms = Terms(policy, latency, until)
    kept, _ = _allowed(terms, busy)
    return _run(terms, kept, np.zeros(busy.links, dtype=np.int64))[1]


def _chunk(terms: Terms, busy: BusyPeriods, origin: Ints) -> Counts:
    kept, refused = _allowed(terms, busy)
    found, odd = _run(terms, kept, origin)
    if not odd.any():
        found.refused = int(refused.sum())
        return found
    rest, left = np.flatnonzero(~odd), np.flatnonzero(odd)
    found, again = _run(terms, kept.take(rest), origin[rest])
    assert not again.any()
    found.refused = int(refused[rest].sum())
    t = terms
    return found + reference_counts(t.policy, busy.take(left), t.latency, t.until, origin[left], t.spread)


def _allowed(terms: Terms, busy: BusyPeriods) -> tuple[BusyPeriods, Ints]:
    """What may be offered until the end, and how many offers of each link are refused for their direction (LIM-1)."""
    p = terms.policy
    kept = busy.until(terms.until)
    if (kept.size[kept.count > 0] > p.max_message).any():
        raise BadInput(
            f"workload: a message above max_message {p.max_message}; expected none larger; offer smaller ones, or "
            "raise max_message in the policy"
        )
    refused = np.zeros(busy.links, dtype=np.int64)
    for role, name in ((CLIENT, "client"), (SERVER, "server")):
        if name not in p.offering:
            theirs = (kept.role == role) & (kept.count > 0)
            refused += np.where(theirs, kept.count, 0).sum(axis=0)
            kept = BusyPeriods(kept.start, np.where(theirs, 0, kept.count), kept.size, kept.gap, kept.role)
    limits = [x for x in (p.idle_period, p.rekey_idle if p.idle_trigger == "period" else 0) if x]
    return (kept.split(min(limits) - 1) if limits else kept), refused


def _run(terms: Terms, busy: BusyPeriods, origin: Ints) -> tuple[Counts, Flags]:
    tally = Tally(terms)
    lanes = Lanes.opened(terms, tally, origin)
    odd = np.zeros(busy.links, dtype=np.bool_)
    for row in range(len(busy.start)):
        for role in (CLIENT, SERVER):
            where = np.flatnonzero((busy.count[row] > 0) & (busy.role[row] == role))
            if where.size:
                _row(lanes, where, busy, row, role, odd)
    end = np.full(busy.links, terms.until - 1, dtype=np.int64)
    quiet(lanes, end)
    never = np.full(busy.links, terms.until, dtype=np.int64)
    lanes.retire(np.arange(busy.links), never, never)
    return tally.counts(busy.links), odd


def _row(lanes: Lanes, where: Where, busy: BusyPeriods, row: int, role: int, odd: Flags) -> None:
    """One busy period of these links, all of one end."""
    latency = lanes.t.latency
    a, n, size, gap = (one[row][where] for one in (busy.start, busy.count, busy.size, busy.gap))
    some = lanes.take(where)
    odd[where] |= (some.who != role) & (a <= some.z + latency)
    odd[where] |= quiet(some, a - 1 if role == CLIENT else a - latency - 1)
    one_pass = client_pass if role == CLIENT else server_pass
    while True:
        a, n, crowded = one_pass(some, a, n, size, gap)
        odd[where] |= crowded
        lanes.put(where, some)
        more = np.flatnonzero(n > 0)
        if not more.size:
            return
        some, where = some.take(more), where[more]
        a, n, size, gap = a[more], n[more], size[more], gap[more]

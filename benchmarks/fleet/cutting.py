"""What a partition of the network does to links: played by the reference's own `step`, on a sample of the fleet.

Over a stream, what is sent while the network is cut arrives when it has healed (TCP sends it again); over datagrams it
is lost. A client whose link has ended tries to open another every so often, and succeeds at the first attempt after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rekeyspec.benchmarks.fleet.parts import Fleet, Part
from rekeyspec.benchmarks.policies.play import Link
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.vocabulary import NEVER, Event

SAMPLE: Final = 400
"""Links."""
AFTER: Final = 120_000
"""So long after the cut (ms) a link is followed."""


@dataclass(frozen=True)
class Cut:
    """No message that is sent from `begin` until `end` (ms) arrives before `end`."""

    begin: int
    end: int


@dataclass(frozen=True)
class Parted:
    """What became of the links of a sample."""

    links: int
    closed: int
    """The client's end had ended when the network was whole again, or ended soon after."""
    half_open: int
    """Only the server's end had: the client learns it when it next speaks."""
    renewed: int
    """Renegotiated in the minutes after the cut, by which both ends live on."""


class _Cut(Link):
    """A link whose network is cut."""

    def __init__(self, rules: Rules, latency: int, cut: Cut) -> None:
        self.cut = cut
        super().__init__(rules, latency)

    def _take(self, e: Event) -> None:
        known = len(self.under_way)
        super()._take(e)
        fresh = [self.under_way.pop() for _ in range(len(self.under_way) - known)]
        for one in reversed(fresh):
            if not self.cut.begin <= one.t - self.latency < self.cut.end:
                self.under_way.append(one)
            elif self.policy.transport == "stream":
                self.under_way.append(one._replace(t=max(self.cut.end, one.t)))


def parted(fleet: Fleet, cut: Cut, sample: int = SAMPLE) -> Parted:
    """What this cut does to so many links of the fleet, the first ones."""
    busy = Part(fleet, 0, min(sample, fleet.links)).busy()
    closed = half_open = renewed = 0
    for number in range(busy.links):
        link = _Cut(Rules(fleet.policy), fleet.latency, cut)
        for t, role, size in busy.offers(number):
            if t >= cut.end + AFTER:
                break
            link.offer(t, role, size)
        link.until(cut.end + AFTER)
        at = {role: link.closed_at.get(role, NEVER) for role in ("client", "server")}
        if at["client"] < NEVER:
            closed += 1
        elif at["server"] < NEVER:
            half_open += 1
        else:
            renewed += any(key.started >= cut.begin for key in link.keys.values())
    return Parted(busy.links, closed, half_open, renewed)


def returning(links: int, retry: int, tick: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """When so many clients come back, in ticks from the end of the cut: each tries every `retry` ms, and they began at
    moments of their own, so the first attempts that succeed are spread evenly over one such span."""
    span = max(1, retry // tick)
    share, rest = divmod(links, span)
    return share + (np.arange(span) < rest).astype(np.int64)

"""How long until one end notices that the other is gone: by `step`.

An end dies at instants drawn from the seed: from then on it does nothing, and what is sent to it is lost. The other
end's user goes on offering what the workload says. An end has noticed when it closes (DEAD-5); when a server closes,
the slot of its lost user is free (GATE-1). "Never" is: not within a day, nor by the end of the simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import Final

import numpy as np

from rekeyspec.benchmarks.policies.busy import draw
from rekeyspec.benchmarks.policies.play import PEER, Link
from rekeyspec.benchmarks.policies.workloads import DAY, Workload
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Role

Offers = Sequence[tuple[int, Role, int]]
PURPOSE: Final = 99
"""Of the random numbers for instants of death."""


@dataclass
class Noticed:
    """How long each death went unnoticed (ms; NEVER: it was not noticed), by the end that is left."""

    after: dict[Role, list[int]] = field(default_factory=lambda: {role: [] for role in ROLES})

    def __add__(self, other: Noticed) -> Noticed:
        """The deaths of both."""
        return Noticed({role: self.after[role] + other.after[role] for role in ROLES})

    def median(self, left: Role) -> int | None:
        """Of half the deaths no longer than this; None: they were not noticed."""
        found = median_low(self.after[left]) if self.after[left] else NEVER
        return None if found >= NEVER else found

    def most(self, left: Role) -> int | None:
        """The longest that was noticed; None: some were never, or all lived."""
        found = max(self.after[left], default=NEVER)
        return None if found >= NEVER else found

    def never(self, left: Role) -> int:
        """How many deaths were not noticed."""
        return sum(one >= NEVER for one in self.after[left])


def instants(seed: int, link: int, until: int, deaths: int) -> list[int]:
    """When an end dies (ms), in order: so many times, each before `until`."""
    numbers = np.array([link], dtype=np.int64)
    return sorted(int(draw(seed, numbers, PURPOSE, n)[0] * until) for n in range(deaths))


def sampled(
    policy: Policy, workload: Workload, seed: int, links: range, latency: int, until: int, deaths: int
) -> Noticed:
    """So many deaths on each of these links of a workload."""
    found = Noticed()
    for link in links:
        offers = list(workload.periods(seed, range(link, link + 1), until).offers(0))
        found += watched(policy, offers, latency, until, instants(seed, link, until, deaths))[1]
    return found


def watched(policy: Policy, offers: Offers, latency: int, until: int, when: Sequence[int]) -> tuple[Link, Noticed]:
    """A link as it stands at `until` (ms) if nobody dies, and how long each death at these instants goes unnoticed."""
    link, found = Link(Rules(policy), latency), Noticed()
    place, left = 0, list(when)
    while place < len(offers) and offers[place][0] < until:
        t, role, size = offers[place]
        while left and left[0] <= t:
            _die(link, offers, place, left.pop(0), until, found)
        link.offer(t, role, size)
        place += 1
    for t in left:
        _die(link, offers, place, t, until, found)
    link.until(until)
    return link, found


def _die(link: Link, offers: Offers, place: int, t: int, until: int, found: Noticed) -> None:
    link.until(t)
    for dead in ROLES:
        left = PEER[dead]
        if link.closed_at:
            continue  # the policy itself ended the link before
        one = link.fork()
        one.die(dead)
        end = max(t + DAY, until)
        for at, role, size in offers[place:]:
            if left in one.closed_at:
                break
            one.offer(at, role, size)
        else:
            _until_closed(one, left, end)
        found.after[left].append(one.closed_at[left] - t if left in one.closed_at else NEVER)


def _until_closed(link: Link, left: Role, end: int) -> None:
    while left not in link.closed_at and (soon := link.next()) < end:
        link.until(soon + 1)

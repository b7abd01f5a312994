"""A run of `bench policies`: every workload under every policy, then the sources' own problems and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from rekeyspec.benchmarks.policies.busy import BusyPeriods
from rekeyspec.benchmarks.policies.claims import claims
from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.coverage import uncovered
from rekeyspec.benchmarks.policies.dead import instants, watched
from rekeyspec.benchmarks.policies.modem import modem
from rekeyspec.benchmarks.policies.play import counts_of, played
from rekeyspec.benchmarks.policies.problems import problems
from rekeyspec.benchmarks.policies.rows import Prices, Row, best, row
from rekeyspec.benchmarks.policies.settings import settings
from rekeyspec.benchmarks.policies.traffic import SUFFIXES, Offer, read
from rekeyspec.benchmarks.policies.vectorised import entangled, simulate
from rekeyspec.benchmarks.policies.workloads import DAY, WORKLOADS
from rekeyspec.benchmarks.results import Results
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import choose, problem, shown
from rekeyspec.reference.policy import Policy

DEATHS: Final = 24
"""Deaths of either end in each row."""

BY_STEP: Final = 10
"""So many links at most, where the vectorised simulation does not cover a policy: a day of one takes a second."""


@dataclass(frozen=True)
class Settings:
    """What is run. `workloads` are names, or files with their messages."""

    workloads: Mapping[str, Sequence[Offer] | None]
    policies: Mapping[str, Policy]
    until: int = DAY
    """How long (ms)."""
    links: int = 100
    latency: int = 20
    seed: int = 1
    prices: Prices = field(default_factory=Prices)
    sources: bool = True
    """With the rows that reproduce what the sources say."""

    def plain(self) -> dict[str, Any]:
        """For the results."""
        return {
            "workloads": list(self.workloads),
            "policies": {name: _changed(policy) for name, policy in self.policies.items()},
            "days": self.until / DAY,
            "links": self.links,
            "latency_ms": self.latency,
            "deaths": DEATHS,
            "prices": vars(self.prices),
        }


@dataclass
class Found:
    """What came of it."""

    settings: Settings
    rows: list[Row] = field(default_factory=list)
    problems: list[Row] = field(default_factory=list)
    modem: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def results(self) -> Results:
        """In the common form."""
        front = [one for name in self.settings.workloads for one in best(self.of(name))]
        tables = {
            "rows": self.rows, "front": [{key: one[key] for key in list(one)[:2]} for one in front],
            "problems": self.problems, "modem": self.modem, "claims": self.claims,
        }  # fmt: skip
        return Results(
            "policies", self.settings.plain(), [self.settings.seed], tables, self.notes, complete=self.complete
        )

    def of(self, workload: str) -> list[Row]:
        """The rows of one workload."""
        return [one for one in self.rows if one["workload"] == workload]


def chosen_workloads(names: Sequence[str]) -> dict[str, Sequence[Offer] | None]:
    """The workloads of these names or files; without any, all that have a name. Raises BadInput."""
    found: dict[str, Sequence[Offer] | None] = {}
    for name in names or WORKLOADS:
        if name in WORKLOADS:
            found[name] = None
        elif Path(name).suffix in SUFFIXES:
            found[Path(name).name] = read(Path(name))
        else:
            expected, remedy = choose(name, WORKLOADS)
            raise problem("--workload", f"the name {shown(name)}", expected, f"{remedy}, or give a .csv or .pcap file")
    return found


def chosen_policies(names: Sequence[str]) -> dict[str, Policy]:
    """The settings of these names, and policies of these files; without any, every setting. Raises BadInput."""
    known = settings()
    if not names:
        return known
    return dict((name, known[name]) if name in known else policy_named(name) for name in names)


def run(wanted: Settings, tell: Callable[[str, int, int], None]) -> Found:
    """Simulate. An interrupt keeps what is complete."""
    found = Found(wanted)
    found.notes.append(f"CPU time is reckoned, not measured: {wanted.prices.origin}")
    try:
        for workload, offers in wanted.workloads.items():
            for done, (name, policy) in enumerate(wanted.policies.items()):
                tell(workload, done, len(wanted.policies))
                found.rows.append(_row(wanted, found, workload, offers, name, policy))
            tell(workload, len(wanted.policies), len(wanted.policies))
        refusing = sorted({one["policy"] for one in found.rows if one["refused_per_day"]})
        if refusing:
            found.notes.append(f"offers were refused (LIM-1: direction, or what may wait) under {', '.join(refusing)}")
        if wanted.sources:
            found.problems += problems(wanted.latency)
            found.modem += modem(wanted.latency, wanted.seed)
            found.claims += claims(wanted.latency, wanted.prices)
        else:
            found.notes.append("what the sources say is reproduced where neither --workload nor --policy is given")
    except KeyboardInterrupt:
        found.complete = False
        found.notes.append(f"interrupted: only what was complete is here ({len(found.rows)} rows)")
    return found


def _row(
    wanted: Settings, found: Found, workload: str, offers: Sequence[Offer] | None, name: str, policy: Policy
) -> Row:
    until, latency = wanted.until, wanted.latency
    when = instants(wanted.seed, 0, until, DEATHS)
    if offers is not None:
        until = max(until, offers[-1].t + 1)
        when = instants(wanted.seed, 0, until, DEATHS)
        link, noticed = watched(policy, offers, latency, until, when)
        return row(workload, name, counts_of(link, until), noticed, wanted.prices, "step")
    busy = WORKLOADS[workload].periods(wanted.seed, range(wanted.links), until)
    link, noticed = watched(policy, list(busy.offers(0)), latency, until, when)
    first = counts_of(link, until)
    why = list(uncovered(policy, latency))
    if why:
        some = min(wanted.links, BY_STEP)
        found.notes.append(f"{name} on {workload} is simulated by step alone, {some} links of it: {'; '.join(why)}")
        counts = sum((_by_step(policy, busy, link, wanted) for link in range(1, some)), first)
        return row(workload, name, counts, noticed, wanted.prices, "step")
    differing = simulate(policy, busy.take(np.array([0])), latency, until).differences(first)
    assert not differing, f"{workload}, {name}: the vectorised simulation is not the reference's: {differing}"
    counts = simulate(policy, busy, latency, until)
    left = int(entangled(policy, busy, latency, until).sum())
    by = f"vectorised; {max(left, 1)} of the links by step"
    return row(workload, name, counts, noticed, wanted.prices, by)


def _by_step(policy: Policy, busy: BusyPeriods, link: int, wanted: Settings) -> Counts:
    return counts_of(played(policy, busy.offers(link), wanted.latency, wanted.until), wanted.until)


def _changed(policy: Policy) -> dict[str, Any]:
    default = Policy().plain()
    return {name: value for name, value in policy.plain().items() if value != default[name]}


def limits(days: float, links: int, latency: int, seed: int) -> None:
    """Raises BadInput for settings that make no sense."""
    for option, value, least, most in (
        ("--days", days, 1 / 96, 31),
        ("--links", links, 1, 100_000),
        ("--latency", latency, 1, 600),
        ("--seed", seed, 0, (1 << 63) - 1),
    ):
        if not least <= value <= most:
            raise BadInput(f"{option}: {value:g} was read; expected {least:.4g} to {most:.10g}; choose one of these")

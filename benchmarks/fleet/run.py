"""A gateway with many links: its day, and its storms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from rekeyspec.benchmarks.fleet.choices import NINE, SESSIONS, Asked, Price
from rekeyspec.benchmarks.fleet.cutting import Cut, parted, returning
from rekeyspec.benchmarks.fleet.parts import Fleet, Wake, whole
from rekeyspec.benchmarks.fleet.queueing import TICK, Served, seconds_of, served, ticks
from rekeyspec.benchmarks.policies.counts import Counts, Ints
from rekeyspec.benchmarks.policies.dead import sampled
from rekeyspec.benchmarks.policies.workloads import WORKLOADS
from rekeyspec.benchmarks.results import Results
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Role

Row = dict[str, Any]
Say = Callable[[str], None]
OPENING = 60
"""A day's rates begin so many seconds after the last link has opened."""
MOURNED = 40
"""So many links' ends die, by the reference's own step: each of both `DEATHS` times."""
DEATHS = 3
AFTERWARDS = 120_000
"""So long after the last link has woken a morning is followed (ms)."""


@dataclass
class Run:
    """What was found so far."""

    asked: Asked
    price: Price
    day: list[Row] = field(default_factory=list)
    storms: list[Row] = field(default_factory=list)
    minutes: list[Row] = field(default_factory=list)
    arrivals: dict[str, Ints] = field(default_factory=dict)
    """Negotiations that are asked for in each second of a storm, for the figure."""
    complete: bool = False

    def results(self) -> Results:
        """The documents' form."""
        settings = asdict(self.asked) | {"policy": {"name": self.asked.name, "parameters": asdict(self.asked.policy)}}
        settings["costs"] = asdict(self.price)
        tables = {"day": self.day, "storms": self.storms, "minutes": self.minutes}
        return Results("fleet", settings, (self.asked.seed,), tables, NOTES, self.complete)


NOTES = (
    "A negotiation's cost is the gateway's CPU time, measured in memory: no sockets, and nothing else that it does.",
    "A core does nothing else, and a client that gives up costs nothing: so the storms are the least that can be.",
    "Partitions and deaths are played by the reference on a sample of the links; all else counts every link.",
)


def run(asked: Asked, price: Price, executor: Executor, width: int, say: Say = lambda _: None) -> Run:
    """Simulate. An interrupt leaves what was found, with `complete` False."""
    found = Run(asked, price)
    try:
        _day(found, executor, width, say)
        for row in _storms(found, executor, width, say):
            found.storms.append(row)
        found.complete = True
    except KeyboardInterrupt:
        pass
    return found


def _fleet(asked: Asked, policy: Policy, until: int, wake: Wake | None = None) -> Fleet:
    return Fleet(policy, asked.workload, asked.links, until, asked.latency, asked.seed, wake, asked.spread * 1000)


def _counted(fleet: Fleet, what: str, executor: Executor, width: int, say: Say) -> tuple[Counts, int]:
    done = 0

    def tell(links: int) -> None:
        nonlocal done
        done += links
        say(f"{what}: {done:,} of {fleet.links:,} links")

    return whole(fleet, executor, width, tell)


def _day(found: Run, executor: Executor, width: int, say: Say) -> None:
    """When negotiations fall due does not depend on the cache: one run tells both, which of them would be abbreviated
    if it were on, and what they all cost if it were not."""
    asked, price = found.asked, found.price
    counts, periods = _counted(
        _fleet(asked, asked.policy.but(session_cache="on"), asked.until), "the day", executor, width, say
    )
    rates = counts.by_second[asked.spread + OPENING : asked.until // 1000]
    seconds = counts.until / 1000
    shared = price.full * counts.full + price.abbreviated * counts.abbreviated
    peak, share = int(rates.max(initial=0)), counts.abbreviated / max(counts.negotiations, 1)
    mixed = price.full * (1 - share) + price.abbreviated * share
    found.day.append({
        "policy": asked.name, "workload": asked.workload, "links": counts.links, "hours": asked.hours,
        "busy_periods": periods, "messages": counts.messages, "bytes": counts.bytes,
        "negotiations": counts.negotiations, "would_be_abbreviated": counts.abbreviated, "needless": counts.needless,
        "heartbeats": counts.heartbeats, "refused": counts.refused, "closed": counts.closed, "keys": counts.keys,
        "delayed": counts.delayed, "delay_sum_ms": counts.delay_sum, "delay_max_ms": counts.delay_max,
        "delay_p99_ms": counts.percentile("delay"),
        "key_bytes_max": counts.key_bytes_max, "key_bytes_p99": counts.percentile("key_bytes"),
        "life_max_ms": counts.life_max, "life_p99_ms": counts.percentile("life"),
        "use_server_max_ms": counts.use_server_max, "use_client_max_ms": counts.use_client_max,
        "per_second_mean": float(rates.mean()) if rates.size else 0.0,
        "per_second_p99": float(np.percentile(rates, 99)) if rates.size else 0.0, "per_second_peak": peak,
        "peak_at_s": asked.spread + OPENING + int(rates.argmax()) if rates.size and peak else 0,
        "cores_mean_full": price.full * counts.negotiations / seconds, "cores_mean_cached": shared / seconds,
        "cores_peak_full": price.full * peak, "cores_peak_cached": mixed * peak,
        "cores_data": price.byte * counts.bytes / seconds,
    } | _dead(asked))  # fmt: skip
    whole_minutes = counts.by_second[: asked.until // 60_000 * 60].reshape(-1, 60)
    found.minutes += [
        {"minute": number, "per_second_mean": float(one.mean()), "per_second_peak": int(one.max())}
        for number, one in enumerate(whole_minutes)
    ]


def _dead(asked: Asked) -> Row:
    """DEAD-1 to DEAD-3, on the first links: how long a death goes unnoticed (s; None: for ever). When the server
    notices, the lost user's slot is free (GATE-1)."""
    links = range(min(MOURNED, asked.links))
    deaths = sampled(asked.policy, WORKLOADS[asked.workload], asked.seed, links, asked.latency, asked.until, DEATHS)
    found: Row = {"dead_sample": 2 * DEATHS * len(links)}
    ends: tuple[tuple[Role, str], ...] = (("client", "dead_server_noticed"), ("server", "dead_client_noticed"))
    for left, name in ends:
        for what, ms in (("median", deaths.median(left)), ("max", deaths.most(left))):
            found[f"{name}_{what}_s"] = None if ms is None else ms / 1000
        found[f"{name}_never"] = deaths.never(left)
    return found


def _storms(found: Run, executor: Executor, width: int, say: Say) -> Iterator[Row]:
    asked = found.asked
    if asked.until > NINE:
        for jitter in asked.jitters:
            yield from _nine(found, jitter, executor, width, say)
    for jitter in asked.jitters:
        arrivals = returning(asked.links, max(1, jitter * 1000), TICK)
        found.arrivals[f"restart {jitter}"] = arrivals
        for sessions, share in (("lost", 0.0), ("kept", 1.0)):
            yield _row(found, "restart", {"jitter_s": jitter, "sessions": sessions}, arrivals, share)
    for cut in asked.cuts:
        say(f"partition of {cut} s")
        yield from _cut(found, cut)


def _nine(found: Run, jitter: int, executor: Executor, width: int, say: Say) -> Iterator[Row]:
    """Everyone wakes at nine. When that is does not depend on the cache."""
    asked, wake = found.asked, Wake(NINE, jitter * 1000)
    until = NINE + jitter * 1000 + AFTERWARDS
    window = slice(NINE // 1000, until // 1000)
    lifetimes = {"policy's": asked.policy.session_lifetime, "24 h": SESSIONS}
    none = True
    for name, lifetime in lifetimes.items():
        policy = asked.policy.but(session_cache="on", session_lifetime=lifetime)
        what = f"nine o'clock, {jitter} s, sessions {name}"
        morning, _ = _counted(_fleet(asked, policy, until, wake), what, executor, width, say)
        by_second = morning.by_second[window]
        found.arrivals[f"nine {jitter}"] = by_second
        arrivals, total = ticks(by_second), int(by_second.sum())
        if none:
            none = False
            yield _row(found, "nine", {"jitter_s": jitter, "sessions": "none"}, arrivals, 0.0)
        share = int(morning.abbreviated_by_second[window].sum()) / max(total, 1)
        yield _row(found, "nine", {"jitter_s": jitter, "sessions": name}, arrivals, share)


def _cut(found: Run, cut: int) -> Iterator[Row]:
    """The network is cut from ten in the morning on, or in the middle of a shorter day."""
    asked = found.asked
    begin = min(10 * 3_600_000, asked.until // 2)
    sample = parted(_fleet(asked, asked.policy, begin + 2 * cut * 1000 + 3_600_000), Cut(begin, begin + cut * 1000))
    back = round(asked.links * sample.closed / sample.links)
    arrivals = returning(back, asked.retry * 1000, TICK)
    more = {
        "cut_s": cut, "sample": sample.links, "closed": sample.closed, "half_open": sample.half_open,
        "renewed": sample.renewed,
    }  # fmt: skip
    for sessions, share in (("lost", 0.0), ("kept", 1.0)):
        yield _row(found, "partition", {"jitter_s": asked.retry, "sessions": sessions} | more, arrivals, share)


_CUT: Row = dict.fromkeys(("cut_s", "sample", "closed", "half_open", "renewed"))


def _row(found: Run, storm: str, about: Row, arrivals: Ints, share: float) -> Row:
    asked, price = found.asked, found.price
    each = price.full * (1 - share) + price.abbreviated * share
    total, peak = int(arrivals.sum()), int(seconds_of(arrivals).max(initial=0))
    went = served(arrivals, asked.cores / each, asked.policy.negotiation_timeout, asked.retry * 1000)
    row: Row = {"storm": storm, **_CUT, **about}
    row |= {"negotiations": total, "abbreviated": round(total * share), "peak_per_second": peak,
            "cores_for_peak": peak * each, "cores": asked.cores}  # fmt: skip
    return row | _went(went)


def _went(went: Served) -> Row:
    return {
        f"{name}_ms" if name not in ("gave_up", "backlog", "answered") else name: value
        for name, value in asdict(went).items()
    }

"""Every candidate is tried on the workload, by the simulation of `bench policies`; none is judged by a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from rekeyspec.benchmarks.advice.wanted import Priced, Wanted
from rekeyspec.benchmarks.policies.busy import BusyPeriods
from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.coverage import uncovered
from rekeyspec.benchmarks.policies.play import counts_of, played
from rekeyspec.benchmarks.policies.vectorised import simulate
from rekeyspec.benchmarks.policies.workloads import DAY, WORKLOADS
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.wire.seal import CIPHERS

BASE: Final = "combined"
"""Candidates are this profile with other thresholds: it is the one whose properties are checked with the adversary."""

UNBOUNDED_AGES: Final = (0, 86_400_000, 3_600_000)
"""Candidates for `age_limit` (ms) where no time is bounded; 0: never."""
IDLE: Final[tuple[dict[str, Any], ...]] = (
    *({"idle_period": period, "idle_trigger": "heartbeat", "reject_trigger": "heartbeat"}
      for period in (60_000, 300_000, 1_800_000)),
    {"idle_period": 300_000, "idle_trigger": "never", "reject_trigger": "never"},
)  # fmt: skip
"""Renegotiate after idleness (IDLE-1, IDLE-3), after how long, or not."""
SESSION: Final = 8 * 3_600_000
"""`session_lifetime` where sessions are cached (ms)."""


@dataclass(frozen=True)
class Tried:
    """A policy, and what it came to on the workload. Per link and day; CPU seconds of both ends."""

    policy: Policy
    changes: dict[str, Any]
    """What differs from the base."""
    negotiations: float
    needless: float
    cpu: float
    """Of negotiations."""
    data_cpu: float
    key_bytes: int
    """The most under one key."""
    use: float
    """The longest that a cracked key was of use (s)."""
    delayed: float
    delay_p99: int
    """ms"""
    mib: float
    message: float
    """Bytes of a message, on average."""

    @property
    def overhead(self) -> float:
        """What negotiations add to what data costs; infinite where there is no data."""
        return self.cpu / self.data_cpu if self.data_cpu else float("inf")


def candidates(wanted: Wanted) -> Iterator[tuple[Policy, dict[str, Any]]]:
    """Policies that do not contradict themselves, with what differs from the base. They cache sessions, which changes
    what a negotiation costs, and nothing of when it is due."""
    base = profiles()[BASE].but(authentication=wanted.authentication)
    common: dict[str, Any] = {}
    if wanted.authentication == "server-only":  # EST-2
        common = {"authentication": "server-only", "direction": "to-server"}
    cached = {"session_cache": "on", "session_lifetime": SESSION}
    for limit, age, idle in product(_limits(wanted, base), _ages(wanted), IDLE):
        changes = common | {"byte_limit": limit, "age_limit": age, **idle, **cached}
        for when in ("timer", "data") if age else ("data",):
            changed = changes | {"age_trigger": when}
            policy = base.but(**changed)
            if not contradictions(policy) and not list(uncovered(policy, wanted.latency)):
                yield policy, changed


def _limits(wanted: Wanted, base: Policy) -> list[int]:
    """`byte_limit`: a larger one is cheaper and exposes more, so only the largest that may keep the bound are tried. A
    key carries up to a message more than the limit, and what is under way from the other end (BYTE-3)."""
    ceiling, bound, over = CIPHERS[wanted.cipher].ceiling, wanted.key_bytes, base.max_message
    if bound is None or bound >= ceiling:
        return [ceiling]
    return [one for one in (bound, bound - over, bound // 2) if one > 0]


def _ages(wanted: Wanted) -> list[int]:
    """`age_limit` (ms): the same holds of it; a negotiation takes a few times the latency beyond it (AGE-1)."""
    if wanted.use is None:
        return list(UNBOUNDED_AGES)
    bound = round(wanted.use * 1000)
    return [0, *(one for one in (bound, bound - 10 * wanted.latency, bound // 2) if one > 0)]


class Bench:
    """Tries policies on the workload."""

    def __init__(self, wanted: Wanted, prices: Priced) -> None:
        self.wanted, self.prices = wanted, prices
        self.until = DAY
        self._busy: BusyPeriods | None = None
        if wanted.offers is None:
            self._busy = WORKLOADS[wanted.workload].periods(wanted.seed, range(wanted.links), DAY)
        else:
            self.until = max(DAY, wanted.offers[-1].t + 1)

    def tried(self, policy: Policy, changes: dict[str, Any]) -> list[Tried]:
        """What comes of this one, without a session cache and with it."""
        counts = self._counts(policy)
        per = DAY / counts.until / counts.links
        message = counts.bytes / counts.messages if counts.messages else 0.0
        byte = self.prices.byte(message or 1).both
        full, abbreviated = self.prices.full.cpu.both, self.prices.abbreviated.cpu.both

        def one(policy: Policy, changes: dict[str, Any], cpu: float) -> Tried:
            return Tried(
                policy,
                changes,
                counts.negotiations * per,
                counts.needless * per,
                cpu * per,
                byte * counts.bytes * per,
                counts.key_bytes_max,
                max(counts.use_server_max, counts.use_client_max) / 1000,
                counts.delayed * per,
                counts.percentile("delay"),
                counts.bytes / (1 << 20) * per,
                message,
            )

        plain = {name: value for name, value in changes.items() if not name.startswith("session_")}
        return [
            one(policy.but(session_cache="off"), plain, full * counts.negotiations),
            one(policy, changes, full * counts.full + abbreviated * counts.abbreviated),
        ]

    def _counts(self, policy: Policy) -> Counts:
        w = self.wanted
        if self._busy is not None:
            return simulate(policy, self._busy, w.latency, self.until)
        assert w.offers is not None
        return counts_of(played(policy, w.offers, w.latency, self.until), self.until)


def search(
    wanted: Wanted, prices: Priced, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[list[Tried], bool]:
    """Try every candidate: what came of each, and whether that was all of them, or an interrupt came first."""
    bench, all_of_them = Bench(wanted, prices), list(candidates(wanted))
    found: list[Tried] = []
    try:
        for done, (policy, changes) in enumerate(all_of_them):
            tell(done, len(all_of_them))
            found += bench.tried(policy, changes)
    except KeyboardInterrupt:
        return found, False
    return found, True

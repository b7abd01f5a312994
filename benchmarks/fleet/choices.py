"""What `bench fleet` may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rekeyspec.benchmarks.cost.choices import CIPHERS, Settings
from rekeyspec.benchmarks.cost.costs import Costs
from rekeyspec.benchmarks.policies.workloads import HOUR, WORKLOADS
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy

MOST: Final = 10_000_000
"""Links."""
NINE: Final = 9 * HOUR
JITTERS: Final = (0, 1, 10, 60, 300, 900)
"""s."""
CUTS: Final = (10, 60, 600)
"""s."""
SESSIONS: Final = 24 * HOUR
"""The longer `session_lifetime` that is tried (ms): a session outlives the night."""


@dataclass(frozen=True)
class Asked:
    """One run. Times are ms where no unit is said."""

    policy: Policy
    name: str
    """The policy's."""
    workload: str = "office"
    links: int = 1_000_000
    hours: int = 24
    latency: int = 20
    jitters: tuple[int, ...] = JITTERS
    """s"""
    cuts: tuple[int, ...] = CUTS
    """s"""
    retry: int = 30
    """A client whose link has ended tries again in this span (s)."""
    spread: int = 3600
    """Links open in the first so many seconds of the day."""
    cores: int = 16
    seed: int = 1
    certificate: str = "P-256"
    group: str = "X25519"

    def __post_init__(self) -> None:
        """Refuse what makes no sense: BadInput."""
        bounds = (
            ("--links", self.links, 1, MOST),
            ("--hours", self.hours, 1, 24 * 31),
            ("--retry", self.retry, 1, 86_400),
            ("--spread", self.spread, 0, 8 * 3600),
            ("--cores", self.cores, 1, 1_000_000),
            ("--seed", self.seed, 0, 1 << 62),
            *(("--jitter", one, 0, 8 * 3600) for one in self.jitters),
            *(("--cut", one, 1, 8 * 3600) for one in self.cuts),
        )
        for name, value, low, high in bounds:
            if not low <= value <= high:
                raise BadInput(f"{name}: {value} was read; expected {low} to {high:,}; give another number")
        if self.workload not in WORKLOADS:
            raise BadInput(
                f"--workload: {self.workload!r} was read; expected one of {', '.join(WORKLOADS)}; correct the name"
            )

    @property
    def until(self) -> int:
        """When it ends (ms)."""
        return self.hours * HOUR


@dataclass(frozen=True)
class Price:
    """CPU seconds of the gateway: a full negotiation, an abbreviated one, a byte of data."""

    full: float
    abbreviated: float
    byte: float
    source: str
    """What they were measured by, for people."""


FULL: Final = "tls1.3-full"
RESUMED: Final = "tls1.3-resumed-dhe"
MESSAGE: Final = 16384


def price(costs: Costs, asked: Asked, source: str) -> Price:
    """What the gateway's end pays. Raises BadInput where it was not measured."""
    mutual = asked.policy.authentication
    full = costs.handshake(FULL, asked.certificate, asked.group, mutual).cpu.server
    resumed = costs.handshake(RESUMED, asked.certificate, asked.group, mutual).cpu.server
    return Price(full, resumed, costs.byte(FULL, CIPHERS[0], MESSAGE).server, source)


def to_measure(asked: Asked) -> Settings:
    """The few things that are measured where no costs are given."""
    return Settings(
        quick=True,
        negotiations=(FULL, RESUMED),
        certificates=(asked.certificate,),
        groups=(asked.group,),
        authentications=(asked.policy.authentication,),
        ciphers=CIPHERS[:1],
        messages=(MESSAGE,),
        volumes=(1 << 20,),
    )

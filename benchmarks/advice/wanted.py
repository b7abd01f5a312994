"""What `rekeyspec advise` is asked: what may be spent, and what may be exposed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rekeyspec.benchmarks.cost.choices import (
    AUTHENTICATIONS,
    CERTIFICATES,
    CIPHERS,
    GROUPS,
    KIB,
    Settings,
    names,
    sizes,
)
from rekeyspec.benchmarks.cost.costs import Costs, Handshake
from rekeyspec.benchmarks.cost.ends import Ends
from rekeyspec.benchmarks.policies.traffic import Offer
from rekeyspec.conformance.target import BadInput

FULL: Final = "tls1.3-full"
RESUMED: Final = "tls1.3-resumed-dhe"
MESSAGES: Final = (KIB, 16 * KIB, 64 * KIB)
LEAST_BYTES: Final = 1 << 15
"""The smallest byte limit that is found in practice (the messaging product's floor)."""
LEAST_USE: Final = 60.0
"""s. A shorter bound would ask for a negotiation every few seconds."""
YEAR: Final = 366 * 86_400.0
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True)
class Wanted:
    """The question. None: no bound."""

    workload: str
    offers: Sequence[Offer] | None
    """The messages of a user's own workload."""
    cipher: str
    certificate: str
    group: str
    authentication: str
    overhead: float | None
    """Negotiations may take so large a part of what the data takes, CPU of both ends."""
    cpu: float | None
    """Negotiations may take so many CPU seconds a link and day, both ends."""
    key_bytes: int | None
    """At most so many bytes of data under one key."""
    use: float | None
    """A cracked key may be of use, to forge data, for so long (s)."""
    links: int = 50
    latency: int = 20
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse a question that has no answer, or every one: BadInput."""
        if self.overhead is None and self.cpu is None:
            raise BadInput("advise: no budget was read; expected --overhead, as 1%, or --cpu, as 50ms a day; give one")
        if self.key_bytes is None and self.use is None:
            raise BadInput(
                "advise: no bound was read; expected --exposure-bytes, as 1GiB, or --exposure-time, as 1h; give one"
            )
        for option, value, least, most in (
            ("--links", self.links, 1, 10_000), ("--latency", self.latency, 1, 600), ("--seed", self.seed, 0, 1 << 62),
            ("--exposure-bytes", self.key_bytes, LEAST_BYTES, 1 << 50), ("--exposure-time", self.use, LEAST_USE, YEAR),
        ):  # fmt: skip
            if value is not None and not least <= value <= most:
                raise BadInput(f"{option}: {value:g} was read; expected {least:g} to {most:g}; choose one of these")


def share(option: str, text: str) -> float:
    """`1%`, or `0.01`. Raises BadInput."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text.strip(), re.ASCII)
    value = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0 < value <= 100:
        raise BadInput(f"{option}: {text!r} was read; expected a part above 0, as 1% or 0.01; correct it")
    return value


def span(option: str, text: str) -> float:
    """`50ms`, `20s`, `10min`, `1h`, `1d`: seconds. Raises BadInput."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.strip().lower(), re.ASCII)
    value = float(found[1]) * _SECONDS.get(found[2], 0.0) if found else 0.0
    if not 0 < value <= YEAR:
        raise BadInput(f"{option}: {text!r} was read; expected a time with its unit, as 50ms, 20s, 10min, 1h or 1d")
    return value


def size(option: str, text: str) -> int:
    """`1GiB`: bytes. Raises BadInput."""
    found = sizes(option, text)
    if len(found) > 1:
        raise BadInput(f"{option}: {text!r} was read; expected one size; give the smallest")
    return found[0]


def one_of(option: str, text: str, known: Sequence[str]) -> str:
    """A name, in its proper spelling. Raises BadInput."""
    found = names(option, text, known)
    if len(found) > 1:
        raise BadInput(f"{option}: {text!r} was read; expected one name; ask for each by itself")
    return found[0]


KNOWN: Final = {"cipher": CIPHERS, "certificate": CERTIFICATES, "group": GROUPS, "authentication": AUTHENTICATIONS}


@dataclass(frozen=True)
class Priced:
    """What things cost, CPU seconds of each end; and by which costs."""

    full: Handshake
    abbreviated: Handshake
    costs: Costs
    cipher: str
    source: str

    def byte(self, message: float) -> Ends:
        """A byte of data, in messages of this size."""
        return self.costs.byte(FULL, self.cipher, max(1, round(message)))


def priced(wanted: Wanted, costs: Costs, source: str) -> Priced:
    """Raises BadInput where something was not measured."""
    how = (wanted.certificate, wanted.group, wanted.authentication)
    found = Priced(costs.handshake(FULL, *how), costs.handshake(RESUMED, *how), costs, wanted.cipher, source)
    found.byte(MESSAGES[0])
    return found


def to_measure(wanted: Wanted) -> Settings:
    """What has to be measured for it."""
    return Settings(
        quick=True,
        negotiations=(FULL, RESUMED),
        certificates=(wanted.certificate,),
        groups=(wanted.group,),
        authentications=(wanted.authentication,),
        ciphers=(wanted.cipher,),
        messages=MESSAGES,
        volumes=(1 << 20,),
    )

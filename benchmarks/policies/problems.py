"""K's four "problems with current solutions", as numbers: each with the policy that has it and the one that K offers.

Every row is one link for a day, or for ten minutes where it is busy to the full: 64 KiB every 10 ms. Both simulations
run it and must agree, the busy ones on their first half minute.
"""

from __future__ import annotations

from typing import Final

from rekeyspec.benchmarks.policies.busy import CLIENT, BusyPeriods, from_lists
from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.play import reference_counts
from rekeyspec.benchmarks.policies.rows import MIB, Row
from rekeyspec.benchmarks.policies.vectorised import simulate
from rekeyspec.benchmarks.policies.workloads import DAY
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy

CHECKED: Final = 30_000
TEN: Final = 600_000
GAP: Final = 10
SIZE: Final = 65_536


def idle(policy: Policy, latency: int, until: int = DAY) -> Counts:
    """A link on which nobody sends."""
    return agreed(policy, from_lists([[]]), latency, until, until)


def busy(policy: Policy, latency: int, until: int = TEN) -> Counts:
    """A link that sends 64 KiB every 10 ms."""
    return agreed(policy, from_lists([[(0, until // GAP, SIZE, GAP, CLIENT)]]), latency, until, CHECKED)


def agreed(policy: Policy, periods: BusyPeriods, latency: int, until: int, checked: int) -> Counts:
    """What both simulations count; of the reference only until `checked` (ms)."""
    part = reference_counts(policy, periods, latency, checked)
    found = simulate(policy, periods, latency, checked).differences(part)
    assert not found, found
    return part if checked == until else simulate(policy, periods, latency, until)


def problems(latency: int) -> list[Row]:
    """A row for each problem."""
    p = profiles()
    timed, byte, key = p["timed"], p["byte-count"], p["key-based"]
    quiet = {name: idle(one, latency) for name, one in (("timed", timed), ("byte", byte), ("key", key))}
    loud = {name: busy(one, latency) for name, one in (("timed", timed), ("byte", byte), ("key", key))}
    return [
        _problem("i", "timed renegotiation, idle link", "needless negotiations in a day", "timed",
                 quiet["timed"].needless, quiet["key"].needless),
        _problem("ii", "byte threshold, idle link", "seconds in a day for which a cracked key lets forge data to the "
                 "server", "byte-count", quiet["byte"].use_server_max / 1000, quiet["key"].use_server_max / 1000),
        _problem("iii", "timed renegotiation, busy link", "MiB under one key at 6.25 MiB/s", "timed",
                 loud["timed"].key_bytes_max / MIB, loud["key"].key_bytes_max / MIB),
        _problem("iv", "byte threshold, busy link: not a problem there", "MiB under one key at 6.25 MiB/s",
                 "byte-count", loud["byte"].key_bytes_max / MIB, loud["key"].key_bytes_max / MIB),
        _problem("iv", "byte threshold: what that costs", "negotiations in ten minutes at 6.25 MiB/s", "byte-count",
                 loud["byte"].negotiations, loud["key"].negotiations),
    ]  # fmt: skip


def _problem(number: str, words: str, what: str, policy: str, found: float, key_based: float) -> Row:
    return {
        "problem": number, "source": "K: problems with current solutions", "in_words": words, "measured": what,
        "policy": policy, "there": found, "with_key_based": key_based,
    }  # fmt: skip

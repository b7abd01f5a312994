"""One row for each workload under each policy: what it costs a link in a day, and what it leaves exposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from rekeyspec.benchmarks.cost.costs import Costs
from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.dead import Noticed
from rekeyspec.benchmarks.policies.workloads import DAY
from rekeyspec.reference.vocabulary import Role

Row = dict[str, Any]
MIB: Final = 1 << 20


@dataclass(frozen=True)
class Prices:
    """CPU seconds of both ends together: a full negotiation, an abbreviated one, a byte of data."""

    full: float = 0.001
    abbreviated: float = 0.0002
    byte: float = 0.0005 / MIB
    origin: str = "assumed: 1 ms for a full negotiation, 0.2 ms for an abbreviated one, 0.5 ms for a MiB of data"

    @classmethod
    def measured(cls, costs: Costs, origin: str) -> Prices:
        """Of a run of `bench cost`: TLS 1.3 with P-256 and X25519, AES-128-GCM. Raises BadInput where it has none."""
        full = costs.handshake("tls1.3-full").cpu.both
        abbreviated = costs.handshake("tls1.3-resumed-dhe").cpu.both
        return cls(full, abbreviated, costs.byte("tls1.3-full").both, f"measured: {origin}")

    def of(self, counts: Counts) -> float:
        """All that was counted, in CPU seconds."""
        return self.full * counts.full + self.abbreviated * counts.abbreviated + self.byte * counts.bytes


def row(workload: str, policy: str, counts: Counts, noticed: Noticed, prices: Prices, by: str) -> Row:
    """Counts for a link and day; times in seconds; None: never, or none."""
    per = DAY / counts.until / counts.links
    kept: Row = {
        "workload": workload,
        "policy": policy,
        "links": counts.links,
        "days": counts.until / DAY,
        "by": by,
        "negotiations_per_day": counts.negotiations * per,
        "needed_per_day": (counts.negotiations - counts.needless) * per,
        "needless_per_day": counts.needless * per,
        "full_per_day": counts.full * per,
        "abbreviated_per_day": counts.abbreviated * per,
        "cpu_s_per_day": prices.of(counts) * per,
        "cpu_s_of_negotiations_per_day": (prices.of(counts) - prices.byte * counts.bytes) * per,
        "mib_per_day": counts.bytes / MIB * per,
        "key_bytes_p99": counts.percentile("key_bytes"),
        "key_bytes_max": counts.key_bytes_max,
        "key_life_p99_s": counts.percentile("life") / 1000,
        "key_life_max_s": counts.life_max / 1000,
        "cracked_of_use_to_server_p99_s": counts.percentile("use_server") / 1000,
        "cracked_of_use_to_server_max_s": counts.use_server_max / 1000,
        "cracked_of_use_to_client_p99_s": counts.percentile("use_client") / 1000,
        "cracked_of_use_to_client_max_s": counts.use_client_max / 1000,
        "messages_per_day": counts.messages * per,
        "delayed_per_day": counts.delayed * per,
        "delay_p99_ms": counts.percentile("delay"),
        "delay_max_ms": counts.delay_max,
        "delay_s_per_day": counts.delay_sum / 1000 * per,
        "refused_per_day": counts.refused * per,
        "links_closed": counts.closed,
        "heartbeats_per_day": counts.heartbeats * per,
    }
    ends: tuple[tuple[Role, str], ...] = (("client", "dead_server_noticed"), ("server", "dead_client_noticed"))
    for left, name in ends:
        kept[f"{name}_median_s"] = _seconds(noticed.median(left))
        kept[f"{name}_max_s"] = _seconds(noticed.most(left))
        kept[f"{name}_never"] = noticed.never(left)
    kept["lost_users_slot_free_median_s"] = kept["dead_client_noticed_median_s"]
    kept["lost_users_slot_free_max_s"] = kept["dead_client_noticed_max_s"]
    return kept


def exposure(one: Row) -> float:
    """The longest time a cracked key is of use, to forge data to either end (s)."""
    return float(max(one["cracked_of_use_to_server_max_s"], one["cracked_of_use_to_client_max_s"]))


def best(rows: list[Row]) -> list[Row]:
    """The Pareto front of one workload: no other row costs less and exposes less. In order of cost."""
    found: list[Row] = []
    for one in sorted(rows, key=lambda row: (row["negotiations_per_day"], exposure(row))):
        if not found or exposure(one) < exposure(found[-1]):
            found.append(one)
    return found


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000

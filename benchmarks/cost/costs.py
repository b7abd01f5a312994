"""What keys and data cost, for whoever reckons with it: from a `cost.json`, or measured now.

costs = load(Path("rekeyspec-bench/cost.json"))      # or: measure_costs()
key = costs.handshake("tls1.3-full", "P-256", "X25519", "mutual")
key.cpu.server, key.stall_p99, key.wire, key.round_trips
byte = costs.byte("tls1.3-full", "AES-128-GCM", 16384)
costs.volume_for(key, byte, 0.01)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from rekeyspec.benchmarks.cost import model
from rekeyspec.benchmarks.cost.choices import GIB, Settings, carriage
from rekeyspec.benchmarks.cost.ends import Ends
from rekeyspec.benchmarks.results import machine, versions
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem

_CAP: Final = 1 << 26
QUICK: Final = Settings(quick=True)


@dataclass(frozen=True)
class Handshake:
    """One negotiation: CPU seconds of each end; how long the message waits that waits for the key, in memory (s);
    bytes on the wire, both ways; round trips before the client may send."""

    cpu: Ends
    stall_p50: float
    stall_p99: float
    wire: int
    round_trips: int


@dataclass(frozen=True)
class Costs:
    """All that one run measured."""

    handshakes: Mapping[tuple[str, str, str, str], Handshake]
    """By negotiation, certificate, group, authentication; what does not bear on a negotiation is empty."""
    data: Mapping[tuple[str, str, int], Ends]
    """CPU seconds of each end for a byte, by carriage (`tls1.3`, `tls1.2`, `records`, `wire`), cipher, message size."""
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    date: str = ""

    def handshake(
        self,
        negotiation: str = "tls1.3-full",
        certificate: str = "P-256",
        group: str = "X25519",
        authentication: str = "mutual",
    ) -> Handshake:
        """What this negotiation costs. Raises BadInput where it was not measured, and says what was."""
        names = (negotiation, certificate, group, authentication)
        if negotiation == "ratchet":
            names = (negotiation, "", "", "")
        elif negotiation == "tls1.2-abbreviated":
            names = (negotiation, certificate, "", authentication)
        found = self.handshakes.get(names)
        if found is None:
            raise BadInput(
                f"costs: {', '.join(filter(None, names))} was read, and was not measured; expected one of "
                f"{len(self.handshakes)} such as {', '.join(filter(None, next(iter(self.handshakes), ())))}; "
                "measure it with `rekeyspec bench cost`"
            )
        return found

    def byte(self, negotiation: str = "tls1.3-full", cipher: str = "AES-128-GCM", message: int = 16384) -> Ends:
        """What a byte costs under a key of this negotiation, in messages of this size: between sizes that were
        measured, a message is taken to cost a fixed part and a part for each byte. Raises BadInput."""
        known = sorted((size, ends) for (c, name, size), ends in self.data.items()
                       if (c, name) == (carriage(negotiation), cipher))  # fmt: skip
        if not known:
            measured = ", ".join(sorted({f"{c} {name}" for c, name, _ in self.data})) or "nothing"
            raise BadInput(
                f"costs: data by {carriage(negotiation)} under {cipher} was asked for; measured were {measured}; "
                "measure it with `rekeyspec bench cost`"
            )
        return Ends(*(_between([(size, ends[end]) for size, ends in known], message) for end in (0, 1)))

    @staticmethod
    def volume_for(handshake: Handshake, byte: Ends, overhead: float) -> float:
        """How many bytes a key must carry for its negotiation to add this part to what both ends spend."""
        return model.volume_for(handshake.cpu.both, byte.both, overhead)


def _between(known: Sequence[tuple[int, float]], message: int) -> float:
    """Seconds a byte: c = a / size + b through the two sizes nearest; beyond them, as through those."""
    if len(known) == 1 or any(size == message for size, _ in known):
        return min(known, key=lambda one: abs(one[0] - message))[1]
    upper = next((i for i, (size, _) in enumerate(known) if size > message), len(known) - 1)
    (s0, c0), (s1, c1) = known[max(upper, 1) - 1], known[max(upper, 1)]
    fixed = (c0 - c1) / (1 / s0 - 1 / s1)
    return max(fixed / message + c0 - fixed / s0, min(c0, c1) / 2)


def of_tables(tables: Mapping[str, Sequence[Mapping[str, Any]]], **more: Any) -> Costs:
    """From the tables of a run; of negotiations under several ciphers, the first's."""
    handshakes: dict[tuple[str, str, str, str], Handshake] = {}
    for row in tables.get("negotiations", ()):
        key = (row["negotiation"], row["certificate"], row["group"], row["authentication"])
        handshakes.setdefault(
            key,
            Handshake(
                Ends(row["client_s"], row["server_s"]),
                row["stall_p50_s"],
                row["stall_p99_s"],
                row["to_server_bytes"] + row["to_client_bytes"],
                row["round_trips"] or 0,
            ),
        )
    data = {
        (row["carriage"], row["cipher"], row["message"]): Ends(
            row["client_s_per_gib"] / GIB, row["server_s_per_gib"] / GIB
        )
        for row in tables.get("data", ())
    }
    return Costs(handshakes, data, **more)


def load(path: Path) -> Costs:
    """Costs of an earlier run. Raises BadInput with the path and the remedy."""
    expected, remedy = "the cost.json of `rekeyspec bench cost`", "run it, and give the file that it leaves"
    try:
        if path.stat().st_size > _CAP:
            raise problem(str(path), "a file of more than 64 MiB", expected, remedy)
        document = msgspec.json.decode(path.read_bytes())
    except OSError as why:
        raise problem(str(path), str(why.strerror), expected, remedy) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise problem(str(path), "no JSON", expected, remedy) from None
    try:
        if document["bench"] != "cost" or document["form"] != 1:
            raise problem(str(path), f"results of {document['bench']!r}", expected, remedy)
        parts = {name: document[name] for name in ("machine", "versions", "date")}
        costs = of_tables(document["tables"], **parts)
        if not all(one.cpu.both > 0 for one in costs.handshakes.values()):
            raise problem(str(path), "a negotiation that costs nothing", expected, remedy)
    except (KeyError, TypeError, AttributeError) as why:
        raise problem(str(path), f"no {why}", expected, remedy) from None
    if not costs.handshakes or not costs.data:
        raise problem(str(path), "a run that was interrupted before it had measured", expected, remedy)
    return costs


def measure_costs(settings: Settings = QUICK) -> Costs:
    """Costs of this machine, measured now: with QUICK in about a minute, and in seconds with few names in the settings.
    Raises BadInput where nothing of it can be had here."""
    from rekeyspec.benchmarks.cost.run import run  # noqa: PLC0415  (reading a file must not need the extra `wire`)

    found = run(settings, parts_only=True)
    if not found.complete:
        raise KeyboardInterrupt
    return of_tables(found.tables.all(), machine=machine(), versions=versions())

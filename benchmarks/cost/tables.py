"""The tables of `bench cost`: what was measured, the model beside it, and what follows. Costs are CPU seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final

from rekeyspec.benchmarks.cost import model
from rekeyspec.benchmarks.cost.choices import GIB, MIB, Case, Settings
from rekeyspec.benchmarks.cost.ends import Ends
from rekeyspec.benchmarks.cost.plan import Beside, Carried, Key, Negotiated, Whole, amount
from rekeyspec.benchmarks.cost.quiet import Figures
from rekeyspec.benchmarks.cost.speed import Primitive, floor

Row = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """All that a run found, as rows."""

    settings: Settings
    figures: Mapping[Key, Figures]
    round_trips: Mapping[Case, int] = field(default_factory=dict)
    primitives: Sequence[Primitive] = ()

    def all(self) -> dict[str, list[Row]]:
        """By name, those that say most first."""
        return {
            "thresholds": list(self.thresholds()),
            "points": list(self.points()),
            "fits": list(self.fits()),
            "negotiations": list(self.negotiations()),
            "data": list(self.data()),
            "beside": list(self.besides()),
            "primitives": [one._asdict() for one in self.primitives],
        }

    def negotiations(self) -> Iterator[Row]:
        """Each negotiation by itself."""
        for key, found in self.figures.items():
            if isinstance(key, Negotiated):
                yield {
                    **asdict(key.case),
                    "client_s": found.cpu.client, "server_s": found.cpu.server,
                    "both_q1_s": found.q1, "both_q3_s": found.q3,
                    "stall_p50_s": found.stall_p50, "stall_p99_s": found.stall_p99,
                    "to_server_bytes": found.to_server, "to_client_bytes": found.to_client,
                    "round_trips": self.round_trips.get(key.case),
                    "floor_s": floor(key.case, self.primitives),
                    "samples": found.samples, "quiet": found.quiet,
                }  # fmt: skip

    def data(self) -> Iterator[Row]:
        """Data by itself: CPU seconds for each GiB."""
        floors = {one.name: one.seconds * GIB for one in self.primitives if one.operation == "seal"}
        for key, found in self.figures.items():
            if isinstance(key, Carried):
                yield {**key._asdict(), **_data(found, amount(key.message)), "floor_s_per_gib": floors.get(key.cipher)}

    def besides(self) -> Iterator[Row]:
        """Parts that do nothing, and peers, beside what they are compared with."""
        for key, found in self.figures.items():
            if isinstance(key, Beside):
                case = key.case
                negotiated, carried = Negotiated(case), Carried(case.carriage, case.cipher, key.message)
                compared = self.figures.get(negotiated if key.what == "negotiation" else carried)
                yield _beside(key, found, compared)
        wire, bare = (self.settings.case(one) for one in ("wire-full", "tls1.3-full"))
        pairs: list[tuple[Beside, Key, Key]] = [
            (Beside(_BARE, "negotiation", wire, self.settings.messages[0]), Negotiated(bare), Negotiated(wire))
        ]
        for size in self.settings.messages:
            theirs, ours = (Carried(case.carriage, case.cipher, size) for case in (bare, wire))
            pairs.append((Beside(_BARE, "data", wire, size), theirs, ours))
        for beside, one, other in pairs:
            if one in self.figures and other in self.figures:
                yield _beside(beside, self.figures[one], self.figures[other])

    @cached_property
    def _known(self) -> dict[tuple[Case, int], tuple[Ends, Ends, Figures, Figures]]:
        """For each case and size of message of which both parts were measured: seconds for a key and for a byte."""
        found = {}
        messages = self.settings.messages
        for key, one in self.figures.items():
            if isinstance(key, Negotiated):
                for size in messages:
                    data = self.figures.get(Carried(key.case.carriage, key.case.cipher, size))
                    if data is not None:
                        parts = (part / amount(size) for part in data.cpu)
                        found[key.case, size] = (one.cpu, Ends(*parts), one, data)
        return found

    def thresholds(self) -> Iterator[Row]:
        """For each negotiation, with messages of the first size: what a new key costs in data, and the volumes from
        which on negotiations add no more than this."""
        for (case, size), (handshake, byte, _, _) in self._known.items():
            if size == self.settings.messages[0]:
                yield {
                    **asdict(case), "message": size,
                    "equal_bytes": round(handshake.both / byte.both),
                    **{
                        f"volume_{overhead:.1%}".replace(".0%", "%"): round(
                            model.volume_for(handshake.both, byte.both, overhead)
                        )
                        for overhead in model.OVERHEADS
                    },
                    "equal_bytes_client": round(handshake.client / byte.client),
                    "equal_bytes_server": round(handshake.server / byte.server),
                }  # fmt: skip

    def points(self) -> Iterator[Row]:
        """For each crossed case, the cost of each volume: measured where it was, and by the model."""
        crossed = dict.fromkeys((key.case, key.message) for key in self.figures if isinstance(key, Whole))
        for case, size in crossed:
            if (case, size) in self._known:
                for volume in self.settings.volumes:
                    if volume >= size:
                        yield self._point(Whole(case, size, volume))

    def _point(self, key: Whole) -> Row:
        handshake, byte, negotiated, carried = self._known[key.case, key.message]
        volume, found = key.volume, self.figures.get(key)
        by_model = Ends(*(model.predicted(h, b, volume) for h, b in zip(handshake, byte, strict=True)))
        cpu = found.cpu if found else by_model
        a_byte = amount(key.message)
        wall = found.wall if found else negotiated.wall + carried.wall * volume / a_byte
        sent = negotiated.to_server + negotiated.to_client + (carried.to_server + carried.to_client) * volume / a_byte
        return {
            **asdict(key.case), "message": key.message, "volume": volume,
            "basis": "measured" if found else "model",
            "client_s_per_gib": cpu.client * GIB / volume, "server_s_per_gib": cpu.server * GIB / volume,
            "both_ms_per_mib": cpu.both * 1e3 * MIB / volume,
            "model_ms_per_mib": by_model.both * 1e3 * MIB / volume,
            "error": found.cpu.both / by_model.both - 1 if found else None,
            "overhead": handshake.both / (byte.both * volume),
            "throughput_mib_s": volume / wall / MIB,
            "wire_bytes": found.to_server + found.to_client if found else round(sent),
            "stall_p50_s": negotiated.stall_p50, "stall_p99_s": negotiated.stall_p99,
            "samples": found.samples if found else 0, "quiet": found.quiet if found else 0,
        }  # fmt: skip

    def fits(self) -> Iterator[Row]:
        """For each crossed case: the two parts as they were measured apart, the line through the whole keys, and how
        far the sum and the line are from what was measured."""
        by_case: dict[tuple[Case, int], list[Row]] = {}
        for row in self.points():
            case = Case(*(row[name] for name in Case.__dataclass_fields__))
            by_case.setdefault((case, row["message"]), []).append(row)
        for (case, size), rows in by_case.items():
            handshake, byte, _, _ = self._known[case, size]
            measured = [row for row in rows if row["basis"] == "measured"]
            line = model.fit((row["volume"], row["both_ms_per_mib"] * row["volume"] / MIB / 1e3) for row in measured)
            yield {
                **asdict(case), "message": size, "points": len(measured),
                "handshake_s": handshake.both, "data_s_per_gib": byte.both * GIB,
                "fitted_handshake_s": line.fixed if line else None,
                "fitted_handshake_error_s": line.fixed_error if line else None,
                "fitted_data_s_per_gib": line.per_byte * GIB if line else None,
                "fitted_data_error_s_per_gib": line.per_byte_error * GIB if line else None,
                "worst_of_fit": line.worst if line else None,
                "worst_of_sum": model.worst([row["error"] for row in measured]),
            }  # fmt: skip


_BARE: Final = "pyOpenSSL, TLS 1.3"


def _beside(key: Beside, found: Figures, compared: Figures | None) -> Row:
    return {
        "who": key.who, "what": key.what, "negotiation": key.case.negotiation, "cipher": key.case.cipher,
        "message": key.message, "client_s": found.cpu.client, "server_s": found.cpu.server,
        "compared_client_s": compared.cpu.client if compared else None,
        "compared_server_s": compared.cpu.server if compared else None,
        "part": found.cpu.both / compared.cpu.both if compared else None,
        "bytes": amount(key.message) if key.what == "data" else None,
        "samples": found.samples, "quiet": found.quiet,
    }  # fmt: skip


def _data(found: Figures, volume: int) -> Row:
    gib = GIB / volume
    return {
        "client_s_per_gib": found.cpu.client * gib, "server_s_per_gib": found.cpu.server * gib,
        "both_q1_s_per_gib": found.q1 * gib, "both_q3_s_per_gib": found.q3 * gib,
        "throughput_mib_s": volume / found.wall / MIB,
        "wire_bytes_per_byte": (found.to_server + found.to_client) / volume,
        "samples": found.samples, "quiet": found.quiet,
    }  # fmt: skip

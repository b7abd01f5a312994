"""The figure of `bench cost`: what a MiB costs by how much one key carries, and beside it how long the message waits
that waits for the key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from rekeyspec.benchmarks.cost.choices import GIB, KIB, MIB, shown
from rekeyspec.benchmarks.cost.tables import Row, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAINFRAME: Final = (0.37, 3.9)
"""CPU ms a MiB at 1 MiB per key, as published for a messaging product on a mainframe (shown for scale)."""
RATE: Final = 125_000_000
"""At this rate (bytes/s: 1 Gbit/s) a limit in seconds is drawn as one in bytes."""

LIMITS: Final = (
    (32 * KIB, "messaging product:\nfloor of 32 KiB"),
    (GIB, "SSH: 1 GiB"),
    (120 * RATE, "WireGuard: 120 s\nat 1 Gbit/s"),
    (round(2**24.5) * 16 * KIB, "AES-GCM in TLS 1.3:\n$2^{24.5}$ records"),
)
"""Limits of practice, in bytes under one key: RFC 4253 §9, WireGuard's REKEY_AFTER_TIME, RFC 8446 §5.5."""

_COLOURS: Final = ("#4477AA", "#66CCEE", "#228833", "#CCBB44", "#EE6677", "#AA3377", "#777777", "#222222", "#DD8452")
_MARKS: Final = "osD^vPhX<"


def drawn(tables: Tables) -> Figure:
    """Every negotiation with the first of each setting, at the first size of message."""
    figure = Figure(figsize=(13, 7), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2.6, 1))
    settings = tables.settings
    first = {tuple(vars(settings.case(one)).values()) for one in settings.negotiations}
    rows = [row for row in tables.points() if _case(row) in first and row["message"] == settings.messages[0]]
    names = [one for one in settings.negotiations if any(row["negotiation"] == one for row in rows)]
    for name, colour, mark in zip(names, _COLOURS, _MARKS, strict=False):
        _line(left, [row for row in rows if row["negotiation"] == name], name, colour, mark)
    if names:
        _alone(left, next(row for row in rows if row["negotiation"] == names[0]))
    _practice(left, rows)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    stalls = [row for row in tables.negotiations() if _case(row) in first]
    _stalls(right, [row for name in names for row in stalls if row["negotiation"] == name])
    case = settings.case(settings.negotiations[0])
    figure.suptitle(
        f"What a key costs, both ends: {case.certificate or '–'} certificates, {case.group or '–'}, "
        f"{case.authentication or '–'}, {case.cipher}, messages of {shown(settings.messages[0])}"
    )
    return figure


def _case(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("negotiation", "certificate", "group", "authentication", "cipher"))


def _line(axes: Axes, rows: Sequence[Row], name: str, colour: str, mark: str) -> None:
    curve = [(row["volume"], row["model_ms_per_mib"]) for row in rows]
    axes.plot(*zip(*_smooth(rows, curve), strict=True), color=colour, linewidth=1.4)
    axes.plot([], [], color=colour, marker=mark, markersize=6, linewidth=1.4, label=name)
    measured = [row for row in rows if row["basis"] == "measured"]
    axes.plot(
        [row["volume"] for row in measured], [row["both_ms_per_mib"] for row in measured],
        mark, color=colour, markersize=6, markeredgecolor="white", markeredgewidth=0.6,
    )  # fmt: skip


def _alone(axes: Axes, row: Row) -> None:
    """The negotiation's part alone."""
    handshake = row["model_ms_per_mib"] / (1 + 1 / row["overhead"]) * row["volume"]
    ends = (32 * KIB, 32 * GIB)
    axes.plot(ends, [handshake / one for one in ends], "--", color=_COLOURS[0], linewidth=1, alpha=0.8,
              label=f"C/V: {row['negotiation']} alone")  # fmt: skip


def _smooth(rows: Sequence[Row], curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The model between and beyond the volumes of the table: cost = data + handshake / volume."""
    row = rows[0]
    data = row["model_ms_per_mib"] / (1 + row["overhead"])
    handshake = row["model_ms_per_mib"] - data
    low, high = min(x for x, _ in curve), max(LIMITS[-1][0], *(x for x, _ in curve)) * 2
    found, at = [], float(low)
    while at < high:
        found.append((at, data + handshake * row["volume"] / at))
        at *= 1.3
    return found


def _practice(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set(xscale="log", yscale="log", xlabel="bytes under one key", ylabel="CPU ms per MiB, both ends")
    axes.xaxis.set_major_locator(LogLocator(base=32, numticks=20))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: shown(x)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.grid(which="major", alpha=0.3)
    highest = max((row["model_ms_per_mib"] for row in rows), default=10.0)
    lowest = min((row["model_ms_per_mib"] for row in rows), default=0.1)
    axes.set_ylim(lowest / 2, highest * 4)
    for volume, name in LIMITS:
        axes.axvline(volume, color="#999999", linestyle=":", linewidth=1)
        axes.annotate(
            name, (volume, highest * 3.7), xytext=(-3, 0), textcoords="offset points",
            rotation=90, va="top", ha="right", fontsize=8, color="#555555",
        )  # fmt: skip
    axes.plot([MIB, MIB], MAINFRAME, color="#BB5566", linewidth=6, alpha=0.35, solid_capstyle="butt",
              label="published for a mainframe")  # fmt: skip
    axes.plot([], [], "o", color="#888888", label="marks: measured; lines: the model")


def _stalls(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    for place, (row, colour) in enumerate(zip(rows, _COLOURS, strict=False)):
        ends = [row["stall_p50_s"] * 1e3, row["stall_p99_s"] * 1e3]
        axes.plot(ends, [place, place], color=colour, linewidth=2.5)
        axes.plot(ends[0], place, "o", color=colour, markersize=6)
        axes.plot(ends[1], place, "|", color=colour, markersize=13, markeredgewidth=2.5)
        said = f"{ends[0]:.2g} to {ends[1]:.2g} ms, {row['round_trips']} RTT"
        middle = (ends[0] * ends[1]) ** 0.5
        axes.annotate(said, (middle, place), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=8)
    axes.set(xscale="log", xlabel="ms, without the network", title="The message that waits: p50 (dot), p99 (bar)")
    axes.title.set_fontsize(10)
    axes.set_yticks(range(len(rows)), [row["negotiation"] for row in rows])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.invert_yaxis()
    axes.margins(x=0.3, y=0.1)
    axes.grid(axis="x", alpha=0.3)

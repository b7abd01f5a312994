"""The figure of `bench policies`: exposure against cost, a panel for each workload.

Cost is negotiations a day and link; exposure is the longest time a cracked key is of use, to forge data to either end.
The dashed line joins what is best: whoever pays less than a point on it is exposed for longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from rekeyspec.benchmarks.policies.rows import Row, best, exposure
from rekeyspec.benchmarks.policies.settings import profile_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_COLOURS: Final = {
    "timed": "#4477AA", "byte-count": "#66CCEE", "key-based": "#228833", "protected-keepalive": "#CCBB44",
    "messaging": "#EE6677", "combined": "#AA3377",
}  # fmt: skip
_OTHER: Final = "#777777"
_TICKS: Final = {10: "10 s", 60: "1 min", 300: "5 min", 3600: "1 h", 6 * 3600: "6 h", 86_400: "1 d", 604_800: "1 w"}


def drawn(rows: Sequence[Row]) -> Figure:
    """A panel for each workload, in the order of the rows."""
    names = list(dict.fromkeys(row["workload"] for row in rows))
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(5.2 * columns + 1, 4.6 * lines + 0.6), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False)
    for panel, name in zip(panels.flat, names, strict=False):
        _panel(panel, name, [row for row in rows if row["workload"] == name])
    for panel in list(panels.flat)[len(names) :]:
        panel.set_axis_off()
    handles: dict[str, Artist] = {}
    for panel in panels.flat:
        handles.update({label: handle for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)})
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=min(7, len(handles)), frameon=False
    )
    return figure


def _panel(panel: Axes, name: str, rows: Sequence[Row]) -> None:
    front = best(list(rows))
    panel.plot(
        [row["negotiations_per_day"] for row in front], [exposure(row) for row in front],
        "--", color="#222222", linewidth=1, zorder=1, label="best", drawstyle="steps-post",
    )  # fmt: skip
    for row in rows:
        profile = profile_of(row["policy"])
        setting = profile != row["policy"]
        panel.plot(
            row["negotiations_per_day"], exposure(row), "o" if not setting else "^", markersize=9 if not setting else 6,
            color=_COLOURS.get(profile, _OTHER), alpha=0.85, linestyle="none", zorder=2,
            label=f"_{row['policy']}" if setting else profile,
        )  # fmt: skip
    for row in _apart(front):
        right = row["negotiations_per_day"] > 50
        panel.annotate(
            row["policy"], (row["negotiations_per_day"], exposure(row)), fontsize=7,
            xytext=(-8 if right else 8, -12), textcoords="offset points", ha="right" if right else "left", zorder=3,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.margins(0.16, 0.14)
    panel.set_title(name)
    panel.set_xlabel("negotiations a day and link")
    panel.set_ylabel("a cracked key is of use, at longest")
    panel.yaxis.set_major_locator(FixedLocator(list(_TICKS)))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _TICKS.get(round(value), "")))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.grid(visible=True, alpha=0.25)


def _apart(front: Sequence[Row]) -> list[Row]:
    """Those that can be named without writing over another: of points closer than a third, the better one."""
    found: list[Row] = []
    for row in reversed(front):
        if (
            not found
            or row["negotiations_per_day"] < found[-1]["negotiations_per_day"] / 1.3
            or (exposure(row) > exposure(found[-1]) * 1.8)
        ):
            found.append(row)
    return found

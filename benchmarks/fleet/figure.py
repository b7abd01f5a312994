"""The figure: negotiations a second over the day, and in the storms, beside what the cores can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from rekeyspec.benchmarks.fleet.queueing import seconds_of
from rekeyspec.benchmarks.fleet.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 5
"""So many jitters are drawn."""


def drawn(found: Run) -> Figure:
    """One figure of three panels."""
    figure = Figure(figsize=(11, 8.5), layout="constrained")
    day, nine, restart = figure.subplot_mosaic([["day", "day"], ["nine", "restart"]]).values()
    _day(day, found)
    _storm(nine, found, "nine", "everyone wakes at nine")
    _storm(restart, found, "restart", "the gateway restarts, all come back")
    figure.legend(*restart.get_legend_handles_labels(), loc="outside lower center", ncols=SHOWN, fontsize=9)
    asked = found.asked
    figure.suptitle(f"{asked.links:,} links, policy {asked.name}, workload {asked.workload}")
    return figure


def _day(axes: Axes, found: Run) -> None:
    hours = [row["minute"] / 60 for row in found.minutes][1:]  # the first one is the opening
    for name, label, width in (
        ("per_second_peak", "peak second of each minute", 0.8),
        ("per_second_mean", "mean", 1.6),
    ):
        axes.plot(hours, [row[name] for row in found.minutes][1:], label=label, linewidth=width)
    axes.set(xlabel="hour of the day", ylabel="negotiations a second", title="the day")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.01)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    cores, each = axes.twinx(), found.price.full
    cores.set_ylim(*(limit * each for limit in axes.get_ylim()))
    cores.set_ylabel("cores, without a session cache")


def _storm(axes: Axes, found: Run, storm: str, title: str) -> None:
    known = {int(name.split()[1]): one for name, one in found.arrivals.items() if name.startswith(storm)}
    axes.set(title=title, xlabel="seconds after the first", ylabel="negotiations a second", yscale="log", xscale="log")
    if not known:
        axes.text(0.5, 0.5, "not simulated", transform=axes.transAxes, ha="center")
        return
    for jitter, by_second in sorted(known.items())[:SHOWN]:
        arrivals = seconds_of(by_second) if storm == "restart" else by_second
        seconds = np.arange(1, arrivals.size + 1)
        axes.step(
            seconds, np.where(arrivals > 0, arrivals, np.nan), where="mid", label=f"within {jitter} s", marker="."
        )
    for each_cost, name, style in ((found.price.full, "full", "--"), (found.price.abbreviated, "abbreviated", ":")):
        rate = found.asked.cores / each_cost
        axes.axhline(rate, color="black", linestyle=style, linewidth=1)
        axes.annotate(
            f"{found.asked.cores} cores, {name}", (0.99, rate), xycoords=("axes fraction", "data"), ha="right",
            va="bottom", fontsize=8,
        )  # fmt: skip
    axes.grid(alpha=0.3)

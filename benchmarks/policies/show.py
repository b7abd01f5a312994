"""What `bench policies` prints: a table for each workload, the sources' problems and claims."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from rekeyspec.benchmarks.policies.rows import Row
from rekeyspec.benchmarks.policies.run import Found

NEEDLESS = "needless: the key it replaces carried no data, and none waited"
OF_USE = "server (client) believes: how long whoever has a key could forge data to that end, at longest"
COLUMNS = (
    "needed", "needless", "CPU ms", "key KiB\np99", "key KiB\nmax", "key life\nmax", "server\nbelieves",
    "client\nbelieves", "delayed", "delay\np99", "delay\nmax", "beats", "client\nsees", "server\nsees",
)  # fmt: skip


def show(found: Found, files: Sequence[Path], console: Console | None = None) -> None:
    """Print it."""
    out = console or Console(highlight=False)
    wanted = found.settings
    for name in wanted.workloads:
        rows = found.of(name)
        if rows:
            out.print(_workload(name, rows))
            out.print()
    if found.rows:
        out.print(f"A link and day, but for what is largest. {NEEDLESS}; {OF_USE}. Delays in ms.", markup=False)
        out.print(
            "sees: median until the end that is left after a death closes; when the server does, a lost user's slot is "
            "free.\n"
        )
    for title, rows in (
        ("K's problems with current solutions", found.problems),
        ("P's modem: how long the user is kept out", found.modem),
        ("What K claims, and what was counted", found.claims),
    ):
        if rows:
            out.print(_plain(title, rows))
            out.print()
    for note in found.notes:
        out.print(note, markup=False)
    if files:
        out.print(f"written: {', '.join(map(str, files))}", markup=False, soft_wrap=True)


def _workload(name: str, rows: Sequence[Row]) -> Table:
    days, links = rows[0]["days"], rows[0]["links"]
    table = Table(title=f"{name}: {links:,} link{'s' if links > 1 else ''} for {days:.3g} days", title_justify="left")
    table.add_column("policy", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row["policy"], _number(row["needed_per_day"]), _number(row["needless_per_day"]),
            _number(row["cpu_s_per_day"] * 1000), _number(row["key_bytes_p99"] / 1024),
            _number(row["key_bytes_max"] / 1024), span(row["key_life_max_s"]),
            _of_use(row["cracked_of_use_to_server_max_s"]), _of_use(row["cracked_of_use_to_client_max_s"]),
            _number(row["delayed_per_day"]), f"{row['delay_p99_ms']}", f"{row['delay_max_ms']}",
            _number(row["heartbeats_per_day"]), span(row["dead_server_noticed_median_s"]),
            span(row["dead_client_noticed_median_s"]),
        )  # fmt: skip
    return table


def _of_use(seconds: float) -> str:
    return span(seconds) if seconds else "-"


def _plain(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_justify="left", show_lines=True)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(name, value) for name, value in row.items()))
    return table


def _cell(name: str, value: Any) -> str:
    if name.endswith("_s"):
        return span(value)
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def span(seconds: float | None) -> str:
    """A time for people; None is never."""
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size * 0.999:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"

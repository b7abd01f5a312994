"""What `bench fleet` prints: the answer in words, then the storms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rekeyspec.benchmarks.fleet.run import NOTES, Row, Run

NAMES = {"nine": "everyone wakes at nine", "restart": "the gateway restarts", "partition": "the network was cut"}


def show(found: Run, files: Sequence[Path], console: Console | None = None) -> None:
    """Print it."""
    out = console or Console(highlight=False)
    for words in answer(found):
        out.print(words, markup=False)
    for storm in NAMES:
        rows = [row for row in found.storms if row["storm"] == storm]
        if rows:
            out.print()
            out.print(_table(storm, rows))
    out.print()
    for note in NOTES:
        out.print(note, markup=False)
    if files:
        out.print(f"written: {', '.join(map(str, files))}", markup=False, soft_wrap=True)


def answer(found: Run) -> Iterator[str]:
    """In plain words."""
    asked, price = found.asked, found.price
    yield (
        f"{asked.links:,} links, policy {asked.name}, workload {asked.workload}; a negotiation costs the gateway "
        f"{price.full * 1e6:,.0f} us, an abbreviated one {price.abbreviated * 1e6:,.0f} us ({price.source})."
    )
    for day in found.day:
        yield (
            f"In {day['hours']} h: {day['busy_periods']:,} busy periods, {day['messages']:,} messages, "
            f"{day['negotiations']:,} negotiations ({day['needless']:,} needless), {day['heartbeats']:,} heartbeats."
        )
        yield (
            f"Negotiations a second: {day['per_second_mean']:,.0f} on average, {day['per_second_peak']:,} at the peak; "
            f"cores for them: {day['cores_mean_full']:,.2f} on average, {day['cores_peak_full']:,.1f} at the peak "
            f"({day['cores_mean_cached']:,.2f} and {day['cores_peak_cached']:,.1f} with a session cache); "
            f"for the data {day['cores_data']:,.2f}."
        )
        yield (
            f"Of {day['dead_sample']} deaths that of a server is noticed after {_noticed(day, 'server')}, that of a "
            f"client, which frees its slot, after {_noticed(day, 'client')}."
        )


def _noticed(day: Row, who: str) -> str:
    median, most, never = (day[f"dead_{who}_noticed_{what}"] for what in ("median_s", "max_s", "never"))
    if median is None:
        return f"more than a day ({never} never were)"
    return f"{median:,.0f} s (median; {f'at most {most:,.0f}' if most is not None else f'{never} never'})"


def _table(storm: str, rows: Sequence[Row]) -> Table:
    """Narrow enough for eighty columns: no number is cut."""
    table = Table(
        title=f"{NAMES[storm]} ({rows[0]['cores']} cores)", title_justify="left", box=None, padding=(0, 1, 0, 0)
    )
    columns = ("cut" if storm == "partition" else "jitter", "sessions", "how many", "peak a s", "cores",
               "queue gone", "wait p99", "gave up")  # fmt: skip
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number == 1 else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            f"{row['cut_s' if storm == 'partition' else 'jitter_s']} s", row["sessions"],
            f"{row['negotiations']:,}", f"{row['peak_per_second']:,}", f"{row['cores_for_peak']:,.1f}",
            _time(row["drained_ms"]), _time(row["wait_p99_ms"]), f"{row['gave_up']:,}",
        )  # fmt: skip
    return table


def _time(ms: int | None) -> str:
    return "never" if ms is None else f"{ms / 1000:,.1f} s"

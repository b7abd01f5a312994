"""What `bench cost` prints: the answer in words, then the tables that hold it up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rekeyspec.benchmarks.cost.choices import GIB, shown
from rekeyspec.benchmarks.cost.run import Run
from rekeyspec.benchmarks.cost.tables import Row, Tables


def show(found: Run, files: Sequence[Path], console: Console | None = None) -> None:
    """Print it."""
    out = console or Console(soft_wrap=False, highlight=False)
    rows = first_rows(found.tables)
    for words in answer(found, rows):
        out.print(words, markup=False)
    if rows:
        out.print()
        out.print(_keys(found.tables, rows))
        out.print()
        out.print(_volumes(found.tables, rows))
        out.print()
        out.print(_data(found.tables))
        out.print()
        out.print(_besides(found.tables))
    for note in found.notes:
        out.print(note, markup=False)
    if files:
        out.print(f"written: {', '.join(map(str, files))}", markup=False, soft_wrap=True)


def first_rows(tables: Tables) -> list[Row]:
    """The thresholds of each negotiation, with the first of each setting."""
    s = tables.settings
    first = {tuple(vars(s.case(one)).values()) for one in s.negotiations}
    names = ("negotiation", "certificate", "group", "authentication", "cipher")
    return [row for row in tables.thresholds() if tuple(row[name] for name in names) in first]


def answer(found: Run, rows: Sequence[Row]) -> list[str]:
    """In plain words."""
    if not rows:
        return ["nothing was measured that a cost can be told from"]
    row = rows[0]
    added = ", ".join(f"{one} % with {shown(row[f'volume_{one}%'])}" for one in ("10", "1", "0.1"))
    said = [
        f"A new key by {row['negotiation']} costs as much CPU as {shown(row['equal_bytes'])} of data.",
        f"Negotiations add to what data costs: {added} per key.",
    ]
    points = [one for one in found.tables.points() if one["basis"] == "measured"]
    if points:
        within = sum(abs(one["error"]) <= 0.1 for one in points)
        said.append(
            f"The model (a negotiation and its data, measured apart) is within 10 % of {within} of {len(points)} keys "
            f"that were measured as a whole; at worst it is {found.worst_error:.1%} off."
        )
    return said


def _keys(tables: Tables, rows: Sequence[Row]) -> Table:
    s = tables.settings
    grid = _grid(
        f"A new key ({s.certificates[0]}, {s.groups[0]}, {s.authentications[0]}, {s.ciphers[0]})",
        "client us", "server us", "wait p50", "p99 us", "round trips", "bytes",
    )  # fmt: skip
    parts = {_case(one): one for one in tables.negotiations()}
    for row in rows:
        one = parts[_case(row)]
        grid.add_row(
            row["negotiation"],
            *(f"{one[name] * 1e6:,.0f}" for name in ("client_s", "server_s", "stall_p50_s", "stall_p99_s")),
            str(one["round_trips"]), f"{one['to_server_bytes'] + one['to_client_bytes']:,}",
        )  # fmt: skip
    return grid


def _volumes(tables: Tables, rows: Sequence[Row]) -> Table:
    size = shown(tables.settings.messages[0])
    grid = _grid(f"Its CPU as data (messages of {size}), and data per key at which negotiations add",
                 "as data", "10 %", "1 %", "0.1 %")  # fmt: skip
    for row in rows:
        grid.add_row(
            row["negotiation"],
            *(shown(row[name]) for name in ("equal_bytes", "volume_10%", "volume_1%", "volume_0.1%")),
        )
    return grid


def _case(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("negotiation", "certificate", "group", "authentication", "cipher"))


def _data(tables: Tables) -> Table:
    sizes = [shown(size) for size in tables.settings.messages]
    grid = _grid(
        "Data: CPU s per GiB, client+server, by size of message; beside it `openssl speed`", *sizes, "MiB/s", "openssl"
    )
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in tables.data():
        rows.setdefault((row["carriage"], row["cipher"]), []).append(row)
    for (name, cipher), some in rows.items():
        by_size = {row["message"]: row for row in some}
        cells = [
            f"{by_size[size]['client_s_per_gib']:.2f}+{by_size[size]['server_s_per_gib']:.2f}"
            if size in by_size
            else "–"
            for size in tables.settings.messages
        ]
        floor = some[0]["floor_s_per_gib"]
        grid.add_row(f"{name} {cipher}", *cells, f"{some[0]['throughput_mib_s']:,.0f}",
                     f"2x{floor:.2f}" if floor else "–")  # fmt: skip
    return grid


def _besides(tables: Tables) -> Table:
    grid = _grid("Beside it (us for a negotiation, s per GiB for data)", "of", "client", "server", "part")
    for row in tables.besides():
        times = 1e6 if row["what"] == "negotiation" else GIB / row["bytes"]
        of = row["negotiation"] if row["what"] == "negotiation" else shown(row["message"])
        grid.add_row(
            row["who"], of, f"{row['client_s'] * times:,.2f}", f"{row['server_s'] * times:,.2f}",
            f"{row['part']:.0%}" if row["part"] else "–",
        )  # fmt: skip
    return grid


def _grid(title: str, *heads: str) -> Table:
    grid = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold", header_style="dim")
    grid.add_column("", no_wrap=True)
    for head in heads:
        grid.add_column(head, justify="right", no_wrap=True)
    return grid

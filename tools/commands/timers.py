"""`rekeyspec model timers`: the arithmetic of the timers, found by the model checker and held against the formulas."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rekeyspec.tools.timers import Least

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def timers(
    short: Annotated[bool, typer.Option("--short", help="A few points of each limit.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many points are sought at once.")] = 2,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
) -> None:
    """Find the least grace, negotiation_timeout and reply_timeout with which an honest link survives.

    Exit code 0: policy validation asks for as much everywhere; 1: somewhere it asks for too little.
    """
    raise typer.Exit(_timers(short, jobs, json))


def _timers(short: bool, jobs: int, json: Path | None) -> int:
    from rich.console import Console

    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.timers import grid, search

    writable("--json", json)
    tlc, begun, errors = find_tlc(), time.monotonic(), Console(stderr=True)

    def told(least: Least) -> None:
        errors.print(f"{least.point.limit} {least.found}: {least.verdict}", markup=False, highlight=False)

    found = search(list(grid(short=short)), tlc, jobs=jobs, told=told)
    figures = _figures(found, time.monotonic() - begun)
    if json:
        write("--json", json, _as_json(found, figures))
    show(_table(found), [_last_line(figures)])
    return 1 if figures["too_small"] else 0


def _table(found: list[Least]) -> Table:
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for name in ("limit", "delay", "retries", "direction", "rekey_initiator", "on_missed_reply"):
        made.add_column(name)
    for name in ("found", "formula"):
        made.add_column(name, justify="right")
    made.add_column("")
    for one in found:
        at = one.point
        given = (at.limit, str(at.delay), str(at.retries), at.direction, at.rekey_initiator, at.on_missed_reply)
        made.add_row(*given, str(one.found), str(one.formula), one.verdict)
    return made


def _figures(found: list[Least], seconds: float) -> dict[str, Any]:
    from rekeyspec.tools.timers import EQUAL, MORE, SMALL, TIE

    names = {"equal": EQUAL, "formula_larger": MORE, "ties": TIE, "too_small": SMALL}
    counts = {name: sum(one.verdict == verdict for one in found) for name, verdict in names.items()}
    return {"points": len(found), **counts, "seconds": round(seconds, 1)}


def _last_line(figures: dict[str, Any]) -> str:
    return (
        f"{figures['points']} points: {figures['equal']} as the formula says, {figures['formula_larger']} where it "
        f"asks for more, {figures['ties']} ties without delay, {figures['too_small']} where it asks for too little; "
        f"{figures['seconds']} s"
    )


def _as_json(found: list[Least], figures: dict[str, Any]) -> str:
    import json
    from dataclasses import asdict

    rows = [asdict(one.point) | {"found": one.found, "formula": one.formula, "verdict": one.verdict} for one in found]
    return json.dumps({"schema": 1, "points": rows, "figures": figures}, indent=2) + "\n"

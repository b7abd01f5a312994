"""`rekeyspec model search`: which property breaks under which policy against which power."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from rekeyspec.tools.search import Broken

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def search(
    policies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[POLICY]...", help="These policies of findings.yaml; or all."),
    ] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="Every pair of powers instead of every power.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many models are asked at once.")] = 2,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
) -> None:
    """Search for findings: give the adversary one power at a time, or two, and see which promise breaks."""
    raise typer.Exit(_search(policies or [], pairs, jobs, json))


def _search(names: list[str], pairs: bool, jobs: int, json: Path | None) -> int:
    from rich.console import Console

    from rekeyspec.conformance import yamlfile
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.findings import policies
    from rekeyspec.tools.search import cells
    from rekeyspec.tools.search import search as searched

    known = policies()
    for name in names:
        if name not in known:
            raise yamlfile.problem("search", f"the policy {yamlfile.shown(name)}", *yamlfile.choose(name, known))
    writable("--json", json)
    tlc, begun, errors = find_tlc(), time.monotonic(), Console(stderr=True)
    wanted = list(cells({name: policy for name, policy in known.items() if not names or name in names}, pairs=pairs))

    def told(one: Broken) -> None:
        errors.print(f"{one.cell.name}, {_powers(one)}: {_said(one)}", markup=False, highlight=False)

    found = searched(wanted, tlc, jobs=jobs, told=told)
    figures = _figures(found, time.monotonic() - begun)
    if json:
        write("--json", json, _as_json(found, figures))
    show(_table(found), [_last_line(figures)])
    return 0


def _powers(one: Broken) -> str:
    return " and ".join(one.cell.powers) or "no adversary"


def _said(one: Broken) -> str:
    broken = [f"{name} in {steps} steps" for name, steps in one.steps.items()]
    return ", ".join([*broken, *(f"{name} undecided" for name in one.undecided)]) or "nothing breaks"


def _table(found: list[Broken]) -> Table:
    from rich.table import Table

    made = Table("policy", "powers", "what breaks", box=None, pad_edge=False)
    for one in found:
        made.add_row(one.cell.name, _powers(one), _said(one))
    return made


def _figures(found: list[Broken], seconds: float) -> dict[str, Any]:
    return {
        "cells": len(found),
        "breaking": sum(bool(one.steps) for one in found),
        "broken": sum(len(one.steps) for one in found),
        "undecided": sum(bool(one.undecided) for one in found),
        "seconds": round(seconds, 1),
    }


def _last_line(figures: dict[str, Any]) -> str:
    return (
        f"{figures['cells']} models: something breaks in {figures['breaking']}, {figures['broken']} properties in all; "
        f"{figures['undecided']} undecided; {figures['seconds']} s"
    )


def _as_json(found: list[Broken], figures: dict[str, Any]) -> str:
    import json

    rows = [
        {
            "policy": one.cell.name,
            "powers": list(one.cell.powers),
            "broken": dict(one.steps),
            "undecided": list(one.undecided),
        }
        for one in found
    ]
    return json.dumps({"schema": 1, "cells": rows, "figures": figures}, indent=2) + "\n"

"""`rekeyspec model coverage`: which actions of the specification its models take."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.tools.commands.check import JOBS

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def coverage(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="These models; all without one.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only the models that are marked quick.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many models are checked at once.")] = JOBS,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
    models: Annotated[Path | None, typer.Option(metavar="FILE", help="Another models.yaml.")] = None,
) -> None:
    """Count how often each action of the specification is taken, by which models.

    Exit code 0: each is taken by one of them; 1: some are by none; 2: some models could not be checked.
    """
    from rich.console import Console

    from rekeyspec.tools import modelcoverage, modeltable
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.models import FILE, chosen, read

    wanted = chosen(read(models or FILE), ids or [], quick=quick)
    tlc = find_tlc()
    writable("--json", json)
    begun = time.monotonic()
    with modeltable.ProgressLine(Console(stderr=True), len(wanted)) as watch:
        covered = modelcoverage.model_coverage(wanted, tlc, jobs=jobs, watch=watch)
    taken = modelcoverage.actions(covered)
    figures = modelcoverage.totals(covered, taken, time.monotonic() - begun)
    if json:
        write("--json", json, modelcoverage.to_json(taken, figures))
    remarks = modeltable.remarks([checked for checked, _ in covered], {})
    show(modelcoverage.table(taken), [*remarks, modelcoverage.last_line(figures)])
    raise typer.Exit(2 if figures["failed"] else 1 if figures["never_taken"] else 0)

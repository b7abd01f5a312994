"""`rekeyspec model bisimulate`: every state and step of the models is one of the reference's, and the other way
round."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.tools.commands.check import JOBS

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def bisimulate(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="These models; all without one.")] = None,
    reference_mutant: Annotated[
        str, typer.Option(metavar="DO:RULE", help="Drop the conditions of a rule from an action of the reference.")
    ] = "",
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Then break the reference in every way, and see that it is noticed.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="Of a model with more states, so many are compared.")] = 60_000,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many models are compared at once.")] = JOBS,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
    models: Annotated[Path | None, typer.Option(metavar="FILE", help="Another models.yaml.")] = None,
) -> None:
    """Compare the reference with the specification: the same steps in every state, with the same effect.

    A difference is told with its state, its action, and the guard that is false on one side only. Exit code 0: equal;
    1: some differ; 2: some could not be compared.
    """
    from rich.console import Console

    from rekeyspec.tools import modelbisimulation as bisimulation
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.modelcheck import exit_code
    from rekeyspec.tools.models import FILE, chosen, read
    from rekeyspec.tools.modeltable import ProgressLine
    from rekeyspec.tools.referencemutants import Survey

    mutate = bisimulation.mutation(reference_mutant) if reference_mutant else None
    wanted = chosen(read(models or FILE), ids or [], quick=False)
    able, left = (wanted, ()) if ids else bisimulation.comparable(wanted)
    tlc, survey = find_tlc(), Survey()
    writable("--json", json)
    begun = time.monotonic()
    with ProgressLine(Console(stderr=True), len(able)) as watch:
        found = bisimulation.model_bisimulate(
            able, tlc, mutate=mutate, most=most, jobs=jobs, watch=watch, look=survey.look if mutants else None
        )
    figures = bisimulation.totals(found, time.monotonic() - begun)
    if json:
        write("--json", json, bisimulation.to_json(found, figures))
    said = survey.lines() if mutants else ()
    show(bisimulation.table(found), [*bisimulation.remarks(found, left), *said, bisimulation.last_line(figures)])
    raise typer.Exit(exit_code([one.checked for one in found]) or int(mutants and survey.survived()))

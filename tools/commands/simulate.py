"""`rekeyspec model simulate`: random behaviours of models, for bounds that no search exhausts."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.tools.commands.check import JOBS, SAVED

# What a command needs is imported when it runs, so that --help is quick; it has as many arguments as options.
# ruff: noqa: PLC0415, PLR0913, PLR0917


def simulate(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="These models; all without one.")] = None,
    depth: Annotated[int, typer.Option(min=2, help="How many states a behaviour may have.")] = 100,
    traces: Annotated[int, typer.Option(min=1, help="How many behaviours are tried at a time.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the random choices: the same seed, the same behaviours.")] = 0,
    seconds: Annotated[float, typer.Option(min=0, help="Try again, seed after seed, for so long; 0 is once.")] = 0,
    constant: Annotated[
        list[str] | None,
        typer.Option(metavar="ASSIGNMENT", help="As a cfg has it, instead of the model's own; repeatable."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many models are simulated at once.")] = JOBS,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
    models: Annotated[Path | None, typer.Option(metavar="FILE", help="Another models.yaml.")] = None,
) -> None:
    """Simulate models: random behaviours of each, and the story of one that violates what the model promises.

    Exit code 0: nothing unexpected was found; 1: something was; 2: some could not be simulated.
    """
    from rich.console import Console

    from rekeyspec.tools import modelsimulation as simulation
    from rekeyspec.tools import modeltable
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.command import Simulation
    from rekeyspec.tools.commands.printed import assignments, show, writable, write
    from rekeyspec.tools.modelcheck import exit_code, save
    from rekeyspec.tools.models import FILE, chosen, read

    constants = assignments(constant or [])
    wanted = [replace(one, constants=constants) for one in chosen(read(models or FILE), ids or [], quick=False)]
    tlc = find_tlc()
    writable("--json", json)
    begun = time.monotonic()
    random = Simulation(behaviours=traces, depth=depth, seed=seed)
    with modeltable.ProgressLine(Console(stderr=True), len(wanted)) as watch:
        tried = simulation.model_simulate(wanted, tlc, random, seconds=seconds, jobs=jobs, watch=watch)
    figures = simulation.totals(tried, time.monotonic() - begun)
    checked = [one.checked for one in tried]
    saved = save(checked, SAVED)
    if json:
        write("--json", json, simulation.to_json(tried, figures, saved))
    show(simulation.table(tried), [*modeltable.remarks(checked, saved), simulation.last_line(figures)])
    raise typer.Exit(exit_code(checked))

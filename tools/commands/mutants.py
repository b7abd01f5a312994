"""`rekeyspec model mutants`: rules broken on purpose, and the promise that notices each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415

QUICK: Final = 12
"""How many mutants `--quick` tries."""


def mutants(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="These mutants; all without one.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help=f"Only a sample of {QUICK}.")] = False,
    sample: Annotated[int, typer.Option(metavar="N", min=0, help="Only N, evenly over the list; 0: all.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many mutants are tried at once.")] = 2,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
    file: Annotated[Path | None, typer.Option("--mutants", metavar="FILE", help="Another mutants.yaml.")] = None,
) -> None:
    """Break each rule of the specification on purpose, and see which property notices it.

    Exit code 0: all as expected; 1: some differ; 2: some could not be checked.
    """
    raise typer.Exit(_mutants(ids or [], sample or (QUICK if quick else 0), jobs, json, file))


def _mutants(ids: list[str], sample: int, jobs: int, json: Path | None, file: Path | None) -> int:
    from rich.console import Console

    from rekeyspec.tools import mutantcheck
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.mutants import FILE, chosen, read

    wanted = chosen(read(file or FILE), ids, sample)
    writable("--json", json)
    tlc, begun, errors = find_tlc(), time.monotonic(), Console(stderr=True)

    def told(one: mutantcheck.Tried) -> None:
        said = f"{one.mutant.id}: {one.got or one.outcome}, {one.seconds:.1f} s"
        errors.print(said, markup=False, highlight=False, soft_wrap=True)

    tried = mutantcheck.try_all(wanted, tlc, jobs=jobs, told=told)
    figures = mutantcheck.totals(tried, time.monotonic() - begun)
    if json:
        write("--json", json, mutantcheck.to_json(tried, figures))
    show(mutantcheck.table(tried), [*mutantcheck.remarks(tried), mutantcheck.last_line(figures)])
    return mutantcheck.exit_code(tried)

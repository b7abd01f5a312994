"""`rekeyspec selftest`: what the suite is worth."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer


def selftest(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET]...", help="Others that conform, which are searched for false alarms too."),
    ] = None,
    examples: Annotated[
        int, typer.Option(metavar="N", min=0, help="How many interleavings of the reference are tried.")
    ] = 100_000,
    each: Annotated[int, typer.Option(metavar="N", min=0, help="And how many of every other target.")] = 10_000,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed tries the same.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", metavar="N", min=1, help="How many processes.")] = 2,
    quick: Annotated[
        bool, typer.Option("--quick", help="A sample of the mutants, and a hundredth of the rest.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
) -> None:
    """Is every mutant caught, and no alarm where nothing is wrong? Exit code 0: so it is; 1: no; 2: not all done."""
    from rekeyspec.conformance.mutants.selftest import selftest as run
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.contents import printable
    from rekeyspec.conformance.report.output import check_writable, write_whole

    if json is not None:
        check_writable(json)
    share = 100 if quick else 1
    searches = {"reference": examples // share} | dict.fromkeys(targets or (), each // share)
    with ProgressLine() as progress:
        found = run(searches, seed, jobs, progress, sample=20 if quick else 0)
    if json is not None:
        write_whole(json, json_.dumps(found.as_data(), indent=1) + "\n")
    for trouble in found.troubles:
        typer.echo(f"rekeyspec: {trouble}", err=True)
    for line in found.lines():
        typer.echo(printable(line))
    raise typer.Exit(found.exit_code)

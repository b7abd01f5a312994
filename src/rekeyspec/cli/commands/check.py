"""`rekeyspec check`: targets judged by traces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.cli.commands.options import Profile


def check(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    targets: Annotated[
        list[str],
        typer.Argument(metavar="TARGET...", help="reference, python:MODULE:ATTR, exec:COMMAND or peer:asyncssh."),
    ],
    profile: Profile = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the verdicts as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write them as JUnit XML.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write one HTML file with everything.")
    ] = None,
    evidence: Annotated[Path, typer.Option(metavar="DIR", help="Where logs of real programs are kept.")] = Path(
        "rekeyspec-evidence"
    ),
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="hand|model|DIR",
            help="The traces written by hand, the tours of models, or a folder of tours; repeatable. Without one, and "
            "without --profile, the first two.",
        ),
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say which rules, actions, guards, states and steps were exercised.")
    ] = False,
) -> None:
    """Judge targets by the rules; without --profile by the profile combined first, then each trace by its own."""
    from rich.console import Console

    from rekeyspec.conformance.check import check as judge
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.outputs import Outputs
    from rekeyspec.conformance.report.terminal import show

    outputs = Outputs(json, junit, report)
    outputs.check()
    with ProgressLine() as progress:
        checked = judge(targets, profile, evidence, progress, suite or ())
    show(checked.report, Console())
    for line in (line for one in checked.coverage() for line in one.lines()) if coverage else ():
        typer.echo(line)
    for trouble in checked.troubles:
        typer.echo(f"rekeyspec: {trouble}", err=True)
    outputs.write(checked.report)
    raise typer.Exit(checked.exit_code)

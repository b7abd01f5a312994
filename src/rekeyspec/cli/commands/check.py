"""`rekeyspec check`: targets judged by traces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.cli.commands.expecting import ExpectedFile, UpdateExpected, exit_code, expectations
from rekeyspec.cli.commands.options import Profile


def check(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET...",
            help="reference, python:MODULE:ATTR, exec:COMMAND, pair:CLIENT SERVER, peer:NAME, peer:FILE.py, "
            "peer:all or log:FILE.",
        ),
    ],
    profile: Profile = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the verdicts as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write them as JUnit XML.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write one HTML file with everything.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write a summary for a CI job, in Markdown.")
    ] = None,
    badge: Annotated[
        Path | None, typer.Option("--badge", metavar="FILE.svg", help="Draw what came out for the one target.")
    ] = None,
    badges: Annotated[
        Path | None, typer.Option("--badges", metavar="DIR", help="Draw a badge for each target and policy.")
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
    validate: Annotated[
        bool, typer.Option("--validate", help="Check every line of the adapter protocol against its schema.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say which rules, actions, guards, states and steps were exercised.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Of real programs, this experiment or question only; repeatable."),
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, metavar="N", help="How often each experiment on a real program is done.")
    ] = 3,
    expected: ExpectedFile = None,
    update_expected: UpdateExpected = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Judge again whenever a file of the targets, policy, traces or expectations changes."
        ),
    ] = False,
) -> None:
    """Judge targets by the rules; without --profile by the profile combined first, then each trace by its own; a log
    by its header."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from rich.console import Console

    from rekeyspec.conformance.audit.target import check_options

    check_options(targets, suite=bool(suite), validate=validate, coverage=coverage)
    if watch:
        from rekeyspec.conformance.watch import again

        raise typer.Exit(again(targets, profile, suite or (), None if update_expected else expected))

    from rekeyspec.conformance.check import Asking
    from rekeyspec.conformance.check import check as judge
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.outputs import Outputs
    from rekeyspec.conformance.report.terminal import show

    outputs = Outputs(json, junit, report, markdown, badge, badges)
    outputs.check(len(set(targets)))
    known = expectations(expected, update_expected)
    with ProgressLine() as progress:
        asking = Asking(only or (), repeat, datetime.now(UTC).date().isoformat())
        checked = judge(targets, profile, evidence, progress, suite or (), validate, asking)
    exercised = checked.coverage() if coverage else []
    if checked.report.verdicts or not checked.troubles:  # a table of nothing would hide what is wrong
        show(checked.report, Console())
    for line in (line for one in exercised for line in one.lines()):
        typer.echo(line)
    for note in checked.notes:
        typer.echo(note)
    for trouble in checked.troubles:
        typer.echo(f"rekeyspec: {trouble}", err=True)
    outputs.write(replace(checked.report, coverage=[one.plain() for one in exercised]))
    raise typer.Exit(exit_code(checked, known, update_expected))

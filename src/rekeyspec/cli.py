"""The command line. Thin: each command reads its words, calls one function, prints, and says how it ended.

Exit codes: 0 conforms, 1 a violation, 2 a broken target or bad input.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from rekeyspec import __version__
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.tools.cli import app as model_app

app = typer.Typer(
    help="Does a secure link change its keys and prove its peer alive as it should?",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(model_app, name="model")

Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME|FILE", help="Judge by this profile, or this policy file.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rekeyspec {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Does a secure link change its keys and prove its peer alive as it should?"""


@app.command()
def rules(rule: Annotated[str | None, typer.Argument(help="The id of a rule; all rules without one.")] = None) -> None:
    """Show the rules, or one rule with its text, source and parameters."""
    from rekeyspec.conformance.rulebook import show

    typer.echo(show(rule))


@app.command()
def traces(name: Annotated[str | None, typer.Argument(help="The name of a trace; all without one.")] = None) -> None:
    """Show the hand-written traces, or the file of one."""
    from rekeyspec.conformance.suite import FOLDER, stories, trace_named

    if name is None:
        width = max(map(len, stories()))
        for story in stories().values():
            typer.echo(f"{story.name:<{width}}  {story.end:<6}  {', '.join(story.rules)}")
    else:
        typer.echo((FOLDER / f"{trace_named(name).name}.yaml").read_text(encoding="utf-8"), nl=False)


@app.command()
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


@app.command()
def replay(
    trace: Annotated[str, typer.Argument(help="The name of a trace, or a YAML file.")],
    target: Annotated[str, typer.Argument(help="reference, python:MODULE:ATTR or exec:COMMAND.")],
    profile: Profile = None,
) -> None:
    """Drive a target through one trace and show what it did, and where it first left the rules."""
    from rekeyspec.conformance.check import one
    from rekeyspec.conformance.report.story import told
    from rekeyspec.conformance.suite import trace_named

    case = one(trace_named(trace), target, profile, named=trace)
    for line in told(case):
        typer.echo(line)
    raise typer.Exit({"conforms": 0, "violates": 1}.get(case.word, 2))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command; bad input is one message and exit code 2, whatever the command."""
    signal.signal(signal.SIGTERM, _interrupt)  # so that what was started is reaped then too
    try:
        app()
    except (BadInput, Broken) as why:
        typer.echo(f"rekeyspec: {why}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("rekeyspec: interrupted", err=True)
        sys.exit(130)

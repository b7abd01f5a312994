"""`rekeyspec explore`: a search for interleavings in which a target leaves the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from rekeyspec.cli.commands.options import Profile


def explore(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    target: Annotated[str, typer.Argument(help="reference, python:MODULE:ATTR, exec:COMMAND or pair:CLIENT SERVER.")],
    examples: Annotated[int, typer.Option(metavar="N", help="How many interleavings to try.")] = 2000,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed finds the same failures.")] = 0,
    steps: Annotated[int, typer.Option(metavar="N", help="How many lines one interleaving has at most.")] = 60,
    failures: Annotated[int, typer.Option(metavar="N", help="Stop when so many failures are found.")] = 3,
    profile: Profile = None,
    shape: Annotated[
        Literal["one-end", "both-ends"] | None,
        typer.Option(help="One end under test, with the harness as the other, or both; without it, either."),
    ] = None,
    save: Annotated[Path, typer.Option(metavar="DIR", help="Where failures are kept, and told first.")] = Path(
        "rekeyspec-found"
    ),
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write what was found as JSON.")] = None,
) -> None:
    """Search for what a target does wrong; what fails is made small and kept, and told first the next time."""
    from rekeyspec.conformance.explore.outcome import outcome
    from rekeyspec.conformance.explore.search import Effort
    from rekeyspec.conformance.progress import ProgressLine
    from rekeyspec.conformance.report.contents import printable
    from rekeyspec.conformance.report.output import check_writable, write_whole

    if json is not None:
        check_writable(json)
    effort = Effort(examples, seed, steps, failures)
    with ProgressLine() as line:
        found = outcome(target, effort, profile, shape, save, lambda done, total: line(target, done, total))
    if json is not None:
        write_whole(json, found.as_json())
    for words in found.lines():
        typer.echo(printable(words))
    raise typer.Exit(found.exit_code)

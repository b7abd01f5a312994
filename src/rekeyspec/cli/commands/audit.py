"""`rekeyspec audit`: somebody's recorded logs, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rekeyspec.cli.commands.options import Profile

if TYPE_CHECKING:
    from rekeyspec.conformance.audit.audit import Wait
    from rekeyspec.conformance.audit.findings import Finding

EVERY = 0.2
"""Seconds between two looks at a file that grows."""


def audit(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    logs: Annotated[list[str], typer.Argument(metavar="LOG...", help="Logs in the event form; - is standard input.")],
    profile: Profile = None,
    tolerance: Annotated[
        int | None, typer.Option(metavar="MS", min=0, help="How far a time may be off; without it the header says.")
    ] = None,
    hidden: Annotated[
        str | None, typer.Option(metavar="DO,DO", help="Actions that are not logged; without it the header says.")
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option("--link", metavar="LINK", help="Only this link, and those of its user; repeatable."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as the files grow, until SIGINT or SIGTERM.")] = False,
    keep_going: Annotated[
        bool,
        typer.Option("--keep-going", help="At a bad line end that log only, and print what was found all the same."),
    ] = False,
    jobs: Annotated[
        int, typer.Option("-j", metavar="N", min=1, max=64, help="Processes, each for a part of the links.")
    ] = 1,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the verdicts as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write them as JUnit XML.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write one HTML file with everything.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write a summary for a CI job, in Markdown.")
    ] = None,
) -> None:
    """Judge recorded logs: JSON lines, of one link or of many, whole or while they grow."""
    from rich.console import Console

    from rekeyspec.conformance.audit.audit import audit as judge
    from rekeyspec.conformance.audit.audit import follow as judge_growing
    from rekeyspec.conformance.audit.options import chosen
    from rekeyspec.conformance.audit.progress import Bar
    from rekeyspec.conformance.report.outputs import Outputs
    from rekeyspec.conformance.report.terminal import show
    from rekeyspec.conformance.yamlfile import problem

    outputs = Outputs(json=json, junit=junit, html=report, markdown=markdown)
    outputs.check()
    choice = chosen(profile, tolerance, hidden, link or (), keep_going=keep_going)
    if follow:
        if jobs > 1:
            raise problem("-j", f"-j {jobs} with --follow", "one process for files that grow", "leave out one of them")
        audited = judge_growing(logs, choice, _waiting(), _tell)
    else:
        with Bar() as progress:
            audited = judge(logs, choice, jobs, progress)
    made = audited.report()
    show(made, Console())
    for line in audited.lines():
        typer.echo(line)
    for trouble in audited.troubles:
        typer.echo(f"rekeyspec: {trouble}", err=True)
    outputs.write(made)
    raise typer.Exit(audited.exit_code)


def _tell(name: str, found: Finding) -> None:
    from rekeyspec.conformance.report.contents import printable

    typer.echo(printable(f"{name}:{found.place.line}: {found.place.of}: {found.divergence.sentence()}"))


def _waiting() -> Wait:
    """A wait that ends, for good, at SIGINT or SIGTERM: what was found so far is told then."""
    import signal
    from threading import Event

    enough = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: enough.set())

    def wait(idle: bool) -> bool:
        return not enough.wait(EVERY if idle else 0)

    return wait

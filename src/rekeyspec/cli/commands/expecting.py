"""Expected failures, as the commands that judge have them: read before the run, held against it after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rekeyspec.conformance.check import Checked
    from rekeyspec.conformance.expected import Expected

ExpectedFile = Annotated[
    Path | None,
    typer.Option(
        "--expected",
        metavar="FILE",
        help="Failures that are known, one a line: TARGET RULE: MESSAGE # REASON. One that passes, fails otherwise or "
        "is not run fails the run, as one does that is not there.",
    ),
]
UpdateExpected = Annotated[
    bool,
    typer.Option("--update-expected", help="Rewrite that file as this run would have it; comments and reasons stay."),
]


def expectations(file: Path | None, update: bool) -> Expected | None:
    """What is expected, if anything is. Raises BadInput."""
    from rekeyspec.conformance.expected import read
    from rekeyspec.conformance.report.output import check_writable
    from rekeyspec.conformance.target import BadInput

    if file is None:
        if update:
            raise BadInput("--update-expected: read no file, expected one to update; name it with --expected FILE")
        return None
    if update:
        check_writable(file)
    return read(file, missing=update)


def exit_code(checked: Checked, expected: Expected | None, update: bool) -> int:
    """How the command ends; says on stderr what is not as expected, or what was changed."""
    if expected is None:
        return checked.exit_code
    from rekeyspec.conformance.expected import held, updated, write

    findings = held(expected, checked.report)
    if update:
        expected = updated(expected, checked.report)
        write(expected)
        for entry, why in findings.unmet:
            typer.echo(
                f"{expected.path}: line {entry.number}, {entry.failure.line()}, {why.partition(';')[0]}", err=True
            )
        typer.echo(f"{expected.path}: {len(expected.entries)} expected failures", err=True)
        findings = held(expected, checked.report)
    for message in findings.messages(expected.path):
        typer.echo(f"rekeyspec: {message}", err=True)
    return findings.exit_code(checked.troubles)

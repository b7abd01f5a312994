"""`rekeyspec diff`: two JSON reports compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A report that check --json wrote.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A later one.")],
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is the standard output.")
    ] = None,
) -> None:
    """Say what got worse, better, new or gone between two reports, and whose reason changed. Exit 1: it got worse."""
    from json import dumps

    from rekeyspec.conformance.report.comparison import compare, plain, told
    from rekeyspec.conformance.report.contents import printable
    from rekeyspec.conformance.report.output import check_writable, write_whole
    from rekeyspec.conformance.report.reading import stored

    found = compare(stored(old), stored(new))
    straight = json is not None and str(json) == "-"
    if json is not None and not straight:
        check_writable(json)
    text = dumps(plain(found), indent=1) + "\n"
    if straight:
        typer.echo(text, nl=False)
    else:
        for line in told(found):
            typer.echo(printable(line))
    if json is not None and not straight:
        write_whole(json, text)
    raise typer.Exit(1 if found.of("worse") else 0)

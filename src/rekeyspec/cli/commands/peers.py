"""`rekeyspec peers`: the real programs that can be judged. `rekeyspec matrix`: the pages of one run of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def peers(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="What of these can be asked and seen, in full.")
    ] = None,
    require: Annotated[
        bool, typer.Option("--require", help="Exit 1 where one that is not slow is missing on this machine.")
    ] = False,
) -> None:
    """List the real programs that can be judged: the version found, or how to install it, and what it can be asked."""
    from rekeyspec.conformance.peers.listing import in_full, listed, missing

    for line in in_full(names) if names else listed():
        typer.echo(line)
    raise typer.Exit(1 if require and missing() else 0)


def matrix(
    run: Annotated[Path, typer.Argument(metavar="RUN.json", help="What `check peer:all --json` wrote.")],
    docs: Annotated[Path, typer.Argument(metavar="DIR", help="Where peers.md and peers/ are written.")],
) -> None:
    """Write the rules-by-programs matrix of one run as pages: peers.md, a page for each program, evidence, profiles."""
    from rekeyspec.conformance.peers.kept import kept_run
    from rekeyspec.tools.matrixpage import write

    made = write(kept_run(run), run.read_bytes(), docs)
    typer.echo(f"{len(made)} files written; begin with {made[0]}")

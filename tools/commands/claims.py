"""`rekeyspec model claims`: what became of every claim of the two sources."""

from __future__ import annotations

from typing import Annotated

import typer

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def claims(update: Annotated[bool, typer.Option("--update", help="Write docs/claims.md.")] = False) -> None:
    """Show what became of every claim of the sources; exit code 1 where docs/claims.md is stale."""
    from rekeyspec.tools.claims import PAGE, page
    from rekeyspec.tools.commands.printed import write

    text = page()
    if update:
        write("--update", PAGE, text)
        typer.echo(f"{PAGE.name} written")
        return
    typer.echo(text, nl=False)
    stale = PAGE.parent.is_dir() and (not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text)
    if stale:
        typer.echo(f"{PAGE} is stale; `rekeyspec model claims --update` writes it", err=True)
    raise typer.Exit(1 if stale else 0)

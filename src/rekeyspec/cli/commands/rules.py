"""`rekeyspec rules`: the rule book, or one rule of it."""

from __future__ import annotations

from typing import Annotated

import typer


def rules(rule: Annotated[str | None, typer.Argument(help="The id of a rule; all rules without one.")] = None) -> None:
    """Show the rules, or one rule with its text, source and parameters."""
    from rekeyspec.conformance.rulebook import show

    typer.echo(show(rule))

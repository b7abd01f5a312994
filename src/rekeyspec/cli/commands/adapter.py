"""`rekeyspec adapter`: for those who write an adapter."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

adapter = typer.Typer(help="For those who write an adapter.", no_args_is_help=True)


@adapter.command("test")
def test(
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="What starts the adapter, as one word in quotes.")],
) -> None:
    """Lead an adapter through the protocol, step by step, with hints.

    Exit code 1: it speaks the protocol, but does something that no rule allows. 2: it breaks the protocol.
    """
    from rekeyspec.conformance.adapters.walk import exit_code, walk
    from rekeyspec.conformance.report.contents import printable

    found = []
    for one in walk(command):
        found.append(one)
        for line in one.lines():
            typer.echo(printable(line))
    code = exit_code(found)
    again = shlex.join(["rekeyspec", "adapter", "test", command])
    check = shlex.join(["rekeyspec", "check", f"exec:{command.removeprefix('exec:')}"])
    typer.echo("")
    typer.echo(f"next: {check}" if not code else f"next: mend what is said above, then again: {again}")
    raise typer.Exit(code)


@adapter.callback()
def _adapter() -> None:
    """For those who write an adapter."""

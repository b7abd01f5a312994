"""`rekeyspec replay`: one trace on one target, told."""

from __future__ import annotations

from typing import Annotated

import typer

from rekeyspec.cli.commands.options import Profile


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

"""`rekeyspec replay`: one trace on one target, told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.cli.commands.options import Profile


def replay(
    trace: Annotated[str, typer.Argument(help="The name of a trace, or a YAML file.")],
    target: Annotated[str, typer.Argument(help="reference, python:MODULE:ATTR or exec:COMMAND.")],
    profile: Profile = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE.jsonl", help="Write what was seen, for `rekeyspec audit`.")
    ] = None,
) -> None:
    """Drive a target through one trace and show what it did, and where it first left the rules."""
    from rekeyspec.conformance.audit.written import log_of
    from rekeyspec.conformance.check import one
    from rekeyspec.conformance.report.output import check_writable, write_whole
    from rekeyspec.conformance.report.story import told
    from rekeyspec.conformance.suite import trace_named

    if log is not None:
        check_writable(log)
    case = one(trace_named(trace), target, profile, named=trace)
    for line in told(case):
        typer.echo(line)
    if log is not None:
        write_whole(log, "".join(f"{line}\n" for line in log_of(case)))
    raise typer.Exit({"conforms": 0, "violates": 1}.get(case.word, 2))

"""TLC on any spec, on the command line: every command has one spec, one result, and its figures on the last line.

Exit codes: 0 nothing is violated, 1 something is, 2 bad input or TLC could not work, 130 interrupted.
"""

from __future__ import annotations

import signal
import sys

import typer

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.wrapper.commands import check, coverage, dump, graph, simulate, trace

app = typer.Typer(
    help="TLC on any TLA+ spec.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (check, simulate, trace, coverage, graph, dump):
    app.command()(command)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command; bad input is one message and exit code 2, whatever the command."""
    signal.signal(signal.SIGTERM, _interrupt)  # so that what was started is reaped then too
    try:
        app(prog_name="python -m rekeyspec.tools")
    except BadInput as why:
        typer.echo(f"rekeyspec.tools: {why}", err=True)
        sys.exit(2)

"""The command line. Thin: each command, a module of `commands`, reads its words, calls one function, prints, and says
how it ended.

Exit codes: 0 conforms, 1 a violation, 2 a broken target or bad input.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from rekeyspec import __version__
from rekeyspec.cli.commands.adapter import adapter
from rekeyspec.cli.commands.advise import advise
from rekeyspec.cli.commands.audit import audit
from rekeyspec.cli.commands.bench import app as bench_app
from rekeyspec.cli.commands.campaign import campaign
from rekeyspec.cli.commands.check import check
from rekeyspec.cli.commands.diff import diff
from rekeyspec.cli.commands.explore import explore
from rekeyspec.cli.commands.peers import matrix, peers
from rekeyspec.cli.commands.replay import replay
from rekeyspec.cli.commands.rules import rules
from rekeyspec.cli.commands.selftest import selftest
from rekeyspec.cli.commands.traces import traces
from rekeyspec.cli.commands.wire import connect, keygen, serve
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.tools.cli import app as model_app

app = typer.Typer(
    help="Does a secure link change its keys and prove its peer alive as it should?",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rekeyspec {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Does a secure link change its keys and prove its peer alive as it should?"""


# One line for each, in the order of --help.
app.command()(rules)
app.command()(traces)
app.command()(check)
app.command()(campaign)
app.command()(explore)
app.command()(replay)
app.command()(audit)
app.command()(diff)
app.command()(peers)
app.command()(matrix)
app.command()(selftest)
app.command()(advise)
app.command()(keygen)
app.command()(serve)
app.command()(connect)
app.add_typer(adapter, name="adapter")
app.add_typer(bench_app, name="bench")
app.add_typer(model_app, name="model")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command; bad input is one message and exit code 2, whatever the command."""
    signal.signal(signal.SIGTERM, _interrupt)  # so that what was started is reaped then too
    try:
        app()
    except (BadInput, Broken) as why:
        typer.echo(f"rekeyspec: {why}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("rekeyspec: interrupted", err=True)
        sys.exit(130)

"""The specification on the command line: `rekeyspec model ...`, each command in a module of `tools/commands`.

A command's function carries its own arguments and help, and imports what it needs when it runs: --help is quick.
"""

from __future__ import annotations

import typer

from rekeyspec.tools.commands.bisimulate import bisimulate
from rekeyspec.tools.commands.check import check
from rekeyspec.tools.commands.claims import claims
from rekeyspec.tools.commands.coverage import coverage
from rekeyspec.tools.commands.export import export
from rekeyspec.tools.commands.findings import findings
from rekeyspec.tools.commands.mutants import mutants
from rekeyspec.tools.commands.search import search
from rekeyspec.tools.commands.simulate import simulate
from rekeyspec.tools.commands.timers import timers
from rekeyspec.tools.commands.traces import traces

app = typer.Typer(help="The specification under the model checker.", no_args_is_help=True)


@app.callback()
def model() -> None:
    """The specification under the model checker."""


# One line for each, in the order of --help.
app.command()(check)
app.command()(simulate)
app.command()(coverage)
app.command()(export)
app.command()(traces)
app.command()(bisimulate)
app.command()(mutants)
app.command()(findings)
app.command()(search)
app.command()(timers)
app.command()(claims)

"""`rekeyspec bench`: what a key costs, on one link, under a policy, in a fleet. A module for each."""

from __future__ import annotations

import typer

from rekeyspec.cli.commands.bench.cost import cost
from rekeyspec.cli.commands.bench.fleet import fleet
from rekeyspec.cli.commands.bench.policies import policies

app = typer.Typer(
    help="Measure what a key costs against the data it carries.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

# One line for each, in the order of --help.
app.command()(cost)
app.command()(policies)
app.command()(fleet)

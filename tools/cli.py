"""The model checker on the command line: `rekeyspec model check`."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rekeyspec.conformance.target import BadInput

if TYPE_CHECKING:
    from rich.table import Table

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415

app = typer.Typer(help="The specification under the model checker.", no_args_is_help=True)

JOBS: Final = 2
SAVED: Final = Path("counterexamples")


@app.callback()
def model() -> None:
    """The specification under the model checker."""


@app.command()
def check(
    quick: Annotated[bool, typer.Option("--quick", help="Only the models that are marked quick.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="ID", help="Only this model; repeatable.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many models are checked at once.")] = JOBS,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
    traces: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=f"Save all counterexamples here; left out, unexpected ones in {SAVED}/."),
    ] = None,
    models: Annotated[Path | None, typer.Option(metavar="FILE", help="Another models.yaml.")] = None,
) -> None:
    """Check every model of the specification with TLC: its result and its number of states are as expected.

    Exit code 0: all as expected; 1: some differ; 2: some could not be checked.
    """
    raise typer.Exit(_check(quick, only or [], jobs, json, traces, models))


def _check(quick: bool, only: list[str], jobs: int, json: Path | None, traces: Path | None, file: Path | None) -> int:
    from rich.console import Console

    from rekeyspec.tools import modeltable
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.modelcheck import exit_code, model_check, save
    from rekeyspec.tools.models import FILE, chosen, read

    models = chosen(read(file or FILE), only, quick=quick)
    tlc = find_tlc()
    _writable("--json", json)
    begun = time.monotonic()
    with modeltable.ProgressLine(Console(stderr=True), len(models)) as watch:
        checked = model_check(models, tlc, jobs=jobs, watch=watch, all_traces=traces is not None)
    figures = modeltable.totals(checked, time.monotonic() - begun)
    unsaved, saved = "", {}
    try:
        saved = save(checked, traces or SAVED)
    except OSError as why:
        unsaved = f"--traces {traces or SAVED}: cannot write ({why.strerror}); name another folder"
    if json:
        _write(json, modeltable.to_json(checked, figures, saved))
    _print(modeltable.table(checked), [*modeltable.remarks(checked, saved), modeltable.last_line(figures)])
    if unsaved:
        raise BadInput(unsaved)
    return exit_code(checked)


def _print(table: Table, lines: list[str]) -> None:
    from rich.console import Console

    out = Console()
    if not out.is_terminal:
        out = Console(width=160)  # a file has no edge at which to fold a table
    out.print(table)
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _writable(option: str, path: Path | None) -> None:
    """Hours of checking are not to end in a file that cannot be written."""
    if path and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        read = "a folder" if path.is_dir() else f"a file in {path.parent}, where nothing can be written"
        raise BadInput(f"{option} {path}: read {read}, expected a file that can be written; name another")


def _write(path: Path, text: str) -> None:
    """All of it or nothing."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder) / path.name
            whole.write_text(text, encoding="utf-8")
            whole.replace(path)
    except OSError as why:
        raise BadInput(f"--json {path}: cannot write ({why.strerror}); name another file") from None

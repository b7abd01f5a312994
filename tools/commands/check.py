"""`rekeyspec model check`: every model of the specification under TLC."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rekeyspec.tools.cluster import Cluster
    from rekeyspec.tools.models import Model

# What a command needs is imported when it runs, so that --help is quick; it has as many arguments as options.
# ruff: noqa: PLC0415, PLR0913, PLR0917

JOBS: Final = 2
SAVED: Final = Path("counterexamples")


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
    distributed: Annotated[
        bool, typer.Option("--distributed", help="By TLC's server and workers, one model after the other.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, max=256, help="How many of the workers are started here.")] = JOBS,
    host: Annotated[str, typer.Option(metavar="NAME", help="This host's name, by which others reach it.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The server's port; 0 is any.")] = 0,
) -> None:
    """Check every model of the specification with TLC: its result and its number of states are as expected.

    Exit code 0: all as expected; 1: some differ; 2: some could not be checked, or it was interrupted: what was found
    until then is printed and written.
    """
    cluster = _cluster(workers, host, port) if distributed else None
    raise typer.Exit(_check(_chosen(quick, only or [], models), jobs, json, traces, cluster))


def _chosen(quick: bool, only: list[str], file: Path | None) -> tuple[Model, ...]:
    from rekeyspec.tools.models import FILE, chosen, read

    return chosen(read(file or FILE), only, quick=quick)


def _cluster(workers: int, host: str, port: int) -> Cluster:
    from rekeyspec.conformance.target import BadInput
    from rekeyspec.tools.cluster import LOOPBACK, Cluster, joining
    from rekeyspec.tools.distributed import free_port

    if workers == 0 and not host:
        read = "--workers 0 without --host"
        raise BadInput(f"{read}: expected a worker here, or a name by which others reach this host; give one")
    cluster = Cluster(port=port or free_port(), host=host or LOOPBACK, workers=workers)
    typer.echo(joining(cluster), err=True)
    return cluster


def _check(
    models: tuple[Model, ...], jobs: int, json: Path | None, traces: Path | None, cluster: Cluster | None
) -> int:
    from rich.console import Console

    from rekeyspec.conformance.target import BadInput
    from rekeyspec.tools import modeltable
    from rekeyspec.tools.checker import check as alone
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.distributed import check_distributed
    from rekeyspec.tools.modelcheck import exit_code, model_check, save

    tlc = find_tlc()
    writable("--json", json)
    begun = time.monotonic()
    by = partial(check_distributed, cluster=cluster) if cluster else alone
    with modeltable.ProgressLine(Console(stderr=True), len(models)) as watch:
        checked = model_check(
            models, tlc, jobs=1 if cluster else jobs, watch=watch, all_traces=traces is not None, by=by
        )
    figures = modeltable.totals(checked, time.monotonic() - begun)
    unsaved, saved = "", {}
    try:
        saved = save(checked, traces or SAVED)
    except OSError as why:
        unsaved = f"--traces {traces or SAVED}: cannot write ({why.strerror}); name another folder"
    if json:
        write("--json", json, modeltable.to_json(checked, figures, saved))
    show(modeltable.table(checked), [*modeltable.remarks(checked, saved), modeltable.last_line(figures)])
    if unsaved:
        raise BadInput(unsaved)
    return exit_code(checked)

"""`rekeyspec model traces`: tours of models as traces."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rekeyspec.reference.vocabulary import Role

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def traces(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="These models; without one, the quick ones of one link that hold."),
    ] = None,
    end: Annotated[
        Literal["client", "server", "both"], typer.Option(help="Told by this end; `both`: by each of them.")
    ] = "both",
    output: Annotated[Path | None, typer.Option("--output", metavar="DIR", help="Write the traces here.")] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Tell them to the reference, and say what it reaches.")
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON.")] = None,
    models: Annotated[Path | None, typer.Option(metavar="FILE", help="Another models.yaml.")] = None,
) -> None:
    """Make traces that take every step of a model, as each end sees it, in tours of at most 100 steps.

    Exit code 0: made; 1: the reference violates one of them (--coverage); 2: a model could not be toured.
    """
    raise typer.Exit(_traces(ids or [], end, output, coverage, json, models))


def _traces(ids: list[str], end: str, output: Path | None, coverage: bool, json: Path | None, file: Path | None) -> int:
    from rich.console import Console

    from rekeyspec.reference.vocabulary import ROLES
    from rekeyspec.tools import tourtable
    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show, writable, write
    from rekeyspec.tools.modelbisimulation import of_the_link
    from rekeyspec.tools.modelerror import ModelError
    from rekeyspec.tools.models import FILE, chosen, read
    from rekeyspec.tools.modeltraces import made, save

    roles: tuple[Role, ...] = tuple(role for role in ROLES if end in (role, "both"))
    models = chosen(read(file or FILE), ids, quick=not ids)
    if not ids:
        models = tuple(model for model in models if model.expected == "ok" and of_the_link(model))
    tlc, errors = find_tlc(), Console(stderr=True)
    writable("--json", json)
    rows: list[tourtable.Row] = []
    failed = []
    for model in models:
        begun = time.monotonic()
        try:
            tours = made(model, tlc, roles)
        except ModelError as why:
            failed.append(f"{model.id}: {why}")
            continue
        for one in tours:
            if output:
                save(one, output)
            rows.append(tourtable.row(one, time.monotonic() - begun, told=coverage))
            errors.print(rows[-1].line(), markup=False, highlight=False, soft_wrap=True)
    figures = tourtable.totals(rows, failed)
    if json:
        write("--json", json, tourtable.to_json(rows, figures))
    show(tourtable.table(rows), [*tourtable.remarks(rows), *failed, tourtable.last_line(figures)])
    return 2 if failed else 1 if any(row.violated for row in rows) else 0

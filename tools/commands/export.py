"""`rekeyspec model export`: a behaviour in a form that other TLA+ tools read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rekeyspec.tools.models import Model
    from rekeyspec.tools.output import Behaviour

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def export(
    what: Annotated[str, typer.Argument(metavar="MODEL|TRACE", help="A model's id, a trace's name or its YAML file.")],
    itf: Annotated[Path, typer.Option("--itf", metavar="FILE", help="Where to write it; - is the standard output.")],
    depth: Annotated[int, typer.Option(min=2, help="How many states a simulated behaviour has.")] = 20,
    seed: Annotated[int, typer.Option(help="Of a simulated behaviour's random choices.")] = 0,
    models: Annotated[Path | None, typer.Option(metavar="FILE", help="Another models.yaml.")] = None,
) -> None:
    """Write a behaviour as Apalache's ITF JSON: the counterexample of a model that is violated, or else a random
    behaviour of it; of a trace, the events that the reference shows."""
    from rekeyspec.tools import itf as form
    from rekeyspec.tools.commands.printed import writable, write
    from rekeyspec.tools.models import FILE, read

    writable("--itf", itf)
    model = next((one for one in read(models or FILE) if one.id == what), None)
    about, source, behaviour = _of_model(model, depth, seed) if model else _of_trace(what)
    write("--itf", itf, form.dumped(form.to_itf(behaviour, source=source, about=about)))
    typer.echo(f"{what}: {about}; {len(behaviour.states)} states", err=True)


def _of_model(model: Model, depth: int, seed: int) -> tuple[str, str, Behaviour]:
    from rekeyspec.tools.checker import check, find_tlc
    from rekeyspec.tools.modelcheck import in_words
    from rekeyspec.tools.sample import sample

    tlc = find_tlc()
    if model.expected != "ok":
        output = check(model.run(), tlc)
        if output.behaviour:
            return f"the counterexample: {in_words(model, output)}", model.spec.name, output.behaviour
    about = f"a random behaviour, seed {seed}"
    return about, model.spec.name, sample(model.run(), tlc, length=depth, seed=seed)


def _of_trace(name: str) -> tuple[str, str, Behaviour]:
    from rekeyspec.conformance.suite import trace_named
    from rekeyspec.tools.tracelog import behaviour_of

    trace = trace_named(name)
    return "the events that the reference shows", f"{trace.name}.yaml", behaviour_of(trace)

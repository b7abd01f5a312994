"""The commands: each says how TLC is run, runs it, prints what came of it, and says how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rekeyspec.tools.wrapper.options import (
    HOUR,
    Cfg,
    Chosen,
    Constant,
    Deadlock,
    Heap,
    Json,
    Library,
    Spec,
    Timeout,
)

# What a command needs is imported when it runs, so that --help is quick; it has as many arguments as options.
# ruff: noqa: PLC0415, PLR0913, PLR0917

Large = Annotated[bool, typer.Option("--large", help="Java as for more than 50,000 states: slower to start.")]


def check(
    spec: Spec,
    cfg: Cfg = None,
    constant: Constant = None,
    library: Library = None,
    deadlock: Deadlock = True,
    workers: Annotated[int, typer.Option(min=1, max=1024, help="TLC's threads.")] = 1,
    large: Large = False,
    heap: Heap = 0,
    timeout: Timeout = HOUR,
    json: Json = None,
) -> None:
    """Check a spec: what TLC found, and a counterexample in steps."""
    from rekeyspec.tools.checker import check as tlc_check
    from rekeyspec.tools.wrapper.session import Session

    run = Chosen(spec, cfg, constant, library, deadlock, heap).run(workers=workers, large=large)
    with Session("check", run, json) as session:
        session.judged(tlc_check(run, session.tlc, timeout=timeout, progress=session.progress))


def simulate(
    spec: Spec,
    cfg: Cfg = None,
    constant: Constant = None,
    library: Library = None,
    deadlock: Deadlock = True,
    depth: Annotated[int, typer.Option(min=2, help="How many states a behaviour may have.")] = 100,
    traces: Annotated[int, typer.Option(min=1, help="How many behaviours are tried at a time.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the random choices.")] = 0,
    seconds: Annotated[float, typer.Option(min=0, help="Try again, seed after seed, for so long; 0 is once.")] = 0,
    heap: Heap = 0,
    json: Json = None,
) -> None:
    """Try random behaviours of a spec."""
    from rekeyspec.tools.command import Simulation
    from rekeyspec.tools.simulation import simulate as tlc_simulate
    from rekeyspec.tools.wrapper.session import Session

    run = Chosen(spec, cfg, constant, library, deadlock, heap).run()
    random = Simulation(behaviours=traces, depth=depth, seed=seed)
    with Session("simulate", run, json) as session:
        session.simulated(tlc_simulate(run, session.tlc, random, seconds=seconds))


def trace(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.tla|FILE.itf.json", help="A spec, or a trace in ITF.")],
    cfg: Cfg = None,
    constant: Constant = None,
    library: Library = None,
    deadlock: Deadlock = True,
    itf: Annotated[Path | None, typer.Option("--itf", metavar="FILE", help="Write it as Apalache's ITF JSON.")] = None,
    large: Large = False,
    heap: Heap = 0,
    timeout: Timeout = HOUR,
    json: Json = None,
) -> None:
    """Show the counterexample of a spec in steps, or the steps of a trace that some tool wrote."""
    from rekeyspec.tools.checker import check as tlc_check
    from rekeyspec.tools.itf import read
    from rekeyspec.tools.wrapper.session import Session, show

    if spec.suffix == ".json":
        show(read(spec), spec, json, itf)
        return
    run = Chosen(spec, cfg, constant, library, deadlock, heap).run(large=large)
    with Session("trace", run, json, itf=itf) as session:
        session.judged(tlc_check(run, session.tlc, timeout=timeout, progress=session.progress))


def coverage(
    spec: Spec,
    cfg: Cfg = None,
    constant: Constant = None,
    library: Library = None,
    deadlock: Deadlock = True,
    large: Large = False,
    heap: Heap = 0,
    timeout: Timeout = HOUR,
    json: Json = None,
) -> None:
    """Count how often each action of a spec is taken, until TLC is done or something is violated."""
    from rekeyspec.tools.checker import check as tlc_check
    from rekeyspec.tools.wrapper.session import Session

    run = Chosen(spec, cfg, constant, library, deadlock, heap).run(large=large, coverage=True)
    with Session("coverage", run, json) as session:
        session.covered(tlc_check(run, session.tlc, timeout=timeout, progress=session.progress))


def graph(
    spec: Spec,
    cfg: Cfg = None,
    constant: Constant = None,
    library: Library = None,
    dot: Annotated[Path | None, typer.Option("--dot", metavar="FILE", help="Write it as Graphviz reads it.")] = None,
    large: Large = False,
    heap: Heap = 0,
    timeout: Timeout = HOUR,
    json: Json = None,
) -> None:
    """Count the states, steps and actions of a spec's whole graph; nothing is judged."""
    from rekeyspec.tools.graph import dump as tlc_dump
    from rekeyspec.tools.wrapper.session import Session

    run = Chosen(spec, cfg, constant, library, heap=heap).run(large=large)
    with Session("graph", run, json, dot=dot) as session:
        session.graph(tlc_dump(run, session.tlc, timeout=timeout, progress=session.progress), dot)


def dump(
    spec: Spec,
    dot: Annotated[Path, typer.Option("--dot", metavar="FILE", help="Where to write it.")],
    cfg: Cfg = None,
    constant: Constant = None,
    library: Library = None,
    large: Large = False,
    heap: Heap = 0,
    timeout: Timeout = HOUR,
    json: Json = None,
) -> None:
    """Write a spec's whole graph as TLC does, in Graphviz form, without reading it: for graphs of any size."""
    from rekeyspec.tools.graph import dump_to
    from rekeyspec.tools.wrapper.session import Session

    run = Chosen(spec, cfg, constant, library, heap=heap).run(large=large)
    with Session("dump", run, json, dot=dot) as session:
        session.dumped(dump_to(dot, run, session.tlc, timeout=timeout, progress=session.progress), dot)

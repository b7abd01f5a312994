"""One command at work: TLC is found, what comes of it is printed and written, and the exit code is said."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn, Self

import typer
from rich.console import Console

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools import counterexample, graph, itf
from rekeyspec.tools.checker import find_tlc
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.commands.printed import STDOUT, writable, write
from rekeyspec.tools.graph import Graph
from rekeyspec.tools.output import Behaviour, Figures, Output, Verdict
from rekeyspec.tools.simulation import Simulated
from rekeyspec.tools.wrapper import forms


class Session:
    """A context manager: what goes wrong in it is written as JSON too, where that is asked for."""

    def __init__(self, command: str, run: TlcRun, json: Path | None, **files: Path | None) -> None:
        for option, path in (("json", json), *files.items()):
            writable(f"--{option}", path)
        self.command, self.run, self.json, self.itf_file = command, run, json, files.get("itf")
        self.tlc = find_tlc()
        self.begun = time.monotonic()
        self.status = Console(stderr=True).status(f"TLC: {run.spec.name}")

    def __enter__(self) -> Self:
        self.status.start()
        return self

    def __exit__(self, kind: object, why: object, trace: object) -> None:
        self.status.stop()
        if isinstance(why, BadInput):
            self._write(forms.of_error(why))
        elif isinstance(why, KeyboardInterrupt):  # of which typer makes an exit code and says nothing
            self._write(forms.of_error(BadInput("interrupted")))
            typer.echo("rekeyspec.tools: interrupted", err=True)

    def progress(self, figures: Figures) -> None:
        """Say how far TLC has come."""
        self.status.update(f"TLC: {self.run.spec.name}, {figures.distinct or figures.generated or 0:,} states")

    def judged(self, output: Output) -> NoReturn:
        """Show a check, and end."""
        verdict = _verdict(output)
        if output.behaviour:
            self._say(counterexample.of(output.behaviour).lines())
        if self.itf_file:
            self._itf(output, verdict)
        self._end(forms.of_output(output), f"{_in_words(verdict)}; {_counted(output.figures)}")

    def simulated(self, simulated: Simulated) -> NoReturn:
        """Show a simulation, and end."""
        if simulated.output.behaviour:
            self._say(counterexample.of(simulated.output.behaviour).lines())
        totals = {"behaviours": simulated.behaviours, "states": simulated.states, "seed": simulated.seed}
        tried = f"{simulated.behaviours:,} behaviours went well, {simulated.states:,} states, seed {simulated.seed}"
        self._end(forms.of_output(simulated.output) | totals, f"{_in_words(simulated.verdict)}; {tried}")

    def covered(self, output: Output) -> NoReturn:
        """Show the actions, and end."""
        self._say([f"{'action':<24} {'place':<24} {'taken':>12} {'first found':>12}"])
        for action, place, taken, distinct in forms.coverage_rows(output.coverage):
            self._say([f"{action:<24} {place:<24} {taken:>12} {distinct:>12}"])
        never = sum(not one.taken for one in output.coverage)
        told = f"{len(output.coverage)} actions, {never} never taken; {_counted(output.figures)}"
        self._end(forms.of_output(output), f"{_in_words(_verdict(output))}; {told}")

    def graph(self, found: Graph, dot: Path | None) -> NoReturn:
        """Show what a graph has, and end."""
        self._say(f"{action:<24} {steps:>12,}" for action, steps in found.actions.items())
        if dot:
            write("--dot", dot, "".join(graph.to_dot(found)))
        counts = f"{len(found.states):,} states, {len(found.initial):,} initial, {len(found.edges):,} edges"
        self._end(forms.of_graph(found), f"ok; {counts}, {len(found.actions)} actions")

    def dumped(self, figures: Figures, file: Path) -> NoReturn:
        """Say that a graph was written, and end."""
        form = {"result": "ok", "figures": forms.of_figures(figures), "file": str(file)}
        self._end(form, f"ok; {_counted(figures)}; {file.stat().st_size:,} bytes in {file}")

    def _itf(self, output: Output, verdict: Verdict) -> None:
        if output.behaviour is None or self.itf_file is None:
            typer.echo("--itf: nothing is written, there is no counterexample", err=True)
            return
        form = itf.to_itf(output.behaviour, source=self.run.spec.name, about=_in_words(verdict))
        write("--itf", self.itf_file, itf.dumped(form))

    def _end(self, form: dict[str, Any], figures: str) -> NoReturn:
        seconds = round(time.monotonic() - self.begun, 1)
        self._write(form | {"seconds": seconds})
        self._say([f"{figures}; {seconds} s"])
        raise typer.Exit(1 if form["result"] == "violated" else 0)

    def _write(self, form: dict[str, Any]) -> None:
        if self.json:
            write("--json", self.json, forms.dumped(self.command, self.run, form))

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            typer.echo(line, err=STDOUT in (self.json, self.itf_file))


def show(behaviour: Behaviour, file: Path, json: Path | None, itf_file: Path | None) -> None:
    """Show a behaviour that was read from a file."""
    for line in counterexample.of(behaviour).lines():
        typer.echo(line, err=STDOUT in (json, itf_file))
    if itf_file:
        write("--itf", itf_file, itf.dumped(itf.to_itf(behaviour, source=file.name, about="")))
    if json:
        form = {"result": "ok", "behaviour": forms.of_behaviour(behaviour)}
        write("--json", json, forms.dumped("trace", file, form))
    typer.echo(f"ok; {len(behaviour.states)} states", err=STDOUT in (json, itf_file))


def _verdict(output: Output) -> Verdict:
    assert output.verdict is not None
    return output.verdict


def _in_words(verdict: Verdict) -> str:
    if verdict.kind == "ok":
        return "ok"
    return f"violated: {' '.join(filter(None, (verdict.kind, verdict.name)))} (TLC {verdict.code})"


def _counted(figures: Figures) -> str:
    counts = {name: getattr(figures, name) for name in ("distinct", "generated", "depth")}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count is not None)

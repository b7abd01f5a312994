"""What comes of a run as JSON, each kind of result in one form whatever the command.

    {"schema": 1, "command": "check", "spec": "A.tla", "cfg": "A.cfg", "result": "violated",
     "verdict": {"kind": "invariant", "name": "Small", "code": 2110}, "figures": {...}, "behaviour": {...}}

`result` is `ok`, `violated` or `error`, and where it is `error` there is `error` instead of a verdict. A code is TLC's
own for the message; 0 where there was none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.graph import Graph
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import ActionCoverage, Behaviour, Figures, Output, Verdict
from rekeyspec.tools.places import Place
from rekeyspec.tools.values import NotAValue, parse, plain

SCHEMA: Final = 1


def of_output(output: Output) -> dict[str, Any]:
    """A verdict with what belongs to it."""
    assert output.verdict is not None
    return {
        "result": "ok" if output.verdict.kind == "ok" else "violated",
        "verdict": of_verdict(output.verdict),
        "figures": of_figures(output.figures),
        "behaviour": of_behaviour(output.behaviour) if output.behaviour else None,
        "coverage": [of_coverage(one) for one in output.coverage],
        "warnings": list(output.warnings),
    }


def of_verdict(verdict: Verdict) -> dict[str, Any]:
    """What was found."""
    return {"kind": verdict.kind, "name": verdict.name, "code": verdict.code}


def of_figures(figures: Figures) -> dict[str, int | None]:
    """Totals; null is what TLC did not say."""
    return {name: getattr(figures, name) for name in ("generated", "distinct", "queued", "depth")}


def of_behaviour(behaviour: Behaviour) -> dict[str, Any]:
    """States with their actions. A value that has no JSON of its own is its TLA+ text."""
    states = [
        {
            "number": state.number,
            "action": state.action,
            "place": _of_place(state.place),
            "variables": {name: _of_text(said) for name, said in state.variables.items()},
        }
        for state in behaviour.states
    ]
    return {"states": states, "back_to": behaviour.back_to, "stutters": behaviour.stutters}


def of_coverage(one: ActionCoverage) -> dict[str, Any]:
    """One action."""
    return {"action": one.action, "place": _of_place(one.place), "distinct": one.distinct, "taken": one.taken}


def of_graph(graph: Graph) -> dict[str, Any]:
    """All of it: states with their variables, steps as [source, target, action]."""
    return {
        "result": "ok",
        "states": [{name: _of_text(said) for name, said in state.texts.items()} for state in graph.states],
        "initial": list(graph.initial),
        "edges": [list(edge) for edge in graph.edges],
        "actions": dict(graph.actions),
    }


def of_error(why: BadInput) -> dict[str, Any]:
    """Why there is no result, and where."""
    error = {"code": 0, "text": str(why), "file": None, "line": 0}
    if isinstance(why, ModelError):
        error |= {"code": why.code, "file": str(why.file) if why.file else None, "line": why.line}
    return {"result": "error", "error": error}


def dumped(command: str, run: TlcRun | Path, form: Mapping[str, Any]) -> str:
    """The text of a file with one result."""
    spec, cfg = (run.spec, run.cfg) if isinstance(run, TlcRun) else (run, None)
    head = {"schema": SCHEMA, "command": command, "spec": str(spec), "cfg": str(cfg) if cfg else None}
    return json.dumps(head | dict(form), indent=1, ensure_ascii=False) + "\n"


def coverage_rows(coverage: Sequence[ActionCoverage]) -> list[tuple[str, str, str, str]]:
    """The same for people: action, where it is, how often taken, how many states it found first."""
    return [
        (one.action, f"{one.place.module}:{one.place.line}" if one.place else "", f"{one.taken:,}", f"{one.distinct:,}")
        for one in coverage
    ]


def _of_place(place: Place | None) -> dict[str, Any] | None:
    return {"module": place.module, "line": place.line, "column": place.column} if place else None


def _of_text(said: str) -> object:
    try:
        return plain(parse(said))
    except NotAValue:
        return said

"""What `rekeyspec model traces` says of the tours that it made: a row for each model and end, and the whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.table import Table

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.coverage import Coverage
from rekeyspec.conformance.coverage import coverage as coverage_of
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.verdict import Case
from rekeyspec.tools.modeltraces import Toured

SCHEMA: Final = 1


@dataclass(frozen=True)
class Row:
    """The tours of one model as one end sees it; what they exercise of the reference, where they were told to it."""

    toured: Toured
    seconds: float
    cases: tuple[Case, ...] = ()
    coverage: Coverage | None = None

    @property
    def violated(self) -> tuple[Case, ...]:
        """What the reference did wrong."""
        return tuple(case for case in self.cases if case.word not in ("conforms", "inconclusive"))

    @property
    def left(self) -> int:
        """How many tours the reference left, as the rules allow."""
        return sum(case.word == "inconclusive" for case in self.cases)

    @property
    def reached(self) -> tuple[int, int]:
        """How many states and steps of the model the reference has reached."""
        models = self.coverage.models if self.coverage else ()
        return (len(models[0].states), len(models[0].steps)) if models else (0, 0)

    def line(self) -> str:
        """In words."""
        one = self.toured
        said = (
            f"{one.model}, {one.end}: {len(one.graph.steps):,} edges, {len(one.texts):,} tours, {one.steps:,} steps, "
            f"bound {one.bound:,}, ratio {one.ratio:.3f}, {self.seconds:.1f} s"
        )
        states, steps = self.reached
        return said + (f"; the reference reaches {states:,} states and {steps:,} edges" if self.coverage else "")


def row(toured: Toured, seconds: float, *, told: bool) -> Row:
    """The row of these tours, made in so many seconds; told to the reference, if they are to be."""
    if not told:
        return Row(toured, seconds)
    target = ReferenceTarget()
    cases = [replay(one, toured.policy, target, profile=f"model {toured.model}") for one in toured.traces()]
    return Row(toured, seconds, tuple(cases), coverage_of(cases, [toured.graph])[0])


def table(rows: Sequence[Row]) -> Table:
    """Every row."""
    made = Table(box=None, pad_edge=False)
    made.add_column("model", no_wrap=True)
    made.add_column("end")
    names = ["states", "edges", "tours", "steps", "bound", "ratio"]
    told = any(one.coverage for one in rows)
    names += ["reference: states", "edges", "tours left"] if told else []
    for name in names:
        made.add_column(name, justify="right")
    for one in rows:
        t = one.toured
        sizes = (t.graph.states, len(t.graph.steps), len(t.texts), t.steps, t.bound)
        found = (*one.reached, one.left) if told else ()
        cells = [*(f"{n:,}" for n in sizes), f"{t.ratio:.3f}", *(f"{n:,}" for n in found)]
        made.add_row(t.model, t.end, *cells)
    return made


def remarks(rows: Sequence[Row]) -> list[str]:
    """What the reference did wrong, and what it exercised of the whole."""
    said = [f"{case.trace}: {case.word}: {case.reason}" for one in rows for case in one.violated]
    cases = [case for one in rows for case in one.cases]
    return [*said, *(line for one in coverage_of(cases, []) for line in one.lines())]


def totals(rows: Sequence[Row], failed: Sequence[str]) -> dict[str, Any]:
    """The figures of the whole."""
    steps, bound = sum(one.toured.steps for one in rows), sum(one.toured.bound for one in rows)
    figures = {
        "models": len({one.toured.model for one in rows}),
        "failed": len(failed),
        "edges": sum(len(one.toured.graph.steps) for one in rows),
        "tours": sum(len(one.toured.texts) for one in rows),
        "steps": steps,
        "bound": bound,
        "ratio": round(steps / bound, 3) if bound else 1.0,
        "seconds": round(sum({one.toured.model: one.seconds for one in rows}.values()), 1),
    }
    if any(one.coverage for one in rows):
        figures["reached"] = sum(one.reached[1] for one in rows)
        figures["violated"] = sum(len(one.violated) for one in rows)
    return figures


def last_line(figures: Mapping[str, Any]) -> str:
    """The figures on one line."""
    counts = ", ".join(f"{figures[name]:,} {name}" for name in ("edges", "tours", "steps"))
    said = f"{figures['models']} models, {figures['failed']} failed: {counts}"
    said += f", bound {figures['bound']:,}, ratio {figures['ratio']:.3f}"
    if "reached" in figures:
        said += f"; the reference reaches {figures['reached']:,} edges, violates {figures['violated']} tours"
    return f"{said}; {figures['seconds']} s"


def to_json(rows: Sequence[Row], figures: Mapping[str, Any]) -> str:
    """The same for programs."""
    document = {"schema": SCHEMA, "tours": [_plain(one) for one in rows], "figures": dict(figures)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(one: Row) -> dict[str, Any]:
    t = one.toured
    return {
        "model": t.model,
        "end": t.end,
        "states": t.graph.states,
        "edges": len(t.graph.steps),
        "chosen_by_reference": t.taken,
        "tours": len(t.texts),
        "steps": t.steps,
        "bound": t.bound,
        "ratio": round(t.ratio, 3),
        "seconds": round(one.seconds, 1),
        "coverage": one.coverage.plain() if one.coverage else None,
    }

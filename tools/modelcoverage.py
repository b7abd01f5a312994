"""Which actions of the specification are taken, by how many models: what no model takes, no model has looked at.

TLC counts how often each action was taken and how many states it was the first to find. An action of the same name in
the same module is the same action in every model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from rich.table import Table
from rich.text import Text

from rekeyspec.tools.atonce import Stop, at_once
from rekeyspec.tools.checker import Cancelled, Tlc, check
from rekeyspec.tools.modelcheck import Checked, Watch, in_words, interrupted
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.modeltable import SCHEMA
from rekeyspec.tools.output import ActionCoverage, Figures

Covered: TypeAlias = tuple[Checked, tuple[ActionCoverage, ...]]
"""A model, and its actions."""


@dataclass(frozen=True)
class Taken:
    """One action over all models. `models` are the ids of those that take it."""

    action: str
    module: str
    taken: int
    distinct: int
    models: tuple[str, ...]


def model_coverage(models: Sequence[Model], tlc: Tlc, *, jobs: int = 2, watch: Watch | None = None) -> list[Covered]:
    """Check every model, `jobs` at once, and count its actions. A violation ends the count, and is no failure here."""
    watch = watch or Watch()

    def work(model: Model, stop: Stop) -> Covered:
        watch.started(model)
        covered = _count(model, tlc, stop)
        watch.ended(covered[0])
        return covered

    return at_once(models, jobs, work, lambda model: (interrupted(model), ()))


def _count(model: Model, tlc: Tlc, stop: Stop) -> Covered:
    begun = time.monotonic()
    try:
        output = check(replace(model.run(), coverage=True), tlc, cancelled=stop)
    except Cancelled:
        return interrupted(model, time.monotonic() - begun), ()
    except ModelError as why:
        return Checked(model, "failed", "", Figures(), time.monotonic() - begun, str(why)), ()
    got = in_words(model, output)
    return Checked(model, "as expected", got, output.figures, time.monotonic() - begun), output.coverage


def actions(covered: Sequence[Covered]) -> list[Taken]:
    """Every action that any model has, by name."""
    found: dict[tuple[str, str], Taken] = {}
    for checked, counted in covered:
        for one in counted:
            key = (one.action, one.place.module if one.place else "")
            was = found.get(key, Taken(*key, 0, 0, ()))
            models = (*was.models, checked.model.id) if one.taken and checked.model.id not in was.models else was.models
            found[key] = Taken(*key, was.taken + one.taken, was.distinct + one.distinct, models)
    return [found[key] for key in sorted(found)]


def table(taken: Sequence[Taken]) -> Table:
    """Every action in a row."""
    made = Table(box=None, pad_edge=False)
    made.add_column("action", no_wrap=True)
    made.add_column("module")
    for name in ("taken", "states first found", "models"):
        made.add_column(name, justify="right")
    for one in taken:
        style = "" if one.taken else "red"
        numbers = (f"{one.taken:,}", f"{one.distinct:,}", str(len(one.models)))
        made.add_row(Text(one.action, style=style), one.module, *numbers)
    return made


def totals(covered: Sequence[Covered], taken: Sequence[Taken], seconds: float) -> dict[str, Any]:
    """The figures of the whole."""
    return {
        "models": len(covered),
        "failed": sum(checked.outcome == "failed" for checked, _ in covered),
        "actions": len(taken),
        "never_taken": sum(not one.taken for one in taken),
        "seconds": round(seconds, 1),
    }


def last_line(figures: dict[str, Any]) -> str:
    """The figures on one line."""
    never = f"{figures['actions']} actions, {figures['never_taken']} never taken"
    return f"{figures['models']} models, {figures['failed']} failed: {never}; {figures['seconds']} s"


def to_json(taken: Sequence[Taken], figures: dict[str, Any]) -> str:
    """The same for programs."""
    rows = [
        {"action": a.action, "module": a.module, "taken": a.taken, "distinct": a.distinct, "models": list(a.models)}
        for a in taken
    ]
    return json.dumps({"schema": SCHEMA, "actions": rows, "figures": figures}, indent=2, ensure_ascii=False) + "\n"

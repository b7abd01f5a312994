"""Models simulated: random behaviours of each, a violation told as a story, and what is said of it all."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.table import Table
from rich.text import Text

from rekeyspec.tools.atonce import Stop, at_once
from rekeyspec.tools.checker import Cancelled, Tlc
from rekeyspec.tools.command import Simulation
from rekeyspec.tools.modelcheck import Checked, Watch, in_words, interrupted, told
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.modeltable import COLOUR, SCHEMA
from rekeyspec.tools.output import Figures
from rekeyspec.tools.simulation import Simulated, simulate


@dataclass(frozen=True)
class Tried:
    """A model, what its behaviours showed, and how many went well. A violation that it expects need not occur."""

    checked: Checked
    seed: int = 0
    behaviours: int = 0
    states: int = 0


def model_simulate(
    models: Sequence[Model],
    tlc: Tlc,
    simulation: Simulation,
    *,
    seconds: float = 0,
    jobs: int = 2,
    watch: Watch | None = None,
) -> list[Tried]:
    """Simulate every model, `jobs` at once, each for so many seconds (0: once). that are not expected
    are told as traces.
    """
    watch = watch or Watch()

    def work(model: Model, stop: Stop) -> Tried:
        watch.started(model)
        by = partial(simulate, simulation=simulation, seconds=seconds, cancelled=stop)
        tried = _try(model, tlc, by)
        watch.ended(tried.checked)
        return tried

    return at_once(models, jobs, work, lambda model: Tried(interrupted(model)))


def _try(model: Model, tlc: Tlc, by: partial[Simulated]) -> Tried:
    begun = time.monotonic()
    try:
        simulated = by(model.run(), tlc)
        got = in_words(model, simulated.output)
        odd = got not in ("ok", model.expected)
        reason = f"expected {model.expected}, got {got}, with seed {simulated.seed}" if odd else ""
        checked = Checked(
            model=model,
            outcome="different" if odd else "as expected",
            got=got,
            figures=Figures(generated=simulated.states),
            seconds=time.monotonic() - begun,
            reason=reason,
            behaviour=simulated.output.behaviour,
        )
        if odd and simulated.output.behaviour:
            checked = told(checked, simulated.output.behaviour, tlc)
        return Tried(checked, simulated.seed, simulated.behaviours, simulated.states)
    except Cancelled:
        return Tried(interrupted(model, time.monotonic() - begun))
    except ModelError as why:
        return Tried(Checked(model, "failed", "", Figures(), time.monotonic() - begun, str(why)))


def table(tried: Sequence[Tried]) -> Table:
    """Every model in a row."""
    made = Table(box=None, pad_edge=False)
    for name in ("model", "expected", "got"):
        made.add_column(name, no_wrap=name == "model", overflow="fold")
    for name in ("behaviours", "states", "seed", "seconds"):
        made.add_column(name, justify="right")
    for one in tried:
        got = Text(one.checked.got or one.checked.outcome, style=COLOUR[one.checked.outcome])
        numbers = (f"{one.behaviours:,}", f"{one.states:,}", str(one.seed), f"{one.checked.seconds:.1f}")
        made.add_row(one.checked.model.id, one.checked.model.expected, got, *numbers)
    return made


def totals(tried: Sequence[Tried], seconds: float) -> dict[str, Any]:
    """The figures of the whole."""
    return {
        "models": len(tried),
        "violated": sum(one.checked.got not in ("", "ok") for one in tried),
        "unexpected": sum(one.checked.outcome == "different" for one in tried),
        "failed": sum(one.checked.outcome == "failed" for one in tried),
        "behaviours": sum(one.behaviours for one in tried),
        "states": sum(one.states for one in tried),
        "seconds": round(seconds, 1),
    }


def last_line(figures: dict[str, Any]) -> str:
    """The figures on one line."""
    counts = ", ".join(f"{figures[key]} {key}" for key in ("violated", "unexpected", "failed"))
    visited = f"{figures['behaviours']:,} behaviours, {figures['states']:,} states"
    return f"{figures['models']} models simulated: {counts}; {visited}; {figures['seconds']} s"


def to_json(tried: Sequence[Tried], figures: dict[str, Any], saved: dict[str, Any]) -> str:
    """The same for programs."""
    rows = [
        {
            "id": one.checked.model.id,
            "outcome": one.checked.outcome,
            "reason": one.checked.reason,
            "expected": one.checked.model.expected,
            "got": one.checked.got,
            "seed": one.seed,
            "behaviours": one.behaviours,
            "states": one.states,
            "seconds": round(one.checked.seconds, 1),
            "trace": str(saved.get(one.checked.model.id, "")),
        }
        for one in tried
    ]
    return json.dumps({"schema": SCHEMA, "models": rows, "figures": figures}, indent=2, ensure_ascii=False) + "\n"

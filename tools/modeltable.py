"""What is said of checked models: while they run, in a table, in one line of figures, and as JSON."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rekeyspec.tools.modelcheck import Checked, Watch
from rekeyspec.tools.models import Model
from rekeyspec.tools.output import Figures

SCHEMA: Final = 1
COLOUR: Final = {"as expected": "green", "different": "red", "failed": "magenta"}


class ProgressLine(Watch):
    """One line that changes on a terminal, one line for each model elsewhere. A context manager."""

    def __init__(self, console: Console, total: int) -> None:
        self.console, self.total, self.done = console, total, 0
        self.begun = time.monotonic()
        self.running: dict[str, Figures] = {}
        self.lock = threading.Lock()
        self.live = Live(get_renderable=self._line, console=console, transient=True, refresh_per_second=4)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.live.stop()

    def started(self, model: Model) -> None:
        """Name it among those that run."""
        with self.lock:
            self.running[model.id] = Figures()

    def progress(self, model: Model, figures: Figures) -> None:
        """Say how far it has come."""
        with self.lock:
            self.running[model.id] = figures

    def ended(self, checked: Checked) -> None:
        """Count it; where the line does not change, say it."""
        with self.lock:
            self.running.pop(checked.model.id, None)
            self.done += 1
            done = self.done
        if not self.console.is_terminal:
            said = (
                f"[{done}/{self.total}] {checked.model.id}: {checked.got or checked.outcome}, {checked.seconds:.1f} s"
            )
            self.console.print(said, markup=False, highlight=False, soft_wrap=True)

    def _line(self) -> Text:
        with self.lock:
            running = [
                name + (f" ({figures.distinct:,} states)" if figures.distinct else "")
                for name, figures in self.running.items()
            ]
            done = self.done
        return Text(f"{done}/{self.total} models, {time.monotonic() - self.begun:.0f} s: {', '.join(running)}")


def table(checked: Sequence[Checked]) -> Table:
    """Every model in a row, and under it what is to be said of it."""
    made = Table(box=None, pad_edge=False)
    for name in ("model", "expected", "got"):
        made.add_column(name, no_wrap=name == "model", overflow="fold")
    for name in ("states expected", "got", "seconds"):
        made.add_column(name, justify="right")
    for one in checked:
        expected = "" if one.model.distinct is None else f"{one.model.distinct:,}"
        distinct = "" if one.figures.distinct is None else f"{one.figures.distinct:,}"
        got = Text(one.got or one.outcome, style=COLOUR[one.outcome])
        made.add_row(one.model.id, one.model.expected, got, expected, distinct, f"{one.seconds:.1f}")
    return made


def remarks(checked: Sequence[Checked], saved: Mapping[str, Path]) -> list[str]:
    """For each model of which there is more to say: why, and its counterexample if that was not expected."""
    said = []
    for one in checked:
        if one.reason:
            said.append(f"{one.model.id}: {one.outcome}: {one.reason}")
        if one.outcome == "different" and (steps := one.counterexample()):
            said += ["", *steps.lines(), ""]
        if one.model.id in saved:
            said.append(f"{one.model.id}: its counterexample is in {saved[one.model.id]}")
    return said


def totals(checked: Sequence[Checked], seconds: float) -> dict[str, Any]:
    """The figures of the whole."""
    count = {outcome: sum(one.outcome == outcome for one in checked) for outcome in COLOUR}
    return {
        "models": len(checked),
        "as_expected": count["as expected"],
        "different": count["different"],
        "failed": count["failed"],
        "distinct": sum(one.figures.distinct or 0 for one in checked),
        "seconds": round(seconds, 1),
    }


def last_line(figures: Mapping[str, Any]) -> str:
    """The figures on one line."""
    counts = ", ".join(f"{figures[key]} {key.replace('_', ' ')}" for key in ("as_expected", "different", "failed"))
    return f"{figures['models']} models: {counts}; {figures['distinct']:,} distinct states; {figures['seconds']} s"


def to_json(checked: Sequence[Checked], figures: Mapping[str, Any], saved: Mapping[str, Path]) -> str:
    """The same for programs."""
    rows = [_row(one, saved.get(one.model.id)) for one in checked]
    return json.dumps({"schema": SCHEMA, "models": rows, "figures": dict(figures)}, indent=2, ensure_ascii=False) + "\n"


def _row(one: Checked, saved: Path | None) -> dict[str, Any]:
    return {
        "id": one.model.id,
        "profile": one.model.profile,
        "rules": list(one.model.rules),
        "outcome": one.outcome,
        "reason": one.reason,
        "expected": one.model.expected,
        "got": one.got,
        "distinct_expected": one.model.distinct,
        "distinct": one.figures.distinct,
        "generated": one.figures.generated,
        "depth": one.figures.depth,
        "seconds": round(one.seconds, 1),
        "trace": str(saved) if saved else "",
    }

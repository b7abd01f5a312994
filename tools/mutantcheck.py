"""Running mutants: each in its models, one after the other, until one of them notices it."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from rich.table import Table
from rich.text import Text

from rekeyspec.tools import cfg
from rekeyspec.tools.checker import Cancelled, Tlc, check
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.mutants import Mutant
from rekeyspec.tools.output import Output, Verdict

Outcome = Literal["as expected", "different", "failed"]
SCHEMA: Final = 1
_COLOUR: Final = {"as expected": "green", "different": "red", "failed": "magenta"}


@dataclass(frozen=True)
class Tried:
    """One mutant, and what became of it."""

    mutant: Mutant
    outcome: Outcome
    got: str
    """The property that was violated, or `deadlock`, or `survives`; empty where TLC could not check."""
    model: str
    """The model that noticed it."""
    states: int
    """Distinct states found until then; for one that survives in all its models together."""
    seconds: float
    reason: str = ""

    def row(self) -> dict[str, Any]:
        """For programs."""
        changes = {"drop": self.mutant.drop, "invert": self.mutant.invert, "replace": self.mutant.replace}
        return {
            "id": self.mutant.id,
            "about": self.mutant.about,
            "rule": self.mutant.rule,
            **{name: list(found) for name, found in changes.items() if found},
            "outcome": self.outcome,
            "killed_by": "" if self.got == "survives" else self.got,
            "model": self.model,
            "states": self.states,
            "seconds": round(self.seconds, 1),
            "survives": self.mutant.survives,
            "reason": self.reason,
        }


def try_all(
    mutants: Sequence[Mutant], tlc: Tlc, *, jobs: int = 2, told: Callable[[Tried], None] = lambda _: None
) -> list[Tried]:
    """Try every mutant, `jobs` at once; the results in their order. Interrupted, what was not done then has failed."""
    stop = threading.Event()
    work = partial(_try, tlc=tlc, told=told, cancelled=stop.is_set)
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="tlc") as pool:
        futures = [pool.submit(work, mutant) for mutant in mutants]
        try:
            for future in futures:
                future.result()
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return [
        Tried(mutant, "failed", "", "", 0, 0, "interrupted") if future.cancelled() else future.result()
        for mutant, future in zip(mutants, futures, strict=True)
    ]


def _try(mutant: Mutant, tlc: Tlc, told: Callable[[Tried], None], cancelled: Callable[[], bool]) -> Tried:
    begun = time.monotonic()
    try:
        got, where, states = _look(mutant, partial(check, tlc=tlc, timeout=600, cancelled=cancelled))
        reason = "" if got == mutant.expected else f"expected {mutant.expected}, got {got}"
    except Cancelled:
        got, where, states, reason = "", "", 0, "interrupted"
    except ModelError as why:
        got, where, states, reason = "", "", 0, str(why)
    outcome: Outcome = "failed" if not got else "different" if reason else "as expected"
    tried = Tried(mutant, outcome, got, where, states, time.monotonic() - begun, reason)
    told(tried)
    return tried


def _look(mutant: Mutant, run: Callable[[TlcRun], Output]) -> tuple[str, str, int]:
    """What became of it, in which model, and how many states were found until then."""
    states = 0
    for model in mutant.models:
        output = run(mutant.run(model))
        found = output.figures.distinct or 0
        assert output.verdict is not None
        if output.verdict.kind != "ok":
            return _name(output.verdict, mutant, model, run), model.id, found
        states += found
    return "survives", "", states


def _name(verdict: Verdict, mutant: Mutant, model: Model, run: Callable[[TlcRun], Output]) -> str:
    """The property that was violated. Where TLC does not say which of several, the expected one is asked by itself."""
    if verdict.kind == "deadlock":
        return "deadlock"
    names = cfg.properties(model.cfg.read_text("utf-8"))
    if verdict.kind != "temporal" and not verdict.name.startswith("line "):
        return verdict.name
    if len(names) > 1 and mutant.killed_by in names:
        return mutant.killed_by if _violated(mutant, model, run) else f"one of {', '.join(names)}"
    return " or ".join(names)


def _violated(mutant: Mutant, model: Model, run: Callable[[TlcRun], Output]) -> bool:
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-") as folder:
        alone = Path(folder) / model.cfg.name
        text = cfg.without_properties(model.cfg.read_text("utf-8"))
        alone.write_text(f"{text}\nPROPERTY {mutant.killed_by}\n", encoding="utf-8")
        verdict = run(replace(mutant.run(model), cfg=alone)).verdict
        return verdict is not None and verdict.kind != "ok"


def table(tried: Sequence[Tried]) -> Table:
    """Every mutant in a row."""
    made = Table(box=None, pad_edge=False)
    for name in ("mutant", "rule", "killed by", "in"):
        made.add_column(name, no_wrap=name == "mutant", overflow="fold")
    for name in ("states", "seconds"):
        made.add_column(name, justify="right")
    for one in tried:
        got = Text(one.got or one.outcome, style=_COLOUR[one.outcome])
        made.add_row(one.mutant.id, one.mutant.rule, got, one.model, f"{one.states:,}", f"{one.seconds:.1f}")
    return made


def remarks(tried: Sequence[Tried]) -> list[str]:
    """Of each that is not as expected, why; of each that survives, the reason that was written down."""
    said = [f"{one.mutant.id}: {one.outcome}: {one.reason}" for one in tried if one.outcome != "as expected"]
    lived = [one for one in tried if one.got == "survives" and one.mutant.survives]
    return said + [f"{one.mutant.id} survives: {one.mutant.survives}" for one in lived]


def totals(tried: Sequence[Tried], seconds: float) -> dict[str, Any]:
    """The figures of the whole."""
    return {
        "mutants": len(tried),
        "killed": sum(one.got not in ("", "survives") for one in tried),
        "survive_for_a_reason": sum(one.got == "survives" and one.outcome == "as expected" for one in tried),
        "different": sum(one.outcome == "different" for one in tried),
        "failed": sum(one.outcome == "failed" for one in tried),
        "properties": len({one.got for one in tried} - {"", "survives", "deadlock"}),
        "states": sum(one.states for one in tried),
        "seconds": round(seconds, 1),
    }


def last_line(figures: Mapping[str, Any]) -> str:
    """The figures on one line."""
    return (
        f"{figures['mutants']} mutants: {figures['killed']} killed by {figures['properties']} properties, "
        f"{figures['survive_for_a_reason']} survive for a reason, {figures['different']} different, "
        f"{figures['failed']} failed; {figures['states']:,} distinct states; {figures['seconds']} s"
    )


def to_json(tried: Sequence[Tried], figures: Mapping[str, Any]) -> str:
    """The same for programs."""
    document = {"schema": SCHEMA, "mutants": [one.row() for one in tried], "figures": dict(figures)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def exit_code(tried: Sequence[Tried]) -> int:
    """0: all as expected; 1: some differ; 2: some could not be checked."""
    outcomes = {one.outcome for one in tried}
    return 2 if "failed" in outcomes else 1 if "different" in outcomes else 0

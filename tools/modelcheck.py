"""Checking many models at once: each in a TLC of its own, against what its entry expects.

Models are independent, so each gets one worker and as many run at once as there are jobs: that is faster than one after
the other with many workers, and only with one worker are the counts of a violated model the same each time.

What went wrong with one model says nothing of the others: they are checked all the same, and when the whole is
interrupted, what was found until then is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from rekeyspec.tools import cfg, counterexample
from rekeyspec.tools.checker import Cancelled, Tlc, check
from rekeyspec.tools.counterexample import Counterexample
from rekeyspec.tools.evaluation import evaluate
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.output import Behaviour, Figures, Output
from rekeyspec.tools.story import NotAStory, ending, tell, to_yaml

Outcome = Literal["as expected", "different", "failed"]


@dataclass(frozen=True)
class Checked:
    """One model, and what came of it."""

    model: Model
    outcome: Outcome
    got: str
    """In the words of `Model.expected`; empty where TLC could not check."""
    figures: Figures
    seconds: float
    reason: str = ""
    """What differs, or why it failed."""
    behaviour: Behaviour | None = None
    trace: str = ""
    """The counterexample as a trace in YAML, where that was asked for and it is one."""
    steps: str = ""
    """The counterexample in steps for people, where it was asked for and is no trace."""

    def counterexample(self) -> Counterexample | None:
        """The steps of the counterexample, if there is one."""
        return counterexample.of(self.behaviour) if self.behaviour else None


class Watch:
    """What whoever waits is told; the methods are called in several threads. This one is told nothing."""

    def started(self, model: Model) -> None:
        """TLC begins with this model."""

    def progress(self, model: Model, figures: Figures) -> None:
        """What TLC has found so far."""

    def ended(self, checked: Checked) -> None:
        """It is done with this model."""


def model_check(
    models: Sequence[Model],
    tlc: Tlc,
    *,
    jobs: int = 2,
    timeout: float = 3600,
    watch: Watch | None = None,
    all_traces: bool = False,
) -> list[Checked]:
    """Check every model, `jobs` at once, each for at most `timeout` seconds; the results in the order of the models.

    Unexpected counterexamples are told as traces, or all. Interrupted, it ends every TLC, and what was not done then
    has failed.
    """
    stop = threading.Event()
    watch = watch or Watch()
    work = partial(_check, tlc=tlc, timeout=timeout, watch=watch, cancelled=stop.is_set, all_traces=all_traces)
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="tlc") as pool:
        longest_first = sorted(models, key=lambda model: -(model.distinct or 0))
        futures: dict[str, Future[Checked]] = {model.id: pool.submit(work, model) for model in longest_first}
        try:
            for future in as_completed(futures.values()):
                future.result()  # what is raised there is a mistake of ours, and ends the others
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return [
        Checked(model, "failed", "", Figures(), 0, "interrupted")
        if futures[model.id].cancelled()
        else futures[model.id].result()
        for model in models
    ]


def _check(
    model: Model, tlc: Tlc, timeout: float, watch: Watch, cancelled: Callable[[], bool], all_traces: bool
) -> Checked:
    begun = time.monotonic()
    watch.started(model)
    try:
        progress = partial(watch.progress, model)
        output = check(model.run(), tlc, timeout=timeout, progress=progress, cancelled=cancelled)
        checked = _compared(model, output, time.monotonic() - begun)
        if output.behaviour and (all_traces or checked.outcome == "different"):
            checked = _told(checked, output.behaviour, tlc)
    except Cancelled:
        checked = Checked(model, "failed", "", Figures(), time.monotonic() - begun, "interrupted")
    except ModelError as why:
        checked = Checked(model, "failed", "", Figures(), time.monotonic() - begun, str(why))
    watch.ended(checked)
    return checked


def _compared(model: Model, output: Output, seconds: float) -> Checked:
    got = _in_words(model, output)
    difference = ""
    if got != model.expected:
        difference = f"expected {model.expected}, got {got}"
    elif model.distinct is not None and model.distinct != output.figures.distinct:
        difference = f"expected {model.distinct:,} distinct states, got {output.figures.distinct or 0:,}"
    return Checked(
        model=model,
        outcome="different" if difference else "as expected",
        got=got,
        figures=output.figures,
        seconds=seconds,
        reason=difference,
        behaviour=output.behaviour,
    )


def _in_words(model: Model, output: Output) -> str:
    """What TLC found, in the words of `expect`."""
    assert output.verdict is not None
    kind, name = output.verdict.kind, output.verdict.name
    if kind in ("ok", "deadlock"):
        return kind
    if kind == "temporal":
        name = " or ".join(cfg.properties(model.cfg.read_text("utf-8", "replace")))
    return f"violates {name}"


def _told(checked: Checked, behaviour: Behaviour, tlc: Tlc) -> Checked:
    """The same with its counterexample as a trace, or as steps with the reason why it is none."""
    try:
        lines = tell(behaviour)
        policy = evaluate("policy", checked.model.run(), tlc)
        return replace(checked, trace=to_yaml(lines, checked.model, ending(behaviour, checked.got), policy))
    except (NotAStory, ModelError) as why:
        remark = f"its counterexample is told in steps, being no trace: {why}"
        steps = "".join(f"{line}\n" for line in counterexample.of(behaviour).lines())
        return replace(checked, steps=steps, reason="; ".join(filter(None, (checked.reason, remark))))


def save(checked: Sequence[Checked], folder: Path) -> dict[str, Path]:
    """Write the counterexamples that were told into a folder. The path by model. Raises OSError."""
    paths = {}
    for one in checked:
        if one.trace or one.steps:
            folder.mkdir(parents=True, exist_ok=True)
            paths[one.model.id] = folder / f"{one.model.id}{'.yaml' if one.trace else '.txt'}"
            paths[one.model.id].write_text(one.trace or one.steps, encoding="utf-8")
    return paths


def exit_code(checked: Sequence[Checked]) -> int:
    """0: all as expected; 1: some differ; 2: some could not be checked."""
    outcomes = {one.outcome for one in checked}
    return 2 if "failed" in outcomes else 1 if "different" in outcomes else 0

"""Checking many models at once: each in a TLC of its own, against what its entry expects.

Models are independent, so each gets one worker and as many run at once as there are jobs: that is faster than one after
the other with many workers, and only with one worker are the counts of a violated model the same each time.

What went wrong with one model says nothing of the others: they are checked all the same, and when the whole is
interrupted, what was found until then is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from rekeyspec.tools import cfg, counterexample
from rekeyspec.tools.atonce import Stop, at_once
from rekeyspec.tools.checker import Cancelled, Tlc, check
from rekeyspec.tools.counterexample import Counterexample
from rekeyspec.tools.evaluation import evaluate
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.output import Behaviour, Figures, Output, Verdict
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
    by: Callable[..., Output] = check,
) -> list[Checked]:
    """Check every model, `jobs` at once, each for at most `timeout` seconds; the results in the order of the models.

    Unexpected counterexamples are told as traces, or all. `by` is `checker.check`, or what can stand in its place.
    Interrupted, it ends every TLC, and what was not done then has failed.
    """
    watch = watch or Watch()

    def work(model: Model, stop: Stop) -> Checked:
        return _check(model, tlc, partial(by, timeout=timeout, cancelled=stop), watch, all_traces)

    return at_once(models, jobs, work, interrupted)


def interrupted(model: Model, seconds: float = 0) -> Checked:
    """What is said of a model that was not done."""
    return Checked(model, "failed", "", Figures(), seconds, "interrupted")


def _check(model: Model, tlc: Tlc, by: Callable[..., Output], watch: Watch, all_traces: bool) -> Checked:
    begun = time.monotonic()
    watch.started(model)
    try:
        output = by(model.run(), tlc, progress=partial(watch.progress, model))
        checked = _compared(model, output, time.monotonic() - begun)
        if output.behaviour and (all_traces or checked.outcome == "different"):
            checked = told(checked, output.behaviour, tlc)
    except Cancelled:
        checked = interrupted(model, time.monotonic() - begun)
    except ModelError as why:
        checked = Checked(model, "failed", "", Figures(), time.monotonic() - begun, str(why))
    watch.ended(checked)
    return checked


def _compared(model: Model, output: Output, seconds: float) -> Checked:
    got = in_words(model, output)
    difference = ""
    if got == "ok" and model.expected.removeprefix("violates ") in output.unchecked:
        reason = f"expected {model.expected}, which is not looked at in full: TLC checks no liveness when distributed"
        return Checked(model, "failed", "", output.figures, seconds, reason)
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
        reason=difference or _unchecked(output),
        behaviour=output.behaviour,
    )


def _unchecked(output: Output) -> str:
    if not output.unchecked or output.verdict != Verdict("ok"):
        return ""
    return f"TLC checks no liveness when distributed: what {', '.join(output.unchecked)} say of it is not known"


def in_words(model: Model, output: Output) -> str:
    """What TLC found, in the words of `expect`."""
    assert output.verdict is not None
    kind, name = output.verdict.kind, output.verdict.name
    if kind in ("ok", "deadlock"):
        return kind
    if kind == "temporal":
        name = " or ".join(cfg.properties(model.cfg.read_text("utf-8", "replace")))
    return f"violates {name}"


def told(checked: Checked, behaviour: Behaviour, tlc: Tlc) -> Checked:
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

"""Findings under TLC: does each still hold, does its remedy, and is what is committed of it what TLC says today?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rekeyspec.tools import attackstory
from rekeyspec.tools.asking import JOBS, Asker
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.findings import Finding
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.output import Output
from rekeyspec.tools.scenario import Scenario
from rekeyspec.tools.story import NotAStory, ending, tell, to_yaml
from rekeyspec.tools.values import Function


@dataclass(frozen=True)
class Shown:
    """One finding, and what TLC says of it. `wrong` is empty where all is as committed."""

    finding: Finding
    steps: int
    """Of the counterexample."""
    states: int
    """That TLC found until then."""
    remedied_states: int
    trace: str
    """The counterexample as a trace in YAML."""
    wrong: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """For programs."""
        return {
            "id": self.finding.id,
            "rules": list(self.finding.entry.rules),
            "property": self.finding.question.property,
            "powers": list(self.finding.question.powers),
            "steps": self.steps,
            "states": self.states,
            "remedied_states": self.remedied_states,
            "wrong": list(self.wrong),
        }


def show(
    findings: Sequence[Finding], tlc: Tlc, *, jobs: int = JOBS, told: Callable[[Shown], None] = lambda _: None
) -> list[Shown]:
    """Both models of every finding, `jobs` findings at a time; `told` hears of each. Raises ModelError."""
    asker = Asker(tlc)

    def one(finding: Finding) -> Shown:
        shown = _show(finding, asker)
        told(shown)
        return shown

    return asker.each(one, findings, jobs)


def _show(finding: Finding, asker: Asker) -> Shown:
    broken, mended = asker.ask(finding.question), asker.ask(finding.remedied, coverage=True)
    wrong, trace = [*_still_mended(finding, mended)], ""
    if broken.behaviour is None or broken.verdict is None or broken.verdict.kind == "ok":
        wrong.insert(0, f"{finding.question.property} is no longer violated: the finding no longer holds")
    else:
        trace = _trace(finding, broken)
        kept = finding.trace.read_text(encoding="utf-8") if finding.trace.is_file() else ""
        if kept != trace:
            wrong.append(f"{finding.trace} is not what TLC finds; --update writes it")
    steps = len(broken.behaviour.states) - 1 if broken.behaviour else 0
    return Shown(
        finding, steps, broken.figures.distinct or 0, mended.figures.distinct or 0, trace, tuple(wrong)
    )  # fmt: skip


def _still_mended(finding: Finding, mended: Output) -> list[str]:
    """What is wrong with the remedy's model: violated, or true for want of what the finding is about."""
    if mended.verdict is None or mended.verdict.kind != "ok":
        return [f"{finding.remedied.property} is violated with the remedy: it no longer holds"]
    taken = {one.action for one in mended.coverage if one.taken}
    missing = [action for action in finding.entry.remedied.takes if action not in taken]
    return [f"the remedy's model never takes {', '.join(missing)}: it proves nothing"] if missing else []


def _trace(finding: Finding, output: Output) -> str:
    """The counterexample as a trace. Raises ModelError where it is none."""
    assert output.behaviour is not None
    found = ending(output.behaviour, f"violates {finding.question.property}")
    policy = Function(dict(finding.question.policy.plain().items()))
    try:
        if any(state.action in attackstory.MADE for state in output.behaviour.states):
            return _attack(finding, attackstory.tell(output.behaviour), found)
        return to_yaml(tell(output.behaviour), _model(finding, finding.question), found, policy)
    except NotAStory as why:
        raise ModelError(f"finding {finding.id}: its counterexample is no trace: {why}") from None


def _attack(finding: Finding, attack: attackstory.Attack, found: str) -> str:
    about = f"{finding.entry.title}. The model checker's counterexample: {found}."
    name, policy = f"model-finding-{finding.id}", finding.question.policy
    return attackstory.to_yaml(attack, name, about, finding.profile, finding.entry.rules, policy)


def _model(finding: Finding, scenario: Scenario) -> Model:
    """What a story must know of a model."""
    return Model(
        id=f"finding-{finding.id}",
        about=f"{finding.entry.title}.",
        folder=finding.trace.parent,
        spec=finding.trace,
        cfg=finding.trace,
        profile=finding.profile,
        rules=finding.entry.rules,
        quick=False,
        deadlock=False,
        expected=f"violates {scenario.property}",
        distinct=None,
    )

"""A whole `rekeyspec explore`: what was kept is told first, then the search, then what it found is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.explore import kept
from rekeyspec.conformance.explore.drawing import Shape
from rekeyspec.conformance.explore.found import Failure
from rekeyspec.conformance.explore.kept import Kept
from rekeyspec.conformance.explore.search import Effort, Explored, Progress, explore, mark
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.yamlfile import problem


@dataclass(frozen=True)
class Outcome:
    """What came of it. `found` are the failures, each with the file in which it is kept."""

    target: str
    effort: Effort
    kept: tuple[Kept, ...]
    explored: Explored
    found: tuple[tuple[Path, Failure], ...]

    @property
    def exit_code(self) -> int:
        """0: nothing failed. 1: a violation, new or kept. 2: a broken target."""
        words = [one.case.word for one in self.kept if one.fault] + [one.case.word for _, one in self.found]
        return 2 if "broken" in words else 1 if words else 0

    def lines(self) -> Iterator[str]:
        """What is said of it."""
        for one in self.kept:
            reason = f": {one.case.reason}" if one.fault else ""
            yield f"{one.still}: {one.path}{reason}"
        for path, failure in self.found:
            yield f"{failure.case.word}: {failure.case.reason}"
            yield f"  kept as {path} ({len(failure.trace.steps)} lines); again: {failure.case.replay}"
        seed, steps = self.effort.seed, self.explored.steps
        yield f"{self.target}: {self.explored.examples:,} interleavings, {steps:,} steps, seed {seed}: {self._sum()}"

    def _sum(self) -> str:
        still = sum(one.fault is not None for one in self.kept)
        count = len(self.found)
        parts = [f"{count} new failure{'s' * (count > 1)}" if count else "nothing new failed"]
        parts += [f"{still} kept still fail{'s' * (still == 1)}"] if still else []
        return ", ".join(parts)

    def as_json(self) -> str:
        """The same for programs."""
        explored = self.explored
        data: dict[str, Any] = {
            "target": self.target,
            "seed": self.effort.seed,
            "examples": explored.examples,
            "steps": explored.steps,
            "exercised": [rule for rule in rules() if rule in explored.exercised],
            "kept": [
                {"file": str(one.path), "still": one.still, "word": one.case.word, "reason": one.case.reason}
                for one in self.kept
            ],
            "failures": [_row(path, failure) for path, failure in self.found],
        }
        return json.dumps(data, indent=2) + "\n"


def _row(path: Path, failure: Failure) -> dict[str, Any]:
    found = failure.case.divergence
    return {
        "name": failure.trace.name,
        "rule": found.rule if found else "",
        "word": failure.case.word,
        "reason": failure.case.reason,
        "lines": len(failure.trace.steps),
        "file": str(path),
        "replay": failure.case.replay,
        "trace": failure.text,
    }


def outcome(
    named: str, effort: Effort, profile: str | None, shape: Shape | None, folder: Path, progress: Progress | None
) -> Outcome:
    """Search the target of this name. Raises BadInput for what cannot be used, Broken for a target that cannot even be
    started."""
    for option, number in (("examples", effort.examples), ("steps", effort.steps), ("failures", effort.failures)):
        if number < 1:
            raise problem(f"--{option}", str(number), "1 or more", "give such a number")
    kept.check(folder)
    with target_named(named) as target:
        again = kept.told_again(folder, target, named)
        known = [mark(one.fault) for one in again if one.fault is not None]
        found: list[tuple[Path, Failure]] = []
        explored = explore(
            target,
            effort,
            profile=profile,
            shape=shape,
            progress=progress,
            known=known,
            keep=lambda failure: found.append(kept.save(folder, failure, named)),  # at once: the search may be stopped
        )
    return Outcome(named, effort, tuple(again), explored, tuple(found))

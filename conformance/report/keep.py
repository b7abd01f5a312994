"""What a report keeps, so that no file grows with the number of cases.

Kept whatever the size: every verdict. Then violations, each once (`violations.py`), so many of them in full, so many
in words; the others are counted. A form is written generously first; where that is larger than its limit it is written
again with less, and says what was left out, and how many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.violations import Violation

LIMIT: Final = 5_000_000
"""The largest file, in bytes."""
SUMMARY_LIMIT: Final = 1_000_000
"""The largest summary of a CI job that is shown: GitHub refuses more than 1 MiB."""


@dataclass(frozen=True)
class Keep:
    """How much of what there is. `stories` violations are told in full (diagram, log, states), `violations` at all.
    `text` characters of any one text from outside are kept. `passes`: is it said of a rule that held, what shows it?"""

    stories: int
    violations: int
    text: int = 2_000
    passes: bool = True


LEVELS: Final = (
    Keep(200, 2_000),
    Keep(100, 1_000, 1_000),
    Keep(50, 500, 500),
    Keep(25, 250, 300, passes=False),
    Keep(5, 100, 200, passes=False),
    Keep(0, 0, 100, passes=False),
)
"""From generous to bare. The last keeps the verdicts and little else, and is taken whatever its size."""

SUMMARY_LEVELS: Final = (Keep(30, 200, 500), *LEVELS[3:])
"""Of what is read on a page among others."""


def fitted(form: Callable[[Keep], str], levels: Sequence[Keep] = LEVELS, limit: int = LIMIT) -> str:
    """What `form` makes at the first level at which it is no larger than `limit` bytes in UTF-8; else at the last."""
    text = ""
    for keep in levels:
        text = form(keep)
        if len(text.encode("utf-8", "backslashreplace")) <= limit:
            break
    return text


def cut(text: str, longest: int) -> str:
    """A text from outside, and how much of it is left out where it is longer."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest:,} more characters)"


@dataclass(frozen=True)
class Chosen:
    """The violations, by their numbers in `report.violations`, that are told at all, and those told in full."""

    told: frozenset[int]
    in_full: frozenset[int]


def chosen(report: Report, keep: Keep) -> Chosen:
    """The shortest of each target first, so that no target's stories crowd out another's; last those without a log."""
    of_target: dict[str, list[tuple[float, int]]] = {}
    for number, one in enumerate(report.violations):
        of_target.setdefault(one.target, []).append((_length(one), number))
    ranks = [
        (length == inf, rank, length, number)
        for some in of_target.values()
        for rank, (length, number) in enumerate(sorted(some))
    ]
    order = [(number, nothing) for nothing, _, _, number in sorted(ranks)]
    stories = [number for number, nothing in order if not nothing]
    return Chosen(frozenset(number for number, _ in order[: keep.violations]), frozenset(stories[: keep.stories]))


def _length(violation: Violation) -> float:
    case = violation.example
    if case is None or not case.log:
        return inf
    return case.divergence.index if case.divergence else len(case.log)


def left_out(report: Report, keep: Keep) -> dict[str, int]:
    """What is not in the report, and how many of it there are. Empty: everything is."""
    cases = sum(sum(words.values()) for words in report.totals.values())
    violating = sum(words.get("violates", 0) for words in report.totals.values())
    examples = sum(one.example is not None for one in report.violations)
    picked = chosen(report, keep)
    counts = {
        "cases": cases - report.told,
        "violating_cases": violating - examples,
        "stories": len(picked.told) - len(picked.in_full),
        "violations": len(report.violations) - len(picked.told),
        "passes": 0 if keep.passes else len(report.having("conforms")),
    }
    return {name: count for name, count in counts.items() if count > 0}


_SAID: Final = {
    "cases": "cases that are counted, and not told one by one",
    "violating_cases": "violating cases that show what a told one shows, and are counted with it",
    "stories": "violations told in words, without diagram, log and states",
    "violations": "violations that have their verdicts only",
    "passes": "verdicts that a rule held, without the trace that shows it",
}


def sentences(counts: dict[str, int]) -> Iterator[str]:
    """The same in words."""
    for name, count in counts.items():
        yield f"{_SAID[name]}: {count:,}"

"""Two reports compared, verdict by verdict: what got worse, what got better, what is new, what is gone, and where the
word is the same and the reason is not.

Better is nearer to *conforms*. *Unsupported* and *inconclusive* are equally far from it: of neither rule is anything
known. A verdict that only one of the reports has is neither worse nor better; it is told, with its word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal

from rekeyspec.conformance.report.reading import Stored
from rekeyspec.conformance.verdict import Verdict, Word

Change = Literal["worse", "better", "new", "gone", "reason"]

SAYS: Final[Mapping[Change, str]] = {
    "worse": "got worse",
    "better": "got better",
    "new": "new: not in the old report",
    "gone": "gone: not in the new report",
    "reason": "another reason for the same, or for what is as far from conforming",
}
"""In the order in which they are told."""

FAR: Final[Mapping[Word, int]] = {"conforms": 0, "unsupported": 1, "inconclusive": 1, "violates": 2, "broken": 3}
"""From conforming."""


@dataclass(frozen=True)
class Changed:
    """One cell of the matrix that is not as it was; `old` or `new` is None where that report does not have it."""

    change: Change
    target: str
    profile: str
    rule: str
    old: Verdict | None
    new: Verdict | None


@dataclass(frozen=True)
class Comparison:
    """What became of OLD in NEW."""

    old: Stored
    new: Stored
    changed: tuple[Changed, ...]
    same: int
    """Verdicts that are as they were."""

    def of(self, change: Change) -> list[Changed]:
        """The changes of one sort, in the order of the reports."""
        return [one for one in self.changed if one.change == change]

    @property
    def versions(self) -> dict[str, tuple[str, str]]:
        """The real programs that both reports have in different versions, the old one and the new; an empty one is of a
        program that was missing."""
        both = ((name, version, self.new.versions.get(name, version)) for name, version in self.old.versions.items())
        return {name: (old, new) for name, old, new in both if old != new}

    @property
    def common(self) -> bool:
        """Is there any verdict that both have?"""
        return bool(self.old.verdicts.keys() & self.new.verdicts.keys())


def compare(old: Stored, new: Stored) -> Comparison:
    """Every cell that either report has, in the order of the old one, then of the new."""
    changed, same = [], 0
    for target, profile, rule in dict.fromkeys([*old.verdicts, *new.verdicts]):
        before, after = old.verdicts.get((target, profile, rule)), new.verdicts.get((target, profile, rule))
        change = _change(before, after)
        if change is None:
            same += 1
        else:
            changed.append(Changed(change, target, profile, rule, before, after))
    return Comparison(old, new, tuple(changed), same)


def _change(old: Verdict | None, new: Verdict | None) -> Change | None:
    if old is None:
        return "new"
    if new is None:
        return "gone"
    if FAR[old.verdict] != FAR[new.verdict]:
        return "worse" if FAR[new.verdict] > FAR[old.verdict] else "better"
    return None if _says(old) == _says(new) else "reason"


def _says(verdict: Verdict) -> tuple[str, ...]:
    """What must be the same for a verdict to be as it was. Of a real program that was asked the reason has what was
    measured, which is never twice the same: there it is the experiment that must be."""
    measured = verdict.target.startswith("peer:") and verdict.trace
    return (verdict.verdict, verdict.trace if measured else verdict.reason, verdict.weakness)


def plain(found: Comparison) -> dict[str, object]:
    """For programs. `diff` is the version of this form."""
    return {
        "diff": 2,
        "old": {"file": found.old.name, "tool": found.old.tool},
        "new": {"file": found.new.name, "tool": found.new.tool},
        "counts": {change: len(found.of(change)) for change in SAYS} | {"same": found.same},
        "versions": {name: {"old": old, "new": new} for name, (old, new) in found.versions.items()},
        "changes": [
            {
                "change": one.change,
                "target": one.target,
                "profile": one.profile,
                "rule": one.rule,
                "old": asdict(one.old) if one.old else None,
                "new": asdict(one.new) if one.new else None,
            }
            for one in found.changed
        ],
    }


def told(found: Comparison) -> Iterator[str]:
    """In words: the sorts one after the other, each with its targets; then the sums."""
    for change, says in SAYS.items():
        some = found.of(change)
        if some:
            yield f"{says} ({len(some):,})"
            for target, cells in _by_target(some).items():
                yield f"  {target}"
                loud = [cell for cell in cells if change not in ("new", "gone") or _loud(cell)]
                for cell in loud:
                    yield from _cell(cell)
                yield from _in_lines([cell for cell in cells if cell not in loud])
            yield ""
    for name, (before, after) in found.versions.items():
        yield f"{name}: version {before or 'none (it was missing)'}, now {after or 'none (it is missing)'}"
    if not found.common and found.old.verdicts and found.new.verdicts:
        yield (
            "The reports have no target, policy and rule in common, so that nothing could get worse or better: the old "
            f"one is of {', '.join(found.old.targets)}, the new one of {', '.join(found.new.targets)}."
        )
    sums = [f"{len(found.of(change)):,} {change}" for change in SAYS if change != "reason"]
    yield f"{', '.join(sums)}, {len(found.of('reason')):,} for another reason, {found.same:,} as before"


def _by_target(some: list[Changed]) -> dict[str, list[Changed]]:
    found: dict[str, list[Changed]] = {}
    for one in some:
        found.setdefault(one.target, []).append(one)
    return found


def _loud(one: Changed) -> bool:
    """Is a verdict that only one report has worth a line of its own?"""
    verdict = one.new or one.old
    return verdict is not None and verdict.verdict in ("violates", "broken")


def _in_lines(cells: list[Changed]) -> Iterator[str]:
    """The others: a line for each word and policy."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in cells:
        verdict = one.new or one.old
        found.setdefault((verdict.verdict if verdict else "", one.profile), []).append(one.rule)
    for (word, profile), rules in found.items():
        yield f"    {word}, under {profile}: {', '.join(rules)}"


def _cell(one: Changed) -> Iterator[str]:
    before, after = one.old.verdict if one.old else "", one.new.verdict if one.new else ""
    words = f"{before} -> {after}" if before and after and before != after else after or before
    yield f"    {one.rule:<8} {words}, under {one.profile}"
    match one.change:
        case "reason":
            yield from (f"      {name}: {text}" for name, text in _reasons(one) if text)
        case "better":
            yield from (f"      was: {text}" for text in (_why(one.old),) if text)
        case "gone":
            pass
        case _:
            yield from (f"      {text}" for text in (_why(one.new),) if text)
    if one.new and one.new.replay and one.new.verdict in ("violates", "broken"):
        yield f"      see it: {one.new.replay}"


def _reasons(one: Changed) -> Iterator[tuple[str, str]]:
    yield "was", _why(one.old)
    yield "is", _why(one.new) or "no longer"


def _why(verdict: Verdict | None) -> str:
    return " ".join(part for part in (verdict.reason, verdict.weakness) if part) if verdict else ""

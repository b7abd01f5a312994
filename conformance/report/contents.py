"""What a report says, whatever its form: the verdicts, the cases they stand on, the rules' texts, the policies.

The forms (terminal, JSON, JUnit, HTML) only arrange it. Nothing here reads a clock: the same run makes the same report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Final

from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.rulebook import Rule, Source
from rekeyspec.conformance.verdict import WORST_LAST, Case, Verdict, Word

SYMBOL: Final[Mapping[Word, str]] = {
    "conforms": "✓", "violates": "✗", "inconclusive": "?", "unsupported": "–", "broken": "!",
}  # fmt: skip

MEANING: Final[Mapping[Word, str]] = {
    "conforms": "the rule was put to the test and held",
    "violates": "it was asked and did otherwise",
    "inconclusive": "asked, but not observed, or not the same twice",
    "unsupported": "cannot be asked or seen; stated before the run",
    "broken": "the program or its adapter crashed, hung or talked nonsense",
}
"""In the order in which legends and counts show them."""

NOT_ASKED: Final = "·"


@dataclass(frozen=True)
class Report:
    """All that the forms need. `rules` is the rule book, `tool` the version that judged."""

    verdicts: Sequence[Verdict]
    cases: Sequence[Case]
    rules: Mapping[str, Rule]
    tool: str
    sources: Mapping[str, Source] = field(default_factory=dict)
    """The documents that the rules cite, by the letter that citations use."""

    @cached_property
    def targets(self) -> list[str]:
        """In the order in which they were judged."""
        return list(dict.fromkeys(verdict.target for verdict in self.verdicts))

    @cached_property
    def profiles(self) -> list[str]:
        """Every profile that something was judged by."""
        return list(dict.fromkeys(case.profile for case in self.cases))

    @cached_property
    def asked(self) -> list[str]:
        """The rules that have a verdict, in the rule book's order."""
        having = dict.fromkeys(verdict.rule for verdict in self.verdicts)
        return [rule for rule in self.rules if rule in having] + [rule for rule in having if rule not in self.rules]

    @cached_property
    def not_asked(self) -> list[str]:
        """The rules that have none."""
        return [rule for rule in self.rules if rule not in self.asked]

    def title(self, rule: str) -> str:
        """A rule's title; empty for one that the rule book does not have."""
        return self.rules[rule].title if rule in self.rules else ""

    def cell(self, target: str, rule: str) -> list[Verdict]:
        """The verdicts on a rule of a target, one for each profile, the one that counts first."""
        return self._cells.get((target, rule), [])

    def having(self, word: Word) -> list[Verdict]:
        """The verdicts with this word."""
        return [verdict for verdict in self.verdicts if verdict.verdict == word]

    @cached_property
    def weak(self) -> list[Verdict]:
        """The verdicts on rules that held, but in a weaker way than they could have."""
        return [verdict for verdict in self.verdicts if verdict.weakness]

    def counts(self, target: str) -> dict[Word, int]:
        """How many rules of a target got which word, the worst over the profiles; words that none got are left out."""
        words = [cell[0].verdict for rule in self.asked if (cell := self.cell(target, rule))]
        return {word: words.count(word) for word in MEANING if word in words}

    def case(self, verdict: Verdict) -> Case | None:
        """The case a verdict stands on; None for what was stated before the run."""
        return self._cases.get((verdict.target, verdict.profile, verdict.trace))

    def more(self, verdict: Verdict) -> str:
        """What a violation's reason says beyond its divergence (the option or the manual that says so), or nothing."""
        case = self.case(verdict)
        told = case.divergence if case else None
        return "" if told and verdict.reason in (told.guard, told.sentence()) else verdict.reason

    @cached_property
    def policies(self) -> dict[str, dict[str, object]]:
        """The parameters of each profile: as published, or those of its first case where the policy is the user's."""
        first = {case.profile: case.policy for case in reversed(self.cases)}
        published = profiles()
        # Not the first case's for all: a trace may change a parameter, and would pass for the profile.
        return {name: asdict(published[name]) if name in published else dict(first[name]) for name in self.profiles}

    @cached_property
    def changes(self) -> dict[str, dict[str, dict[str, object]]]:
        """profile -> trace -> the parameters in which that trace was judged by other values than the profile's."""
        found: dict[str, dict[str, dict[str, object]]] = {}
        for case in self.cases:
            base = self.policies[case.profile]
            if changed := {name: value for name, value in case.policy.items() if base.get(name) != value}:
                found.setdefault(case.profile, {})[case.trace] = changed
        return found

    @cached_property
    def _cells(self) -> dict[tuple[str, str], list[Verdict]]:
        cells: dict[tuple[str, str], list[Verdict]] = {}
        for verdict in self.verdicts:
            cells.setdefault((verdict.target, verdict.rule), []).append(verdict)
        for cell in cells.values():
            cell.sort(key=lambda verdict: -WORST_LAST.index(verdict.verdict))
        return cells

    @cached_property
    def _cases(self) -> dict[tuple[str, str, str], Case]:
        """Of several cases of one name, the worst: it is the one whose verdict counts."""
        cases: dict[tuple[str, str, str], Case] = {}
        for case in self.cases:
            key = (case.target, case.profile, case.trace)
            if key not in cases or WORST_LAST.index(case.word) > WORST_LAST.index(cases[key].word):
                cases[key] = case
        return cases


def printable(text: str) -> str:
    """Text from outside (names, reasons), made fit for terminals and XML: control characters are shown as Python
    would write them."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)

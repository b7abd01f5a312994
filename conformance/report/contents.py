"""What a report says, whatever its form: the verdicts, the cases they stand on, the rules' texts, the policies.

The forms (terminal, JSON, JUnit, HTML) only arrange it. Nothing here reads a clock: the same run makes the same report.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Final

from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.report.violations import Violation, bare, gathered, ways
from rekeyspec.conformance.report.world import Occasion, Program
from rekeyspec.conformance.rulebook import Rule, Source
from rekeyspec.conformance.verdict import WORST_LAST, Case, Verdict, Word
from rekeyspec.reference.policy import Policy

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
    totals: Mapping[str, Mapping[Word, int]] = field(default_factory=dict)
    """Target -> word -> cases. Counted from `cases` where it is not given; given where those are only what is told."""
    gathered: Sequence[Violation] | None = None
    """The violations, where they were gathered from more cases than are here; else they are gathered from `cases`."""
    coverage: Sequence[Mapping[str, object]] = ()
    """What each target's cases have exercised, where that was asked for, in the form for programs."""
    occasion: Occasion | None = None
    """When and where real programs ran; None where there were none."""
    programs: Sequence[Program] = ()
    """The real programs among the targets, missing ones too."""

    def __post_init__(self) -> None:
        """Count the cases, unless somebody who saw more of them did."""
        if not self.totals:
            object.__setattr__(self, "totals", counted(self.cases))

    @cached_property
    def targets(self) -> list[str]:
        """In the order in which they were judged."""
        return list(dict.fromkeys(verdict.target for verdict in self.verdicts))

    @cached_property
    def short(self) -> dict[str, str]:
        """Target -> the end of its name, where that tells them apart: `link.py` of `exec:python adapters/link.py`."""
        ends = {target: _end(target) for target in self.targets}
        alone = len(set(ends.values())) == len(ends)
        return ends if alone else {target: target for target in ends}

    @cached_property
    def profiles(self) -> list[str]:
        """Every profile that something was judged by."""
        told = (one.profile for some in (self.cases, self.verdicts) for one in some)
        return list(dict.fromkeys(told))

    def under(self, profiles: Sequence[str], most: int = 4) -> str:
        """Of some of the profiles, which: `every policy` where it is all of several, or the first and how many more."""
        if len(profiles) == len(self.profiles) > 1:
            return "every policy"
        more = f" and {len(profiles) - most + 1} others" if len(profiles) > most else ""
        return ", ".join(profiles[: most - 1] if more else profiles) + more

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

    def with_word(self, rule: str, word: Word) -> list[str]:
        """The targets of which this rule's cell has this word."""
        return [target for target in self.targets if [v.verdict for v in self.cell(target, rule)[:1]] == [word]]

    @cached_property
    def weak(self) -> list[Verdict]:
        """The verdicts on rules that held, but in a weaker way than they could have."""
        return [verdict for verdict in self.verdicts if verdict.weakness]

    @cached_property
    def headline(self) -> str:
        """What came out, in a few words. It says that nothing is violated, and never that all is well."""
        of = len(self.targets)
        violating = len(dict.fromkeys(one.target for one in self.violations))
        broken = len(dict.fromkeys(verdict.target for verdict in self.having("broken")))
        if of == 1:
            rules = len({one.rule for one in self.violations})
            found = [f"{rules} {'rule' if rules == 1 else 'rules'} violated"] if rules else []
            found += ["the target broke"] if broken else []
        else:
            found = [f"{violating} of {of} targets violate rules"] if violating else []
            found += [f"{broken} of {of} broke"] if broken else []
        if found:
            text = ", and ".join(found)
            return text[0].upper() + text[1:]
        return "No violation" if self.having("conforms") else "Nothing was observed"

    def counts(self, target: str) -> dict[Word, int]:
        """How many rules of a target got which word, the worst over the profiles; words that none got are left out."""
        words = [cell[0].verdict for rule in self.asked if (cell := self.cell(target, rule))]
        return {word: words.count(word) for word in MEANING if word in words}

    @cached_property
    def violations(self) -> list[Violation]:
        """Each way in which a target breaks a rule, by targets and rules."""
        found = list(gathered(self.cases) if self.gathered is None else self.gathered)
        told = {(one.target, rule) for one in found for rule in (one.rule, *one.also)}
        found += [bare(v) for v in self.having("violates") if (v.target, v.rule) not in told]
        targets = {name: number for number, name in enumerate(self.targets)}
        rules = {name: number for number, name in enumerate(self.asked)}
        last = len(found)
        return sorted(found, key=lambda v: (targets.get(v.target, last), rules.get(v.rule, last), v.way))

    def violation(self, verdict: Verdict) -> Violation | None:
        """The violation that a verdict is about. One rule may be broken in several ways; this is its case's."""
        case = self.case(verdict)
        for way in ways(case) if case else ():
            if way in self._by_way and verdict.rule in (way.rule, *self._by_way[way].also):
                return self._by_way[way]
        same = (one for one in self.violations if one.target == verdict.target)
        return next((one for one in same if verdict.rule in (one.rule, *one.also)), None)

    @cached_property
    def told(self) -> int:
        """How many cases are told of: those that a verdict stands on, and the examples of violations."""
        stood_on = {id(case) for verdict in self.verdicts if (case := self.case(verdict))}
        return len(stood_on | {id(one.example) for one in self.violations if one.example is not None})

    @cached_property
    def _by_way(self) -> dict[tuple[str, ...], Violation]:
        return {one.way: one for one in self.violations}

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
        # Of a real program each experiment has a policy of its own; the defaults are what they have in common.
        first |= {case.profile: asdict(Policy()) for case in self.cases if case.target.startswith("peer:")}
        published = profiles()
        # Not the first case's for all: a trace may change a parameter, and would pass for the profile.
        known = {name: asdict(policy) for name, policy in published.items()}
        return {name: known[name] if name in known else dict(first.get(name, {})) for name in self.profiles}

    @cached_property
    def changes(self) -> dict[str, dict[str, dict[str, object]]]:
        """profile -> trace -> the parameters in which that trace was judged by other values than the profile's."""
        found: dict[str, dict[str, dict[str, object]]] = {}
        for case in self.cases:
            base = self.policies[case.profile]
            if case.policy != base and (changed := changes(base, case.policy)):
                found.setdefault(case.profile, {})[case.trace] = changed
        return found

    @cached_property
    def told_changes(self) -> dict[str, dict[str, dict[str, object]]]:
        """`changes`, of the traces that the report tells of: those that a verdict or a violation stands on."""
        stood_on = [self.case(verdict) for verdict in self.verdicts]
        told = [*stood_on, *(one.example for one in self.violations)]
        names = {(case.profile, case.trace) for case in told if case}
        return {
            profile: kept
            for profile, traces in self.changes.items()
            if (kept := {trace: values for trace, values in traces.items() if (profile, trace) in names})
        }

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


def _end(target: str) -> str:
    """What follows the last slash of a target's last word; of a pair, of both."""
    if target.startswith("pair:"):
        with suppress(ValueError):
            return " + ".join(_end(member) for member in shlex.split(target.removeprefix("pair:")))
    words = target.split()
    return (words[-1].rpartition("/")[2].strip("'\"") or target) if words else target


def changes(base: Mapping[str, object], policy: Mapping[str, object]) -> dict[str, object]:
    """The parameters in which a policy differs from another."""
    return {name: value for name, value in policy.items() if base.get(name) != value}


def counted(cases: Iterable[Case]) -> dict[str, dict[Word, int]]:
    """Target -> word -> how many of its cases ended so."""
    found: dict[str, dict[Word, int]] = {}
    for case in cases:
        words = found.setdefault(case.target, {})
        words[case.word] = words.get(case.word, 0) + 1
    return found


def printable(text: str) -> str:
    """Text from outside (names, reasons), made fit for terminals and XML: control characters are shown as Python
    would write them."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)

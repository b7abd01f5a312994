"""From what was found to verdicts and a report, in the forms that every other front has.

A stream is a target (to `check` with `log:` before its name), and the policy of its header the profile. A rule
*violates* where an end left it; it *conforms* where a log exercised it and no end left it; and where nothing exercised
it and there was an end that could not be judged, it is *inconclusive*. What the report has no form for (where ends
began in the middle, the first divergence of every end) is told in lines of its own.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rekeyspec import __version__
from rekeyspec.conformance.audit.findings import WHY, Finding, Findings, Way
from rekeyspec.conformance.audit.whole import STDIN
from rekeyspec.conformance.report import violations
from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.report.violations import Violation
from rekeyspec.conformance.report.words import clock
from rekeyspec.conformance.rulebook import rules, sources
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.conformance.verdict import WORST_LAST, Case, Verdict, Word


@dataclass(frozen=True)
class Audited:
    """What came of an audit: of each stream what was found, and what could not be read, each with its message."""

    streams: Sequence[tuple[str, Sequence[Findings]]]
    troubles: Sequence[str] = field(default_factory=tuple)
    again: Sequence[str] = ()
    """Words of the command line that say how it was judged."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """Stream -> what the report calls it, where that is not its name."""

    @property
    def exit_code(self) -> int:
        """0: nothing is violated. 1: something is. 2: bad input, or no end could be judged."""
        if self.troubles:
            return 2
        every = [one for _, found in self.streams for one in found]
        if any(one.divergences for one in every):
            return 1
        return 0 if any(one.lives["conforms"] for one in every) else 2

    def report(self) -> Report:
        """The report, for all its forms."""
        stated = dict.fromkeys((self._target(name) for name, _ in self.streams), UNJUDGED)
        cases = [case for name, found in self.streams for one in found for case in self._cases(name, one)]
        said = verdicts(cases, stated, list(rules()))
        known = {(one.target, one.profile, one.rule) for one in said}
        for name, found in self.streams:
            for one in found:
                said += [v for v in _unsaid(self._target(name), one) if (v.target, v.profile, v.rule) not in known]
        return Report(
            said, cases, rules(), __version__, sources(),
            totals={self._target(name): _totals(found) for name, found in self.streams},
            gathered=[way for name, found in self.streams for one in found for way in self._ways(name, one)],
        )  # fmt: skip

    def lines(self) -> Iterator[str]:
        """What the matrix does not say, in words: what was read, how many ends got which verdict, and where."""
        for name, found in self.streams:
            yield from (printable(line) for one in found for line in _told(name, one))
            if not found:
                yield printable(f"{name}: no log in it")

    def _target(self, name: str) -> str:
        return self.targets.get(name, name)

    def _cases(self, name: str, found: Findings) -> Iterator[Case]:
        if found.lives["conforms"] or found.exercised:
            # An abbreviated negotiation was seen, and allowed: that is what the rule is about.
            exercised = frozenset(found.exercised | ({"CACHE-2"} if found.weak else set()))
            yield Case(
                self._target(name), found.profile, "every end", (), found.policy.plain(), found.weak, "conforms",
                exercised=exercised,
            )  # fmt: skip
        for kept in found.kept.values():
            yield from (self._case(name, found, one) for one in kept)

    def _case(self, name: str, found: Findings, one: Finding) -> Case:
        link = ["--link", one.place.link] if one.place.link else []
        gone = name == STDIN or one.place.part
        return Case(
            self._target(name), found.profile, str(one.place), (), found.policy.plain(), one.before, "violates",
            one.divergence.sentence(), one.divergence,
            replay="" if gone else shlex.join(["rekeyspec", "audit", name, *link, *self.again]),
        )  # fmt: skip

    def _ways(self, name: str, found: Findings) -> Iterator[Violation]:
        for way, kept in found.kept.items():
            cases = [self._case(name, found, one) for one in kept]
            rule, kind, do = way
            yield Violation(
                violations.Way(self._target(name), rule, kind, do), found.divergences[way],
                {found.profile: found.divergences[way]}, cases[0], tuple(case.trace for case in cases[1:]),
                frozenset(rule for one in kept for rule in one.divergence.also),
            )  # fmt: skip


def _totals(found: Sequence[Findings]) -> Mapping[Word, int]:
    return {word: count for word in WORST_LAST if (count := sum(one.lives[word] for one in found))}


def _unsaid(name: str, found: Findings) -> Iterator[Verdict]:
    """Of a rule that nothing exercised nothing is said, but where an end was not judged: that is no pass."""
    if not found.unjudged:
        return
    why, place = min(found.unjudged_first.items(), key=lambda item: item[1])
    reason = f"not judged: {sum(found.unjudged.values()):,} ends, the first at {place}: {WHY[why]}"
    for rule in rules():
        if rule in UNJUDGED:
            yield Verdict(name, found.profile, rule, "unsupported", UNJUDGED[rule], "", 0, "", "")
        else:
            yield Verdict(name, found.profile, rule, "inconclusive", reason, str(place), place.line, "", "")


def _told(name: str, found: Findings) -> Iterator[str]:
    many = f"{found.logs} logs, " if found.logs > 1 else ""
    origin = f" ({'; '.join(found.origins)})" if found.origins else ""
    by = f"judged by {found.profile}"
    by += f", tolerance {clock(found.tolerance)}" if found.tolerance else ""
    by += f", {', '.join(sorted(found.hidden))} not logged" if found.hidden else ""
    yield f"{name}{origin}: {many}{found.events:,} events, {by}"
    words: tuple[Word, ...] = ("conforms", "violates", "inconclusive")
    ends = ", ".join(f"{word} {found.lives[word]:,}" for word in words if found.lives[word])
    yield f"  ends, each as often as its link opened: {ends or 'none'}"
    for why, count in found.unjudged.items():
        yield f"  inconclusive: {count:,}, the first at {found.unjudged_first[why]}: {WHY[why]}"
    if found.unseen:
        yield f"  {found.unseen:,} more events are of ends that were not followed, or not any more"
    for way, count in found.divergences.items():
        yield from _violated(name, way, count, found.kept[way])
    if found.spilled:
        yield f"  put aside on disk for want of room in memory: {found.spilled:,}; nothing was left out"
    if found.broken_off:
        yield "  partial: it broke off at a bad line"


def _violated(name: str, way: Way, count: int, kept: Sequence[Finding]) -> Iterator[str]:
    rule, kind, do = way
    done = f"did {do}" if kind == "not-allowed" else f"did not {do}"
    often = "once" if count == 1 else f"{count:,} times"
    first = f"; the first at {len(kept)} ends" if count > len(kept) else ""
    yield f"  {rule} violated {often} ({done}){first}:"
    for one in kept:
        yield f"    {name}:{one.place.line}: {one.place.of}: {one.divergence.sentence()}"

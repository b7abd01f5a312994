"""From cases to verdicts: for each target, profile and rule one word, with what it stands on.

A case says something firm about a rule (it held, it was broken, the program crashed) or nothing: it asked and did not
get there. What is firm counts, the worst of it; asking in vain counts only where no other case of the same target and
profile saw the rule's guard. *conforms* is therefore never said of a rule that nothing exercised. A rule that no case
asks under a profile has no verdict there: a blank in the matrix, not a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rekeyspec.conformance.verdict import WORST_LAST, Case, Verdict, Word
from rekeyspec.conformance.weakness import weaknesses


class _Said(NamedTuple):
    """What one case says about one rule. `firm` is false where it asked in vain."""

    case: Case
    rule: str
    word: Word
    reason: str = ""
    detail: str = ""
    step: int = 0
    firm: bool = True


def verdicts(cases: Iterable[Case], targets: Mapping[str, Mapping[str, str]], rules: Sequence[str]) -> list[Verdict]:
    """The verdicts on these targets (name -> rules stated as unsupported before the run, with the reason), in the order
    of targets, profiles as first seen, and `rules`, which are the rules asked about.

    What is violated or broken is reported although nobody asked about that rule.
    """
    reckoning = Reckoning(targets, rules)
    for case in cases:
        reckoning.add(case)
    return reckoning.verdicts()


class Reckoning:
    """The same for cases that come one at a time, too many to be held. Of them only those are kept that a verdict may
    stand on: for each target, profile and rule a few."""

    def __init__(self, targets: Mapping[str, Mapping[str, str]], rules: Sequence[str]) -> None:
        self._targets, self._rules = targets, rules
        self._groups: dict[str, dict[str, _Profile]] = {name: {} for name in targets}

    def add(self, case: Case, times: int = 1) -> None:
        """One more case, or so many that say the same; the order counts."""
        profiles = self._groups.setdefault(case.target, {})
        if case.profile not in profiles:
            profiles[case.profile] = _Profile(self._targets.get(case.target, {}), self._rules)
        profiles[case.profile].add(case, times)

    def verdicts(self) -> list[Verdict]:
        """What has come of them."""
        return [
            verdict
            for target, profiles in self._groups.items()
            for profile, group in profiles.items()
            for verdict in group.verdicts(target, profile)
        ]

    def standing(self) -> list[Case]:
        """The cases that these verdicts stand on, each once, and of every profile at least the first."""
        groups = [group for profiles in self._groups.values() for group in profiles.values()]
        found = [case for group in groups for case in (group.first, *(said.case for said in group.chosen().values()))]
        return list({id(case): case for case in found if case is not None}.values())


@dataclass
class _Heard:
    """What was said about one rule so far: the first of the worst that is firm, the first that asked in vain, and how
    many there were."""

    firm: _Said | None = None
    vain: _Said | None = None
    held: int = 0
    count: int = 0

    def hear(self, said: _Said, times: int) -> None:
        self.count += times
        self.held += times if said.word == "conforms" else 0
        if not said.firm:
            self.vain = self.vain or said
        elif self.firm is None or WORST_LAST.index(said.word) > WORST_LAST.index(self.firm.word):
            self.firm = said


class _Profile:
    """What the cases of one target under one profile say."""

    def __init__(self, stated: Mapping[str, str], asked: Sequence[str]) -> None:
        self._stated, self._asked = stated, asked
        self._unsupported = {rule: reason for rule, reason in stated.items() if rule in asked}
        self._about: dict[str, _Heard] = {rule: _Heard() for rule in asked}
        self._seen: dict[str, Case] = {}
        self._weak: dict[str, str] = {}
        self.first: Case | None = None

    def add(self, case: Case, times: int) -> None:
        self.first = self.first or case
        if case.word in ("conforms", "violates"):
            self._weak |= weaknesses(case)
            for rule in case.exercised:
                self._seen.setdefault(rule, case)
        for said in _sayings(case, self._stated, self._asked):
            if said.word == "unsupported":
                self._unsupported.setdefault(said.rule, said.reason)
            elif said.rule in self._about or said.word in ("violates", "broken"):
                self._about.setdefault(said.rule, _Heard()).hear(said, times)

    def chosen(self) -> dict[str, _Said]:
        """The saying that counts, by rule."""
        found = {rule: self._choose(rule, heard) for rule, heard in self._about.items()}
        return {rule: said for rule, said in found.items() if said}

    def _choose(self, rule: str, heard: _Heard) -> _Said | None:
        """The worst of what is firm; else a case that exercised the rule without citing it; else one that asked in
        vain."""
        if heard.firm:
            return heard.firm
        if rule in self._unsupported or not heard.count:
            return None
        return _Said(self._seen[rule], rule, "conforms") if rule in self._seen else heard.vain

    def verdicts(self, target: str, profile: str) -> Iterator[Verdict]:
        chosen = self.chosen()
        for rule, heard in self._about.items():
            if rule in chosen:
                yield _verdict(chosen[rule], heard, self._weak.get(rule, ""))
            elif rule in self._unsupported:
                yield Verdict(target, profile, rule, "unsupported", self._unsupported[rule], "", 0, "", "")


def _verdict(said: _Said, heard: _Heard, weakness: str) -> Verdict:
    case, detail = said.case, said.detail
    if said.word == "conforms":
        detail = _exercised(heard)
    if case.evidence:
        detail = f"{detail}; log: {case.evidence}" if detail else f"log: {case.evidence}"
    return Verdict(
        case.target,
        case.profile,
        said.rule,
        said.word,
        said.reason,
        case.trace,
        said.step,
        detail,
        case.replay,
        weakness,
    )


def _exercised(heard: _Heard) -> str:
    if not heard.held:
        return "exercised by a trace that asks other rules"
    return (
        f"exercised in {heard.held} of {heard.count} traces"
        if heard.count > 1
        else "exercised in the one trace that asks it"
    )


def _sayings(case: Case, stated: Mapping[str, str], asked: Sequence[str]) -> Iterator[_Said]:
    """What a case says of each rule. One that cites none (a search's) asks what it exercised; if it came to no end, all
    that was asked.
    """
    ended = case.word in ("conforms", "violates")
    cited = case.rules or (sorted(case.exercised) if ended else asked)
    match case.word:
        case "violates":
            yield from _of_violation(case, cited)
        case "conforms":
            yield from _observed(case, cited, "asked, not observed")
        case "unsupported":
            yield from _not_run(case, cited, stated)
        case "inconclusive" | "broken":
            for rule in cited:
                yield _Said(case, rule, case.word, case.reason)


def _of_violation(case: Case, cited: Sequence[str]) -> Iterator[_Said]:
    divergence = case.divergence
    if divergence is None:
        for rule in cited:
            yield _Said(case, rule, "violates", case.reason)
        return
    broken, sentence = divergence.rule, divergence.sentence()
    # A case's own reason is more than the sentence where it quotes the option or the manual.
    reason = divergence.guard if case.reason in ("", sentence) else case.reason
    yield _Said(case, broken, "violates", reason, sentence, divergence.step)
    # At that step these were false too, or the step is there to show them: asked, and done otherwise.
    too = [rule for rule in divergence.also if rule in cited and rule != broken]
    for rule in too:
        yield _Said(case, rule, "violates", f"together with {broken}: {reason}", sentence, divergence.step)
    others = [rule for rule in cited if rule != broken and rule not in too]
    reason = f"not reached: {case.trace} left the rules at step {divergence.step} ({broken})"
    yield from _observed(case, others, reason, divergence.step)


def _observed(case: Case, cited: Iterable[str], otherwise: str, step: int = 0) -> Iterator[_Said]:
    for rule in cited:
        if rule in case.exercised:
            yield _Said(case, rule, "conforms")
        else:
            yield _Said(case, rule, "inconclusive", otherwise, step=step, firm=False)


def _not_run(case: Case, cited: Sequence[str], stated: Mapping[str, str]) -> Iterator[_Said]:
    """A case left out because of what was stated: the rules stated are unsupported, the others just not observed."""
    lacking = [rule for rule in cited if rule in stated] or cited
    for rule in cited:
        if rule in lacking:
            yield _Said(case, rule, "unsupported", stated.get(rule, case.reason))
        else:
            reason = f"not run: {case.trace} needs {', '.join(lacking)}, stated as unsupported"
            yield _Said(case, rule, "inconclusive", reason, firm=False)

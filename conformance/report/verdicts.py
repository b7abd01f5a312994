"""From cases to verdicts: for each target, profile and rule one word, with what it stands on.

A case says something firm about a rule (it held, it was broken, the program crashed) or nothing: it asked and did not
get there. What is firm counts, the worst of it; asking in vain counts only where no other case of the same target and
profile saw the rule's guard. *conforms* is therefore never said of a rule that nothing exercised. A rule that no case
asks under a profile has no verdict there: a blank in the matrix, not a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    groups: dict[str, dict[str, list[Case]]] = {name: {} for name in targets}
    for case in cases:
        groups.setdefault(case.target, {}).setdefault(case.profile, []).append(case)
    return [
        verdict
        for target, profiles in groups.items()
        for profile, group in profiles.items()
        for verdict in _of_profile(target, profile, group, targets.get(target, {}), rules)
    ]


def _of_profile(
    target: str, profile: str, cases: list[Case], stated: Mapping[str, str], asked: Sequence[str]
) -> Iterator[Verdict]:
    unsupported = {rule: reason for rule, reason in stated.items() if rule in asked}
    about: dict[str, list[_Said]] = {rule: [] for rule in asked}
    seen: dict[str, Case] = {}
    weak: dict[str, str] = {}
    for case in cases:
        weak |= weaknesses(case) if case.word in ("conforms", "violates") else {}
        for rule in case.exercised if case.word in ("conforms", "violates") else ():
            seen.setdefault(rule, case)
        for said in _sayings(case, stated, asked):
            if said.word == "unsupported":
                unsupported.setdefault(said.rule, said.reason)
            elif said.rule in about or said.word in ("violates", "broken"):
                about.setdefault(said.rule, []).append(said)
    for rule, sayings in about.items():
        best = _choose(rule, sayings, rule in unsupported, seen)
        if best:
            yield _verdict(best, sayings, weak.get(rule, ""))
        elif rule in unsupported:
            yield Verdict(target, profile, rule, "unsupported", unsupported[rule], "", 0, "", "")


def _choose(rule: str, sayings: list[_Said], unsupported: bool, seen: Mapping[str, Case]) -> _Said | None:
    """The worst of what is firm; else a case that exercised the rule without citing it; else one that asked in vain."""
    firm = [said for said in sayings if said.firm]
    if firm:
        return max(firm, key=lambda said: WORST_LAST.index(said.word))
    if unsupported or not sayings:
        return None
    if rule in seen:
        return _Said(seen[rule], rule, "conforms")
    return sayings[0]


def _verdict(said: _Said, sayings: list[_Said], weakness: str) -> Verdict:
    case, detail = said.case, said.detail
    if said.word == "conforms":
        detail = _exercised(sayings)
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


def _exercised(sayings: list[_Said]) -> str:
    held = sum(said.word == "conforms" for said in sayings)
    if not held:
        return "exercised by a trace that asks other rules"
    return (
        f"exercised in {held} of {len(sayings)} traces"
        if len(sayings) > 1
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

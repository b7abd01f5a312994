"""`check`: targets, the traces and experiments that fit, and what comes of them, as one report.

Traces are independent of each other, and so are targets: what is wrong with one costs the others nothing. A target
that is broken several times in a row is given up, with the rest of its traces broken too, so that a program that
hangs does not hold up the day."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rekeyspec import __version__
from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.coverage import Coverage, coverage
from rekeyspec.conformance.modelgraph import Graph
from rekeyspec.conformance.peers import named as peers
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.rulebook import parameters, rules, sources
from rekeyspec.conformance.suite import SUITES, Told, by_hand, policy_of, tours
from rekeyspec.conformance.target import BadInput, Broken, Target
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.conformance.verdict import Case, Word
from rekeyspec.conformance.yamlfile import problem
from rekeyspec.reference.policy import Policy

PATIENCE: Final = 3
"""How many traces in a row may find a target broken before the rest is not tried."""

Progress = Callable[[str, int, int], None]
"""Is told the target, how many of its cases are done, and how many there are."""


@dataclass
class Checked:
    """A finished check: the report, and what could not be checked at all, each with its message."""

    report: Report
    troubles: list[str] = field(default_factory=list)
    graphs: Sequence[Graph] = ()
    """Of the models whose tours were told."""

    @property
    def exit_code(self) -> int:
        """0: all conform. 1: a violation. 2: a broken target or bad input, whatever else."""
        words = {verdict.verdict for verdict in self.report.verdicts}
        if self.troubles or "broken" in words:
            return 2
        return 1 if "violates" in words else 0

    def coverage(self) -> list[Coverage]:
        """What each target's cases have exercised."""
        return coverage(self.report.cases, self.graphs)


def check(
    targets: Sequence[str],
    profile: str | None,
    evidence: Path,
    progress: Progress,
    suites: Sequence[str] = (),
) -> Checked:
    """Judge each target. `profile` is a profile's name or a policy file; `suites` are `hand`, `model` and folders of
    tours. None of either: what `suite` says. Raises BadInput for a profile or a suite that cannot be used; a target
    that cannot is among the troubles."""
    traces, graphs = _told(profile, suites)
    cases: list[Case] = []
    stated: dict[str, dict[str, str]] = {}
    troubles: list[str] = []
    for text in dict.fromkeys(targets):
        try:
            if text.startswith("peer:"):
                peer = peers.peer_named(text)
                stated[text] = UNJUDGED | peer.unsupported()
                cases += _all_rules(peer.run(evidence), text)
            else:
                with target_named(text) as target:
                    stated[target.name] = UNJUDGED | dict(target.unsupported)
                    progress(target.name, 0, len(traces))
                    cases += _replays(target, text, traces, progress)
        except Broken as why:
            # It did not even greet: broken by every rule, and said at once, for it is one trouble and not forty.
            stated[text] = UNJUDGED
            again = shlex.join(["rekeyspec", "check", text])
            by = traces[0].profile if traces else "none"
            cases.append(Case(text, by, "hello", (), {}, (), "broken", str(why), replay=again))
            troubles.append(str(why))
        except BadInput as why:
            troubles.append(str(why))
    found = verdicts(cases, stated, list(rules()))
    return Checked(Report(found, cases, rules(), __version__, sources()), troubles, graphs)


def _told(profile: str | None, suites: Sequence[str]) -> tuple[list[Told], list[Graph]]:
    """What is to be told, and the graphs of the models among it."""
    name, policy = (None, None) if profile is None else policy_named(profile)
    traces: list[Told] = []
    graphs: list[Graph] = []
    for suite in dict.fromkeys(suites or (SUITES if profile is None else ("hand",))):
        if suite == "hand":
            traces += by_hand(policy if name != profile else None, profile, name or "")
            continue
        if profile is not None:
            read = f"`{profile}` with the suite `{suite}`"
            raise problem("--profile", read, "no profile there: a tour has its model's policy", "leave one of them out")
        tours_, graphs_ = tours(None if suite == "model" else Path(suite))
        traces += tours_
        graphs += graphs_
    return traces, graphs


def _replays(target: Target, text: str, traces: Sequence[Told], progress: Progress) -> Iterator[Case]:
    trouble = 0
    for done, told in enumerate(traces, 1):
        lacking = _lacking(told.trace, told.policy, target)
        if lacking:
            yield _not_run(told, target, "unsupported", f"stated: {lacking}")
        elif trouble >= PATIENCE:
            reason = f"not tried: the target was broken {PATIENCE} times in a row"
            yield _not_run(told, target, "broken", reason)
        else:
            case = replay(told.trace, told.policy, target, profile=told.profile)
            trouble = trouble + 1 if case.word == "broken" else 0
            command = shlex.join(["rekeyspec", "replay", told.again[0], text, *told.again[1:]])
            yield replace(_left(case) if told.tour else case, replay=command)
        progress(target.name, done, len(traces))


def _left(case: Case) -> Case:
    """A tour that was left is told to its end all the same: what it put to the test on the way was kept."""
    if case.word != "inconclusive":
        return case
    return replace(case, word="conforms", reason=f"left the tour, which the rules allow: {case.reason}")


def replay_command(trace: str, target: str, profile: str | None) -> str:
    """The command that shows the case of this trace, a name or a file, again."""
    words = ["rekeyspec", "replay", trace, target]
    return shlex.join([*words, "--profile", profile] if profile else words)


def _lacking(trace: Trace, policy: Policy, target: Target) -> str:
    """Why this trace cannot be put to a target that stated what it lacks; empty when it can."""
    for rule in trace.rules:
        if rule in target.unsupported:
            return target.unsupported[rule]
    for name, parameter in parameters().items():
        if name == "links_per_user" and not any(step.link for step in trace.steps):
            continue  # a story of one link asks nothing of a gateway
        rule = parameter.rules[0]  # the one that introduces it: without that rule only the default can be followed
        if rule in target.unsupported and getattr(policy, name) != getattr(Policy(), name):
            return f"{name} {getattr(policy, name)}: {target.unsupported[rule]}"
    return ""


def _not_run(told: Told, target: Target, word: Word, reason: str) -> Case:
    cited = tuple(told.trace.rules)
    return Case(target.name, told.profile, told.trace.name, cited, told.policy.plain(), (), word, reason)


def _all_rules(cases: Sequence[Case], target: str) -> list[Case]:
    """A peer that is not there is one case that cites no rule: it says it of every rule."""
    every = tuple(rules())
    return [replace(c, target=target, rules=c.rules or every if c.word == "unsupported" else c.rules) for c in cases]


def one(trace: Trace, target: str, profile: str | None, *, named: str = "") -> Case:
    """Replay one trace, which was `named` so (a file, or its own name), on one target.

    Raises BadInput for a target or profile that cannot be used, and Broken when the target does not even greet.
    """
    name, policy = (trace.profile, policy_of(trace)) if profile is None else policy_named(profile)
    with target_named(target) as ready:
        case = replay(trace, policy, ready, profile=name)
        return replace(case, replay=replay_command(named or trace.name, target, profile))

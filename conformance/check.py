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
from rekeyspec.conformance.peers import named as peers
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.rulebook import parameters, rules, sources
from rekeyspec.conformance.suite import chosen, policy_of
from rekeyspec.conformance.target import BadInput, Broken, Target
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.unjudged import UNJUDGED, refuse_unjudged
from rekeyspec.conformance.verdict import Case, Word
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

    @property
    def exit_code(self) -> int:
        """0: all conform. 1: a violation. 2: a broken target or bad input, whatever else."""
        words = {verdict.verdict for verdict in self.report.verdicts}
        if self.troubles or "broken" in words:
            return 2
        return 1 if "violates" in words else 0


def check(targets: Sequence[str], profile: str | None, evidence: Path, progress: Progress) -> Checked:
    """Judge each target. `profile` is a profile's name or a policy file; None: every trace under its own policy. Raises
    BadInput for a profile that cannot be used; a target that cannot is among the troubles."""
    name, policy = (None, None) if profile is None else policy_named(profile)
    if policy is not None:
        refuse_unjudged(policy, profile or "")
    by_file = policy if name != profile else None
    traces = chosen(by_file, "" if by_file else name or "")
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
                    cases += _replays(target, text, traces, name if by_file else None, profile, progress)
        except Broken as why:
            # It did not even greet: broken by every rule, and said at once, for it is one trouble and not forty.
            stated[text] = UNJUDGED
            again = shlex.join(["rekeyspec", "check", text])
            cases.append(Case(text, name or "none", "hello", (), {}, (), "broken", str(why), replay=again))
            troubles.append(str(why))
        except BadInput as why:
            troubles.append(str(why))
    found = verdicts(cases, stated, list(rules()))
    return Checked(Report(found, cases, rules(), __version__, sources()), troubles)


def _replays(
    target: Target,
    text: str,
    traces: Sequence[tuple[Trace, Policy]],
    name: str | None,
    profile: str | None,
    progress: Progress,
) -> Iterator[Case]:
    trouble = 0
    for done, (trace, policy) in enumerate(traces, 1):
        lacking = _lacking(trace, policy, target)
        if lacking:
            yield _not_run(trace, policy, target, name, "unsupported", f"stated: {lacking}")
        elif trouble >= PATIENCE:
            reason = f"not tried: the target was broken {PATIENCE} times in a row"
            yield _not_run(trace, policy, target, name, "broken", reason)
        else:
            case = replay(trace, policy, target, profile=name or "")
            trouble = trouble + 1 if case.word == "broken" else 0
            yield replace(case, replay=replay_command(trace, text, profile if name else None))
        progress(target.name, done, len(traces))


def replay_command(trace: Trace, target: str, profile: str | None) -> str:
    """The command that shows this case again."""
    words = ["rekeyspec", "replay", trace.name, target]
    return shlex.join([*words, "--profile", profile] if profile else words)


def _lacking(trace: Trace, policy: Policy, target: Target) -> str:
    """Why this trace cannot be put to a target that stated what it lacks; empty when it can."""
    for rule in trace.rules:
        if rule in target.unsupported:
            return target.unsupported[rule]
    for name, parameter in parameters().items():
        rule = parameter.rules[0]  # the one that introduces it: without that rule only the default can be followed
        if rule in target.unsupported and getattr(policy, name) != getattr(Policy(), name):
            return f"{name} {getattr(policy, name)}: {target.unsupported[rule]}"
    return ""


def _not_run(trace: Trace, policy: Policy, target: Target, name: str | None, word: Word, reason: str) -> Case:
    cited = tuple(trace.rules)
    return Case(target.name, name or trace.profile, trace.name, cited, policy.plain(), (), word, reason)


def _all_rules(cases: Sequence[Case], target: str) -> list[Case]:
    """A peer that is not there is one case that cites no rule: it says it of every rule."""
    every = tuple(rules())
    return [replace(c, target=target, rules=c.rules or every if c.word == "unsupported" else c.rules) for c in cases]


def one(trace: Trace, target: str, profile: str | None) -> Case:
    """Replay one trace on one target. Raises BadInput for a target or profile that cannot be used, and Broken when the
    target does not even greet."""
    name, policy = (trace.profile, policy_of(trace)) if profile is None else policy_named(profile)
    refuse_unjudged(policy, profile or trace.name)
    with target_named(target) as ready:
        case = replay(trace, policy, ready, profile=name)
        return replace(case, replay=replay_command(trace, target, profile))

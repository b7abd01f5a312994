"""`check`: targets, the traces and experiments that fit, recorded logs, and what comes of them, as one report.

Traces are independent of each other, and so are targets: what is wrong with one costs the others nothing. A target
that is broken several times in a row is given up, with the rest of its traces broken too, so that a program that
hangs does not hold up the day."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rekeyspec import __version__
from rekeyspec.conformance.adapters.lines import Lines
from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.audit.target import is_log, judged, unseen
from rekeyspec.conformance.coverage import Coverage, coverage
from rekeyspec.conformance.modelgraph import Graph
from rekeyspec.conformance.peers import named as peers
from rekeyspec.conformance.peers.experiment import REPETITIONS
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.contents import Report, counted
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.report.violations import gathered
from rekeyspec.conformance.report.world import Occasion
from rekeyspec.conformance.rulebook import parameters, rules, sources
from rekeyspec.conformance.suite import SUITES, Told, by_hand, policy_of, tours
from rekeyspec.conformance.target import BadInput, Broken, Target, pairs
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.conformance.verdict import Case, Word
from rekeyspec.conformance.yamlfile import problem
from rekeyspec.reference.policy import Policy

PATIENCE: Final = 3
"""How many traces in a row may find a target broken before the rest is not tried."""

Progress = Callable[[str, int, int], None]
"""Is told the target, how many of its cases are done, and how many there are."""


@dataclass(frozen=True)
class Asking:
    """Of real programs: the experiments by name or question (none: all), and how often each is performed."""

    only: Sequence[str] = ()
    repetitions: int = REPETITIONS
    today: str = ""
    """The day on which that is, as 2026-01-31."""


@dataclass
class Checked:
    """A finished check: the report, and what could not be checked at all, each with its message."""

    report: Report
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is to be said beside the verdicts: of which traces a pair was told, what was validated."""
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
        """What each target's cases have exercised; not of a log, most of whose events are not kept."""
        return coverage((case for case in self.report.cases if not is_log(case.target)), self.graphs)


def check(
    targets: Sequence[str],
    profile: str | None,
    evidence: Path,
    progress: Progress,
    suites: Sequence[str] = (),
    validate: bool = False,
    asking: Asking = Asking(),
) -> Checked:
    """Judge each target. `profile` is a profile's name or a policy file; `suites` are `hand`, `model` and folders of
    tours. None of either: what `suite` says, and of a log its header. `validate`: every line of a program is checked
    against the protocol's schema. Raises BadInput for a profile or a suite that cannot be used; a target that cannot is
    among the troubles."""
    if profile is not None:
        policy_named(profile)  # one that cannot be used is one message, however many logs it is for
    traces, graphs = to_tell(profile, suites) if not all(map(is_log, targets)) else ([], [])
    cases: list[Case] = []
    logs: list[Report] = []
    stated: dict[str, dict[str, str]] = {}
    troubles: list[str] = []
    notes: list[str] = []
    named = peers.expanded(targets)
    real = _real_programs(named, troubles)
    cases += run(list(real.values()), evidence, progress, asking.only, asking.repetitions) if real else []
    for text in named:
        if text in real:
            stated[real[text].target] = real[text].unsupported()
        if text.startswith("peer:"):
            continue
        lines = Lines() if validate and not is_log(text) else None
        try:
            if is_log(text):
                stated[text] = {}
                logs.append(_logged(text, profile, troubles, notes))
            else:
                with target_named(text, lines) as target:
                    stated[target.name] = UNJUDGED | dict(target.unsupported)
                    told = _tellable(target, traces, notes)
                    progress(target.name, 0, len(told))
                    cases += _replays(target, text, told, progress)
        except Broken as why:
            # It did not even greet: broken by every rule, and said at once, for it is one trouble and not forty.
            stated[text] = UNJUDGED
            again = shlex.join(["rekeyspec", "check", text])
            by = traces[0].profile if traces else "none"
            cases.append(Case(text, by, "hello", (), {}, (), "broken", str(why), replay=again))
            troubles.append(str(why))
        except BadInput as why:
            troubles.append(str(why))
        if lines is not None:
            notes.append(f"{text}: {lines.counts()}")
    return Checked(_of_real_programs(_together(cases, stated, logs), real, asking), troubles, notes, graphs)


def _of_real_programs(report: Report, real: Mapping[str, Peer[Any]], asking: Asking) -> Report:
    """The report, with what is known of the real programs that were judged."""
    if not real:
        return report
    occasion = Occasion(asking.today, machine(), asking.repetitions)
    return replace(report, occasion=occasion, programs=[peer.program() for peer in real.values()])


def machine() -> str:
    """Where this runs, in words."""
    return f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores"


def _real_programs(named: Sequence[str], troubles: list[str]) -> dict[str, Peer[Any]]:
    """The real programs among the targets, by what they were called."""
    found: dict[str, Peer[Any]] = {}
    for text in named:
        if text.startswith("peer:"):
            try:
                found[text] = peers.peer_named(text)
            except BadInput as why:
                troubles.append(str(why))
    return found


def _logged(text: str, profile: str | None, troubles: list[str], notes: list[str]) -> Report:
    """The report on a recorded log. One by which no rule could be judged is a trouble: it is no pass."""
    audited = judged(text, profile)
    notes += audited.lines()
    report = audited.report()
    troubles += filter(None, [unseen(text, report)])
    return report


def _together(cases: Sequence[Case], stated: Mapping[str, Mapping[str, str]], logs: Sequence[Report]) -> Report:
    """One report on those cases and these logs, its targets in the order of `stated`."""
    found = [*verdicts(cases, stated, list(rules())), *(one for log in logs for one in log.verdicts)]
    order = {name: number for number, name in enumerate(stated)}
    totals = counted(cases)
    for log in logs:
        totals |= {target: dict(words) for target, words in log.totals.items()}
    return Report(
        sorted(found, key=lambda one: order[one.target]),
        [*cases, *(case for log in logs for case in log.cases)],
        rules(), __version__, sources(), totals,
        [*gathered(cases), *(one for log in logs for one in log.gathered or ())],
    )  # fmt: skip


def to_tell(profile: str | None, suites: Sequence[str]) -> tuple[list[Told], list[Graph]]:
    """What `check` tells under this profile and of these suites, and the graphs of the models among it. Raises
    BadInput."""
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


def _tellable(target: Target, traces: Sequence[Told], notes: list[str]) -> Sequence[Told]:
    """The traces that can be told to this target: to a pair those with two ends under test, which is noted."""
    if not pairs(target):
        return traces
    both = [told for told in traces if told.trace.end == "both"]
    notes.append(
        f"{target.name}: a pair was told the {len(both)} of {len(traces)} traces that put both ends under test; "
        "the others are for each implementation by itself"
    )
    return both


def _replays(target: Target, text: str, traces: Sequence[Told], progress: Progress) -> Iterator[Case]:
    trouble = 0
    for done, told in enumerate(traces, 1):
        lacks = lacking(told.trace, told.policy, target.unsupported)
        if lacks:
            yield not_run(told, target.name, "unsupported", f"stated: {lacks}")
        elif trouble >= PATIENCE:
            reason = f"not tried: the target was broken {PATIENCE} times in a row"
            yield not_run(told, target.name, "broken", reason)
        else:
            case = tell(told, target, text)
            trouble = trouble + 1 if case.word == "broken" else 0
            yield case
        progress(target.name, done, len(traces))


def tell(told: Told, target: Target, text: str) -> Case:
    """One trace, told to a target that `text` names, with the command that tells it again."""
    case = replay(told.trace, told.policy, target, profile=told.profile)
    command = shlex.join(["rekeyspec", "replay", told.again[0], text, *told.again[1:]])
    return replace(_left(case) if told.tour else case, replay=command)


def _left(case: Case) -> Case:
    """A tour that was left is told to its end all the same: what it put to the test on the way was kept. One that was
    not told at all put nothing to the test."""
    if case.word != "inconclusive" or not case.log:
        return case
    return replace(case, word="conforms", reason=f"left the tour, which the rules allow: {case.reason}")


def replay_command(trace: str, target: str, profile: str | None) -> str:
    """The command that shows the case of this trace, a name or a file, again."""
    words = ["rekeyspec", "replay", trace, target]
    return shlex.join([*words, "--profile", profile] if profile else words)


def lacking(trace: Trace, policy: Policy, unsupported: Mapping[str, str]) -> str:
    """Why this trace cannot be put to a target that stated what it lacks; empty when it can."""
    for rule in trace.rules:
        if rule in unsupported:
            return unsupported[rule]
    return hanging(policy, unsupported, links=any(step.link for step in trace.steps))


def hanging(policy: Policy, unsupported: Mapping[str, str], *, links: bool = False) -> str:
    """Why a target that stated what it lacks cannot be judged by this policy; empty when it can. `links`: by several
    links of one gateway."""
    for name, parameter in parameters().items():
        if name == "links_per_user" and not links:
            continue  # a story of one link asks nothing of a gateway
        rule = parameter.rules[0]  # the one that introduces it: without that rule only the default can be followed
        if rule in unsupported and getattr(policy, name) != getattr(Policy(), name):
            return f"{name} {getattr(policy, name)}: {unsupported[rule]}"
    return ""


def not_run(told: Told, target: str, word: Word, reason: str) -> Case:
    """A trace that is not told to a target, and why."""
    cited = tuple(told.trace.rules)
    return Case(target, told.profile, told.trace.name, cited, told.policy.plain(), (), word, reason)


def one(trace: Trace, target: str, profile: str | None, *, named: str = "") -> Case:
    """Replay one trace, which was `named` so (a file, or its own name), on one target.

    Raises BadInput for a target or profile that cannot be used, and Broken when the target does not even greet.
    """
    name, policy = (trace.profile, policy_of(trace)) if profile is None else policy_named(profile)
    with target_named(target) as ready:
        case = replay(trace, policy, ready, profile=name)
        return replace(case, replay=replay_command(named or trace.name, target, profile))

"""The work: one job, done. A function of the job and of what its target does, and of nothing else.

It opens the target itself and closes it again, so that it can be done anywhere. A violation or a break is seen twice or
not believed: it is repeated once, and where the two differ the case is inconclusive. A target that breaks is started
anew for the next case; one that breaks several times in a row is given up, and what it was not told is broken too.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from rekeyspec import __version__
from rekeyspec.conformance.campaign.done import Done, Sheet
from rekeyspec.conformance.campaign.jobs import Experiments, Job, Search, Stories, Tours, told
from rekeyspec.conformance.campaign.patience import PatientTarget
from rekeyspec.conformance.check import hanging, lacking, not_run, tell
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.violations import ways
from rekeyspec.conformance.suite import Told, policy_of
from rekeyspec.conformance.target import OWN_CLOCK, BadInput, Broken, own_clock
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.policy import Policy

if TYPE_CHECKING:
    from rekeyspec.conformance.explore import Failure

TWICE: Final = "not the same twice"
"""How the reason of a flaky verdict begins."""


class _Unusable(BadInput):
    """The target cannot be used, whatever it is asked."""


def work(job: Job) -> Done:
    """Do it. Never raises Broken, nor BadInput but for a job of another release: what is wrong with the target is part
    of what has come of it."""
    if job.tool != __version__:
        here = f"rekeyspec {__version__} where the work is done"
        raise BadInput(f"a job of rekeyspec {job.tool} and {here}: install the same release on both sides")
    sheet = Sheet(job.number)
    part = job.part
    try:
        if isinstance(part, Experiments):
            return _performed(job, part, sheet)
        with ExitStack() as stack:
            target = _greeted(job, sheet, stack)
            if isinstance(part, Search):
                return _searched(job, part, target, sheet)
            return _told(job, part, target, sheet)
    except Broken as why:
        # It did not even greet: one case that cites no rule, and so says it of all.
        again = shlex.join(["rekeyspec", "check", job.target])
        sheet.add(Case(job.target, by(job), "hello", (), {}, (), "broken", str(why), replay=again))
        return sheet.done(trouble=str(why), tried=1, row=1, halted=True)
    except _Unusable as why:
        return sheet.done(trouble=str(why), halted=True)
    except BadInput as why:  # not the target's fault: a tour or a module is missing
        return sheet.done(trouble=str(why))


def untried(job: Job, reason: str, unsupported: Mapping[str, str]) -> Done:
    """The same of a job that is not put to its target: all of it is broken, but for what the target stated."""
    sheet = Sheet(job.number)
    part = job.part
    if isinstance(part, Search | Experiments):
        sheet.add(Case(job.target, by(job), name(part), (), {}, (), "broken", reason), times=job.cases)
    else:
        for one in _tellable(job, part):
            _not_told(one, job, unsupported, reason, sheet)
    return sheet.done(unsupported=dict(unsupported), skipped=True)


def given_up(job: Job) -> str:
    """Why a case is not tried."""
    return f"not tried: the target was broken {job.limits.quarantine} times in a row"


def by(job: Job) -> str:
    """What a report calls the policies that a job's cases are judged by."""
    match job.part:
        case Stories() | Tours():
            return next((one.profile for one in told(job.part)), "none")
        case Search(profile=profile):
            return Path(profile).stem if profile else "explore"
        case Experiments():
            return "none"
        case _:
            assert_never(job.part)


def name(part: Search | Experiments) -> str:
    """What a report calls a search, or all experiments with a program."""
    return f"explore-{part.seed}" if isinstance(part, Search) else "experiments"


def twice(case: Case, again: Callable[[], Case]) -> Case:
    """A case that went wrong, repeated: itself where the other says the same, else an inconclusive one."""
    if case.word not in ("violates", "broken"):
        return case
    other = again()
    if (case.word, *ways(case)) == (other.word, *ways(other)):
        return case
    reason = f"{TWICE}: first {_said(case)}, then {_said(other)}"
    return replace(case, word="inconclusive", reason=reason, divergence=None)


def _said(case: Case) -> str:
    return f"{case.word} ({case.reason})" if case.reason else case.word


def _greeted(job: Job, sheet: Sheet, stack: ExitStack) -> PatientTarget:
    """The target, started; once more where it breaks at once. Raises Broken, or Unusable."""
    try:
        return stack.enter_context(PatientTarget(job.target, job.limits))
    except BadInput as why:
        raise _Unusable(str(why)) from None
    except Broken as why:
        found = stack.enter_context(PatientTarget(job.target, job.limits))
        sheet.remark(f"{TWICE}: {job.target} did not greet, and did when it was started again: {why}")
        return found


def _tellable(job: Job, part: Stories | Tours) -> list[Told]:
    """The traces that can be told to the target: to a pair those that put both ends under test."""
    return [one for one in told(part) if one.trace.end == "both" or not job.target.startswith("pair:")]


def _told(job: Job, part: Stories | Tours, target: PatientTarget, sheet: Sheet) -> Done:
    tried = row = 0
    unsupported = dict(target.unsupported)
    for one in _tellable(job, part):
        if row >= job.limits.quarantine or lacking(one.trace, one.policy, unsupported):
            _not_told(one, job, unsupported, given_up(job), sheet)
            continue
        case = tell(one, target, job.target)
        case = twice(case, lambda one=one: tell(one, target, job.target))  # type: ignore[misc]
        tried, row = tried + 1, row + 1 if case.word == "broken" else 0
        sheet.add(case)
    return sheet.done(unsupported=unsupported, tried=tried, row=row, halted=row >= job.limits.quarantine)


def _not_told(one: Told, job: Job, unsupported: Mapping[str, str], reason: str, sheet: Sheet) -> None:
    lacks = lacking(one.trace, one.policy, unsupported)
    if lacks:
        sheet.add(not_run(one, job.target, "unsupported", f"stated: {lacks}"))
    else:
        sheet.add(not_run(one, job.target, "broken", reason))


def _performed(job: Job, part: Experiments, sheet: Sheet) -> Done:
    peer = peer_named(job.target)
    for case in run([peer], Path(part.evidence), lambda *_: None):
        sheet.add(case)
    return sheet.done(unsupported=peer.unsupported(), tried=1)


def _searched(job: Job, part: Search, target: PatientTarget, sheet: Sheet) -> Done:
    # Imported here: hypothesis is no part of the light installation.
    from rekeyspec.conformance.explore import Effort, explore  # noqa: PLC0415

    unsupported = dict(target.unsupported)
    policy = policy_named(part.profile)[1] if part.profile else Policy()
    unasked = Case(job.target, by(job), name(part), (), policy.plain(), (), "unsupported")
    lacks = OWN_CLOCK if own_clock(target) else hanging(policy, unsupported)
    if lacks:
        sheet.add(replace(unasked, reason=f"stated: {lacks}"), times=part.examples)
        return sheet.done(unsupported=unsupported)
    found = explore(target, Effort(part.examples, part.seed), profile=part.profile)
    broken = False
    for failure in found.failures:
        case = _failed(failure, target, by(job))
        broken = broken or case.word == "broken"
        sheet.add(case, story=failure.text)
    # How many examples fail in a way that is known already, a search does not say: it counts as one, then.
    held = replace(unasked, word="conforms", exercised=found.exercised)
    sheet.add(held, times=1 if found.failures else found.examples)
    return sheet.done(unsupported=unsupported, tried=1, row=int(broken))


def _failed(failure: Failure, target: PatientTarget, profile: str) -> Case:
    """What a search found, once more."""
    case = replace(failure.case, profile=profile)
    if case.word == "inconclusive":  # it was not found again while it was made smaller
        return replace(case, reason=f"{TWICE}: {case.reason}")
    return twice(case, lambda: replay(failure.trace, policy_of(failure.trace), target, profile=profile))

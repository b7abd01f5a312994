"""From choices to a told interleaving.

Told to a target one by one, what an end does decides what comes next. Where asking is what costs (a program behind a
pipe), the interleaving of one end is told to the reference first, which does what a conforming end does, and then put
to the target in one line, as replay does; only where the target wants to be called in between is it told one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple

from rekeyspec.conformance.explore.deeds import do
from rekeyspec.conformance.explore.line import Line, Tested
from rekeyspec.conformance.explore.rehearsal import rehearsal
from rekeyspec.conformance.explore.scene import BLANK, Scene
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.player import Input
from rekeyspec.conformance.replay import Run, Seat, Unvisited
from rekeyspec.conformance.target import Broken, Target, features, remote
from rekeyspec.conformance.trace import Step
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT, ROLES, Event, Role

_GIVEN: Final = frozenset(ENVIRONMENT)
_STEP: Final = Step("Tick")
"""Stands for the step of an event that belongs to no trace yet: nothing is said of what must come of it."""


class Told(NamedTuple):
    """What came of an interleaving: its policy, who was under test, the lines, the first divergence, why the target is
    broken, if it is, the rules that were put to the test, and all that happened."""

    policy: Policy
    tested: Tested
    lines: list[Line]
    found: Divergence | None
    broken: str
    exercised: frozenset[str]
    log: list[Event]


def tell(policy: Policy, target: Target, tested: Tested, established: bool, choices: Sequence[int], most: int) -> Told:
    """Tell what these numbers choose, in at most so many lines. Never raises Broken."""
    if tested != "both" and remote(target) and "opaque" not in features(target):
        try:
            return _in_one_line(policy, target, tested, established, choices, most)
        except Unvisited:
            pass
    return _one_by_one(policy, target, tested, established, choices, most)


def _one_by_one(
    policy: Policy, target: Target, tested: Tested, established: bool, choices: Sequence[int], most: int
) -> Told:
    roles: tuple[Role, ...] = ROLES if tested == "both" else (tested,)
    seats: dict[str, Seat] = {}
    scene = Scene(policy, tested, seats, most)
    found, broken = None, ""
    try:
        with ExitStack() as ends:
            for role in roles:
                end = target.open(role, policy)
                ends.callback(end.close)
                seats[role] = Seat(end, Oracle(policy, role))
            found = _whole(scene, established, choices)
    except Broken as why:
        broken = str(why)
    return _told(scene, found, broken, scene.run)


def _in_one_line(
    policy: Policy, target: Target, tested: Role, established: bool, choices: Sequence[int], most: int
) -> Told:
    """Raises Unvisited where the target has to be asked one by one."""
    scene = Scene(policy, tested, {tested: rehearsal(policy, tested)}, most)
    _whole(scene, established, choices)
    events = [e for e in scene.run.log if e.do in _GIVEN]
    run = Run(BLANK[tested], policy, {})
    try:
        end = target.open(tested, policy)
        run.seats = {tested: Seat(end, Oracle(policy, tested))}
        replies = end.run(events)
        found = run.judge(tuple([Input(0, e, _STEP, False) for e in events]), replies)
        end.close()
    except Broken as why:
        return _told(scene, None, str(why), run)
    return _told(scene, found, "", run)


def _whole(scene: Scene, established: bool, choices: Sequence[int]) -> Divergence | None:
    found = scene.open(established)
    for number in choices:
        if found is not None or len(scene.lines) >= scene.most:
            break
        found = do(scene, number)
    return found if found is not None else scene.finish()


def _told(scene: Scene, found: Divergence | None, broken: str, run: Run) -> Told:
    exercised = frozenset[str]().union(*(seat.oracle.exercised for seat in run.seats.values()))
    first = [] if scene.lines else [Line(0, scene.first, "Open")]  # it broke before anything was told
    return Told(scene.policy, scene.tested, scene.lines or first, found, broken, exercised, run.log)

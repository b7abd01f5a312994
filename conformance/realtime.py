"""Real time: a story told to an implementation that has a clock of its own.

The story takes as long as it says: each event is given at its time, and the end is asked a tolerance later than a line
that only lets time pass, so that what was due then has been done. The end says of each action when it was, by its own
clock, since its first Open. Nobody's clock is exact, so the oracle judges with that margin; and since an event may have
come just before or just after an action that was done at the same time, every order that the times allow is followed,
and the rules are left only where none of them keeps to it.

Little can be asked so. Lines that lie closer together than the tolerance are one to it, what a line expects cannot be
compared (the log alone is judged). A story of more than one end is not asked of it, and one that is longer than some
seconds is not told: that is inconclusive and never a pass.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from copy import copy
from dataclasses import replace
from typing import Final, Protocol

from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.player import Input, script
from rekeyspec.conformance.target import Broken, End, OwnClock, Target, bare
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.verdict import Case, Divergence, Word
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role

LONGEST: Final = 10_000
"""How long (ms) a story may be that is told in real time."""
MOST: Final = 64
"""How many orders of one log are followed at a time. With more the rest is given up, in the end's favour first."""

ALONE: Final = "in real time only stories of one end that is alone are told"

Order = list[Event]


class Clock(Protocol):
    """Time that passes by itself, in ms since the clock was made."""

    def now(self) -> int:
        """What it is now."""
        ...

    def sleep_until(self, t: int) -> None:
        """Returns at `t`, or at once if that has passed."""
        ...


class WallClock:
    """The machine's."""

    def __init__(self) -> None:
        self._zero = time.monotonic_ns()

    def now(self) -> int:
        """What it is now."""
        return (time.monotonic_ns() - self._zero) // 1_000_000

    def sleep_until(self, t: int) -> None:
        """Returns at `t`."""
        while (left := t - self.now()) > 0:
            time.sleep(left / 1000)


class Watch:
    """The oracle, for a log of which the times are known only so well (ms)."""

    def __init__(self, policy: Policy, role: Role, tolerance: int) -> None:
        self.tolerance = tolerance
        self.oracles = [Oracle(policy, role, Margin(ms=tolerance))]
        self.log: Order = []
        """In the order that was first found to keep the rules."""

    @property
    def exercised(self) -> frozenset[str]:
        """What was put to the test whichever order it was."""
        return frozenset(set.intersection(*(one.exercised for one in self.oracles)))

    def told(self, event: Event, did: Sequence[Event]) -> Divergence | None:
        """An event, and what the end says it has done since the one before. The first divergence, or None."""
        kept: list[tuple[Oracle, Order]] = []
        first: tuple[Divergence, Order] | None = None
        for oracle in self.oracles:
            for order in self._orders(event, did):
                trial = copy(oracle)
                trial.exercised = set(oracle.exercised)
                found = next((why for e in order if (why := trial.observe(e)) is not None), None)
                if found is None:
                    kept.append((trial, order))
                else:
                    first = first or (found, order)
        if not kept:
            assert first is not None
            self.log += first[1]
            return first[0]
        self.log += kept[0][1]
        self.oracles = [oracle for oracle, _ in kept[:MOST]]
        return None

    def _orders(self, event: Event, did: Sequence[Event]) -> Iterator[Order]:
        """Every order of the event among the actions that the times allow, the likeliest first."""
        earlier = sum(e.t < event.t for e in did)
        places = sorted(range(len(did) + 1), key=lambda place: abs(place - earlier))
        for place in places:
            before, after = did[:place], did[place:]
            if all(e.t <= event.t + self.tolerance for e in before) and all(
                e.t >= event.t - self.tolerance for e in after
            ):
                yield _in_time([*(e._replace(t=min(e.t, event.t)) for e in before), event, *after], self.log)


def _in_time(order: Order, log: Order) -> Order:
    """The same with times that never decrease."""
    now = log[-1].t if log else 0
    made = []
    for e in order:
        now = max(now, e.t)
        made.append(e._replace(t=now))
    return made


def replay(
    trace: Trace, policy: Policy, target: Target, own: OwnClock, profile: str, clock: Clock | None = None
) -> Case:
    """Tells the target the trace in real time and judges it, or says why it was not told. Never raises Broken."""
    case = Case(target.name, profile, trace.name, tuple(trace.rules), policy.plain(), (), "inconclusive")
    if trace.end == "both" or trace.steps[0].link:
        return replace(case, word="unsupported", reason=f"stated: it has a clock of its own, and {ALONE}")
    inputs = [one for one in script(trace, policy) if one.event.do != "Tick" or one.last]  # it has timers of its own
    length = inputs[-1].event.t + 2 * own.tolerance
    if length > LONGEST:
        remedy = "give a policy file with shorter times (--profile FILE)"
        return replace(case, reason=f"not told: it takes {length} ms of real time, and {LONGEST} is the most; {remedy}")
    watch = Watch(policy, trace.end, own.tolerance)
    try:
        with ExitStack() as ends:
            end = own.open(trace.end, policy)
            ends.callback(end.close)
            found = _told(inputs, end, watch, clock or WallClock())
    except Broken as why:
        return replace(case, word="broken", reason=str(why), log=tuple(watch.log))
    word: Word = "violates" if found else "conforms"
    reason = found.sentence() if found else f"in real time, give or take {own.tolerance} ms"
    log = tuple(watch.log)
    return replace(case, word=word, reason=reason, divergence=found, log=log, exercised=watch.exercised)


def _told(inputs: Sequence[Input], end: End, watch: Watch, clock: Clock) -> Divergence | None:
    zero, line = clock.now(), 0
    for one in inputs:
        wait = watch.tolerance if one.event.do == "Tick" else 0
        line = one.line
        clock.sleep_until(zero + one.event.t + wait)
        found = _given(one.event, end, watch, clock, zero)
        if found is not None:
            return replace(found, step=line)
    last = inputs[-1].event
    clock.sleep_until(clock.now() + 2 * watch.tolerance)
    found = _given(last._replace(do="Tick", message=None, bytes=0), end, watch, clock, zero)
    return replace(found, step=line) if found else None


def _given(event: Event, end: End, watch: Watch, clock: Clock, zero: int) -> Divergence | None:
    """One event, at the time that it is now."""
    event = event._replace(t=clock.now() - zero)
    did = [bare(e) for e in end.step(event).did]
    now = clock.now() - zero
    times = [e.t for e in did]
    if times != sorted(times):
        raise Broken(f"it says that it acted at {times} ms, in this order; expected the order in which it acted")
    if times and times[-1] > now + watch.tolerance:
        raise Broken(
            f"it says that it acted at {times[-1]} ms, which is yet to come: it is {now} ms since Open, give or take "
            f"{watch.tolerance}; expected `t` in ms since its first Open"
        )
    return watch.told(event, did)

"""A target with limits: so long for each answer, so long for a whole case.

A program's answers have a time-out of their own (`adapters/process.py`); here its cases get one, which is looked at
between two answers. What runs in this process can be interrupted in the midst of one, by an alarm: in the main thread,
where there are signals. Elsewhere (a cluster's workers work in threads) what never returns is never ended; a program,
`exec:`, is the better target there. A case begins when an end is opened while no other is open.

Real time, like all that waits for a program.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from types import FrameType
from typing import Final, NoReturn, Self, TypeVar

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.campaign.plan import Limits
from rekeyspec.conformance.target import Broken, End, Gateway, Reply, Target
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role

CLOCK: Final = time.monotonic

_T = TypeVar("_T")


class _Late(BaseException):
    """The alarm. No Exception, or the implementation that is interrupted might take it for one of its own."""


class Watch:
    """The time that is left. `alarm`: may what is asked be interrupted?"""

    def __init__(self, name: str, limits: Limits, alarm: bool) -> None:
        self._name, self._limits, self._alarm = name, limits, alarm
        self._until = inf
        self._open = 0

    def opened(self) -> None:
        """An end is opened; the first one begins a case."""
        if not self._open:
            self._until = CLOCK() + self._limits.case_timeout
        self._open += 1

    def closed(self) -> None:
        """An end is closed."""
        self._open -= 1

    def ask(self, act: Callable[[], _T]) -> _T:
        """What it answers. Raises Broken where it does not in time."""
        left = self._until - CLOCK()
        if left <= 0:
            raise Broken(self._late("the case took", self._limits.case_timeout))
        if not self._alarm:
            return act()
        step = self._limits.step_timeout
        try:
            with _alarm(min(step, left)):
                return act()
        except _Late:
            late = ("an answer took", step) if step <= left else ("the case took", self._limits.case_timeout)
            raise Broken(self._late(*late)) from None

    def _late(self, what: str, limit: float) -> str:
        return f"{self._name}: {what} longer than {limit:g} s"


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Late


class PatientEnd:
    """One end of it."""

    def __init__(self, end: End, watch: Watch) -> None:
        self._end, self._watch = end, watch

    def step(self, event: Event) -> Reply:
        """One event."""
        return self._watch.ask(lambda: self._end.step(event))

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Many events."""
        return self._watch.ask(lambda: self._end.run(events))

    def close(self) -> None:
        """It is not needed any more."""
        self._watch.closed()
        self._end.close()


class PatientTarget:
    """The target of this name, with these limits. Raises BadInput as `target_named` does."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._target: Target = target_named(text, timeout=limits.step_timeout)
        # A program's end must not be cut short: what waits for it leaves it in a known state, and has its own time-out.
        self._alarm = "exec:" not in text and threading.current_thread() is threading.main_thread()
        self._watch = Watch(text, limits, self._alarm)
        self.name = self._target.name
        self.unsupported = self._target.unsupported

    def __getattr__(self, name: str) -> object:
        """Whatever else the target states of itself."""
        return getattr(self._target, name)

    def open(self, role: Role, policy: Policy) -> End:
        """A new end."""
        return self._opened(lambda: self._target.open(role, policy))

    def _opened(self, make: Callable[[], End]) -> End:
        self._watch.opened()
        try:
            return PatientEnd(self._watch.ask(make), self._watch)
        except BaseException:
            self._watch.closed()
            raise

    @property
    def gateway(self) -> Callable[[Policy], Gateway] | None:
        """Makes a new gateway, where the target makes any."""
        make: Callable[[Policy], Gateway] | None = getattr(self._target, "gateway", None)
        return (lambda policy: self._on_gateway(make, policy)) if make else None

    def _on_gateway(self, make: Callable[[Policy], Gateway], policy: Policy) -> Gateway:
        opens = make(policy)
        return lambda user: self._opened(lambda: opens(user))

    def __enter__(self) -> Self:
        self._target.__enter__()
        self.unsupported = self._target.unsupported
        if self._alarm:
            self._before = signal.signal(signal.SIGALRM, _ring)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._alarm:
            signal.signal(signal.SIGALRM, self._before)
        self._target.__exit__(*exc)

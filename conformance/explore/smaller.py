"""A failing trace made as small and as plain as it will go, after hypothesis has made the drawn numbers small.

First lines are left out (`ddmin`), then what is left is made plain: the first negotiation at once, short times and
small sizes, numbers by the names of their parameters, messages as an honest peer would send them, and the parameters
of the policy as its profile has them. All of it in turn, until nothing more will go. A smaller trace is taken only if
the target fails in the very same way, so that no failure slips into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from rekeyspec.conformance.amounts import amount
from rekeyspec.conformance.check import hanging
from rekeyspec.conformance.explore import amounts
from rekeyspec.conformance.explore.ddmin import ddmin
from rekeyspec.conformance.explore.fault import Fault, of_trace
from rekeyspec.conformance.player import times
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.target import BadInput, Target
from rekeyspec.conformance.trace import MessageForm, Step, Trace
from rekeyspec.reference.contradictions import contradictions

ROUNDS: Final = 5
"""How often everything is tried in turn at most; three were never exceeded."""

_NEGOTIATES: Final = ("start", "answer", "finish")


class Smaller:
    """A failing trace, and the attempts to make it smaller. `tries`: how often the target may be asked."""

    def __init__(self, trace: Trace, fault: Fault, target: Target, tries: int) -> None:
        self.trace, self.fault, self.target, self.left = trace, fault, target, tries
        self._sound = not contradictions(policy_of(trace))
        self._known: dict[bytes, bool] = {msgspec.json.encode(trace): True}

    def smallest(self) -> Trace:
        """The trace when nothing more will go, or no try is left."""
        self._cut()
        for _ in range(ROUNDS):
            before = self.trace
            for make in (self._lines, self._gaps, self._opening, self._waits, self._sizes, self._forms, self._policy):
                make()
            if self.trace == before:
                break
        return self.trace

    def tried(self, **changes: Any) -> bool:
        """Does it fail with these changes too? Then it is the trace from now on."""
        candidate = msgspec.structs.replace(self.trace, **changes)
        if not self._fails(candidate):
            return False
        self.trace = candidate
        return True

    def _fails(self, candidate: Trace) -> bool:
        key = msgspec.json.encode(candidate)
        if key not in self._known:
            if self.left <= 0 or not candidate.steps:
                return False
            self.left -= 1
            self._known[key] = self._asked(candidate)
        return self._known[key]

    def _asked(self, candidate: Trace) -> bool:
        try:
            policy = policy_of(candidate)
        except BadInput:
            return False
        if hanging(policy, self.target.unsupported) or (self._sound and contradictions(policy)) or not opens(candidate):
            return False
        return of_trace(candidate, policy, self.target) == self.fault

    # Lines.

    def _cut(self) -> None:
        """No line after the one at which it fails: told one by one, the log says how far it came."""
        policy = policy_of(self.trace)
        log = replay(self.trace, policy, self.target, stepwise=True).log
        end = max((e.t for e in log), default=0)
        told = sum(t <= end for t in times(self.trace, policy))
        if 0 < told < len(self.trace.steps):
            self.tried(steps=self.trace.steps[:told])

    def _lines(self) -> None:
        """Fewer lines, the others at the times at which they were."""
        policy = policy_of(self.trace)
        told = list(zip(times(self.trace, policy), self.trace.steps, strict=True))

        def fails(part: Sequence[tuple[int, Step]]) -> bool:
            return self.tried(steps=_timed(part))

        if len(told) > 1:
            ddmin(told, fails)

    def _gaps(self) -> None:
        """Fewer lines, the others as long after one another as they were."""
        for at in reversed(range(len(self.trace.steps))):
            steps = self.trace.steps
            self.tried(steps=steps[:at] + steps[at + 1 :])

    def _opening(self) -> None:
        """The first negotiation told by `established`."""
        for at, step in reversed(list(enumerate(self.trace.steps))):
            if step.do != "Open" or step.established:
                continue
            after = self.trace.steps[at + 1 :]
            rest = [one for one in after if (one.message.kind if one.message else one.kind) not in _NEGOTIATES]
            opened = [*self.trace.steps[:at], _but(step, established=True)]
            if len(rest) < len(after) and self.tried(steps=opened + rest):
                return

    # Numbers.

    def _waits(self) -> None:
        """Shorter times between the lines: none if that will do, or the shortest; or the name of what they are."""
        for at in range(len(self.trace.steps)):
            self._number(at, "after", "ms", least=0)
        for at in range(len(self.trace.steps) - 1):
            self._later(at)

    def _later(self, at: int) -> None:
        """The time before a line given to the next one."""
        one, other = self.trace.steps[at : at + 2]
        if one.after is not None:
            policy = policy_of(self.trace)
            whole = amount(one.after, policy) + (amount(other.after, policy) if other.after is not None else 0)
            moved = [_but(one, after=None), _but(other, after=whole)]
            if self.tried(steps=[*self.trace.steps[:at], *moved, *self.trace.steps[at + 2 :]]):
                self._number(at + 1, "after", "ms", least=0)

    def _sizes(self) -> None:
        """One offer for two, smaller ones, and fewer."""
        for at in reversed(range(len(self.trace.steps) - 1)):
            self._together(at)
        for at, step in enumerate(self.trace.steps):
            if step.times > 1:
                self._least(at, "times", step.times, 1)
            if step.do == "Offer":
                self._number(at, "bytes", "bytes", least=1)

    def _together(self, at: int) -> None:
        """What is offered here offered with the next offer there."""
        steps, one = self.trace.steps, self.trace.steps[at]
        for after in range(at + 1, len(steps)) if one.do == "Offer" else ():
            if steps[after].do == "Offer" and steps[after].end == one.end:
                policy = policy_of(self.trace)
                size = amount(one.bytes, policy) * one.times + amount(steps[after].bytes, policy)
                self.tried(
                    steps=[*steps[:at], *steps[at + 1 : after], _but(steps[after], bytes=size), *steps[after + 1 :]]
                )
                return

    def _number(self, at: int, field: str, unit: str, least: int) -> None:
        written = getattr(self.trace.steps[at], field)
        if written is None or isinstance(written, str):
            return
        number = self._least(at, field, written, least)
        policy = policy_of(self.trace)
        for name in amounts.names(number, unit, policy, self.fault.rule):
            if self._with(at, **{field: name}):
                return

    def _least(self, at: int, field: str, number: int, least: int) -> int:
        """The smallest number that will do, if larger ones do too."""
        if number > least and self._with(at, **{field: least or None if field == "after" else least}):
            return least
        below = least
        while below + 1 < number:
            middle = (below + number) // 2
            if self._with(at, **{field: middle}):
                number = middle
            else:
                below = middle
        return number

    def _with(self, at: int, **changes: Any) -> bool:
        steps = self.trace.steps
        return self.tried(steps=[*steps[:at], _but(steps[at], **changes), *steps[at + 1 :]])

    # Messages and parameters.

    def _forms(self) -> None:
        """Messages that say less of themselves, or smaller numbers."""
        for at in range(len(self.trace.steps)):
            for changed in _plainer(self.trace.steps[at], self.trace.end == "both"):
                self._with(at, **changed(self.trace.steps[at]))

    def _policy(self) -> None:
        """The parameters as some profile has them."""
        for name in profiles():
            if self.trace.policy and self.tried(profile=name, policy={}):
                return
        for name in list(self.trace.policy):
            self.tried(policy={key: value for key, value in self.trace.policy.items() if key != name})


def opens(trace: Trace) -> bool:
    """Is `Open` the first that each end is given? Nobody need expect anything else."""
    opened = set()
    for step in trace.steps:
        if step.do == "Open":
            opened.add(step.end)
        elif step.do != "Drop" and step.end not in opened:
            return False
    return True


def _timed(part: Sequence[tuple[int, Step]]) -> list[Step]:
    """These lines at these times."""
    steps, now = [], 0
    for t, step in part:
        steps.append(_but(step, at=None, after=t - now or None))
        now = t
    return steps


def _but(step: Step, **changes: Any) -> Step:
    return msgspec.structs.replace(step, **changes)


_Change = Callable[[Step], dict[str, Any]]


def _plainer(step: Step, both: bool) -> Iterator[_Change]:
    """What may be changed of a step, each asked when its turn comes, for what came before may have changed it. With
    both ends under test, what an adversary sends says who sealed it."""
    if step.message is not None:
        for field in ("number", "epoch", "negotiation", "session", "channel", *(() if both else ("sealed_by",))):
            yield lambda step, field=field: {"message": _form(step, **{field: None})}  # type: ignore[misc]
        size = 1 if step.message.kind == "data" else 0
        yield lambda step: {"message": _form(step, bytes=size)}
        for field in ("number", "epoch"):
            yield lambda step, field=field: {"message": _form(step, **{field: _less(step, field)})}  # type: ignore[misc]


def _form(step: Step, **changes: Any) -> MessageForm:
    assert step.message is not None
    return msgspec.structs.replace(step.message, **changes)


def _less(step: Step, field: str) -> Any:
    value = getattr(step.message, field)
    return value - 1 if isinstance(value, int) and value > 1 else value

"""A tour of one end's view as a trace: what is given to the end, line by line, and what it does in answer.

A tick is a millisecond. What arrives is written out in full, since an end that takes its time is not where the
harness would expect it to be. What the end does is said at the line that it answers: the latest one at that instant,
or a Tick of its own where there is none. Where the tour ends before the end has done what is due, nothing is said of
the last line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rekeyspec.conformance.modelgraph import AGAIN, Label, given, label
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.reference.enabled import enabled
from rekeyspec.reference.guards import NotEnabled, Rules
from rekeyspec.reference.messages import SENDS, foretold, outbound
from rekeyspec.reference.obligations import look
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, fresh
from rekeyspec.reference.step import apply, step
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT, VISIBLE, Do, Event, Message, Role
from rekeyspec.tools.abstraction import CONTROL

_DOS: Final[tuple[Do, ...]] = (*ENVIRONMENT, *VISIBLE, *SILENT)
_VISIBLE: Final = frozenset(VISIBLE)
_USER: Final = frozenset({"Open", "Offer", "Shut"})
_NAMED: Final = frozenset({"Deliver", "Reject", "Discard", "RefuseStart", "Ignore"})
_NUMBERED: Final = frozenset({"data", "heartbeat", "reply"})
_NEGOTIATING: Final = frozenset({"start", "answer", "finish"})


class NotFollowed(ValueError):
    """The reference does not go along with a step of the model. The text says which and why."""


@dataclass(frozen=True)
class Told:
    """A tour as lines of a trace, and the rules that it puts to the test."""

    steps: tuple[Mapping[str, Any], ...]
    rules: frozenset[str]


def tell(rules: Rules, role: Role, labels: Iterable[Label]) -> Told:
    """Tell a tour. Raises NotFollowed where the reference's rules do not allow it."""
    teller = _Teller(rules, fresh(rules.policy, role))
    for one in labels:
        try:
            teller.take(one)
        except NotEnabled as why:
            raise NotFollowed(f"{one}: {why}") from None
    return Told(tuple(teller.finished()), frozenset(teller.oracle.exercised))


@dataclass
class _Line:
    t: int
    step: dict[str, Any]
    expect: list[str] = field(default_factory=list)


class _Teller:
    """The lines so far, and the end where they have led it."""

    def __init__(self, rules: Rules, s: End) -> None:
        self.rules, self.s = rules, s
        self.oracle = Oracle(rules.policy, s.role, rules=rules)
        self.lines: list[_Line] = []

    def take(self, one: Label) -> None:
        if one.do == AGAIN:
            return
        if one.kind or one.do == "Tick" or one.do in _USER:
            self._give(given(self.rules.policy, self.s, one))
            if not one.kind:
                return
        self._act(one)

    def _give(self, event: Event) -> None:
        if event.do != "Tick":
            self.lines.append(_Line(event.t, _line(self.rules.policy, event)))
        self._see(event)
        self.s = step(self.rules, self.s, event)

    def _act(self, one: Label) -> None:
        arrived = self.s.inbox[-1] if one.kind else None
        event = self._event(one, arrived)
        taken = arrived if one.do != "Close" else None
        if enabled(self.rules, self.s, event) != taken:
            raise NotFollowed(f"{one}: the reference takes another message")
        if one.do in _VISIBLE:
            self._see(event)
            self._expecting().append(one.do)
        self.s = apply(self.rules, self.s, event, taken)

    def _event(self, one: Label, arrived: Message | None) -> Event:
        s, message, reason = self.s, None, ""
        if one.do == "Refuse":
            reason = s.refusal
        elif one.do == "Close":
            message = None if arrived and arrived.kind == "close" else outbound(self.rules, s, "Close")
        elif one.do in SENDS:
            message = self._sent(one, arrived)
        elif one.do in _NAMED:
            message = arrived
        return Event(s.t, s.role, _do(one), message, reason=reason)

    def _sent(self, one: Label, arrived: Message | None) -> Message:
        """The message that the label's action sends, where the rules leave a choice the label's."""
        s, do = self.s, _do(one)
        for sent in foretold(self.rules, s, do, arrived):
            if label(self.rules, s, Event(s.t, s.role, do, sent)).sent == one.sent:
                counts = self.rules.policy.byte_counts == "data+control" and sent.kind in ("heartbeat", "reply")
                return sent._replace(bytes=CONTROL) if counts else sent
        raise NotFollowed(f"{one}: the reference sends no such message")

    def _expecting(self) -> list[str]:
        if not self.lines or self.lines[-1].t != self.s.t:
            self.lines.append(_Line(self.s.t, {"do": "Tick"}))
        return self.lines[-1].expect

    def _see(self, event: Event) -> None:
        found = self.oracle.observe(event)
        if found is not None:
            raise NotFollowed(found.sentence())

    def finished(self) -> Iterable[Mapping[str, Any]]:
        """The lines as a trace has them."""
        if not self.lines or self.lines[-1].t != self.s.t:
            self.lines.append(_Line(self.s.t, {"do": "Tick"}))
        settled = look(self.rules, self.s)[0] is None
        now = 0
        for line in self.lines:
            after = {"after": line.t - now} if line.t != now else {}
            now = line.t
            expect = {"expect": line.expect} if settled or line is not self.lines[-1] else {}
            yield {"do": line.step["do"]} | after | {k: v for k, v in line.step.items() if k != "do"} | expect


def _do(one: Label) -> Do:
    return next(do for do in _DOS if do == one.do)


def _line(policy: Policy, event: Event) -> dict[str, Any]:
    step: dict[str, Any] = {"do": event.do}
    if event.do == "Offer":
        step["bytes"] = event.bytes
    if event.message is not None:
        step["message"] = _form(policy, event.message)
    return step


def _form(policy: Policy, m: Message) -> dict[str, Any]:
    """The message as a trace has it: whatever might be another's where the end has gone another way."""
    form: dict[str, Any] = {"kind": m.kind, "epoch": m.epoch}
    if m.kind in _NUMBERED:
        form["number"] = m.number
    if m.kind in _NEGOTIATING and policy.session_cache == "on":
        form["session"] = m.session
    if m.bytes:
        form["bytes"] = m.bytes
    if m.channel != policy.channel(m.kind):
        form["channel"] = m.channel
    clear = m.kind in ("heartbeat", "reply") and policy.heartbeat_protection == "clear"
    if (m.sealed_by == "nobody") != clear:
        form["sealed_by"] = m.sealed_by
    return form

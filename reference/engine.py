"""An end that keeps every rule: it does what is due as soon as it is due, in the order of `obligations`.

This is the reference as an implementation. It decides nothing that the rules leave open but the order of what is due at
one instant, and whether to act before or after what arrives at the instant of a deadline (it acts after).
"""

from __future__ import annotations

from rekeyspec.reference.guards import Rules, announced, closing
from rekeyspec.reference.messages import outbound
from rekeyspec.reference.obligations import Obligation, look
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, fresh
from rekeyspec.reference.step import apply, step
from rekeyspec.reference.vocabulary import SILENT, Event, Role

_SENDING = frozenset(
    {"Start", "Answer", "Finish", "Request", "SendData", "SendHeartbeat", "SendReply"},
)
_NAMING = frozenset({"Deliver", "Reject", "Discard", "RefuseStart", "Ignore"})


def act(r: Rules, s: End, o: Obligation) -> Event:
    """The event by which this end meets an obligation now."""
    message, reason = None, ""
    if o.do in _SENDING:
        message = outbound(r, s, o.do, o.taken)
    elif o.do in _NAMING:
        message = o.taken
    elif o.do == "Close":
        message = None if any(announced(r, m) for m in s.inbox) else outbound(r, s, "Close")
        reason = closing(r, s, s.t)[0]
    elif o.do == "Refuse":
        reason = s.refusal
    return Event(s.t, s.role, o.do, message, reason=reason)


class Engine:
    """One end of one link. Not thread-safe, no clock: time comes with each event."""

    __slots__ = ("rules", "state")

    def __init__(self, policy: Policy, role: Role, rules: Rules | None = None) -> None:
        self.rules = rules or Rules(policy)
        self.state = fresh(policy, role)

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:
        """What the end does in answer to this event, in order, and its next deadline (ms; NEVER: none)."""
        r = self.rules
        s = step(r, self.state, event)
        did: list[Event] = []
        while True:
            o, deadline = look(r, s)
            if o is None:
                self.state = s
                return tuple(did), deadline
            action = act(r, s, o)
            s = apply(r, s, action, o.taken)  # what is due is enabled: tests/reference/test_engine.py
            if action.do not in SILENT:
                did.append(action)

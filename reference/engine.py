"""An end that keeps every rule: it does what is due as soon as it is due, in the order of `obligations`.

This is the reference as an implementation. It decides nothing that the rules leave open but the order of what is due at
one instant, and whether to act before or after what arrives at the instant of a deadline (it acts after).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from rekeyspec.reference import busy
from rekeyspec.reference.gateway import admits, refused
from rekeyspec.reference.guards import Rules, announced, closing
from rekeyspec.reference.messages import SENDS, outbound
from rekeyspec.reference.obligations import Obligation, look
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, fresh
from rekeyspec.reference.step import apply, step
from rekeyspec.reference.vocabulary import SILENT, Do, Event, Message, Role

_tuple = tuple.__new__  # past the named tuples' own, which only calls it

AT_ONCE: Final[Mapping[Do, Callable[[Rules, End, Event], busy.Done | None]]] = {
    "Offer": busy.offered,
    "Arrive": busy.arrived,
}
"""What is mostly done at once; None where it is not."""

_SENDING = frozenset(SENDS) - {"Close"}
_NAMING = frozenset({"Deliver", "Reject", "Discard", "RefuseStart", "Ignore"})


def act(r: Rules, s: End, o: Obligation) -> Event:
    """The event by which this end meets an obligation now."""
    message: Message | None = None
    reason = ""
    if o.do in _SENDING:
        message = outbound(r, s, o.do, o.taken)
    elif o.do in _NAMING:
        message = o.taken
    elif o.do == "Close":
        message = None if any(announced(r, m) for m in s.inbox) else outbound(r, s, "Close")
        reason = closing(r, s, s.t)[0]
    elif o.do == "Refuse":
        reason = s.refusal
    return _tuple(Event, (s.t, s.role, o.do, message, 0, reason, ""))


class Engine:
    """One end of one link. Not thread-safe, no clock: time comes with each event."""

    __slots__ = ("rules", "state")

    def __init__(self, policy: Policy, role: Role, rules: Rules | None = None) -> None:
        self.rules = rules or Rules(policy)
        self.state = fresh(policy, role)

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:
        """What the end does in answer to this event, in order, and its next deadline (ms; NEVER: none)."""
        r = self.rules
        at_once = AT_ONCE.get(event.do) if r.whole else None
        done = at_once(r, self.state, event) if at_once is not None else None
        if done is not None:
            self.state, action, deadline = done
            return (action,), deadline
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


class GatewayEngine:
    """A server's ends of many links, each told by its events' `link` (GATE-1). Not thread-safe, no clock."""

    def __init__(self, policy: Policy) -> None:
        self.rules = Rules(policy)
        self.ends: dict[str, Engine] = {}

    def end(self, link: str) -> Engine:
        """The end of this link."""
        return self.ends.setdefault(link, Engine(self.rules.policy, "server", self.rules))

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:
        """As `Engine.step`, for the end of the link that the event names."""
        p = self.rules.policy
        engine = self.end(event.link)
        if event.do == "Open" and not admits(p, {name: one.state for name, one in self.ends.items()}, event.link):
            engine.state = refused(p, event.t)
            event = event._replace(do="Tick")
        did, deadline = engine.step(event)
        return tuple([done._replace(link=event.link) for done in did]), deadline

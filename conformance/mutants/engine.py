"""An engine with one mistake in it. Four sorts of mistake go in here; `known` and `found` have those that no table
makes.

unasked   an action of which one rule is not asked: it is done as soon as the other rules let it
misread   parameters of the policy that it reads otherwise than they stand there
unset     an action that leaves one field of the end as it was: a timer that is not restarted, a mark not made
undone    a duty that it does not know
"""

from __future__ import annotations

from collections.abc import Callable

from rekeyspec.reference.enabled import NOTHING
from rekeyspec.reference.engine import Engine, act
from rekeyspec.reference.guards import OWN, TAKES, TAKING, Rules, false_guard
from rekeyspec.reference.messages import outbound
from rekeyspec.reference.obligations import Obligation, obligations
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.step import apply, step
from rekeyspec.reference.vocabulary import NEVER, SILENT, Do, Event, Message, Role


class Mistaken(Engine):
    """An engine that does what is due by its rules, but for its mistake."""

    __slots__ = ("_unasked", "_undone", "_unset")

    def __init__(
        self,
        policy: Policy,
        role: Role,
        *,
        unasked: tuple[Do, str] | None = None,
        unset: tuple[Do, str] | None = None,
        undone: tuple[Do, str] | None = None,
    ) -> None:
        rules = Rules(policy)
        super().__init__(policy, role, rules.without(*unasked) if unasked else rules)
        self._unasked = unasked
        self._unset, self._undone = unset, undone

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:
        """What it does in answer to this event, in order, and its next deadline (ms)."""
        before = self.state
        self.state = self.changed(event.do, before, step(self.rules, before, event))
        did: list[Event] = []
        done = self._too_soon(did)
        deadline = self._duties(did)
        if not done and self._too_soon(did):
            deadline = self._duties(did)
        return tuple(did), deadline

    def due(self) -> list[Obligation]:
        """What it knows to be due."""
        return [self._taken(o) for o in obligations(self.rules, self.state) if (o.do, o.rule) != self._undone]

    def changed(self, do: Do, before: End, after: End) -> End:
        """The end after an action, as far as it changes it."""
        if self._unset and self._unset[0] == do:
            return after.but(**{self._unset[1]: getattr(before, self._unset[1])})
        return after

    def do(self, action: Event, taken: Message | None, did: list[Event]) -> None:
        """Do this, whether or not a rule allows it."""
        self.state = self.changed(action.do, self.state, apply(self.rules, self.state, action, taken))
        if action.do not in SILENT:
            did.append(action)

    def _duties(self, did: list[Event]) -> int:
        done = set[tuple[Do, Message | None]]()
        while True:
            found = self.due()
            now = next((o for o in found if o.t <= self.state.t and (o.do, o.taken) not in done), None)
            if now is None:
                return min([o.t for o in found if o.t > self.state.t], default=NEVER)
            if now.do != "SendData":
                done.add((now.do, now.taken))  # what changes nothing is done once, and not for ever
            elif not self.state.queue:
                return NEVER
            self.do(act(self.rules, self.state, now), now.taken, did)

    def _taken(self, o: Obligation) -> Obligation:
        """What it does with a message: the action of which a rule is not asked goes before the one that fits."""
        if self._unasked is None or o.taken is None:
            return o
        do, rule = self._unasked
        if do == o.do or do not in TAKES[o.taken.kind]:
            return o
        r, s = self.rules, self.state
        if false_guard(r.taking, do, r, s, s.t, o.taken) or not false_guard(TAKING, do, r, s, s.t, o.taken):
            return o
        return Obligation(o.t, do, rule, o.taken)

    def _too_soon(self, did: list[Event]) -> bool:
        """Once for each event: the action of which a rule is not asked."""
        if self._unasked is None:
            return False
        do, rule = self._unasked
        if do not in OWN or (self.state.phase != "open" and rule not in ("DEAD-5", "LIM-1")):
            return False
        r, s = self.rules, self.state
        if false_guard(r.own, do, r, s, s.t, NOTHING) or not false_guard(OWN, do, r, s, s.t, NOTHING):
            return False
        self.do(Event(s.t, s.role, do, self._message(do)), None, did)
        return True

    def _message(self, do: Do) -> Message | None:
        s, p = self.state, self.rules.policy
        if do in ("Suspect", "Refuse"):
            return None
        if do == "SendData" and not s.queue:  # FLOW-1 is not asked: it makes something up
            return Message("data", s.epoch, s.sent_number + 1, bytes=1, channel=p.channel("data"))
        return outbound(self.rules, s, do)


Make = Callable[[Policy, Role], Engine]
"""Makes one end of an implementation."""

"""One end of the reference asked alone: what it may do with the oldest message of each channel, and when time may pass.

An end is asked for every action of the guard tables, whether it looks possible or not: what a rule forbids must be
forbidden by the guard, and by nothing here. To arrive and to be taken is one step, as in the spec.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from rekeyspec.reference.enabled import NOTHING
from rekeyspec.reference.guards import TAKES, NotEnabled, Rules
from rekeyspec.reference.messages import SENDS, foretold
from rekeyspec.reference.obligations import Obligation, obligations
from rekeyspec.reference.state import End
from rekeyspec.reference.step import step
from rekeyspec.reference.vocabulary import Do, Event, Message, Role
from rekeyspec.tools.abstraction import CONTROL, NOW, PEER, abstract, concrete, message, said
from rekeyspec.tools.bounds import Bounds
from rekeyspec.tools.records import Foreign, Record, Said
from rekeyspec.tools.situation import Situation

_NAMING = frozenset({"Deliver", "Reject", "Discard", "RefuseStart", "Ignore"})
"""Actions whose event names the message that they take."""


class Local(NamedTuple):
    """One step of one end: what it becomes, the message that it takes, and the one that it sends."""

    action: str
    becomes: Record
    taken: Said | None = None
    sent: Said | None = None


class Place(NamedTuple):
    """Where an end is asked: its record, the oldest message of each channel to it, and whether a link came before."""

    record: Record
    heads: tuple[Said, ...]
    again: bool = False


class Alone:
    """One end under its rules, within the bounds of one model. What was asked once is not asked again."""

    def __init__(self, bounds: Bounds, rules: Rules, role: Role) -> None:
        self.bounds, self.rules, self.policy, self.role = bounds, rules, rules.policy, role
        self._ends: dict[tuple[Record, bool], End] = {}
        self.asked: dict[Place, tuple[Local, ...]] = {}
        """Every place where it was asked, and what it may do there."""
        self.aged: dict[Place, Record | None] = {}
        """Every place where it was asked whether time may pass, with what has arrived by then; and the record after
        it."""

    def place(self, at: Situation) -> Place:
        """Where this end is."""
        record, wire = at.end(self.role)
        return Place(record, tuple(queue[0] for queue in wire if queue), at.link > 1)

    def steps(self, at: Situation) -> tuple[Local, ...]:
        """What this end may do, and its user."""
        place = self.place(at)
        known = self.asked.get(place)
        if known is None:
            known = self.asked[place] = tuple(dict.fromkeys(self.ask(place)))
        return known

    def older(self, at: Situation) -> Record | None:
        """The end when time has passed; None where something is due here."""
        place = self._meanwhile(at)
        if place not in self.aged:
            self.aged[place] = self.age(place)
        return self.aged[place]

    def due_at(self, at: Situation) -> Obligation | None:
        """What is due at this end, if only for what has arrived by now."""
        return self.due(self._meanwhile(at))

    def _meanwhile(self, at: Situation) -> Place:
        """Where this end is when time would pass: with what has been under way for as long as it can be."""
        record, wire = at.end(self.role)
        heads = (queue[0] for queue in wire if queue)
        bound = "delay" not in self.bounds.powers
        return Place(record, tuple(one for one in heads if bound and one.age >= self.bounds.delay), at.link > 1)

    def end(self, record: Record, link: int) -> End:
        """The end of the reference."""
        key = (record, link > 1)
        if key not in self._ends:
            self._ends[key] = concrete(self.policy, self.role, record, again=link > 1)
        return self._ends[key]

    # What may be done.

    def ask(self, place: Place, dos: Container[str] | None = None) -> Iterator[Local]:
        """What may be done at a place: everything, or these actions."""
        for event, _, after, one in self.done(place, dos):
            yield self._local(event, after, one)

    def done(self, place: Place, dos: Container[str] | None = None) -> Iterator[tuple[Event, End, End, Said | None]]:
        """The same in the reference's words: the event, the end before and after it, and the message that it takes."""
        s = self.end(place.record, 1 + place.again)
        for event, one in self._events(place, s):
            if dos is None or event.do in dos:
                before = self._with(s, one)
                try:
                    yield event, before, step(self.rules, before, event), one
                except NotEnabled:
                    continue

    def refused(self, place: Place) -> Iterator[tuple[Event, NotEnabled]]:
        """What may not be done at a place, and why, for each way of trying it."""
        s = self.end(place.record, 1 + place.again)
        for event, one in self._events(place, s):
            try:
                step(self.rules, self._with(s, one), event)
            except NotEnabled as why:
                yield event, why

    def _events(self, place: Place, s: End) -> Iterator[tuple[Event, Said | None]]:
        """Everything that may be tried, with the message that has arrived then."""
        for event in self._wished(place.record, s):
            yield event, None
        for do in self.rules.own:
            for sent in self._sendings(s, do, None):
                yield Event(NOW, self.role, do, sent), None
        for sent in (None, *foretold(self.rules, s, "Close")):
            for one in (None, *place.heads):
                yield Event(NOW, self.role, "Close", sent), one
        for one in place.heads:
            taken = message(self.role, one)
            dos: tuple[Do, ...] = (*TAKES[one.kind], "Ignore")
            for do in dos:
                for sent in self._sendings(s, do, taken):
                    yield Event(NOW, self.role, do, sent), one

    def _with(self, s: End, one: Said | None) -> End:
        return s if one is None else step(self.rules, s, Event(NOW, self.role, "Arrive", message(self.role, one)))

    def _sendings(self, s: End, do: Do, taken: Message | None) -> Iterable[Message | None]:
        """The messages that an event of this action may carry."""
        if do not in SENDS:
            return (taken if do in _NAMING else None,)
        if do == "SendData" and not s.queue:
            return (NOTHING,)  # a guard must say that there is none to send
        sent = foretold(self.rules, s, do, taken)
        if do in ("SendHeartbeat", "SendReply") and self.policy.byte_counts == "data+control":
            return tuple(one._replace(bytes=CONTROL) for one in sent)
        return sent

    def _wished(self, r: Record, s: End) -> Iterator[Event]:
        """What the user does."""
        tries, most = self.bounds.tries, self.policy.max_message
        wished = self.bounds.wishes(self.role, r.sent_number + len(r.queue) + 1)
        if r.phase == "fresh":
            yield Event(NOW, self.role, "Open")
        elif not r.refusal and (tries or (r.phase == "open" and wished)):
            for size in sorted(self.bounds.sizes | ({most + 1} if "max_message" in tries else frozenset())):
                offer = Event(NOW, self.role, "Offer", bytes=size)
                refusal = step(self.rules, s, offer).refusal
                if refusal in tries if refusal else wished:
                    yield offer
        if r.phase == "open" and not r.ending and self.role in self.bounds.shuts:
            yield Event(NOW, self.role, "Shut")

    def _local(self, event: Event, after: End, taken: Said | None) -> Local:
        sent = said(event.message) if event.do in SENDS and event.message is not None else None
        if sent is not None and event.message is not None:
            told = message(PEER[self.role], sent)
            if told._replace(session="") != event.message._replace(session=""):  # of an old session any id will do
                raise Foreign(f"{event.do} sends {event.message}, which the spec cannot say")
        return Local(event.do, abstract(self.policy, after), None if event.do == "Close" else taken, sent)

    # When time may pass.

    def age(self, place: Place) -> Record | None:
        """The end when time has passed; None where something is due, if only for what has arrived (`heads`)."""
        if self.due(place) is not None:
            return None
        return abstract(self.policy, self.end(place.record, 1 + place.again), NOW + 1)

    def due(self, place: Place) -> Obligation | None:
        """The first that is due at a place, by now."""
        return next(self.dues(place), None)

    def dues(self, place: Place) -> Iterator[Obligation]:
        """All that is due at a place, by now."""
        s = self.end(place.record, 1 + place.again)
        for one in place.heads:
            s = self._with(s, one)
        return (o for o in obligations(self.rules, s) if o.t <= NOW)

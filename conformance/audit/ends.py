"""The ends of a log's links: an oracle for each that is followed, and what becomes of them.

An end is followed from its `Open`. It is followed no more when it is closed and nothing is due there, when it has
left the rules, or when nothing can be said of it any more; until its link opens again (IDLE-5). An end whose `Open` is
not in the log is not followed: nobody knows what it had done before. When there are more than memory was given to,
those that were silent for longest are put aside whole, and go on when they are heard of again.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import merge, nsmallest
from typing import Final

from rekeyspec.conformance.audit.findings import Finding, Findings, Place, Unjudged
from rekeyspec.conformance.audit.hooks import Hooks
from rekeyspec.conformance.audit.reading import BadLine
from rekeyspec.conformance.audit.resting import Aside, Rest, Resting
from rekeyspec.conformance.audit.room import Room
from rekeyspec.conformance.log import LoggedEvent, event
from rekeyspec.conformance.oracle import Kept, Oracle
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.conformance.weakness import abbreviated
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.state import closed
from rekeyspec.reference.vocabulary import SILENT, Do, Event, Role

CROWD: Final = 4_096
"""So many messages may wait at one end; no conforming end has reason to leave as many."""

_SILENT: Final[frozenset[Do]] = frozenset(SILENT)


class Ends:
    """The ends of one log. `begun`: the log goes on from one that is not there. `now` is its latest time (ms)."""

    def __init__(self, name: str, found: Findings, hooks: Hooks, *, begun: bool) -> None:
        self.name, self.found, self.hooks = name, found, hooks
        self.now = 0
        self.followed: dict[Role, dict[str, Oracle]] = {"client": {}, "server": {}}
        self._rules = Rules(found.policy, Margin(ms=found.tolerance))
        self._room = Room(found.policy, begun=begun)
        self._resting = Resting(hooks.size.resting)
        self._until_tending = 0
        self._ended = False

    def apart(self, line: int, row: LoggedEvent) -> bool:
        """An event that is not just one more of an end that is followed. False where its end is not followed."""
        e = event(row)
        if e.do == "Arrive" and e.message is None:
            read, expected = "an Arrive without a message", "the message that arrived"
            raise BadLine(self.name, line, read, expected, "add `message`: docs/audit.md has its form")
        oracle = self.followed[e.end].get(e.link) or self._recalled(line, e)
        if oracle is not None:
            self._in_order(line, e, oracle.state.t)
        if e.do == "Open":
            if oracle is not None:
                self._left(oracle, line, e)
            self._open(e)
        elif oracle is not None:
            found = oracle.observe(e)
            if found is None:
                self.look(oracle, e)
            else:
                self.diverged(oracle, line, e, found)
        return oracle is not None or e.do == "Open"

    def look(self, oracle: Oracle, e: Event) -> None:
        """An end that is followed did this, and was allowed to."""
        if not self.found.weak and abbreviated((e,)):
            self.found.weak = (e,)
        if oracle.over:
            del self.followed[e.end][e.link]
            self._resting.put((e.link, e.end), Rest("closed", e.t))
            if e.end == "server":
                self._room.free(e.link)

    def diverged(self, oracle: Oracle, line: int, e: Event, found: Divergence) -> None:
        """An end that is followed left the rules, with this event or before it."""
        if found.kind == "not-allowed" and e.do in _SILENT:
            return
        place = Place(self.hooks.part, line, e.link, e.end)
        if oracle.gave_up:
            self._give_up(oracle, "coarse", place)
            return
        before = self.hooks.before(e.link, e.end, line) if self.found.wants(found) else ()
        finding = Finding(place, replace(found, step=line, index=max(len(before) - 1, 0)), before)
        if self.found.diverged(finding):
            self.hooks.told(finding)
        self._rest(oracle, e)

    def finish(self, line: int) -> None:
        """The log ends: what was due before its latest time must have been done."""
        self._ended = True
        near = sorted((link, role) for role, oracles in self.followed.items() for link in oracles)
        for (link, role), kept in merge(((key, None) for key in near), self._resting.aside(), key=lambda one: one[0]):
            self._end(link, self.followed[role][link] if kept is None else self._oracle(role, kept), line)
        self.found.spilled += self._resting.spilled
        self._resting.close()

    def overdue(self, line: int) -> None:
        """Find the ends that by the latest time have left undone what was due."""
        late = self.now - self._rules.margin.ms
        for oracles in self.followed.values():
            for link in [link for link, oracle in oracles.items() if oracle.deadline() < late]:
                self._end(link, oracles[link], line)
        for link, role in list(self._resting.due(late)):
            record = self._resting.take((link, role))
            assert isinstance(record, Aside)
            oracle = self.followed[role][link] = self._oracle(role, record.oracle)
            self._end(link, oracle, line)

    def tend(self, events: int, line: int) -> None:
        """After so many events: put aside the ends that were silent for longest where there are too many, and give up
        those that are crowded."""
        self._until_tending -= events
        count, most = sum(map(len, self.followed.values())), self.hooks.size.followed
        if self._until_tending > 0 and count <= most:
            return
        self._until_tending = 8 * count
        every = [(one.state.t, role, link, one) for role, some in self.followed.items() for link, one in some.items()]
        for _, role, link, oracle in every:
            if len(oracle.state.inbox) > CROWD:
                self._give_up(oracle, "crowded", Place(self.hooks.part, line, link, role))
        if count > most:
            for _, role, link, oracle in nsmallest(count - most * 7 // 8, every, key=lambda one: one[:3]):
                if self.followed[role].pop(link, None):
                    self._resting.put((link, role), Aside(oracle.kept(), oracle.deadline()))

    # A link opens, or is heard of again.

    def _recalled(self, line: int, e: Event) -> Oracle | None:
        """Follow an end again that was put aside, or is closed; None for one that cannot be followed."""
        key = (e.link, e.end)
        record = self._resting.take(key)
        if isinstance(record, Aside):
            self.followed[e.end][e.link] = self._oracle(e.end, record.oracle)
            return self.followed[e.end][e.link]
        if record is not None:
            self._in_order(line, e, record.t)
        if e.do == "Open":
            return None
        if record is not None and record.why == "closed":
            at_rest: Kept = (0, False, [(closed(self.found.policy, e.end, record.t), {}, ())])
            self.followed[e.end][e.link] = self._oracle(e.end, at_rest)
            return self.followed[e.end][e.link]
        if record is None:
            self.found.not_judged("begun", Place(self.hooks.part, line, e.link, e.end), counted=False)
            if e.end == "server":
                self._room.take(e.link, sure=False)
        if e.do == "Close" and e.end == "server":
            self._room.free(e.link)
        self._resting.put(key, Rest(record.why if record else "begun", e.t))
        return None

    def _left(self, oracle: Oracle, line: int, e: Event) -> None:
        """The link opens again at an end that was followed: what has become of the one before?"""
        found = oracle.observe(e._replace(do="Tick"))
        if found is not None:
            self.diverged(oracle, line, e, found)
        elif all(s.phase != "closed" for s in oracle.possible()):
            self._give_up(oracle, "lost", Place(self.hooks.part, line, e.link, e.end))
        self._resting.take((e.link, e.end))

    def _open(self, e: Event) -> None:
        """A link opens at this end; whatever it was before, nothing of that is left (IDLE-5)."""
        oracle = self.followed[e.end][e.link] = self._oracle(e.end)
        self.found.lives["conforms"] += 1  # until it is found to be otherwise
        if e.end == "client":
            oracle.observe(e)
            return
        self._room.free(e.link)
        admitted = self._room.admits(e.link)
        if admitted:
            oracle.observe(e)
        else:
            oracle.refuse(e, certain=admitted is False)
        if admitted is not False:
            self._room.take(e.link, sure=admitted is True)

    def _oracle(self, role: Role, kept: Kept | None = None) -> Oracle:
        oracle = Oracle(self.found.policy, role, hidden=self.found.hidden, rules=self._rules)
        oracle.exercised = self.found.exercised
        if kept is not None:
            oracle.resume(kept)
        return oracle

    # An end is followed no more.

    def _end(self, link: str, oracle: Oracle, line: int) -> None:
        found = oracle.end(self.now)
        if found is not None:
            self.diverged(oracle, line, Event(self.now, oracle.role, "Tick", link=link), found)

    def _give_up(self, oracle: Oracle, why: Unjudged, place: Place) -> None:
        self.found.not_judged(why, place)
        self._rest(oracle, Event(self.now, place.end, "Tick", link=place.link))

    def _rest(self, oracle: Oracle, e: Event) -> None:
        if self._ended:
            return  # nobody asks any more, and what was put aside is being gone through
        self.followed[e.end].pop(e.link, None)
        self._resting.put((e.link, e.end), Rest("diverged", e.t))
        if e.end == "server" and e.link in self._room.links:
            if e.do == "Close" or oracle.state.phase == "closed":
                self._room.free(e.link)
            else:
                self._room.take(e.link, sure=False)

    def _in_order(self, line: int, e: Event, t: int) -> None:
        if e.t < t:
            read, expected = f"the time {e.t} after {t}", f"times of {Place(0, line, e.link, e.end).of} in order"
            raise BadLine(self.name, line, read, expected, "sort the lines by `t`")

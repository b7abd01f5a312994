"""The scene of an interleaving: a clock, a network, two ends of which one or both are under test, and what was told.

Where one end is under test the reference plays the other, which is punctual and honest; what lies between the two is
the adversary's, who loses, delays, copies, repeats and makes messages. What is done here is judged by replay's own
`Run`, and written down as lines, from which the trace is made that replay can tell again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rekeyspec.conformance.adapters.wire import as_seen
from rekeyspec.conformance.explore.line import Line, Tested
from rekeyspec.conformance.network import Flight, Network
from rekeyspec.conformance.player import handshake
from rekeyspec.conformance.replay import Run, Seat
from rekeyspec.conformance.trace import Step, Trace
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE, End
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Message, Role

REMEMBERED: Final = 8
"""How many of the messages that have left the network an adversary may still repeat."""

CROWD: Final = 4
"""How many messages may arrive at an end at one instant and change nothing that can be seen, before the next arrives a
little later. Each might be taken before or after each other one, and the oracle follows all of that."""

_NEGOTIATES: Final = frozenset({"start", "answer", "finish"})
BLANK: Final[Mapping[Tested, Trace]] = {
    end: Trace(0, "found", "Being told.", "combined", ["FLOW-1"], [Step("Tick")], end)
    for end in ("client", "server", "both")
}  # fmt: skip


class Scene:
    """An interleaving of one target under one policy, of at most so many lines (`most`), as far as it was told. Its
    methods return the first divergence if there is one, and raise Broken as the target's ends do."""

    def __init__(self, policy: Policy, tested: Tested, seats: Mapping[str, Seat], most: int) -> None:
        self.policy, self.tested, self.most = policy, tested, most
        self.roles: tuple[Role, ...] = ROLES if tested == "both" else (tested,)
        self.first: Role = self.roles[0]
        self.other: Role = "server" if self.first == "client" else "client"
        self.run = Run(BLANK[tested], policy, seats)
        self.t = 0
        self.lines: list[Line] = []
        self.gone: dict[Role, list[Message]] = {"client": [], "server": []}
        """What has left the network for each end, the latest last."""
        self._crowd: dict[Role, int] = {"client": 0, "server": 0}
        self._engine = Engine(policy, self.other)
        self._deadline = NEVER

    @property
    def network(self) -> Network:
        """What is under way."""
        return self.run.network

    def state(self, role: Role) -> End:
        """The state of an end, as far as it can be known."""
        seat = self.run.seats.get(role)
        return seat.oracle.state if seat else self._engine.state

    def plays(self, role: Role) -> bool:
        """Is this end played by the reference, and not under test?"""
        return role not in self.roles

    # What is done. Each adds its line, if it is one of a tested end.

    def open(self, established: bool) -> Divergence | None:
        """Both ends open, at closed ends a new link; `established`: and the first negotiation is completed at once."""
        if self.lines and len(self.lines) + len(self.roles) > self.most:
            return None
        self.gone = {"client": [], "server": []}
        if self.tested == "both":
            self.lines.append(Line(self.t, "server", "Open"))
            self.lines.append(Line(self.t, "client", "Open", established=established))
            found = self._given(Event(self.t, "server", "Open")) or self._given(Event(self.t, "client", "Open"))
            return found or (self.run.establish(self.t) if established else None)
        self.lines.append(Line(self.t, self.first, "Open", established=established))
        self._engine = Engine(self.policy, self.other)
        found = self._given(Event(self.t, self.first, "Open"))
        self._played(Event(self.t, self.other, "Open"))
        return found or (self._establish() if established else None)

    def _establish(self) -> Divergence | None:
        """Each end is given what an honest peer would send; what it sent itself is taken for arrived."""
        for message in handshake(self.policy, self.other):
            self._played(Event(self.t, self.other, "Arrive", message))
        for message in handshake(self.policy, self.first):
            found = self._given(Event(self.t, self.first, "Arrive", message))
            if found is not None:
                return found
        self.run.network = Network(tuple(f for f in self.network.flights if f.message.kind not in _NEGOTIATES))
        return None

    def offer(self, role: Role, size: int, times: int = 1) -> Divergence | None:
        """The user offers data, so often."""
        event = Event(self.t, role, "Offer", bytes=size)
        if not self.plays(role):
            self.lines.append(Line(self.t, role, "Offer", bytes=size, times=times))
        for _ in range(times):
            found = self._happens(event)
            if found is not None:
                return found
        return None

    def tick(self, role: Role) -> Divergence | None:
        """The end is called though nothing happens."""
        return self._told(Line(self.t, role, "Tick"), Event(self.t, role, "Tick"))

    def shut(self, role: Role) -> Divergence | None:
        """The user ends the link."""
        return self._told(Line(self.t, role, "Shut"), Event(self.t, role, "Shut"))

    def passes(self, flight: Flight) -> Divergence | None:
        """What is under way arrives."""
        found = self._room(flight.to)
        if found is not None:
            return found
        self._left(flight)
        event = Event(self.t, flight.to, "Arrive", flight.message)
        if self.tested == "both":
            return self._told(Line(self.t, flight.to, "Pass", kind=flight.message.kind), event)
        return self._told(Line(self.t, flight.to, "Arrive", flight.message), event)

    def drop(self, flight: Flight) -> None:
        """What is under way is lost."""
        self._left(flight)
        if self.tested == "both":
            self.lines.append(Line(self.t, flight.to, "Drop", kind=flight.message.kind))

    def arrive(self, role: Role, message: Message) -> Divergence | None:
        """The adversary sends something, that it made, copied or recorded."""
        found = self._room(role)
        if found is not None:
            return found
        return self._told(Line(self.t, role, "Arrive", message), Event(self.t, role, "Arrive", message))

    def move(self, t: int) -> Divergence | None:
        """Time passes, and everybody is called at each deadline on the way."""
        if t <= self.t:
            return None
        while self._deadline <= t:
            self._played(Event(self._deadline, self.other, "Tick"))
        self.t = t
        self._crowd = {"client": 0, "server": 0}
        found = self.run.until(t)
        self._gather()
        if found is not None:
            self.lines.append(Line(t, self.first, "Tick"))
        return found

    def finish(self) -> Divergence | None:
        """After all that was told: what was due by then must have been done."""
        if self.lines and self.t > self.lines[-1].t:
            found = self.tick(self.first)
            if found is not None:
                return found
        return self.run.until(self.run.now + 1) or self.run.finish()

    # How it comes about.

    def _room(self, role: Role) -> Divergence | None:
        """Let a crowd of messages be taken before another one arrives."""
        return self.move(self.t + 1) if self._crowd[role] >= CROWD else None

    def _told(self, line: Line, event: Event) -> Divergence | None:
        if not self.plays(line.end):
            self.lines.append(line)
        return self._happens(event)

    def _happens(self, event: Event) -> Divergence | None:
        if self.plays(event.end):
            self._played(event)
            return None
        return self._given(event)

    def _given(self, event: Event) -> Divergence | None:
        found = self.run.happen(event)
        if event.do == "Arrive" and not self.run.did:
            self._crowd[event.end] += 1
        self._gather()
        return found

    def _gather(self) -> None:
        """What the one end under test has sent is under way."""
        did = self.run.did
        if did:
            if self.tested != "both":
                for e in did:
                    if e.message is not None and e.do in SENDS:
                        self.run.network = self.run.network.sent(self.other, e.message)
            did.clear()

    def _played(self, event: Event) -> None:
        did, self._deadline = self._engine.step(as_seen(event))
        for e in did:
            if e.message is not None and e.do in SENDS:
                self.run.network = self.run.network.sent(self.first, e.message)

    def _left(self, flight: Flight) -> None:
        self.run.network = self.run.network.without(flight)
        gone = self.gone[flight.to]
        gone.append(flight.message)
        if len(gone) > REMEMBERED:
            del gone[0]

    # What lies ahead.

    def moments(self) -> list[int]:
        """The times after now at which something may be due or end, the nearest first: what the ends declared, what the
        oracle holds due, and every timer of both ends."""
        found = {self._deadline}
        for seat in self.run.seats.values():
            found |= {seat.deadline, seat.oracle.deadline()}
        for role in ROLES:
            found.update(timers(self.policy, self.state(role)))
        return sorted(t for t in found if self.t < t < NEVER)


def timers(p: Policy, s: End) -> Iterator[int]:
    """When the timers of an end run out, whether anything is due then or not (ms)."""
    if s.phase != "open":
        return
    if s.awaiting_since != NONE:
        yield s.awaiting_since + p.negotiation_timeout
    if s.suspect_since != NONE:
        yield s.suspect_since + p.negotiation_timeout
    if s.series is not None:
        yield s.series.last_at + p.reply_timeout
    if s.old_until != NONE:
        yield s.old_until
    if s.epoch:
        yield s.active_at + p.idle_period
        yield s.active_at + p.rekey_idle
        yield s.next_beat
        yield s.expected_at + p.grace
        if p.age_limit:
            yield s.in_force_at + p.age_limit
        if s.session:
            yield s.session_at + p.session_lifetime

"""Replay: a trace drives an implementation, event by event, on a virtual clock, and the oracle judges what it does.

Time moves to the earliest of: the next line of the trace, what the oracle holds due, the deadline that the end
declared. So an end that acts early is seen early, and one that acts late is seen late. A trace with one end under
test is first sent whole (`run`); where an answer then declares a deadline that the script did not visit, the case is
gone over again step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from rekeyspec.conformance import realtime
from rekeyspec.conformance.expectation import differs
from rekeyspec.conformance.network import Network
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.player import Input, script
from rekeyspec.conformance.target import (
    Broken,
    Carried,
    End,
    Reply,
    Target,
    bare,
    features,
    gateway,
    own_clock,
    pairs,
    whose,
)
from rekeyspec.conformance.trace import Step, Trace
from rekeyspec.conformance.verdict import Case, Divergence, Word
from rekeyspec.reference.gateway import admits, user
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Message, Role

TIRELESS = 10_000
"""How often an end may ask to be called between two lines of a trace before it is said to do nothing but ask."""


@dataclass
class Seat:
    """An end under test, the oracle that follows it, and the deadline it declared (ms)."""

    end: End
    oracle: Oracle
    link: str = ""
    deadline: int = NEVER
    poked: int = -1
    """When it was last called for a deadline, and did nothing (ms)."""


@dataclass
class Run:
    """One trace on one target, in progress."""

    trace: Trace
    policy: Policy
    seats: Mapping[str, Seat]
    """By their roles; those of a gateway's ends by their links."""
    network: Network = field(default_factory=Network)
    now: int = 0
    line: int = 0
    log: list[Event] = field(default_factory=list)
    finished: tuple[int, int] = (0, -1)
    """The last line that was told to its end, and its time (ms)."""
    opaque: dict[tuple[Role, Message], Carried] = field(default_factory=dict)
    """What was sent to each end with opaque bytes: an adversary that sends it again sends those too."""
    did: list[Event] = field(default_factory=list)
    """What the end did for the line so far."""
    shown: set[str] = field(default_factory=set)
    strayed: str = ""
    """Where the end did something else than the story says, although a rule allows it."""
    overtook: bool = False
    """Did a message pass another of its channel, which no stream does?"""

    def give(self, inputs: tuple[Input, ...]) -> Divergence | None:
        """Every event of the script, step by step. The first divergence, or None."""
        for one in inputs:
            self.line = one.line
            found = self.until(one.event.t) or self._one(one)
            if found is not None:
                return found
        return self.until(self.now + 1) or self.finish()

    def judge(self, inputs: tuple[Input, ...], replies: list[Reply]) -> Divergence | None:
        """The replies to a whole script that was sent in one go. Raises Unvisited where a deadline lies between."""
        seat = next(iter(self.seats.values()))
        observe, log = seat.oracle.observe, self.log.append
        deadline = NEVER
        for one, (did, declared) in zip(inputs, replies, strict=True):
            event = one.event
            if deadline < event.t or (event.do == "Open" and self._stands(seat)):
                raise Unvisited
            deadline = declared
            self.line, self.now = one.line, event.t
            log(event)
            found = observe(event)
            for act in did:
                if found is not None:
                    return self._found(found)
                log(act)
                found = observe(act)
            if found is not None:
                return self._found(found)
            self.did += did
            if one.last:
                self._look(one.step)
        if deadline <= self.now:
            raise Unvisited
        return self.finish()

    def finish(self) -> Divergence | None:
        """After the last line: what was due by then must have been done."""
        for seat in self.seats.values():
            found = seat.oracle.end(self.now + 1)
            if found is not None:
                return self._found(found)
        return None

    def until(self, t: int) -> Divergence | None:
        """Call each end at every deadline, its own or the oracle's, before `t`."""
        if t == self.now:
            return None
        for _ in range(TIRELESS):
            seat, at = min(((seat, self._next(seat)) for seat in self.seats.values()), key=lambda due: due[1])
            if at >= t:
                return None
            found = self.happen(Event(at, seat.oracle.role, "Tick", link=seat.link))
            if found is not None:
                return found
        raise Broken(f"the end asked to be called {TIRELESS} times in a row before {t} ms")

    def _next(self, seat: Seat) -> int:
        """When to call it: at its own deadline, or the oracle's. For one that has passed, at once, but only once."""
        soon = min(seat.deadline, seat.oracle.deadline())
        if soon > self.now:
            return soon
        if seat.poked != self.now:
            return self.now
        return min((t for t in (seat.deadline, seat.oracle.deadline()) if t > self.now), default=NEVER)

    def _one(self, one: Input) -> Divergence | None:
        event = one.event
        if one.step.do in ("Pass", "Drop"):
            flight = self.network.oldest(event.end, one.step.kind)
            if flight is None:
                self.strayed = (
                    self.strayed or f"line {one.line}: no {one.step.kind or 'message'} is in flight to the {event.end}"
                )
                return None
            if one.step.do == "Pass" and self.policy.transport == "stream":
                self.overtook = self.overtook or self.network.overtaken(flight)
            self.network = self.network.without(flight)
            if one.step.do == "Drop":
                return None
            event = event._replace(message=flight.message)
        elif event.message is not None and self.opaque:
            event = event._replace(message=self.opaque.get((event.end, event.message), event.message))
        if event.do == "Open" and self._stands(self.seats[event.link or event.end]):
            self.strayed = (
                self.strayed or f"line {one.line}: the {event.end}'s link has not ended, and cannot open again"
            )
            return None
        found = self.happen(event)
        if found is None and event.do == "Open" and one.step.established and self.trace.end == "both":
            found = self.establish(event.t)
        if found is None and one.last:
            self._look(one.step)
        return found

    @staticmethod
    def _stands(seat: Seat) -> bool:
        """Is the link of this end open? Then no story opens another there (IDLE-5)."""
        return seat.oracle.state.phase == "open"

    def establish(self, t: int) -> Divergence | None:
        """Let the first negotiation pass, if both ends are open."""
        while any(flight.message.kind in ("start", "answer", "finish") for flight in self.network.flights):
            flight = self.network.flights[0]
            self.network = self.network.without(flight)
            found = self.happen(Event(t, flight.to, "Arrive", flight.message))
            if found is not None:
                return found
        return None

    def happen(self, event: Event) -> Divergence | None:
        """One event at the end that it names, and what that end does in answer, judged."""
        self.now = event.t
        seat = self.seats[event.link or event.end]
        if event.do == "Open" and all(one.oracle.state.phase != "open" for one in self.seats.values()):
            self.network = Network()  # IDLE-5: what was under way on an earlier link is nothing to this one
        did, seat.deadline = seat.end.step(event)
        seat.poked = event.t if event.do == "Tick" and not did else -1
        for e in (bare(event), *map(bare, did)):
            self.log.append(e)
            found = self._observe(seat, e)
            if found is not None:
                return self._found(found)
        self.did += map(bare, did)
        for e in did if self.trace.end == "both" else ():
            if e.message is not None and e.do in SENDS:
                self._send("server" if e.end == "client" else "client", e.message)
        return None

    def _send(self, to: Role, message: Message) -> None:
        self.network = self.network.sent(to, message)
        if isinstance(message, Carried):
            self.opaque[to, message] = message

    def _observe(self, seat: Seat, e: Event) -> Divergence | None:
        if e.do == "Open" and e.link:
            ends = {link: one.oracle.state for link, one in self.seats.items()}
            if not admits(self.policy, ends, e.link):
                seat.oracle.refuse(e)
                return None
        return seat.oracle.observe(e)

    def _found(self, found: Divergence) -> Divergence:
        # What was left undone at a line is noticed at the next one, and blamed on the line.
        undone = found.kind == "not-done" and min(due.t for due in found.due) <= self.finished[1]
        line = self.finished[0] if undone else self.line
        shows = self.trace.steps[line - 1].shows if line else []
        also = tuple(dict.fromkeys(rule for rule in (*found.also, *shows) if rule != found.rule))
        return replace(found, step=line, index=len(self.log) - 1, also=also)

    def _look(self, step: Step) -> None:
        """Compare what the end did with what the story says; it may differ where the rules leave a choice."""
        did, self.did = self.did, []
        self.finished = (self.line, self.now)
        if step.expect is not None and not self.strayed:
            self.strayed = differs(step, did, self.policy)
            self.strayed = f"line {self.line}: {self.strayed}" if self.strayed else ""
        if not self.strayed:
            self.shown.update(step.shows)


class Unvisited(Exception):
    """The end declared a deadline at which the script sent whole did not call it, or has not ended the link that the
    script holds to be ended."""


def replay(trace: Trace, policy: Policy, target: Target, *, profile: str = "", stepwise: bool = False) -> Case:
    """Drive the target through the trace and judge it. Never raises Broken: a broken target is a case with that word.
    Raises BadInput for a trace that cannot be told under the policy."""
    inputs = script(trace, policy)
    own = own_clock(target)
    if own is not None:
        return realtime.replay(trace, policy, target, own, profile or trace.profile)
    run = Run(trace, policy, {})
    try:
        with ExitStack() as ends:
            run = begin(trace, policy, target, ends)
            if len(run.seats) == 1 and not stepwise:
                try:
                    end = next(iter(run.seats.values())).end
                    replies = end.run([one.event for one in inputs])
                    if "opaque" in features(target):
                        replies = [Reply(tuple(map(bare, did)), deadline) for did, deadline in replies]
                    return case_of(target, profile, run, run.judge(inputs, replies))
                except Unvisited:
                    run = begin(trace, policy, target, ends)
            return case_of(target, profile, run, run.give(inputs))
    except NotAsked as why:
        return replace(case_of(target, profile, run), word="unsupported", reason=f"stated: {why}")
    except Broken as why:
        return case_of(target, profile, run, broken=str(why))


class NotAsked(Exception):
    """The trace is about ends that the target does not make. The text says what it does make."""


def begin(trace: Trace, policy: Policy, target: Target, ends: ExitStack) -> Run:
    """The ends that the trace needs, opened, each with its oracle; `ends` closes them. Raises Broken, and NotAsked
    where the target does not make such ends."""
    seats = {}
    for name, role, end in _opened(trace, policy, target):
        ends.callback(end.close)
        seats[name] = Seat(end, Oracle(policy, role), name if name != role else "")
    return Run(trace, policy, seats)


def _opened(trace: Trace, policy: Policy, target: Target) -> Iterator[tuple[str, Role, End]]:
    """The ends that the trace needs, each with its seat's name."""
    if trace.end != "both" and pairs(target):
        raise NotAsked("a pair has two ends, and this story is of one; put it to each implementation by itself")
    links = dict.fromkeys(one.link for one in trace.steps if one.link)
    if links:
        opens = gateway(target, policy)
        if opens is None:
            raise NotAsked("it makes single ends only, and no gateway (GATE-1)")
        yield from ((link, "server", opens(user(link))) for link in links)
        return
    roles: tuple[Role, ...] = ROLES if trace.end == "both" else (trace.end,)
    yield from ((role, role, target.open(role, policy)) for role in roles)


def _blamed(found: Divergence, target: Target) -> str:
    """The divergence in one line; of two implementations the one that left the rules is named first."""
    name = whose(target, found.end)
    return f"{name}, the {found.end}: {found.sentence()}" if name else found.sentence()


def case_of(target: Target, profile: str, run: Run, found: Divergence | None = None, broken: str = "") -> Case:
    """What came of a run: where it first left the rules, or why the target is broken, if either."""
    exercised = run.shown.union(*(seat.oracle.exercised for seat in run.seats.values()))
    word: Word = "broken" if broken else "violates" if found else "inconclusive" if run.strayed else "conforms"
    return Case(
        target=target.name,
        profile=profile or run.trace.profile,
        trace=run.trace.name,
        rules=tuple(run.trace.rules),
        policy=run.policy.plain(),
        log=tuple(run.log),
        word=word,
        reason=broken or (_blamed(found, target) if found else run.strayed),
        divergence=found,
        exercised=frozenset(exercised),
    )

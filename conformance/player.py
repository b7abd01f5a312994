"""From a story to events: the harness as user, clock, network and peer of the end under test.

`script` turns a trace with one end under test into concrete events, once per policy: it walks the reference through
the story to know which epoch, number and negotiation an honest peer would name at each line. Because these are
determined by the rules, the events fit any implementation that conforms, and a whole trace can be sent in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from rekeyspec.conformance.amounts import amount
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.trace import MessageForm, Step, Trace
from rekeyspec.reference.conditions import EXACT, new_session, resumable
from rekeyspec.reference.engine import Engine, GatewayEngine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import NEVER, Event, Message, Role


@dataclass(frozen=True, slots=True)
class Input:
    """One event that the harness gives, and the line of the trace (from 1) that it belongs to; `last` when the line's
    expectations are to be looked at after it. For Pass and Drop the message is the network's."""

    line: int
    event: Event
    step: Step
    last: bool = True


@dataclass
class Peer:
    """What an honest peer remembers of what it has sent: its numbers."""

    data: int = 0
    beats: int = 0

    def message(self, form: MessageForm, s: End, policy: Policy) -> Message:
        """The message that this form stands for, towards an end in state `s`, at its time."""
        kind = form.kind
        negotiating = kind in ("start", "answer", "finish")
        epoch = self._epoch(form, s)
        starter = s.role if kind == "answer" else s.peer
        if kind in ("answer", "finish") and s.negotiation and form.negotiation is None and form.epoch is None:
            epoch, starter = s.negotiation.epoch, s.role if s.negotiation.mine else s.peer
        clear = kind in ("heartbeat", "reply") and policy.heartbeat_protection == "clear"
        return Message(
            kind,
            epoch,
            form.number if form.number is not None else self._number(form, s),
            form.negotiation if form.negotiation is not None else f"{starter[0]}{epoch}" if negotiating else "",
            form.session if form.session is not None else _session(form, s, policy, f"{starter[0]}{epoch}"),
            amount(form.bytes, policy),
            form.channel or policy.channel(kind),
            form.sealed_by or ("nobody" if clear else "peer"),
        )

    def _epoch(self, form: MessageForm, s: End) -> int:
        if isinstance(form.epoch, int):
            return form.epoch
        new = form.epoch == "next" or (form.epoch is None and form.kind in ("start", "answer", "finish"))
        return s.epoch + (1 if new else -1 if form.epoch == "old" else 0)

    def _number(self, form: MessageForm, s: End) -> int:
        """The next number; what the peer did not send itself does not use one up."""
        honest = form.sealed_by in (None, "peer")
        match form.kind:
            case "data":
                self.data += honest
                return self.data if honest else self.data + 1
            case "heartbeat":
                self.beats += honest
                return self.beats if honest else self.beats + 1
            case "reply":
                return s.series.last if s.series else s.beat_number
            case _:
                return 0


def _session(form: MessageForm, s: End, policy: Policy, negotiation: str) -> str:
    """CACHE-1: an honest peer holds the session that this end holds, for as long."""
    match form.kind:
        case "start":
            return s.session if resumable(policy, s, s.t, EXACT) == 2 else ""
        case "answer":
            offered = s.negotiation.session if s.negotiation else ""
            return offered or new_session(policy, negotiation)
        case "finish":
            return s.negotiation.session if s.negotiation else new_session(policy, negotiation)
        case _:
            return ""


@dataclass
class Seat:
    """An end that the reference plays (of this link, at a gateway), the peer it talks to, and its deadline (ms)."""

    link: str
    engine: Engine
    peer: Peer = field(default_factory=Peer)
    deadline: int = NEVER


class Walk:
    """A trace being written out as events, the reference walking along: at one end, or at a gateway's several."""

    def __init__(self, policy: Policy, role: Role) -> None:
        self.policy, self.role = policy, role
        self.inputs: list[Input] = []
        self.gateway = GatewayEngine(policy)
        self.seats: dict[str, Seat] = {}

    def line(self, number: int, one: Step, t: int) -> None:
        """One line of the trace at time `t`."""
        link = one.link or ""
        if link not in self.seats:
            self.seats[link] = Seat(link, self.gateway.end(link) if link else Engine(self.policy, self.role))
        self.wait(number, one, t)
        for left in range(one.times, 0, -1):
            events = self._events(one, self.seats[link], t)
            for i, event in enumerate(events):
                self._give(number, one, event._replace(link=link), last=left == 1 and i == len(events) - 1)

    def wait(self, number: int, one: Step, t: int) -> None:
        """Time passes until just before `t`: what an end is called for on the way belongs to this line."""
        while (first := self._first()).deadline < t:
            self._give(number, one, Event(first.deadline, self.role, "Tick", link=first.link), last=False)

    def _first(self) -> Seat:
        """The end that is to be called first."""
        return min(self.seats.values(), key=lambda seat: seat.deadline)

    def _events(self, one: Step, seat: Seat, t: int) -> list[Event]:
        if one.do == "Arrive":
            assert one.message is not None
            now = seat.engine.state.but(t=t)
            return [Event(t, self.role, "Arrive", seat.peer.message(one.message, now, self.policy))]
        if one.do == "Open":
            seat.peer = Peer()  # IDLE-5: a new link, on which it has sent nothing
        if one.do == "Offer":
            return [Event(t, self.role, "Offer", bytes=amount(one.bytes, self.policy))]
        if one.do == "Open" and one.established:
            return [
                Event(t, self.role, "Open"),
                *(Event(t, self.role, "Arrive", m) for m in handshake(self.policy, self.role)),
            ]
        assert one.do in ("Open", "Tick", "Shut")
        return [Event(t, self.role, one.do)]

    def _give(self, number: int, one: Step, event: Event, *, last: bool) -> None:
        self.inputs.append(Input(number, event, one, last))
        seat = self.seats[event.link]
        _, seat.deadline = self.gateway.step(event) if event.link else seat.engine.step(event)


def handshake(policy: Policy, role: Role) -> list[Message]:
    """What an honest peer sends to an end of this role until the first negotiation is complete."""
    channel = policy.channel("start")
    limit = policy.limit if policy.limit_from == "initiator" else 0
    session = new_session(policy, "c1")
    if role == "client":
        return [Message("answer", 1, 0, "c1", session, channel=channel)]
    return [
        Message("start", 1, 0, "c1", bytes=limit, channel=channel),
        Message("finish", 1, 0, "c1", session, channel=channel),
    ]


def times(trace: Trace, policy: Policy) -> list[int]:
    """The time of each line (ms). Raises BadInput where a line goes back in time or an amount cannot be read."""
    now, out = 0, []
    for number, one in enumerate(trace.steps, 1):
        try:
            t = now if one.at is None else amount(one.at, policy)
            t += amount(one.after, policy) if one.after is not None else 0
            amount(one.bytes, policy)
        except ValueError as why:
            raise BadInput(f"trace {trace.name}, line {number} of `steps`: {why}") from None
        if t < now:
            where = f"trace {trace.name}, line {number} of `steps`"
            raise BadInput(f"{where}: goes back from {now} ms to {t} ms; put the lines in order of time")
        now = t
        out.append(t)
    return out


@lru_cache(maxsize=1024)
def _script(key: _ById, policy: Policy) -> tuple[Input, ...]:
    trace = key.trace
    if trace.end == "both":
        return tuple(_plain(trace, policy))
    walk = Walk(policy, trace.end)
    for number, (one, t) in enumerate(zip(trace.steps, times(trace, policy), strict=True), 1):
        walk.line(number, one, t)
    return tuple(walk.inputs)


def _plain(trace: Trace, policy: Policy) -> list[Input]:
    """With both ends under test nothing is foretold: what passes is what was sent, and what an adversary sends is
    written out."""
    inputs = []
    for number, (one, t) in enumerate(zip(trace.steps, times(trace, policy), strict=True), 1):
        assert one.end is not None
        do = "Arrive" if one.do in ("Pass", "Drop") else one.do
        message = _written_out(one.message, policy) if one.message else None
        event = Event(t, one.end, do, message, amount(one.bytes, policy))  # type: ignore[arg-type]
        inputs += [Input(number, event, one, last=left == 1) for left in range(one.times, 0, -1)]
    return inputs


def _written_out(form: MessageForm, policy: Policy) -> Message:
    return Message(
        form.kind,
        form.epoch if isinstance(form.epoch, int) else 0,
        form.number or 0,
        form.negotiation or "",
        form.session or "",
        amount(form.bytes, policy),
        form.channel or policy.channel(form.kind),
        form.sealed_by or "peer",
    )


class _ById:
    """A trace as a key: the same object, not an equal one, so that no long trace is ever hashed."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self.trace is other.trace

    def __hash__(self) -> int:
        return id(self.trace)


def script(trace: Trace, policy: Policy) -> tuple[Input, ...]:
    """The events of a trace under a policy, in order. Raises BadInput (see `times`)."""
    return _script(_ById(trace), policy)

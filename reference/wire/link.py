"""One end of a link, without a socket and without a clock: bytes and time in; bytes, news and the next deadline out.

It is a body for the reference, and adds no rule: `Engine.step` decides everything. Here its messages are sealed and
opened, its negotiations are filled with TLS, and its data with data. Whatever cannot be authenticated reaches no rule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE
from rekeyspec.reference.vocabulary import NEVER, Channel, Event, Message, Role
from rekeyspec.reference.wire.frames import (
    BODY,
    CLEAR,
    HANDSHAKE,
    HEADER,
    MORE,
    PIECE,
    Frame,
    Frames,
    Malformed,
    Said,
    body,
    header,
    said,
)
from rekeyspec.reference.wire.negotiation import Failed, Negotiation, Negotiator, Outcome
from rekeyspec.reference.wire.seal import CIPHERS, Cipher, Opener, Rest, Sealer, schedule, token

EARLY: Final = 1 << 20
"""The most bytes that wait for a key that is on its way (EARLY-1). A transport stops reading long before (`early`)."""

TAKEN: Final = 1 << 17
"""About so many bytes are given to a transport at a time."""

_BEHIND: Final = frozenset({"start", "answer", "close"})
"""These say how many messages of data went before them, and take effect when those have come: without that they could
overtake, on a connection of their own, data that is lost then (by two keys, or by the link's end)."""

_IN_TURN: Final = _BEHIND | {"finish", HANDSHAKE}
_NEGOTIATING: Final = _IN_TURN - {"close"}
_NOTHING: Final = (Message("start"), b"")
_tuple = tuple.__new__  # past the named tuples' own, which only calls it
_PEER: Final[dict[Role, Role]] = {"client": "server", "server": "client"}


class Received(NamedTuple):
    """The peer's user sent this (Deliver), in the pieces in which it came."""

    pieces: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        """The whole message."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)


class Renewed(NamedTuple):
    """A new key is in force here. `abbreviated`: a session was resumed (CACHE-2). `peer`: its certificate's SHA-256."""

    epoch: int
    abbreviated: bool
    peer: bytes


class Weak(NamedTuple):
    """The negotiation was weaker than a full, mutual one: what is weak, and by which rule."""

    rule: str
    what: str


class Suspected(NamedTuple):
    """Data came that may be a spoof (IDLE-4), and was not delivered; `closes`: the link ends for it."""

    message: Message
    closes: bool


class Missed(NamedTuple):
    """A heartbeat of the peer is missing (DEAD-3); only a new key is trusted now."""


class Ended(NamedTuple):
    """The link has ended at this end: the rule that says so, or why it could not go on."""

    why: str


News = Received | Renewed | Weak | Suspected | Missed | Ended


@dataclass
class Counters:
    """What an operator may want to add up; nothing of it decides anything."""

    unauthentic: int = 0
    unreadable: int = 0
    renewals: int = 0
    heartbeats: int = 0
    suspected: int = 0
    sent: int = 0
    received: int = 0
    late: int = 0
    """By how many ms the link was called too late, at most."""


class _Keys:
    """The keys of one epoch: a sealer and an opener for each channel."""

    __slots__ = ("openers", "sealers")

    def __init__(self, cipher: Cipher, secret: bytes, epoch: int, channels: tuple[Channel, ...], role: Role) -> None:
        peer = _PEER[role]
        self.sealers: dict[Channel, Sealer] = {}
        self.openers: dict[Channel, Opener] = {}
        for channel, keys in zip(channels, schedule(cipher, secret, channels), strict=True):
            self.sealers[channel] = Sealer(keys[role], epoch, channel)
            self.openers[channel] = Opener(keys[peer])


@dataclass(slots=True)
class _Partial:
    """A message of which only the first pieces have come, and how many bytes are missing."""

    message: Message
    pieces: list[bytes]
    missing: int

    @property
    def key(self) -> tuple[int, Channel]:
        """The epoch and the channel of the key that all of it is under."""
        return self.message.epoch, self.message.channel


def _of_its_key(frame: Frame, found: tuple[Said, Message, bytes]) -> bool:
    """Is this of the epoch whose key sealed it, or of a negotiation of the next one?"""
    ahead = found[1].epoch - frame.epoch
    return not ahead or (ahead == 1 and found[0] in _NEGOTIATING)


@lru_cache(maxsize=64)
def ceiled(policy: Policy, cipher: str) -> Policy:
    """LIM-3: this policy with the cipher's own limit as a ceiling over `byte_limit`."""
    ceiling = CIPHERS[cipher].ceiling
    return replace(policy, byte_limit=min(policy.byte_limit or ceiling, ceiling))


class Link:
    """One end of one link. Not thread-safe. Times are ms and never go back: an earlier one counts as the latest.

    `connections` is 2 where the data channel has a connection of its own (with `channels` 2); then `receive` says which
    one the bytes came over, and `take` which they go to: 0 for control, 1 for data. `token` is what both ends know of
    the link from the first key on, and nobody else: by it the second connection is told to be the same link's.
    """

    __slots__ = (
        "_ahead", "_answer", "_arrived", "_arriving", "_behind", "_channels", "_cipher", "_cipher_name", "_data",
        "_delayed", "_early", "_engine", "_failure", "_for", "_frames", "_heard", "_keys", "_known", "_log",
        "_made", "_named", "_negotiator", "_out", "_outcome", "_over", "_partial", "_peer", "_pending", "_queue",
        "_resumed", "_said", "_t", "_tls", "connections", "counters", "deadline", "news", "policy", "role", "token",
    )  # fmt: skip

    def __init__(
        self,
        policy: Policy,
        role: Role,
        negotiator: Negotiator,
        *,
        cipher: str = "AES-128-GCM",
        connections: int = 1,
        log: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self.policy = ceiled(policy, cipher)
        self.role, self.deadline, self.counters = role, NEVER, Counters()
        self.connections, self.token = connections, b""
        self.news: deque[News] = deque()
        self._engine = Engine(self.policy, role)
        self._negotiator, self._cipher, self._log, self._cipher_name = negotiator, CIPHERS[cipher], log, cipher
        self._channels: tuple[Channel, ...] = ("single",) if self.policy.channels == 1 else ("control", "data")
        self._data = self._channels[-1]
        self._frames = [Frames() for _ in range(connections)]
        self._out: list[list[bytes | Rest]] = [[] for _ in range(connections)]
        self._keys: dict[int, _Keys] = {}
        self._queue: deque[bytes] = deque()
        self._partial: _Partial | None = None
        self._arriving: tuple[bytes, ...] = ()
        self._early: list[Frame] = []
        self._ahead = 0  # how many bytes those are, with their headers
        self._behind: list[tuple[Said, Message, bytes]] = []
        self._delayed = 0  # how many bytes those are
        self._said = self._heard = 0  # the latest data that was sent, and that has come, by number
        self._tls: Negotiation | None = None  # the latest negotiation, until nothing more can come for it
        self._named = self._made = ""  # its id, and the session that it makes
        self._for = 0  # the epoch that it is for
        self._resumed = False
        self._arrived = _NOTHING  # the start that is being answered, and its flight
        self._answer: Message | None = None  # it came, and TLS is not done yet
        self._pending = b""  # the flight that goes with the finish
        self._outcome: Outcome | None = None
        self._failure = ""
        self._peer: bytes | None = None
        self._known = 0  # the epoch of which news was given
        self._over = False
        self._t = 0

    # What happens to it.

    def open(self, t: int) -> None:
        """The link opens; the client begins at once (EST-4)."""
        self._step("Open", t)

    def offer(self, data: bytes, t: int) -> str:
        """The user wants this sent as one message. The reason where it is refused (LIM-1): `closed`, `direction`,
        `max_message`, or `queue_limit`, and then it may be offered again later. Empty where it was accepted."""
        self._catch_up(t)  # which may end the link, and empty the queue
        self._queue.append(bytes(data))
        for one in self._step("Offer", t, size=len(data)):
            if one.do == "Refuse":
                return one.reason
        return ""

    def receive(self, data: bytes | memoryview, t: int, connection: int = 0) -> None:
        """These bytes came. After bytes that are no frames the link ends: nothing after them can be read."""
        if t > self.deadline:
            self._catch_up(t)
        if t > self._t:
            self._t = t
        if self._over:
            return
        try:
            frames = self._frames[connection]
            frames.add(data)
            while not self._over:
                if self._partial is not None:
                    self._rest(self._partial, frames)
                frame = frames.next()
                if frame is None:
                    return
                self._frame(frame)
        except Malformed as why:
            self._fail(f"what came is no frame of this protocol: {why}")

    def tick(self, t: int) -> None:
        """Time has passed. To be called at the `deadline`, and harmless at any other time."""
        self._step("Tick", t)

    def shut(self, t: int, why: str = "") -> None:
        """The user ends the link, or the transport is gone (`why`). The peer is told (CLOSE-1)."""
        self._catch_up(t)
        if not self.closed:
            if why:
                self.news.append(Ended(why))
            self._step("Shut", t)

    # What comes of it.

    def take(self, connection: int = 0, most: int = TAKEN) -> bytes:
        """The bytes to send now over this connection, about so many at most: they are given once, and none when all
        have been. (In pieces, since large blocks of memory are slow to come by.)"""
        pieces: list[bytes] = []
        out, at = self._out[connection], 0
        while at < len(out) and most > 0:
            first = out[at]
            if isinstance(first, bytes):
                pieces.append(first)
                most -= len(first)
                at += 1
            elif taken := first.take(most, pieces):
                most -= taken
            else:
                at += 1
        del out[:at]
        return b"".join(pieces)

    @property
    def epoch(self) -> int:
        """The epoch in force here; 0 before the first and after the end."""
        return self._engine.state.epoch

    @property
    def closed(self) -> bool:
        """Has the link ended here?"""
        return self._engine.state.phase == "closed"

    @property
    def waiting(self) -> int:
        """How many bytes wait to be sent under a rule (LIM-1 bounds them)."""
        return sum(map(len, self._queue))

    @property
    def early(self) -> bool:
        """Has data overtaken its key (EARLY-1)? A transport should read no more from the data connection until not."""
        return bool(self._early)

    # The rules.

    def _step(
        self, do: str, t: int, m: Message | None = None, *, size: int = 0, pieces: tuple[bytes, ...] = ()
    ) -> tuple[Event, ...]:
        if t > self.deadline:
            self._catch_up(t)
        if t > self._t:
            self._t = t
        return self._done(_tuple(Event, (self._t, self.role, do, m, size, "", "")), pieces)

    def _catch_up(self, t: int) -> None:
        """What was due before this time is done first, as of when it was due: the rules are kept in the link's own
        time, and whoever calls late is behind it. By how much is counted."""
        while self.deadline < t and not self.closed:  # it may be the time of bytes that came, and did nothing
            self.counters.late = max(self.counters.late, t - self.deadline)
            self._t = self.deadline
            self._done(Event(self._t, self.role, "Tick"))

    def _done(self, event: Event, pieces: tuple[bytes, ...] = ()) -> tuple[Event, ...]:
        """What the end does in answer to this event."""
        did, self.deadline = self._engine.step(event)
        if event.do != "Tick":
            self._log(event)
        self._arriving = pieces
        if self.epoch > self._known:
            self._known = self.epoch
            self._renewed()
        for one in did:
            self._log(one)
            self._did(one)
        if len(self._keys) > 1:
            self._prune()
        if self._failure:
            self._give_up()
        return did

    def _did(self, e: Event) -> None:
        m = e.message
        match e.do:
            case "SendData":
                assert m is not None
                self._send_data(m)
            case "Deliver":
                self.counters.received += m.bytes if m is not None else 0
                self.news.append(Received(self._arriving))
            case "Start":
                assert m is not None
                self._start(m)
            case "Answer":
                assert m is not None
                self._answered(m)
            case "Finish":
                assert m is not None
                flight, self._pending = self._pending, b""
                self._say("finish", m, flight)
            case "Refuse":
                self._queue.pop()
            case "SendHeartbeat" | "SendReply" | "SendNotice" | "Request":
                assert m is not None
                self.counters.heartbeats += e.do == "SendHeartbeat"
                self._say(m.kind, m)
            case "Reject":
                assert m is not None
                self.counters.suspected += 1
                self.news.append(Suspected(m, self.policy.on_spoof == "close"))
            case "Suspect":
                self.news.append(Missed())
            case "Close":
                if m is not None and m.epoch:  # before the first key nothing could make it authentic
                    self._say("close", m)
                self._end(e.reason)

    def _end(self, why: str) -> None:
        """DEAD-5: nothing of the link is left but what is to be sent still."""
        self._over = True
        self._frames = [Frames() for _ in self._frames]
        if not (self.news and isinstance(self.news[-1], Ended)):
            self.news.append(Ended(why))
        self._keys.clear()
        self._queue.clear()
        self._early.clear()
        self._behind.clear()
        self._partial = self._tls = self._outcome = None
        self._negotiator.close()

    def _prune(self) -> None:
        """DEAD-5, REKEY-2: a key that protects nothing more is forgotten."""
        s = self._engine.state
        oldest = s.epoch - 1 if s.old_until != NONE else s.epoch
        while (first := next(iter(self._keys))) < oldest:  # they come into force in the order of their epochs
            del self._keys[first]

    def _fail(self, why: str) -> None:
        if not self.closed:
            self.news.append(Ended(why))
            self._step("Shut", self._t)

    # What is sent.

    def _say(self, kind: Said, m: Message, payload: bytes = b"", key: int | None = None) -> None:
        """One message, in as many frames as its payload needs. Those of a negotiation are under the key before it."""
        negotiating = kind in ("start", "answer", "finish", HANDSHAKE)
        epoch = key if key is not None else m.epoch - 1 if negotiating else m.epoch
        while len(payload) > PIECE and kind in ("answer", "finish"):  # whose TLS is to be whole when they have come
            self._say(HANDSHAKE, m, payload[:PIECE], key)
            payload = payload[PIECE:]
        sealed = epoch > 0 and m.sealed_by == "peer"
        inside = body(kind, m._replace(number=self._said) if kind in _BEHIND else m, payload[:PIECE])
        out = self._out[0]
        if sealed:
            out.extend(self._keys[epoch].sealers[m.channel].seal(inside))
        else:
            out.extend((header(CLEAR, m.channel, epoch, 0, len(inside)), inside))
        for at in range(PIECE, len(payload), PIECE):
            self._say(HANDSHAKE, m, payload[at : at + PIECE], key)

    def _send_data(self, m: Message) -> None:
        payload = self._queue.popleft()
        self._said = m.number
        self.counters.sent += len(payload)
        sealer, out = self._keys[m.epoch].sealers[m.channel], self._out[-1]
        if len(payload) <= PIECE:
            out.extend(sealer.seal(body("data", m, payload)))
            return
        out.extend(sealer.seal(body("data", m, payload[:PIECE])))
        out.append(sealer.seal_rest(payload))

    # What comes.

    def _frame(self, frame: Frame) -> None:
        if frame.form == CLEAR:
            self._clear(frame)
            return
        keys = self._keys.get(frame.epoch)
        opener = keys.openers.get(frame.channel) if keys is not None else None
        if opener is None:
            if keys is None and frame.epoch == self.epoch + 1 and frame.channel == self._data and self._tls is not None:
                self._wait(frame)
            else:
                self.counters.unreadable += 1
            return
        inside = opener.open(frame)
        if inside is None:
            self.counters.unauthentic += 1
            return
        if opener.missing:
            self._partial = None
            if self.policy.transport == "stream":
                self._fail(f"{opener.missing} records are missing before record {frame.number} (ORDER-1)")
                return
        if frame.form == MORE:
            self._more(frame, inside)
        elif (found := said(frame, inside)) and _of_its_key(frame, found):
            self._message(*found)
        else:
            self.counters.unauthentic += 1

    def _clear(self, frame: Frame) -> None:
        """Before the first key TLS itself authenticates a negotiation; after it nothing is clear but heartbeats."""
        found = said(frame, frame.body)
        if found is None:
            self.counters.unauthentic += 1
            return
        kind, m, payload = found
        first = self.epoch == 0 and m.epoch == 1 and kind in ("start", "answer", "finish", HANDSHAKE)
        if first:
            self._message(kind, m._replace(sealed_by="peer", number=0), payload)
        elif kind == HANDSHAKE:
            self.counters.unauthentic += 1
        else:
            self._step("Arrive", self._t, m)

    def _wait(self, frame: Frame) -> None:
        """EARLY-1: it cannot be opened before its key is in force."""
        self._early.append(frame._replace(body=bytes(frame.body)))
        self._ahead += HEADER.size + len(frame.body)
        if self._ahead > EARLY:
            self._fail(f"more than {EARLY} bytes came ahead of their key")

    def _message(self, kind: Said, m: Message, payload: bytes) -> None:
        if kind in _IN_TURN:
            self._behind.append((kind, m, payload))
            self._delayed += BODY.size + len(payload)
            self._in_turn()
        elif kind == "data":
            self._begun(m, payload)
        else:
            self._step("Arrive", self._t, m)

    def _in_turn(self) -> None:
        """What has waited for data, and all of its negotiation after it, as far as that has come."""
        if self._delayed > EARLY:
            self._fail(f"more than {EARLY} bytes wait for data that does not come")
        while self._behind and not self.closed:
            kind, m, payload = self._behind[0]
            if kind in _BEHIND and m.number > self._heard:
                return
            self._behind.pop(0)
            self._delayed -= BODY.size + len(payload)
            self._turn(kind, m._replace(number=0), payload)

    def _begun(self, m: Message, payload: bytes) -> None:
        """The first piece of a message, which is most often the whole of it."""
        self._partial = None
        if m.bytes > max(self.policy.max_message, len(payload)):
            self._fail(f"a message of {m.bytes} bytes; max_message is {self.policy.max_message}")
        elif m.bytes < len(payload):
            self._fail(f"a message of {m.bytes} bytes brings {len(payload)}")
        elif m.bytes > len(payload):
            self._partial = _Partial(m, [payload], m.bytes - len(payload))
        else:
            self._came(m, (payload,))

    def _more(self, frame: Frame, piece: bytes) -> None:
        """The next piece of a message. One that does not fit the one before is of a message that has lost its start."""
        partial = self._partial
        if partial is None:
            return
        partial.pieces.append(piece)
        partial.missing -= len(piece)
        if not piece or partial.missing < 0 or (frame.epoch, frame.channel) != partial.key:
            self._partial = None
        elif not partial.missing:
            self._whole(partial)

    def _rest(self, partial: _Partial, frames: Frames) -> None:
        """A message is incomplete: its next pieces are taken at once, as far as they are here."""
        epoch, channel = partial.key
        if epoch in self._keys:
            opener = self._keys[epoch].openers[channel]
            partial.missing = opener.open_rest(partial.key, frames, partial.missing, partial.pieces)
            if not partial.missing:
                self._whole(partial)

    def _whole(self, partial: _Partial) -> None:
        self._partial = None
        self._came(partial.message, tuple(partial.pieces))

    def _came(self, m: Message, pieces: tuple[bytes, ...]) -> None:
        if m.number > self._heard:
            self._heard = m.number
        self._step("Arrive", self._t, m, pieces=pieces)
        if self._behind:
            self._in_turn()

    def _turn(self, kind: Said, m: Message, payload: bytes) -> None:
        match kind:
            case "start":
                self._arrived = (m, payload)
                self._step("Arrive", self._t, m)
                self._arrived = _NOTHING
            case "answer" | "handshake":
                self._negotiated(kind, m, payload)
            case "finish":
                self._finished(m, payload)
            case _:
                self._step("Arrive", self._t, m)

    # Negotiations. The end that starts has the new key when the answer has come and TLS is done; the other, when the
    # finish has. Flights between travel by themselves.

    def _start(self, m: Message) -> None:
        self._begin(m, m.session, "")
        self._say("start", m, self._flown(b"") if self.role == "client" else b"")

    def _answered(self, m: Message) -> None:
        """Answer the start that has just arrived."""
        start, flight = self._arrived
        self._begin(m, m.session if m.session == start.session else "", start.session)
        self._say("answer", m, self._flown(b"" if self.role == "client" else flight))

    def _begin(self, m: Message, resume: str, offered: str) -> None:
        self._settle()
        self._tls, self._named, self._for = self._negotiator.begin(resume, offered), m.negotiation, m.epoch
        self._resumed, self._answer = bool(resume), None

    def _settle(self) -> None:
        """Of a negotiation whose key is in force only its session is kept."""
        if self._tls is not None:
            self._negotiator.settle(self._made)
        self._tls, self._made, self._named = None, "", ""

    def _settle_if(self, m: Message) -> None:
        """Settle this negotiation, unless the next one has begun already."""
        if self._named == m.negotiation:
            self._settle()

    def _flown(self, flight: bytes) -> bytes:
        """What TLS says to this; nothing, and the link ends when this step is over, where it cannot go on."""
        try:
            return self._tls.receive(flight) if self._tls is not None else b""
        except Failed as why:
            self._failure = f"negotiation failed: {why}"
            return b""

    def _negotiated(self, kind: Said, m: Message, payload: bytes) -> None:
        """An answer, or a flight by itself."""
        under_way = self._engine.state.negotiation
        if self._tls is None or (m.negotiation, m.epoch) != (self._named, self._for):
            if kind == "answer":
                self._step("Arrive", self._t, m)  # it answers nothing that was asked, and changes nothing
            return
        if kind == "answer" and under_way is not None and under_way.mine:
            self._answer = m
        flight = self._flown(payload)
        if self._failure:
            self._give_up()
        elif self._answer is not None and self._tls.done and under_way is not None:
            answer, self._answer, self._pending = self._answer, None, flight
            self._in_force(answer)
        elif under_way is None:
            if flight:
                self._fail("negotiation failed: it goes on after its end")
            elif self._tls.done:
                self._settle()  # those were tickets
        elif flight:
            self._say(HANDSHAKE, m, flight)

    def _finished(self, m: Message, payload: bytes) -> None:
        under_way = self._engine.state.negotiation
        named = (m.negotiation, m.epoch) == (self._named, self._for)
        if self._tls is None or not named or under_way is None or under_way.mine:
            self._step("Arrive", self._t, m)
            return
        flight = self._flown(payload)
        if not self._failure and not self._tls.done:
            self._failure = "negotiation failed: its finish came before its end"
        if self._failure:
            self._give_up()
            return
        self._in_force(m)
        if flight and self._made and self.policy.session_cache == "on" and self.epoch == m.epoch:
            self._say(HANDSHAKE, m, flight, self.epoch)  # tickets: abbreviating makes none (CACHE-1)
        if self.role == "server" or not self._made or self.policy.session_cache == "off":
            self._settle_if(m)

    def _in_force(self, m: Message) -> None:
        """TLS is done, and this message is what the rules wait for: the new keys are there when it takes effect."""
        assert self._tls is not None
        made = m.session if m.session == m.negotiation else ""
        carried = f" {self._engine.state.limit}" if self.policy.limit_from == "initiator" else ""
        context = f"{m.negotiation} {self._cipher_name} {len(self._channels)}{carried}".encode("ascii")
        try:
            outcome = self._tls.outcome(context)
            self._accept(outcome)
        except Failed as why:
            self._failure = f"negotiation failed: {why}"
            self._give_up()
            return
        self._keys[m.epoch] = _Keys(self._cipher, outcome.secret, m.epoch, self._channels, self.role)
        self._outcome, self._made = outcome, made
        self.token = self.token or token(outcome.secret)
        self._step("Arrive", self._t, m)
        if self.epoch != m.epoch:
            self._keys.pop(m.epoch, None)  # the rules did not take it
            return
        mine = m.kind == "answer"
        if mine and (self.role == "server" or not self._made or self.policy.session_cache == "off"):
            self._settle_if(m)
        early, self._early, self._ahead = self._early, [], 0
        for frame in early:
            self._frame(frame)

    def _accept(self, outcome: Outcome) -> None:
        if outcome.abbreviated and not self._resumed:
            raise Failed("a session was resumed that nobody had named (CACHE-1)")
        if self._peer is not None and outcome.peer != self._peer:
            raise Failed("the peer is another than before (EST-2)")

    def _renewed(self) -> None:
        """News of the key that has just come into force."""
        outcome, self._outcome = self._outcome, None
        assert outcome is not None
        self._peer = outcome.peer
        self.counters.renewals += 1
        self.news.append(Renewed(self.epoch, outcome.abbreviated, outcome.peer))
        if outcome.abbreviated:
            self.news.append(Weak("CACHE-2", "the negotiation was abbreviated: whoever has the session has the key"))
        if self.policy.authentication == "server-only":
            self.news.append(Weak("EST-2", "only the server is authenticated"))

    def _give_up(self) -> None:
        why, self._failure = self._failure, ""
        self._fail(why)

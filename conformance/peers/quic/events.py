"""From the packet log of a QUIC link to our events, as the client's end sees them. Pure: a list in, a list out.

A key update of QUIC (RFC 9001, section 6) renews the keys of both directions. Whoever starts it goes over at once; the
other does when the first packet under the new key comes, and its own next packet is the answer. In our words:

| QUIC | the client began it | the server began it |
|---|---|---|
| the client's first packet under the new key | `Start` | `Answer`, and `Arrive finish`: nothing more is awaited |
| the server's first packet under the new key | `Arrive answer`, `Finish` | `Arrive start` |

The handshake: HELLO is `Open` and `Start`, DONE `Arrive answer` and `Finish`. From a STRANGER the answer is one that
nobody sealed; a client that breaks the handshake off has kept EST-2, and nothing is told of its ending.

A user's message is `SendData` when the last STREAM frame of it first leaves, and arrives with the last frame of it;
what is sent again is not told. GOT is `Deliver`. What the client could not open is `Arrive data` and `Discard`: its own
log says that it dropped the packet.

BEAT makes the next PING of that end a heartbeat; the other PINGs are loss recovery's (RFC 9002, section 6.2.4), or go
with a key update. An ACK of the packet that a heartbeat was in is its reply, the first of them. A heartbeat that came
ALTERED was sealed by nobody; one that came REPLAYED has the number that it had.

CLOSE is `Close` or `Arrive close`, ENDED without it `Close` too, QUIT `Shut`, END a `Tick`. Not seen: what was ignored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Literal

from rekeyspec.conformance.peers.quic.log import ALTERED, DROPPED, REPLAYED, Line
from rekeyspec.reference.vocabulary import Do, Event, Message, Role, Seal


def translate(lines: Iterable[Line]) -> list[Event]:
    """The client's end of the link that these lines show."""
    reader = _Reader()
    for line in lines:
        reading = _READINGS.get(line.what)
        if reading is not None and (not reader.closed or line.what == "END"):
            reader.t = line.t
            reading(reader, line)
    return reader.events


class _Messages:
    """The messages of one user, by where in the stream they end, and how many have gone."""

    def __init__(self) -> None:
        self.ends: list[int] = []
        self.gone = 0

    def offered(self, size: int) -> None:
        self.ends.append((self.ends or [0])[-1] + size)

    def up_to(self, offset: int) -> range:
        """The numbers of those that end there or before, and have not gone."""
        return range(self.gone + 1, 1 + sum(end <= offset for end in self.ends))

    def size(self, number: int) -> int:
        return self.ends[number - 1] - (self.ends[number - 2] if number > 1 else 0)


class _Reader:
    """Follows one link."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.t = 0
        self.closed = self._strange = False
        self._done = 0
        """The epoch in force."""
        self._keys: dict[Role, int] = {"client": 1, "server": 1}
        self._messages: dict[Role, _Messages] = {"client": _Messages(), "server": _Messages()}
        self._undelivered: deque[Message] = deque()
        self._got = 0
        self._asked: dict[Role, int] = {"client": 0, "server": 0}
        """How many PINGs of its users an end has not sent yet."""
        self._beats: dict[Role, dict[int, int]] = {"client": {}, "server": {}}
        """The number of the heartbeat in each packet that has one, until it is acknowledged."""
        self._beaten: dict[Role, dict[int, int]] = {"client": {}, "server": {}}

    def did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self.t, "client", do, message, bytes, reason))

    # Keys.

    def hello(self, line: Line) -> None:
        self.did("Open")
        self.did("Start", _negotiating("start", "c1"))

    def strange(self, line: Line) -> None:
        self._strange = True

    def _answered(self) -> None:
        answer = _negotiating("answer", "c1")
        self.did("Arrive", answer._replace(sealed_by="nobody") if self._strange else answer)

    def done(self, line: Line) -> None:
        self._answered()
        self.did("Finish", _negotiating("finish", "c1"))
        self._done = 1

    def key(self, line: Line) -> None:
        role: Role = "client" if line.who == "client" else "server"
        if line.note or line.generation <= self._keys[role]:
            return
        self._keys[role] = line.generation
        ours, theirs, new = self._keys["client"], self._keys["server"], line.generation
        if role == "client":
            if theirs >= new:
                self.did("Answer", _negotiating("answer", f"s{new}"))
                self.did("Arrive", _negotiating("finish", f"s{new}"))
                self._done = new
            else:
                self.did("Start", _negotiating("start", f"c{new}"))
        elif ours >= new:
            self.did("Arrive", _negotiating("answer", f"c{new}"))
            self.did("Finish", _negotiating("finish", f"c{new}"))
            self._done = new
        else:
            self.did("Arrive", _negotiating("start", f"s{new}"))

    # Data.

    def write(self, line: Line) -> None:
        self._messages["client"].offered(line.bytes)
        self.did("Offer", bytes=line.bytes)

    def send(self, line: Line) -> None:
        self._messages["server"].offered(line.bytes)

    def stream(self, line: Line) -> None:
        role: Role = "client" if line.who == "client" else "server"
        messages = self._messages[role]
        numbers = messages.up_to(line.bytes)
        for number in numbers:
            data = Message("data", line.generation, number, bytes=messages.size(number), sealed_by=_seal(line))
            if role == "client":
                self.did("SendData", data)
            else:
                self.did("Arrive", data)
                if line.note == DROPPED:
                    self.did("Discard", data)
                elif not line.note:
                    self._undelivered.append(data)
        if not line.note:
            messages.gone += len(numbers)

    def got(self, line: Line) -> None:
        """A message is delivered when all of it is."""
        self._got += line.bytes
        while self._undelivered and self._got >= self._undelivered[0].bytes:
            message = self._undelivered.popleft()
            self._got -= message.bytes
            self.did("Deliver", message)

    # Heartbeats.

    def beat(self, line: Line) -> None:
        self._asked["client" if line.who == "user" else "server"] += 1

    def ping(self, line: Line) -> None:
        role: Role = "client" if line.who == "client" else "server"
        beaten = self._beaten[role]
        if line.note in (ALTERED, REPLAYED):
            number = beaten.get(line.number, len(beaten) + 1)
            self.did("Arrive", Message("heartbeat", line.generation, number, sealed_by=_seal(line)))
        elif self._asked[role] and line.note != DROPPED:
            self._asked[role] -= 1
            beaten[line.number] = self._beats[role][line.number] = number = len(beaten) + 1
            self.did("SendHeartbeat" if role == "client" else "Arrive", Message("heartbeat", line.generation, number))

    def ack(self, line: Line) -> None:
        asker: Role = "server" if line.who == "client" else "client"
        number = 0 if line.note else self._beats[asker].pop(line.number, 0)
        if number:
            reply = Message("reply", line.generation, number)
            self.did("SendReply" if asker == "server" else "Arrive", reply)

    # The end.

    def quit(self, line: Line) -> None:
        self.did("Shut")

    def close(self, line: Line) -> None:
        announced = Message("close", self._done)
        if line.who == "client":
            self.did("Close", announced)
            self.closed = True
        else:
            self.did("Arrive", announced)

    def ended(self, line: Line) -> None:
        if self._strange and not self._done:
            self._answered()
        else:
            self.did("Close", reason=line.note)
        self.closed = True

    def end(self, line: Line) -> None:
        self.did("Tick")


def _seal(line: Line) -> Seal:
    return "nobody" if line.note == ALTERED else "peer"


def _negotiating(kind: Literal["start", "answer", "finish"], name: str) -> Message:
    return Message(kind, int(name[1:]), negotiation=name)


_READINGS: Final[dict[str, Callable[[_Reader, Line], None]]] = {
    "HELLO": _Reader.hello,
    "STRANGER": _Reader.strange,
    "DONE": _Reader.done,
    "KEY": _Reader.key,
    "WRITE": _Reader.write,
    "SEND": _Reader.send,
    "STREAM": _Reader.stream,
    "GOT": _Reader.got,
    "BEAT": _Reader.beat,
    "PING": _Reader.ping,
    "ACK": _Reader.ack,
    "QUIT": _Reader.quit,
    "CLOSE": _Reader.close,
    "ENDED": _Reader.ended,
    "END": _Reader.end,
}

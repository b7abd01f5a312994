"""From a TLS record log to our events, as the client's end sees them. Pure: a list in, a list out.

A TLS 1.3 KeyUpdate (RFC 8446, sections 4.6.3 and 7.2) is not quite what our rules call a renegotiation. It changes the
key of one direction, its sender goes over to the new one at once, and the key follows from the last one alone. What it
is in our words depends on what is asked, so there are two readings.

`one-way` takes an epoch for the life of the client's own key, as TLS does. Nothing has to be awaited, so all of a
renegotiation is in that one record. Only the client's direction is told (`direction: to-server`). By this reading it is
judged how many bytes a key protects, and how old it gets.

`both-ways` takes an epoch for the life of the two keys, and a KeyUpdate that asks for another (`update_requested`) for
the start of a renegotiation, which the other's KeyUpdate answers. By this reading it is judged what happens between.

| TLS | one-way | both-ways |
|---|---|---|
| client's HELLO | `Open` (how long a cold program took for it says nothing), `Start` | the same |
| server's HELLO (with certificate and Finished) | `Arrive answer`, told when the client has verified it | the same |
| client's FINISHED | `Finish`: in force | `Finish`: in force |
| client's KEY_UPDATE that asks for one | `Start`, `Arrive answer`, `Finish` | `Start` |
| client's KEY_UPDATE that does not | the same | `Answer` to the server, and `Arrive finish` (see below) |
| server's KEY_UPDATE that asks for one | nothing: another key's | `Arrive start` |
| server's KEY_UPDATE that does not | nothing | `Arrive answer`, `Finish` |

TLS has no finish, and nothing more is awaited once the answer has left; so it counts as come then.

TLS 1.2's renegotiation is one of ours. A later HELLO of the client is `Start`; the server's CHANGE, which its Finished
follows, is `Arrive answer` and `Finish`; a HELLO_REQUEST is a `request` that arrives.

DATA is `SendData` (in the user's messages: see `pieces`) under the client's key, or `Arrive data`, and GOT `Deliver`.
WRITE is `Offer`, QUIT `Shut`, the ALERT close_notify `Close` or `Arrive close` (told under the epoch in force, whatever
key TLS put it under), and a connection that ends without one `Close` too. END is a `Tick`: time passed up to there.

The HELLO of a STRANGER is an answer sealed by nobody. A client that breaks the handshake off has kept EST-2, which has
no word for how it does so: nothing is told of its ending then.

Not seen: what the client ignored, and whether it wiped a key. Not translated: tickets, other alerts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Literal

from rekeyspec.conformance.peers.tls.log import CLOSE_NOTIFY, REQUESTED, STRANGER, Line
from rekeyspec.conformance.peers.tls.pieces import pieces
from rekeyspec.reference.vocabulary import Do, Event, Message, Role

Reading = Literal["one-way", "both-ways"]


def translate(lines: Sequence[Line], reading: Reading) -> list[Event]:
    """The client's end of the link that these lines show. Times become whole ms and never run backwards."""
    reader = _Reader(lines, reading)
    for n, line in enumerate(lines):
        reader.read(n, line)
    return reader.events


class _Reader:
    """Follows one link: the key each direction is at, what is not yet answered or delivered."""

    def __init__(self, lines: Sequence[Line], reading: Reading) -> None:
        self.events: list[Event] = []
        self._pieces = pieces(lines)
        self._both = reading == "both-ways"
        self._t = self._n = self._got = 0
        self._closed = self._greeted = False
        self._epochs: dict[Role, int] = {"client": 0, "server": 0}
        self._in_force = 0
        self._first_answer: Message | None = None
        self._numbers: dict[Role, int] = {"client": 0, "server": 0}
        self._asked: dict[Role, list[str]] = {"client": [], "server": []}
        """The renegotiations that this end started and the other has not answered, oldest first."""
        self._undelivered: deque[Message] = deque()

    def read(self, n: int, line: Line) -> None:
        reading = _READINGS.get((line.who, line.what))
        if reading is None or (self._closed and line.what != "END"):
            return
        self._t, self._n = max(self._t, round(line.t)), n
        reading(self, line)

    def _did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self._t, "client", do, message, bytes, reason))

    # Handshake and KeyUpdates.

    def hello_sent(self, line: Line) -> None:
        if self._in_force:
            self._start()
            return
        self._did("Open")
        self._did("Start", Message("start", 1, negotiation="c1"))

    def hello_arrives(self, line: Line) -> None:
        seal: Literal["peer", "nobody"] = "nobody" if line.note == STRANGER else "peer"
        self._first_answer = Message("answer", 1, negotiation="c1", sealed_by=seal)
        self._greeted = True

    def _verified(self) -> None:
        """The client is done with the first answer. Told only now: how long that took a cold program says nothing."""
        if self._first_answer is not None:
            self._did("Arrive", self._first_answer)
            self._first_answer = None

    def finished_sent(self, line: Line) -> None:
        self._verified()
        self._did("Finish", Message("finish", 1, negotiation="c1"))
        self._epochs, self._in_force = {"client": 1, "server": 1}, 1

    def request_arrives(self, line: Line) -> None:
        self._did("Arrive", Message("request", self._in_force))

    def change_sent(self, line: Line) -> None:
        self._epochs["client"] += 1

    def change_arrives(self, line: Line) -> None:
        if self._asked["client"]:
            self._finish()
            self._epochs["server"] += 1

    def update_sent(self, line: Line) -> None:
        if not self._both:
            self._start()
            self._finish()
        elif line.note == REQUESTED:
            self._start()
        elif self._asked["server"]:
            name = self._asked["server"].pop(0)
            self._did("Answer", _negotiating("answer", name))
            self._did("Arrive", _negotiating("finish", name))
            self._in_force = int(name[1:])
        self._epochs["client"] += 1

    def update_arrives(self, line: Line) -> None:
        if self._both:
            if line.note == REQUESTED:
                name = f"s{self._epochs['server'] + 1}"
                self._asked["server"].append(name)
                self._did("Arrive", _negotiating("start", name))
            elif self._asked["client"]:
                self._finish()
        self._epochs["server"] += 1

    def _start(self) -> None:
        name = f"c{self._epochs['client'] + 1}"
        self._asked["client"].append(name)
        self._did("Start", _negotiating("start", name))

    def _finish(self) -> None:
        name = self._asked["client"].pop(0)
        self._did("Arrive", _negotiating("answer", name))
        self._did("Finish", _negotiating("finish", name))
        self._in_force = int(name[1:])

    # Data.

    def write(self, line: Line) -> None:
        for size in self._pieces.offered.get(self._n, ()):
            self._did("Offer", bytes=size)

    def data_sent(self, line: Line) -> None:
        for size in self._pieces.sent.get(self._n, ()):
            self._did("SendData", self._data("client", size))

    def data_arrives(self, line: Line) -> None:
        if self._both:
            message = self._data("server", line.bytes)
            self._undelivered.append(message)
            self._did("Arrive", message)

    def got(self, line: Line) -> None:
        """A program may hand on records joined or in parts: a message is delivered when all of it is."""
        self._got += line.bytes
        while self._undelivered and self._got >= self._undelivered[0].bytes:
            message = self._undelivered.popleft()
            self._got -= message.bytes
            self._did("Deliver", message)

    def _data(self, sender: Role, size: int) -> Message:
        self._numbers[sender] += 1
        return Message("data", self._epochs[sender], self._numbers[sender], bytes=size)

    # The end.

    def quit(self, line: Line) -> None:
        self._did("Shut")

    def alert_sent(self, line: Line) -> None:
        self._verified()
        if self._greeted and not self._epochs["client"]:
            self._closed = True
        elif line.note == CLOSE_NOTIFY:
            self._did("Close", Message("close", self._in_force))
            self._closed = True

    def alert_arrives(self, line: Line) -> None:
        if line.note == CLOSE_NOTIFY:
            self._did("Arrive", Message("close", self._epochs["server"]))

    def lost(self, line: Line) -> None:
        self._verified()
        self._did("Close", reason=line.note)
        self._closed = True

    def end(self, line: Line) -> None:
        self._did("Tick")


def _negotiating(kind: Literal["start", "answer", "finish"], name: str) -> Message:
    return Message(kind, int(name[1:]), negotiation=name)


_READINGS: Final[dict[tuple[str, str], Callable[[_Reader, Line], None]]] = {
    ("client", "HELLO"): _Reader.hello_sent,
    ("server", "HELLO"): _Reader.hello_arrives,
    ("client", "FINISHED"): _Reader.finished_sent,
    ("client", "KEY_UPDATE"): _Reader.update_sent,
    ("server", "KEY_UPDATE"): _Reader.update_arrives,
    ("client", "CHANGE"): _Reader.change_sent,
    ("server", "CHANGE"): _Reader.change_arrives,
    ("server", "HELLO_REQUEST"): _Reader.request_arrives,
    ("user", "WRITE"): _Reader.write,
    ("client", "DATA"): _Reader.data_sent,
    ("server", "DATA"): _Reader.data_arrives,
    ("user", "GOT"): _Reader.got,
    ("user", "QUIT"): _Reader.quit,
    ("client", "ALERT"): _Reader.alert_sent,
    ("server", "ALERT"): _Reader.alert_arrives,
    ("link", "LOST"): _Reader.lost,
    ("link", "END"): _Reader.end,
}

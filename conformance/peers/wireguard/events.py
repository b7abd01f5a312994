"""From the packets of a WireGuard link to our events, at the end called the client. Pure: a list in, a list out.

| WireGuard | the client began it | the server began it |
|---|---|---|
| its first INITIATION since the last key | `Start` | `Arrive start` |
| the RESPONSE to any of its initiations | `Arrive answer` | `Answer` |
| the first data under the new key, by whoever began | `Finish` | `Arrive finish` |

An INITIATION is repeated, with a new index, until it is answered: the repeats are one negotiation. The first packet of
data by whoever began shows the other that the key is there; if it is empty it is that and no heartbeat. Each key has an
index at each end; data bears the receiver's.

Data is `SendData` or `Arrive data`, with the bytes that were sealed; empty data is `SendHeartbeat` or `Arrive
heartbeat`. It has no reply. WRITE is `Offer`, GOT `Deliver`, QUIT `Shut`. GAVE_UP is `Close`: what waits is dropped and
nothing more is tried. ENDED is `Close` too, END a `Tick`. The link opens with the first thing that is seen.

Not seen: data that was discarded, and whether keys were wiped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from rekeyspec.conformance.peers.wireguard.log import EMPTY, MUTED, Line
from rekeyspec.reference.vocabulary import Do, Event, Kind, Message, Role

OWN: Final[Role] = "client"
PEER: Final[Role] = "server"


def translate(lines: Iterable[Line]) -> list[Event]:
    """The client's end of the link that these lines show. Times become whole ms and never run backwards."""
    reader = _Reader()
    for line in lines:
        reader.read(line)
    return reader.events


@dataclass
class _Negotiation:
    starter: Role
    epoch: int
    initiations: set[int] = field(default_factory=set)
    indices: set[int] = field(default_factory=set)
    """Of the keys that may come of it, at both ends; empty until it was answered."""

    @property
    def id(self) -> str:
        return f"{self.starter[0]}{self.epoch}"


class _Reader:
    """Follows one link: which index is which epoch's, what is under way, what has come and was not handed on."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._t = 0
        self._epoch = 0
        self._keys: dict[int, int] = {}
        self._under_way: dict[Role, _Negotiation] = {}
        self._numbers: dict[tuple[Role, Kind], int] = {}
        self._undelivered: deque[Message] = deque()
        self._closed = False

    def read(self, line: Line) -> None:
        reading = _READINGS.get((line.what, line.who))
        if reading is None or self._closed or (line.note == MUTED and line.who == PEER):
            return
        self._t = max(self._t, round(line.t))
        if not self.events:
            self._did("Open")
        reading(self, line)

    def _did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self._t, OWN, do, message, bytes, reason))

    def initiation(self, line: Line) -> None:
        who: Role = OWN if line.who == OWN else PEER
        found = self._under_way.get(who)
        if found is None:
            found = self._under_way[who] = _Negotiation(who, self._epoch + 1)
            start = Message("start", found.epoch, negotiation=found.id)
            self._did("Start" if who == OWN else "Arrive", start)
        found.initiations.add(line.key)

    def response(self, line: Line) -> None:
        starter: Role = PEER if line.who == OWN else OWN
        found = self._under_way.get(starter)
        if found is None or line.answers not in found.initiations:
            return
        if not found.indices:
            answer = Message("answer", found.epoch, negotiation=found.id)
            self._did("Arrive" if starter == OWN else "Answer", answer)
        found.indices |= {line.key, line.answers}

    def data(self, line: Line) -> None:
        sender: Role = OWN if line.who == OWN else PEER
        found = self._under_way.get(sender)
        confirms = found is not None and line.key in found.indices
        if confirms and found is not None:
            finish = Message("finish", found.epoch, negotiation=found.id)
            self._did("Finish" if sender == OWN else "Arrive", finish)
            self._epoch = found.epoch
            self._keys |= dict.fromkeys(found.indices, found.epoch)
            self._under_way.clear()
        if line.key in self._keys and not (confirms and line.bytes == EMPTY):
            self._carried(line, sender)

    def _carried(self, line: Line, sender: Role) -> None:
        kind: Kind = "heartbeat" if line.bytes == EMPTY else "data"
        number = self._numbers[sender, kind] = self._numbers.get((sender, kind), 0) + 1
        message = Message(kind, self._keys[line.key], number, bytes=line.bytes - EMPTY)
        if sender == OWN:
            self._did("SendHeartbeat" if kind == "heartbeat" else "SendData", message)
            return
        if kind == "data":
            self._undelivered.append(message)
        self._did("Arrive", message)

    def write(self, line: Line) -> None:
        self._did("Offer", bytes=line.bytes)

    def got(self, line: Line) -> None:
        for message in self._undelivered:
            if message.bytes == line.bytes:
                self._undelivered.remove(message)
                self._did("Deliver", message)
                return

    def quit(self, line: Line) -> None:
        self._did("Shut")

    def ended(self, line: Line) -> None:
        self._closed = True
        self._did("Close", reason=line.what)

    def end(self, line: Line) -> None:
        self._did("Tick")


_READINGS: Final[dict[tuple[str, str], Callable[[_Reader, Line], None]]] = {
    ("INITIATION", OWN): _Reader.initiation,
    ("INITIATION", PEER): _Reader.initiation,
    ("RESPONSE", OWN): _Reader.response,
    ("RESPONSE", PEER): _Reader.response,
    ("DATA", OWN): _Reader.data,
    ("DATA", PEER): _Reader.data,
    ("WRITE", OWN): _Reader.write,
    ("GOT", OWN): _Reader.got,
    ("QUIT", OWN): _Reader.quit,
    ("GAVE_UP", OWN): _Reader.ended,
    ("ENDED", OWN): _Reader.ended,
    ("END", "link"): _Reader.end,
}

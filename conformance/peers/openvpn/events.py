"""From the packets of an OpenVPN link to our events, at one of its ends. Pure: a list in, a list out.

| OpenVPN | the end under test began it | the other end began it |
|---|---|---|
| the end's HARD_RESET or SOFT_RESET | `Start` | `Answer`, as is any other first control packet of that key |
| the other's | nothing; `Arrive start` if it had begun one too | `Arrive start` |
| KEYS in the end's log, or data under that key sent or come | `Arrive answer` and `Finish` | `Arrive finish` |

The keys are exchanged inside a TLS session that nobody reads, so that the end has them is told by its log. Data under a
new key comes after the message that its sender's share was in, so that it shows the same.

A packet of data is `SendData` or `Arrive data`, with the length of the IP packet in it; one of 40 bytes is a ping,
which is `SendHeartbeat` or `Arrive heartbeat`. Pings have no reply. WRITE is `Offer`, GOT `Deliver`, QUIT `Shut`. A
packet on the control channel after QUIT announces the end: `Close`; so does one of data of 41 bytes. ENDED is `Close`
without a word to the peer, END a `Tick`.

What we hand on a second time, or altered, comes as it did the first time, or as sealed by nobody. So does a HARD_RESET:
it is not sealed, and anyone who saw it can send it again.

Not seen: data that came and was discarded, whether keys were wiped, and what the control channel says. Not translated:
what follows a HARD_RESET on a link that is up, for it begins another one in the same process; the end of what was is
what its log says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from rekeyspec.conformance.peers.openvpn.log import ALTERED, BEGAN, EXIT, MUTED, OVERHEAD, PING, REPLAYED, Line
from rekeyspec.reference.vocabulary import Channel, Do, Event, Kind, Message, Role


def translate(lines: Iterable[Line], end: Role, channels: Literal[1, 2] = 1) -> list[Event]:
    """What the lines show at one end of a link. With two `channels`, messages bear the one that they flowed on. Times
    become whole ms and never run backwards."""
    reader = _Reader(end, channels)
    for line in lines:
        reader.read(line)
    return reader.events


@dataclass
class _Negotiation:
    starter: Role
    key: int
    epoch: int
    answered: bool = False
    crossed: bool = False

    @property
    def id(self) -> str:
        return f"{self.starter[0]}{self.epoch}"


class _Reader:
    """Follows one link: which key is which epoch's, what is under way, what has come and was not handed on."""

    def __init__(self, end: Role, channels: int) -> None:
        self.events: list[Event] = []
        self._end = end
        self._peer: Role = "server" if end == "client" else "client"
        self._channels = channels
        self._t = 0
        self._epoch = 0
        self._keys: dict[int, int] = {}
        self._negotiation: _Negotiation | None = None
        self._numbers: dict[tuple[Role, Kind], int] = {}
        self._undelivered: deque[Message] = deque()
        self._quitting = False
        self._anew = False
        self._closed = False

    def read(self, line: Line) -> None:
        own = line.who == self._end
        reading = _READINGS.get((line.what, own if line.who != "link" else None))
        if reading is None or self._closed or (line.note == MUTED and not own):
            return
        if self._anew and line.what not in ("ENDED", "END"):
            return
        self._t = max(self._t, round(line.t))
        reading(self, line)

    def _did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self._t, self._end, do, message, bytes, reason))

    # The control channel.

    def reset_sent(self, line: Line) -> None:
        if self._negotiation is None and (line.what == "HARD_RESET" or line.note == BEGAN):
            self._begin(self._end, line)
        else:
            self.control_sent(line)

    def reset_arrives(self, line: Line) -> None:
        found = self._negotiation
        if line.note == REPLAYED:
            kind: Kind = "answer" if self._end == "client" else "start"
            self._did("Arrive", self._message(kind, self._epoch)._replace(sealed_by="nobody"))
        elif found is None and (line.what == "HARD_RESET" or line.note == BEGAN):
            self._begin(self._peer, line)
        elif found is not None and found.starter == self._end and line.note == BEGAN and not found.crossed:
            found.crossed = True
            crossing = _Negotiation(self._peer, found.key, found.epoch)
            self._did("Arrive", self._message("start", crossing.epoch, negotiation=crossing.id))
            if self._end == "server":  # the client's wins (REKEY-5), and this end answers it
                found.starter = "client"

    def _begin(self, starter: Role, line: Line) -> None:
        if line.what == "HARD_RESET" and self._epoch:
            self._anew = True
            return
        if not self.events:
            self._did("Open")
        found = self._negotiation = _Negotiation(starter, line.key, self._epoch + 1)
        start = self._message("start", found.epoch, negotiation=found.id)
        self._did("Start" if starter == self._end else "Arrive", start)

    def control_sent(self, line: Line) -> None:
        found = self._negotiation
        if found is not None and found.starter == self._peer and found.key == line.key and not found.answered:
            found.answered = True
            self._did("Answer", self._message("answer", found.epoch, negotiation=found.id))
        elif self._quitting and line.what == "CONTROL":
            self._closed = True
            self._did("Close", self._message("close", self._epoch))

    def keys(self, line: Line) -> None:
        if (found := self._negotiation) is None:
            return
        if found.starter == self._end:
            self._did("Arrive", self._message("answer", found.epoch, negotiation=found.id))
            self._did("Finish", self._message("finish", found.epoch, negotiation=found.id))
        else:
            self._did("Arrive", self._message("finish", found.epoch, negotiation=found.id))
        self._epoch = self._keys[found.key] = found.epoch
        self._negotiation = None

    # The data channel.

    def data_sent(self, line: Line) -> None:
        if self._quitting and line.bytes == EXIT and line.key in self._keys:
            self._closed = True
            self._did("Close", self._message("close", self._keys[line.key]))
        elif message := self._carried(line, self._end):
            self._did("SendHeartbeat" if message.kind == "heartbeat" else "SendData", message)

    def data_arrives(self, line: Line) -> None:
        if message := self._carried(line, self._peer):
            if message.kind == "data" and line.note not in (ALTERED, REPLAYED):
                self._undelivered.append(message)
            self._did("Arrive", message)

    def _carried(self, line: Line, sender: Role) -> Message | None:
        """The message in a packet of data; None for one under a key that no negotiation seen made."""
        if self._negotiation is not None and self._negotiation.key == line.key:
            self.keys(line)
        if line.key not in self._keys:
            return None
        kind: Kind = "heartbeat" if line.bytes == PING else "data"
        number = self._numbers.get((sender, kind), 0) + (line.note != REPLAYED)
        if line.note not in (ALTERED, REPLAYED):
            self._numbers[sender, kind] = number
        size = line.bytes - OVERHEAD if kind == "data" else 0
        message = self._message(kind, self._keys[line.key], number, bytes=size)
        return message._replace(sealed_by="nobody") if line.note == ALTERED else message

    def _message(self, kind: Kind, epoch: int, number: int = 0, negotiation: str = "", bytes: int = 0) -> Message:
        carried: Channel = "data" if kind in ("data", "heartbeat") else "control"
        channel: Channel = carried if self._channels == 2 else "single"
        return Message(kind, epoch, number, negotiation, bytes=bytes, channel=channel)

    # The users, and the program's own words.

    def write(self, line: Line) -> None:
        self._did("Offer", bytes=line.bytes)

    def got(self, line: Line) -> None:
        for message in self._undelivered:
            if message.bytes == line.bytes:
                self._undelivered.remove(message)
                self._did("Deliver", message)
                return

    def quit(self, line: Line) -> None:
        self._quitting = True
        self._did("Shut")

    def ended(self, line: Line) -> None:
        self._closed = True
        self._did("Close", reason=line.note)

    def end(self, line: Line) -> None:
        self._did("Tick")


_READINGS: Final[dict[tuple[str, bool | None], Callable[[_Reader, Line], None]]] = {
    ("HARD_RESET", True): _Reader.reset_sent,
    ("HARD_RESET", False): _Reader.reset_arrives,
    ("SOFT_RESET", True): _Reader.reset_sent,
    ("SOFT_RESET", False): _Reader.reset_arrives,
    ("CONTROL", True): _Reader.control_sent,
    ("ACK", True): _Reader.control_sent,
    ("DATA", True): _Reader.data_sent,
    ("DATA", False): _Reader.data_arrives,
    ("KEYS", True): _Reader.keys,
    ("WRITE", True): _Reader.write,
    ("GOT", True): _Reader.got,
    ("QUIT", True): _Reader.quit,
    ("ENDED", True): _Reader.ended,
    ("END", None): _Reader.end,
}
"""What each line means, when it is this end's own, the other end's, or the link's."""

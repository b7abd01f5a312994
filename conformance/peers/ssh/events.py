"""From an SSH packet log to our events, as the client's end sees them. Pure: a list in, a list out.

The exchange of keys in SSH (RFC 4253) and our three messages:

| SSH | the client began it | the server began it |
|---|---|---|
| client's KEXINIT | `Start` | `Answer`: from here on the client may send no data |
| server's KEXINIT | nothing: half of the answer | `Arrive start` |
| server's NEWKEYS (it follows the reply that holds its signature) | `Arrive answer` | `Arrive finish` |
| client's NEWKEYS | `Finish`: in force | nothing: it was in force when the finish arrived |

Both ends send a KEXINIT when the link opens, each without waiting; that exchange is the client's (EST-4). Where
KEXINITs cross later, the one that the server saw first counts as the start.

CHANNEL_DATA is `SendData` or `Arrive data`, GOT `Deliver`. A GLOBAL_REQUEST keepalive@openssh.com is `SendHeartbeat`;
replies carry no number, so each answers the oldest request without one, as RFC 4254 (section 4) says. The server's
heartbeats and the client's replies likewise. WRITE is `Offer`, QUIT `Shut`, DISCONNECT `Close` or `Arrive close`, and a
connection that ends without it `Close` too. END is a `Tick`: time passed up to there.

Not seen: when a key came into force at a responder, what the client ignored, and whether it wiped a key. Not
translated: user authentication, opening and closing of channels, windows, IGNORE. They carry no application data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Literal

from rekeyspec.conformance.peers.ssh.log import MUTED, Line
from rekeyspec.reference.vocabulary import Do, Event, Message, Role

KEEPALIVE: Final = "keepalive@openssh.com"


def translate(lines: Iterable[Line]) -> list[Event]:
    """The client's end of the link that these lines show. Times become whole ms and never run backwards."""
    reader = _Reader()
    for line in lines:
        reader.read(line)
    return reader.events


class _Reader:
    """Follows one link: which epoch each direction is in, what is not yet answered or delivered."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._t = 0
        self._closed = False
        self._quitting = False
        self._negotiation: Role | None = None
        self._epochs: dict[Role, int] = {"client": 0, "server": 0}
        self._numbers: dict[Role, int] = {"client": 0, "server": 0}
        self._beats: dict[Role, int] = {"client": 0, "server": 0}
        self._unanswered: dict[Role, deque[int]] = {"client": deque(), "server": deque()}
        self._undelivered: deque[Message] = deque()
        self._got = 0

    def read(self, line: Line) -> None:
        reading = _READINGS.get((line.who, line.what))
        if reading is None or line.note == MUTED or self._closed:
            return
        self._t = max(self._t, round(line.t))
        reading(self, line)

    def _did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self._t, "client", do, message, bytes, reason))

    def open(self, line: Line) -> None:
        self._did("Open")

    def kexinit_sent(self, line: Line) -> None:
        if self._negotiation == "server":
            self._did("Answer", self._negotiating("answer"))
        elif self._negotiation is None:
            self._negotiation = "client"
            self._did("Start", self._negotiating("start"))

    def kexinit_arrives(self, line: Line) -> None:
        if self._negotiation is None and self._epochs["client"] > 0:
            self._negotiation = "server"
            self._did("Arrive", self._negotiating("start"))

    def newkeys_arrives(self, line: Line) -> None:
        if self._negotiation is not None:
            self._did("Arrive", self._negotiating("answer" if self._negotiation == "client" else "finish"))
        self._epochs["server"] += 1

    def newkeys_sent(self, line: Line) -> None:
        if self._negotiation == "client":
            self._did("Finish", self._negotiating("finish"))
        self._epochs["client"] += 1
        self._negotiation = None

    def _negotiating(self, kind: Literal["start", "answer", "finish"]) -> Message:
        epoch = self._epochs["client"] + 1
        return Message(kind, epoch=epoch, negotiation=f"{(self._negotiation or 'client')[0]}{epoch}")

    def data_sent(self, line: Line) -> None:
        self._did("SendData", self._data("client", line.bytes))

    def data_arrives(self, line: Line) -> None:
        message = self._data("server", line.bytes)
        self._undelivered.append(message)
        self._did("Arrive", message)

    def _data(self, sender: Role, size: int) -> Message:
        self._numbers[sender] += 1
        return Message("data", epoch=self._epochs[sender], number=self._numbers[sender], bytes=size)

    def got(self, line: Line) -> None:
        """A program may hand on packets joined or in parts: a message is delivered when all of it is."""
        self._got += line.bytes
        while self._undelivered and self._got >= self._undelivered[0].bytes:
            message = self._undelivered.popleft()
            self._got -= message.bytes
            self._did("Deliver", message)

    def request_sent(self, line: Line) -> None:
        if heartbeat := self._request("client", line):
            self._did("SendHeartbeat", heartbeat)

    def request_arrives(self, line: Line) -> None:
        if heartbeat := self._request("server", line):
            self._did("Arrive", heartbeat)

    def reply_arrives(self, line: Line) -> None:
        if reply := self._reply("server", "client"):
            self._did("Arrive", reply)

    def reply_sent(self, line: Line) -> None:
        if reply := self._reply("client", "server"):
            self._did("SendReply", reply)

    def _request(self, sender: Role, line: Line) -> Message | None:
        """A heartbeat gets the next number; requests of other names wait for their replies in the same queue."""
        heartbeat = None
        if line.note == KEEPALIVE:
            self._beats[sender] += 1
            heartbeat = Message("heartbeat", epoch=self._epochs[sender], number=self._beats[sender])
        self._unanswered[sender].append(heartbeat.number if heartbeat else 0)
        return heartbeat

    def _reply(self, sender: Role, asker: Role) -> Message | None:
        waiting = self._unanswered[asker]
        number = waiting.popleft() if waiting else 0
        return Message("reply", epoch=self._epochs[sender], number=number) if number else None

    def write(self, line: Line) -> None:
        self._did("Offer", bytes=line.bytes)

    def quit(self, line: Line) -> None:
        self._quitting = True
        self._did("Shut")

    def disconnect_sent(self, line: Line) -> None:
        self._did("Close", Message("close", epoch=self._epochs["client"]), reason=line.note)
        self._closed = True

    def disconnect_arrives(self, line: Line) -> None:
        self._did("Arrive", Message("close", epoch=self._epochs["server"]))

    def lost(self, line: Line) -> None:
        self._closed = True
        if self._quitting and line.note.startswith("[Errno"):
            # The server was still writing when the client left, and lost the connection before it had read the rest:
            # what the client said last was not seen, so the log ends here and claims nothing of it.
            return
        self._did("Close", reason=line.note)

    def end(self, line: Line) -> None:
        self._did("Tick")


_READINGS: Final[dict[tuple[str, str], Callable[[_Reader, Line], None]]] = {
    ("link", "OPEN"): _Reader.open,
    ("client", "KEXINIT"): _Reader.kexinit_sent,
    ("server", "KEXINIT"): _Reader.kexinit_arrives,
    ("client", "NEWKEYS"): _Reader.newkeys_sent,
    ("server", "NEWKEYS"): _Reader.newkeys_arrives,
    ("client", "CHANNEL_DATA"): _Reader.data_sent,
    ("server", "CHANNEL_DATA"): _Reader.data_arrives,
    ("user", "GOT"): _Reader.got,
    ("client", "GLOBAL_REQUEST"): _Reader.request_sent,
    ("server", "GLOBAL_REQUEST"): _Reader.request_arrives,
    ("client", "REQUEST_SUCCESS"): _Reader.reply_sent,
    ("client", "REQUEST_FAILURE"): _Reader.reply_sent,
    ("server", "REQUEST_SUCCESS"): _Reader.reply_arrives,
    ("server", "REQUEST_FAILURE"): _Reader.reply_arrives,
    ("user", "WRITE"): _Reader.write,
    ("user", "QUIT"): _Reader.quit,
    ("client", "DISCONNECT"): _Reader.disconnect_sent,
    ("server", "DISCONNECT"): _Reader.disconnect_arrives,
    ("link", "LOST"): _Reader.lost,
    ("link", "END"): _Reader.end,
}

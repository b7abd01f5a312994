"""From an SSH packet log to our events, as the end under test sees them, client or server. Pure: a list in, a list out.

The exchange of keys in SSH (RFC 4253, RFC 8731) and our three messages, at a client:

| SSH | the client began it | the server began it |
|---|---|---|
| client's KEXINIT | `Start` | `Answer`: from here on the client may send no data |
| server's KEXINIT | nothing: half of the answer | `Arrive start` |
| server's NEWKEYS (it follows the reply that holds its signature) | `Arrive answer` | `Arrive finish` |
| client's NEWKEYS | `Finish`: in force | nothing: it was in force when the finish arrived |

and at a server, which has all that it needs with the client's half of the key, the KEX_ECDH_INIT:

| SSH | the server began it | the client began it |
|---|---|---|
| server's KEXINIT | `Start` | `Answer`: from here on the server may send no data |
| client's KEXINIT | nothing: half of the answer | `Arrive start` |
| client's KEX_ECDH_INIT | `Arrive answer` | `Arrive finish`: in force |
| server's NEWKEYS | `Finish`: in force | nothing |

Both ends send a KEXINIT when the link opens, each without waiting; that exchange is the client's (EST-4). Where
KEXINITs follow each other later, the one that the watch saw first counts as the start, but for one that the watch had
on the way (CROSSED): then both ends have started (REKEY-5). A server's KEXINIT is its answer too then, which shows when
its KEX_ECDH_REPLY comes.

CHANNEL_DATA is `SendData` or `Arrive data`, WRITE `Offer`, GOT `Deliver`. A program may join what its user wrote into
one packet, or split it: a message is what was written together and sent together. A request whose name begins with
`keepalive@`, global or of the channel, is `SendHeartbeat`; replies carry no number, so each answers the oldest request
of its sort without one, as RFC 4254 (section 4) says. A request that wants no reply is a heartbeat that nothing
answers. The other end's heartbeats and the program's replies likewise. QUIT is `Shut`, DISCONNECT `Close` or `Arrive
close`, and a connection that ends without it `Close` too. A server whose user has quit announces it with CHANNEL_CLOSE
(`Close`): ending the connection is left to the client. END is a `Tick`: time passed up to there.

Data sent under the key before (OLD_KEY) is of the epoch before; a packet with spoilt authentication (ALTERED) is sealed
by nobody. Not seen: when a key came into force at a responder, what the program ignored, and whether it wiped a key.
Not translated: user authentication, opening of channels, windows, IGNORE. They carry no application data.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, Literal

from rekeyspec.conformance.peers.ssh.log import ALTERED, CROSSED, HELD, MUTED, OLD_KEY, Line
from rekeyspec.reference.vocabulary import Do, Event, Message, Role

KEEPALIVE: Final = "keepalive@"


def translate(lines: Iterable[Line], end: Role = "client") -> list[Event]:
    """The program's end, `end`, of the link that these lines show. Times become whole ms and never run backwards."""
    reader = _Client("client", "server") if end == "client" else _Server("server", "client")
    for line in in_pieces(list(lines), end):
        reader.read(line)
    return reader.events


def in_pieces(lines: Sequence[Line], end: Role) -> Iterator[Line]:
    """The same lines, with what the user wrote and the program sent cut wherever the other was; what was sent without
    being written stays whole."""
    written = list(accumulate(line.bytes for line in lines if (line.who, line.what) == ("user", "WRITE")))
    sent = list(accumulate(line.bytes for line in lines if (line.who, line.what) == (end, "CHANNEL_DATA")))
    cuts = sorted({*written, *(at for at in sent if written and at < written[-1])})
    done = {"WRITE": 0, "CHANNEL_DATA": 0}
    for line in lines:
        if (line.who, line.what) not in (("user", "WRITE"), (end, "CHANNEL_DATA")):
            yield line
            continue
        start, stop = done[line.what], done[line.what] + line.bytes
        done[line.what] = stop
        for at, to in pairwise([start, *(cut for cut in cuts if start < cut < stop), stop]):
            yield line._replace(bytes=to - at)


class _Reader:
    """Follows one link from the end `own`: which epoch each direction is in, what is not yet answered or delivered."""

    def __init__(self, own: Role, other: Role) -> None:
        self.events: list[Event] = []
        self.own, self.other = own, other
        self._t = 0
        self._closed = False
        self._quitting = False
        self._negotiation: Role | None = None
        self._epochs: dict[Role, int] = {"client": 0, "server": 0}
        self._numbers: dict[Role, int] = {"client": 0, "server": 0}
        self._beats: dict[Role, int] = {"client": 0, "server": 0}
        self._unanswered: defaultdict[tuple[Role, str], deque[int]] = defaultdict(deque)
        self._undelivered: deque[Message] = deque()
        self._got = 0

    def read(self, line: Line) -> None:
        who = "own" if line.who == self.own else "other" if line.who == self.other else line.who
        reading = _READINGS.get((who, line.what))
        if reading is None or line.note.endswith((MUTED, HELD)) or self._closed:
            return
        self._t = max(self._t, round(line.t))
        reading(self, line)

    def did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self._t, self.own, do, message, bytes, reason))

    # The exchange of keys: what differs between the ends is below.

    def open(self, line: Line) -> None:
        self.did("Open")

    def kexinit_sent(self, line: Line) -> None:
        raise NotImplementedError

    def kexinit_arrives(self, line: Line) -> None:
        raise NotImplementedError

    def half_arrives(self, line: Line) -> None:
        """The client's half of the key, at a server."""

    def half_sent(self, line: Line) -> None:
        """The server's half of the key, by a server."""

    def newkeys_sent(self, line: Line) -> None:
        if self._negotiation == self.own:
            self.did("Finish", self._negotiating("finish"))
        self._epochs[self.own] += 1
        self._negotiation = None

    def newkeys_arrives(self, line: Line) -> None:
        self._epochs[self.other] += 1

    def _arrives_last(self) -> None:
        """What brings the new key into force here, or lets it be: the answer to its start, or the finish."""
        if self._negotiation is not None:
            self.did("Arrive", self._negotiating("answer" if self._negotiation == self.own else "finish"))

    def _starts(self) -> None:
        self._negotiation = self.own
        self.did("Start", self._negotiating("start"))

    def _start_arrives(self) -> None:
        self._negotiation = self.other
        self.did("Arrive", self._negotiating("start"))

    def _negotiating(self, kind: Literal["start", "answer", "finish"]) -> Message:
        epoch = self._epochs[self.own] + 1
        return Message(kind, epoch=epoch, negotiation=f"{(self._negotiation or 'client')[0]}{epoch}")

    # Data.

    def data_sent(self, line: Line) -> None:
        self.did("SendData", self._data(self.own, line))

    def data_arrives(self, line: Line) -> None:
        message = self._data(self.other, line)
        self._undelivered.append(message)
        self.did("Arrive", message)

    def _data(self, sender: Role, line: Line) -> Message:
        self._numbers[sender] += 1
        epoch = self._epochs[sender] - (OLD_KEY in line.note)
        return Message("data", epoch=epoch, number=self._numbers[sender], bytes=line.bytes)

    def got(self, line: Line) -> None:
        """A program may hand on packets joined or in parts: a message is delivered when all of it is."""
        self._got += line.bytes
        while self._undelivered and self._got >= self._undelivered[0].bytes:
            message = self._undelivered.popleft()
            self._got -= message.bytes
            self.did("Deliver", message)

    # Heartbeats.

    def request_sent(self, line: Line) -> None:
        if heartbeat := self._request(self.own, line):
            self.did("SendHeartbeat", heartbeat)

    def request_arrives(self, line: Line) -> None:
        if heartbeat := self._request(self.other, line):
            self.did("Arrive", heartbeat)

    def reply_arrives(self, line: Line) -> None:
        if reply := self._reply(self.other, self.own, line):
            self.did("Arrive", reply)

    def reply_sent(self, line: Line) -> None:
        if reply := self._reply(self.own, self.other, line):
            self.did("SendReply", reply)

    def _request(self, sender: Role, line: Line) -> Message | None:
        """A heartbeat gets the next number; requests of other names wait for their replies in the same queue."""
        heartbeat = None
        if line.note.startswith(KEEPALIVE):
            self._beats[sender] += 1
            seal: Literal["nobody", "peer"] = "nobody" if line.note.endswith(ALTERED) else "peer"
            heartbeat = Message("heartbeat", self._epochs[sender], self._beats[sender], sealed_by=seal)
        if line.what.endswith("REQUEST") and not line.note.endswith(ALTERED):
            self._unanswered[sender, _sort(line)].append(heartbeat.number if heartbeat else 0)
        return heartbeat

    def _reply(self, sender: Role, asker: Role, line: Line) -> Message | None:
        waiting = self._unanswered[asker, _sort(line)]
        number = waiting.popleft() if waiting else 0
        return Message("reply", epoch=self._epochs[sender], number=number) if number else None

    # The user, and the end.

    def write(self, line: Line) -> None:
        self.did("Offer", bytes=line.bytes)

    def quit(self, line: Line) -> None:
        self._quitting = True
        self.did("Shut")

    def disconnect_sent(self, line: Line) -> None:
        self.did("Close", Message("close", epoch=self._epochs[self.own]), reason=line.note)
        self._closed = True

    def disconnect_arrives(self, line: Line) -> None:
        self.did("Arrive", Message("close", epoch=self._epochs[self.other]))

    def channel_closed(self, line: Line) -> None:
        if self._quitting and self.own == "server":
            self.disconnect_sent(line)

    def lost(self, line: Line) -> None:
        self._closed = True
        if self._quitting and line.note.startswith("[Errno"):
            # The watch was still writing when the program left, and lost the connection before it had read the rest:
            # what the program said last was not seen, so the log ends here and claims nothing of it.
            return
        self.did("Close", reason=line.note)

    def end(self, line: Line) -> None:
        self.did("Tick")


class _Client(_Reader):
    """The client is under test."""

    def kexinit_sent(self, line: Line) -> None:
        if self._negotiation == "server":
            self.did("Answer", self._negotiating("answer"))
        elif self._negotiation is None:
            self._starts()

    def kexinit_arrives(self, line: Line) -> None:
        if self._negotiation is None and self._epochs["client"] > 0:
            self._start_arrives()
        elif line.note == CROSSED:
            epoch = self._epochs["client"] + 1
            self.did("Arrive", Message("start", epoch=epoch, negotiation=f"s{epoch}"))

    def newkeys_arrives(self, line: Line) -> None:
        self._arrives_last()
        super().newkeys_arrives(line)


class _Server(_Reader):
    """The server is under test."""

    def __init__(self, own: Role, other: Role) -> None:
        super().__init__(own, other)
        self._early = False
        """Its first KEXINIT is there, and the client's not yet."""
        self._crossed = False
        """The client's KEXINIT crossed its own, and it has not shown whether it takes that for its answer."""

    def kexinit_sent(self, line: Line) -> None:
        if self._negotiation == "client":
            self.did("Answer", self._negotiating("answer"))
        elif self._negotiation is None and self._epochs["server"] == 0:
            self._early = True
        elif self._negotiation is None:
            self._starts()

    def kexinit_arrives(self, line: Line) -> None:
        if self._negotiation is None:
            self._start_arrives()
            if self._early:
                self._early = False
                self.did("Answer", self._negotiating("answer"))
        elif line.note == CROSSED:
            self._start_arrives()
            self._crossed = True

    def half_arrives(self, line: Line) -> None:
        if not self._crossed:
            self._arrives_last()

    def half_sent(self, line: Line) -> None:
        if self._crossed:
            self._crossed = False
            self.did("Answer", self._negotiating("answer"))
            self._arrives_last()


def _sort(line: Line) -> str:
    """Requests of the channel are answered by replies of the channel, global ones by global ones."""
    return "channel" if line.what.startswith("CHANNEL") else "global"


_READINGS: Final[dict[tuple[str, str], Callable[[_Reader, Line], None]]] = {
    ("link", "OPEN"): _Reader.open,
    ("own", "KEXINIT"): lambda r, line: r.kexinit_sent(line),
    ("other", "KEXINIT"): lambda r, line: r.kexinit_arrives(line),
    ("other", "KEX_ECDH_INIT"): lambda r, line: r.half_arrives(line),
    ("own", "KEX_ECDH_REPLY"): lambda r, line: r.half_sent(line),
    ("own", "NEWKEYS"): _Reader.newkeys_sent,
    ("other", "NEWKEYS"): lambda r, line: r.newkeys_arrives(line),
    ("own", "CHANNEL_DATA"): _Reader.data_sent,
    ("other", "CHANNEL_DATA"): _Reader.data_arrives,
    ("user", "GOT"): _Reader.got,
    ("own", "GLOBAL_REQUEST"): _Reader.request_sent,
    ("own", "GLOBAL_NOTICE"): _Reader.request_sent,
    ("own", "CHANNEL_REQUEST"): _Reader.request_sent,
    ("own", "CHANNEL_NOTICE"): _Reader.request_sent,
    ("other", "GLOBAL_REQUEST"): _Reader.request_arrives,
    ("other", "CHANNEL_REQUEST"): _Reader.request_arrives,
    ("own", "REQUEST_SUCCESS"): _Reader.reply_sent,
    ("own", "REQUEST_FAILURE"): _Reader.reply_sent,
    ("own", "CHANNEL_SUCCESS"): _Reader.reply_sent,
    ("own", "CHANNEL_FAILURE"): _Reader.reply_sent,
    ("other", "REQUEST_SUCCESS"): _Reader.reply_arrives,
    ("other", "REQUEST_FAILURE"): _Reader.reply_arrives,
    ("other", "CHANNEL_SUCCESS"): _Reader.reply_arrives,
    ("other", "CHANNEL_FAILURE"): _Reader.reply_arrives,
    ("user", "WRITE"): _Reader.write,
    ("user", "QUIT"): _Reader.quit,
    ("own", "DISCONNECT"): _Reader.disconnect_sent,
    ("other", "DISCONNECT"): _Reader.disconnect_arrives,
    ("own", "CHANNEL_CLOSE"): _Reader.channel_closed,
    ("link", "LOST"): _Reader.lost,
    ("link", "END"): _Reader.end,
}

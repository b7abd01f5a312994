"""From what is seen of an IPsec link to our events, as the end `one` sees them. Pure: a list in, a list out.

`one` opens the link, so it is the client. An epoch is one CHILD_SA, which is two ESP keys, one for each direction. IKE
is the control channel and ESP the data channel. A packet's number is ESP's own, counted on from one epoch to the next.

| IKEv2 (RFC 7296) | IKEv1 (RFC 2409) | sent by `one` | sent by `two` |
|---|---|---|---|
| first IKE_SA_INIT request | first message of main mode | `Start` of the first epoch | |
| IKE_AUTH response with SA | second message of the first quick mode | | `Arrive answer` |
| CREATE_CHILD_SA request with SA and nonce | first message of a quick mode | `Start` | `Arrive start` |
| CREATE_CHILD_SA response with SA and nonce | second message of a quick mode | `Answer` | `Arrive answer` |
| DELETE of the old CHILD_SA, a request | third message of a quick mode | `Finish` | `Arrive finish` |
| INFORMATIONAL request with nothing in it | INFORMATIONAL with DPD | `SendHeartbeat` | `Arrive heartbeat` |
| the response to it | INFORMATIONAL with DPD_ACK | `SendReply` | `Arrive reply` |
| DELETE of the IKE_SA, or of the CHILD_SA that is used | the same | `Close` | `Arrive close` |

The first negotiation of IKEv2 has no third message: its `Finish` is where the answer arrives. Nor has a later one, for
a peer that uses the new key at once: what first arrives under it (RFC 7296, 2.8: the responder must be ready for it) is
its `Arrive finish` too. An answer of which no CHILD_SA came, and which `one` answers with AUTHENTICATION_FAILED, was
sealed by nobody. A start or an answer is one only with its nonce, so each new key has what both contributed.

An ESP packet of `one` is `SendData`, of `two` `Arrive data`; its bytes are those of the IP packet inside. WRITE is
`Offer`, GOT `Deliver` of the oldest of that size that is not delivered, QUIT `Shut`. A heartbeat that is sent again has
the message id of the first and gets a number of its own here; a reply answers the last one sent under its id, and in
IKEv1, where each message has an id of its own, the last one sent. GAVE UP is `Close`, and DELETED, where the peer
announced it; END is a `Tick`.

Not seen: when a key came into force at a responder, what was ignored or discarded, and whether a key was wiped. Not
translated: the other messages of the first exchanges, and NAT keepalives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from rekeyspec.conformance.peers.ipsec.log import Line
from rekeyspec.conformance.peers.ipsec.meaning import Meaning, of_ikev1, of_ikev2
from rekeyspec.reference.vocabulary import Do, Event, Kind, Message, Role

MOMENT: Final = 10
"""How far (ms) two who watch may be apart in when they say what they saw."""


def translate(lines: Iterable[Line]) -> list[Event]:
    """The end `one` of the link that these lines show. Times become whole ms and never run backwards."""
    reader = _Reader()
    for line in lines:
        reader.read(line)
    return reader.events


class _Reader:
    """Follows one link."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._t = 0
        self._closed = False
        self._ending = False
        self._epoch = 0
        self._negotiation: Role | None = None
        self._answered = False
        self._epochs: dict[str, int] = {}
        self._keys = 0
        self._numbers: dict[Role, int] = {"client": 0, "server": 0}
        self._bases: dict[str, int] = {}
        self._beats = 0
        self._sent_beats: dict[int, int] = {}
        self._got_beats: dict[int, int] = {}
        self._undelivered: list[Message] = []
        self._forged = ""
        self._modes: dict[int, int] = {}

    def read(self, line: Line) -> None:
        self._t = max(self._t, round(line.t))
        if line.what == "IKE":
            self._ike(line)
        elif reading := _READINGS.get(line.what):
            reading(self, line)

    def _did(self, do: Do, message: Message | None = None, bytes: int = 0, reason: str = "") -> None:
        self.events.append(Event(self._t, "client", do, message, bytes, reason))

    # The link and its user.

    def keys(self, line: Line) -> None:
        """Of a CHILD_SA: its place among all is its epoch."""
        self._keys += 1
        self._epochs[line.spi] = self._epochs[line.note] = self._keys

    def open(self, line: Line) -> None:
        self._did("Open")

    def write(self, line: Line) -> None:
        self._did("Offer", bytes=line.bytes)

    def refused(self, line: Line) -> None:
        if self._closed:
            self._did("Refuse", reason="closed")

    def got(self, line: Line) -> None:
        fit = [m for m in self._undelivered if m.bytes == line.bytes]
        if fit:
            self._undelivered.remove(fit[0])
            self._deliver(fit[0])

    def _deliver(self, message: Message) -> None:
        """What came before the link was given up was delivered then, though its user said so a moment later than the
        daemon's log had the end."""
        ended = next((n for n, e in enumerate(self.events) if e.do == "Close"), None)
        if ended is not None and self._t - (t := self.events[ended].t) <= MOMENT:
            came = any(e.do == "Arrive" and e.message == message for e in self.events[:ended])
            if came:
                self.events.insert(ended, Event(t, "client", "Deliver", message))
                return
        self._did("Deliver", message)

    def quit(self, line: Line) -> None:
        self._did("Shut")

    def gave_up(self, line: Line) -> None:
        if not self._closed:
            self._did("Close", reason=line.note)
            self._closed = True

    def forged(self, line: Line) -> None:
        self._forged = line.note

    def end(self, line: Line) -> None:
        self._did("Tick")

    # The data channel.

    def esp(self, line: Line) -> None:
        sender: Role = "client" if line.who == "one" else "server"
        epoch = self._epochs.get(line.spi, 0)
        if sender == "server" and self._negotiation == "server" and epoch == self._epoch + 1:
            self._finish_arrives()
        base = self._bases.setdefault(line.spi, self._numbers[sender])
        number = base + line.number
        message = Message("data", epoch, number, bytes=line.bytes, channel="data")
        if sender == "client":
            self._numbers[sender] = max(self._numbers[sender], number)
            self._did("SendData", message)
        elif self._forged == "esp":
            self._forged = ""
            self._did("Arrive", message._replace(sealed_by="nobody"))
        else:
            self._numbers[sender] = max(self._numbers[sender], number)
            self._undelivered.append(message)
            self._did("Arrive", message)

    # The control channel.

    def _ike(self, line: Line) -> None:
        if self._closed:
            return
        if line.who == "two" and self._forged == "ike":
            self._forged = ""
            self._did(
                "Arrive", Message("heartbeat", self._epoch, self._beats + 1, channel="control", sealed_by="nobody")
            )
            return
        meaning = self._meaning(line)
        if handling := _MEANINGS.get(meaning):
            handling(self, line)

    def _meaning(self, line: Line) -> Meaning:
        named, _, rest = line.note.partition(" [")
        exchange = named.partition(" ")[0]
        payloads, _, deleted = rest.partition("]")
        held = set(payloads.split())
        if exchange in ("IKE_SA_INIT", "ID_PROT"):
            return "first"
        if "AUTHENTICATION_FAILED" in payloads or "N(AUTH_FAILED)" in held:
            return "refused"
        if "D" in held:
            return self._deleted(line, deleted.split())
        return of_ikev1(exchange, held, self._place(line)) or of_ikev2(exchange, held, line)

    def _deleted(self, line: Line, what: list[str]) -> Meaning:
        """A DELETE, of the IKE_SA or of the CHILD_SA with this SPI."""
        if " response" in line.note:
            return "other"
        if what[1:2] == ["IKE"]:
            return "close"
        if self._negotiation is not None:
            return "finish"
        return "close" if self._epochs.get(what[-1] if what else "") == self._epoch else "other"

    def _place(self, line: Line) -> int:
        """Which message of its quick mode this is, from 1."""
        if line.number == 1:
            self._modes[line.mid] = self._modes.get(line.mid, 0) + 1
        return self._modes.get(line.mid, 0)

    def _message(self, kind: Kind, **more: object) -> Message:
        return Message(kind, channel="control", **more)  # type: ignore[arg-type]

    def _negotiating(self, kind: Kind, starter: Role) -> Message:
        epoch = self._epoch + 1
        return self._message(kind, epoch=epoch, negotiation=f"{starter[0]}{epoch}")

    def first(self, line: Line) -> None:
        if line.who == "one" and self._negotiation is None and self._epoch == 0:
            self._negotiation = "client"
            self._did("Start", self._negotiating("start", "client"))

    def start(self, line: Line) -> None:
        if line.number > 1:
            return
        if line.who == "one":
            if self._epoch == 0:
                return  # IKEv1: the quick mode of the first negotiation, which began with main mode
            self._negotiation, self._answered = self._negotiation or "client", False
            self._did("Start", self._negotiating("start", "client"))
        else:
            self._negotiation = self._negotiation or "server"
            self._did("Arrive", self._negotiating("start", "server"))

    def answer(self, line: Line) -> None:
        if line.who == "one":
            if line.number == 1:
                self._did("Answer", self._negotiating("answer", "server"))
            return
        if self._answered or self._negotiation != "client":
            return
        if not self._keys:
            return  # no key came of it: what `one` held against it is what it says next
        self._answered = True
        self._did("Arrive", self._negotiating("answer", "client"))
        if self._epoch == 0 and "IKE_AUTH" in line.note:
            self._finished()

    def finish(self, line: Line) -> None:
        if line.who == "one" and self._negotiation == "client" and self._answered:
            self._finished()
        elif line.who == "two" and self._negotiation == "server" and line.number == 1:
            self._finish_arrives()

    def _finished(self) -> None:
        self._did("Finish", self._negotiating("finish", "client"))
        self._in_force()

    def _finish_arrives(self) -> None:
        self._did("Arrive", self._negotiating("finish", "server"))
        self._in_force()

    def _in_force(self) -> None:
        self._epoch += 1
        self._negotiation, self._answered = None, False

    def heartbeat(self, line: Line) -> None:
        if line.who == "one":
            self._beats += 1
            self._sent_beats[line.mid] = self._beats
            self._did("SendHeartbeat", self._message("heartbeat", epoch=self._epoch, number=self._beats))
        else:
            number = self._got_beats.setdefault(line.mid, len(self._got_beats) + 1)
            self._did("Arrive", self._message("heartbeat", epoch=self._epoch, number=number))

    def reply(self, line: Line) -> None:
        if line.who == "two":
            if number := self._sent_beats.get(line.mid, self._beats if "DPD_ACK" in line.note else 0):
                self._did("Arrive", self._message("reply", epoch=self._epoch, number=number))
        elif number := self._got_beats.get(line.mid, len(self._got_beats) if "DPD_ACK" in line.note else 0):
            self._did("SendReply", self._message("reply", epoch=self._epoch, number=number))

    def close(self, line: Line) -> None:
        if line.who == "one":
            self._did("Close", self._message("close", epoch=self._epoch))
            self._closed = True
        elif not self._ending:
            self._ending = True
            self._did("Arrive", self._message("close", epoch=self._epoch))

    def deleted(self, line: Line) -> None:
        """charon deletes the IKE_SA: because the peer said so, or it says so itself, which is seen on the wire."""
        if self._ending and not self._closed:
            self._did("Close")
            self._closed = True

    def authentication_failed(self, line: Line) -> None:
        """The peer's part was not the peer's own, says `one`: it has no effect, and the attempt is over."""
        if line.who == "one":
            self._did("Arrive", self._negotiating("answer", "client")._replace(sealed_by="nobody"))


_READINGS: Final[dict[str, Callable[[_Reader, Line], None]]] = {
    "KEYS": _Reader.keys,
    "OPEN": _Reader.open,
    "WRITE": _Reader.write,
    "REFUSED": _Reader.refused,
    "GOT": _Reader.got,
    "QUIT": _Reader.quit,
    "ESP": _Reader.esp,
    "GAVE UP": _Reader.gave_up,
    "DELETED": _Reader.deleted,
    "FORGED": _Reader.forged,
    "END": _Reader.end,
}

_MEANINGS: Final[dict[Meaning, Callable[[_Reader, Line], None]]] = {
    "first": _Reader.first,
    "start": _Reader.start,
    "answer": _Reader.answer,
    "finish": _Reader.finish,
    "heartbeat": _Reader.heartbeat,
    "reply": _Reader.reply,
    "close": _Reader.close,
    "refused": _Reader.authentication_failed,
}

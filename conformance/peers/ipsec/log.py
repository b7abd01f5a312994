"""What is seen of one link, from the end under test: `one`, with `two` at the other end of the wire.

Three things are joined. The watcher of the wire gives times and order, charon's log what an encrypted IKE message
holds, and the link's user what went into the tunnel and came out of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

Who = Literal["one", "two", "user", "link"]


class Line(NamedTuple):
    """One line of the log.

    `t` is ms since the experiment began. `one` and `two` send IKE messages (`note`: charon's words for it; `number`:
    the which sending of this same message, from 1; `mid`: its message id) and ESP packets (`bytes`: of the packet
    inside; `number`: ESP's own; `spi`). The user of `one` does WRITE and (through charon, as OPEN) QUIT, GOT what came
    out of the tunnel, was REFUSED. The link's own lines: OPEN; KEYS, a CHILD_SA's two SPIs (`spi`: in, `note`: out),
    before all else; GAVE UP and DELETED, charon's word for the end; FORGED, the next packet of the kind `note` that
    arrives is not sealed by anyone; CLEAR, an unsealed packet of the tunnel's; END (of watching).
    """

    t: float
    who: Who
    what: str
    bytes: int = 0
    spi: str = ""
    number: int = 0
    mid: int = 0
    note: str = ""


class Seen(NamedTuple):
    """One line of the watcher (`inside`) at `one`, or a note of the experiment's own: the time (s) and the words."""

    t: float
    words: tuple[str, ...]


class Said(NamedTuple):
    """One line of charon's log: the time (s), the thread and the text."""

    t: float
    thread: str
    text: str


_LOGGED: Final = re.compile(r"(\d+\.\d+) (\d\d)\[[A-Z0-9]{3}\] ?(.*)")
_MESSAGE: Final = re.compile(r"(generating|parsed) (\w+) (request|response) (\d+) \[ ?(.*?) ?\]$")
_KEYS: Final = re.compile(r"CHILD_SA \w+\{(\d+)\} established with SPIs (\w+)_i (\w+)_o")
_DELETE: Final = re.compile(r"(?:sending|received) DELETE for (ESP|IKE)_?(?:.* SPI (\w+))?")
_LOST: Final = re.compile(r"giving up after \d+ retransmits|DPD check timed out.*")

EXCHANGES: Final[Mapping[int, str]] = {
    2: "ID_PROT", 5: "INFORMATIONAL_V1", 6: "TRANSACTION", 32: "QUICK_MODE",
    34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL",
}  # fmt: skip
"""charon's names of the types of exchange (RFC 2408, 3.1; RFC 2409, appendix A; RFC 7296, 3.1)."""

OVERHEAD: Final = 8 + 8 + 16 + 2
"""bytes: what ESP with AES-GCM adds to a packet whose length, and the two bytes of trailer, need no padding: SPI and
number, IV, ICV, trailer (RFC 4303, RFC 4106). Every experiment's packets are of such a length."""

SEALING: Final = 0.12
"""s: see `_as_sealed`. On a machine where others run too it is not much."""

_Key = tuple[str, str, bool, int]
"""Of an IKE message: way, exchange, whether it is a response, message id."""


def said(text: str) -> Said | None:
    """A line of charon's log; None for one of another form."""
    found = _LOGGED.match(text)
    return Said(float(found[1]), found[2], found[3]) if found else None


def seen(text: str) -> Seen | None:
    """A line of the watcher; None for one of another form."""
    first, *words = text.split() or [""]
    try:
        return Seen(float(first), tuple(words))
    except ValueError:
        return None


def joined(wire: Iterable[Seen], log: Iterable[Said], start: float) -> list[Line]:
    """The lines of one link, in order of time, ms since `start` (s)."""
    log = list(log)
    contents = _contents(log)
    lines = [*_told(log), *_seen(sorted(wire), contents)]
    ordered = _as_sealed(sorted(lines, key=lambda line: line.t))
    return [*_keys(log), *(line._replace(t=(line.t - start) * 1000) for line in ordered)]


def _as_sealed(lines: list[Line]) -> list[Line]:
    """charon counts and seals a packet in one thread and sends it in another, and IKE in a third: the message by which
    it asks for a new key may overtake the packet that was the reason. A packet that was offered before such a message,
    and left at most SEALING s after it under the key that was used before, is put where it was sealed: before it."""
    found: list[Line] = []
    last = ""
    for line in lines:
        place = len(found)
        if line.who == "one" and line.what == "ESP":
            if line.spi == last:
                place = _sealed_at(found, line)
            last = line.spi
        found.insert(place, line._replace(t=found[place - 1].t) if place < len(found) else line)
    return found


def _sealed_at(lines: list[Line], packet: Line) -> int:
    """The place among these lines, the latest before it, where this packet was sealed."""
    first = len(lines)
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if packet.t - line.t > SEALING:
            break
        if line.what == "WRITE" and line.bytes == packet.bytes:
            return first
        if line.who == "one" and line.what == "IKE":
            first = place
    return len(lines)


def _contents(log: Iterable[Said]) -> dict[_Key, list[str]]:
    """What each IKE message holds, in charon's words, in the order in which those of one key were made or read.

    What a DELETE is of stands in a line of its own: before the message where it is made, after it where it is read,
    and of the same thread.
    """
    found: dict[_Key, list[str]] = defaultdict(list)
    deleting: dict[str, str] = {}
    reading: dict[str, list[str]] = {}
    for line in log:
        if match := _MESSAGE.match(line.text):
            way, exchange, sort, number, payloads = match.groups()
            out = way == "generating"
            key = ("out" if out else "in", exchange, sort == "response" and not _first_version(exchange), int(number))
            deleted = deleting.pop(line.thread, "") if out else ""
            found[key].append(f"{exchange} {sort} [ {payloads} ]{deleted}")
            reading[line.thread] = found[key] if not out else []
        elif match := _DELETE.match(line.text):
            word = f" of {match[1]} {match[2] or ''}".rstrip()
            if line.text.startswith("sending"):
                deleting[line.thread] = word
            elif reading.get(line.thread):
                texts = reading[line.thread]
                texts[-1] = texts[-1].removesuffix(word) + word
    return found


def _first_version(exchange: str) -> bool:
    """Is it one of IKEv1, whose header has no mark of a response?"""
    return exchange in ("ID_PROT", "INFORMATIONAL_V1", "TRANSACTION", "QUICK_MODE")


def _keys(log: Iterable[Said]) -> Iterator[Line]:
    known = set()
    for line in log:
        if (match := _KEYS.search(line.text)) and match[1] not in known:
            known.add(match[1])
            yield Line(0.0, "link", "KEYS", spi=match[2], note=match[3])


def _told(log: Iterable[Said]) -> Iterator[Line]:
    for line in log:
        if match := _LOST.match(line.text):
            yield Line(line.t, "link", "GAVE UP", note=match[0])
        elif line.text.startswith("deleting IKE_SA"):
            yield Line(line.t, "link", "DELETED")
        elif line.text.startswith("vici initiate"):
            yield Line(line.t, "link", "OPEN")
        elif line.text.startswith("vici terminate"):
            yield Line(line.t, "user", "QUIT")


def _seen(wire: Iterable[Seen], contents: Mapping[_Key, list[str]]) -> Iterator[Line]:
    copies: dict[_Key, list[str]] = defaultdict(list)
    for t, words in wire:
        match words:
            case [("out" | "in") as way, "esp", spi, number, length]:
                yield Line(t, _sender(way), "ESP", int(length) - OVERHEAD, spi, int(number))
            case [("out" | "in") as way, "ike", header, crc, length]:
                yield _ike(t, way, bytes.fromhex(header), (crc, int(length)), copies, contents)
            case [("out" | "in") as way, "clear", length]:
                yield Line(t, "link", "CLEAR", int(length), note=way)
            case ["user", "sent", size]:
                yield Line(t, "user", "WRITE", int(size))
            case ["user", "got", size]:
                yield Line(t, "user", "GOT", int(size))
            case ["user", "refused", size, why]:
                yield Line(t, "user", "REFUSED", int(size), note=why)
            case ["link", *what]:
                yield Line(t, "link", what[0].upper(), note=" ".join(what[1:]))


def _sender(way: str) -> Who:
    return "one" if way == "out" else "two"


def _ike(
    t: float,
    way: str,
    header: bytes,
    packet: tuple[str, int],
    copies: dict[_Key, list[str]],
    contents: Mapping[_Key, list[str]],
) -> Line:
    """A message is known by its header and, where several have the same, by their order."""
    crc, length = packet
    exchange = EXCHANGES.get(header[18], str(header[18]))
    mid = int.from_bytes(header[20:24], "big")
    key = (way, exchange, bool(header[19] & 0x20), mid)
    copies[key].append(crc)
    place = list(dict.fromkeys(copies[key])).index(crc)
    texts = contents.get(key, [])
    note = texts[place] if place < len(texts) else f"{exchange} [ ? ]"
    return Line(t, _sender(way), "IKE", length, number=copies[key].count(crc), mid=mid, note=note)

"""What is seen of one WireGuard link: the headers of its packets, what its users did and got, and when it gave up.

A packet of the end under test carries the time at which it left, one of the other end the time at which it was handed
on: so each has the time of the end under test, which is called the client; it is the one that sends first.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Who = Literal["client", "server", "link"]

MUTED: Final = "muted"
"""The note on a packet that the relay withheld."""

INITIATION: Final = "INITIATION"
RESPONSE: Final = "RESPONSE"
DATA: Final = "DATA"

_TYPES: Final = {1: INITIATION, 2: RESPONSE, 3: "COOKIE", 4: DATA}

EMPTY: Final = 32
"""bytes: of a packet of data with nothing in it, which is a keepalive: type 4, receiver 4, counter 8, tag 16."""


class Line(NamedTuple):
    """One line. `t` is ms since the relay began. `who` sent the packet `what`, or is the end whose user did WRITE, GOT
    or QUIT, or whose program said GAVE_UP or ENDED; the link has END (of watching). `key` is the sender's index in a
    handshake, the receiver's in data; `answers` is in a RESPONSE the index of the initiation. `bytes` is a packet's
    length on the wire, or that of the IP packet that a user sent or got."""

    t: float
    who: Who
    what: str
    key: int = 0
    bytes: int = 0
    note: str = ""
    answers: int = 0


def header(packet: bytes) -> tuple[str, int, int]:
    """A packet's kind, its index, and the index that it answers (0 where it answers none)."""
    what = _TYPES.get(packet[0], f"TYPE_{packet[0]}")
    answers = int.from_bytes(packet[8:12], "little") if what == RESPONSE else 0
    return what, int.from_bytes(packet[4:8], "little"), answers


def said(line: str) -> str:
    """What a line of wireguard-go's log tells us: GAVE_UP, ENDED, or nothing."""
    if "Handshake did not complete after" in line and "giving up" in line:
        return "GAVE_UP"
    return "ENDED" if line.endswith("Device closing") else ""

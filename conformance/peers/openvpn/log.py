"""What is seen of one OpenVPN link: headers of packets, what users did and got, and the key words of its own log.

A packet of the end under test carries the time at which it left, one of the other end the time at which it was handed
on: so each has the time of the end under test.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from rekeyspec.reference.vocabulary import Role

Who = Literal["client", "server", "link"]

MUTED: Final = "muted"
"""The note on a packet that the relay withheld."""
BEGAN: Final = "began"
"""The note on a soft reset whose sender had not received the other end's: it begins a renegotiation."""
ALTERED: Final = "altered"
"""The note on a packet of ours: one of the peer's with a byte changed, which nobody has sealed."""
REPLAYED: Final = "replayed"
"""The note on a packet of ours: one of the peer's once more."""


class Line(NamedTuple):
    """One line. `t` is ms since the relay began. `who` sent the packet `what` under `key` (the key_id of its header),
    or is the end whose user did WRITE, GOT or QUIT, or whose program said KEYS or ENDED; the link has END (of
    watching). `bytes` is a packet's length on the wire, or that of the IP packet that a user sent or got."""

    t: float
    who: Who
    what: str
    key: int = 0
    bytes: int = 0
    note: str = ""


OPCODES: Final = {
    3: "SOFT_RESET", 4: "CONTROL", 5: "ACK", 6: "DATA", 7: "HARD_RESET", 8: "HARD_RESET", 9: "DATA", 10: "HARD_RESET",
    11: "CONTROL",
}  # fmt: skip
"""The five upper bits of a packet's first byte. The three lower ones are the key_id. (Of both versions of a kind, one
name; 11 is a CONTROL packet with a client's key wrapped in it.)"""

OVERHEAD: Final = 24
"""bytes that AES-256-GCM adds to a packet of data: opcode and peer id 4, packet id 4, tag 16."""

PING: Final = 16 + OVERHEAD
"""bytes: OpenVPN's ping is 16 bytes of data that say so, fewer than any IP packet with UDP has."""

EXIT: Final = 17 + OVERHEAD
"""bytes: the exit notification where it goes as a packet of data, 17 bytes that say so."""

CONTROL: Final = frozenset({"SOFT_RESET", "HARD_RESET", "CONTROL", "ACK"})
"""What flows on the control channel."""


def header(packet: bytes) -> tuple[str, int]:
    """A packet's kind and its key_id. An opcode that is not known gives its number."""
    opcode, key = packet[0] >> 3, packet[0] & 7
    return OPCODES.get(opcode, f"OPCODE_{opcode}"), key


def said(line: str, end: Role) -> tuple[str, str] | None:
    """What a line of OpenVPN's log (at verb 4) tells us: KEYS or ENDED, with a reason; None for most.

    A server ends a client's link without ending itself, and calls that the end of its client-instance.
    """
    if "Outgoing Data Channel: Cipher" in line:
        return "KEYS", ""
    if "SIG" in line and " received, " in line:
        ends = "client-instance" if end == "server" else "process"
        if f" received, {ends} " in line or line.endswith("process exiting"):
            return "ENDED", line[line.index("SIG") :].partition(" received")[0]
    return None

"""What is seen of one QUIC link: frames in packets of both directions, and what the client's user did and got.

Read from the ends' own logs (qlog), in which every packet stands with its frames and every change of key. Times are
those of our clock, exact.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Who = Literal["client", "server", "user", "link"]

ALTERED: Final = "altered"
"""The note on what was changed on the way: nobody sealed it."""

REPLAYED: Final = "replayed"
"""The note on what came a second time."""

DROPPED: Final = "payload_decrypt_error"
"""The note on what the client could not open, as it calls that itself."""


class Line(NamedTuple):
    """One line.

    `t` is ms since the client began. A frame of the client's has the time it left, one of the server's the time it
    came. `number` is the packet's, for an ACK each acknowledged packet's (one line each); `generation` is the number of
    the 1-RTT key that the packet was under, from 1 on. STREAM has in `bytes` the offset at which it ends.

    HELLO is the client's first packet, DONE its completed handshake, KEY any 1-RTT packet (its frames follow), STREAM,
    PING, ACK and CLOSE are frames. The client's user does WRITE (`bytes`), BEAT (it asks for a PING as a sign of life)
    and QUIT, and GOT (`bytes`) is what the library handed to it; the server's user does SEND and BEAT. The link's own
    lines are STRANGER (the server has a certificate that the client has no reason to believe), ENDED (the library's
    event that the connection is over) and END (of watching).
    """

    t: int
    who: Who
    what: str
    bytes: int = 0
    number: int = 0
    generation: int = 0
    note: str = ""

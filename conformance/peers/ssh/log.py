"""What is seen of one SSH link: decrypted packets in both directions, and what the client's user did and got.

Seen at the server, so a packet of the server carries the time it left, one of the client the time it came. On the
loopback that is within a millisecond of the other end's clock.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Who = Literal["client", "server", "user", "link"]

MUTED = "muted"
"""The note on a packet that the server made and did not send."""


class Line(NamedTuple):
    """One line of the packet log.

    `t` is ms since the TCP connection came. `who` sent the packet `what` (SSH's own name without MSG_); `bytes` is the
    plaintext length of channel data, else the packet's payload. The client's user does WRITE (`bytes`) and QUIT, and
    GOT (`bytes`) is what the program handed to that user. The link's own lines are OPEN, LOST and END (of watching).
    """

    t: float
    who: Who
    what: str
    bytes: int = 0
    note: str = ""

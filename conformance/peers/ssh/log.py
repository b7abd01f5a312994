"""What is seen of one SSH link: decrypted packets in both directions, and what the user of the end under test did and
got.

Seen at the other end, the watch: a packet of the watch carries the time it left, one of the program the time it came.
On the loopback that is within a millisecond of the program's clock.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Who = Literal["client", "server", "user", "link"]

MUTED: Final = "muted"
"""The note on a packet that the watch made and did not send."""

HELD: Final = "held"
"""The note on a packet that the watch made and sends later, when it is logged again."""

CROSSED: Final = "crossed"
"""The note on a KEXINIT that was made before the other end's came, and sent after that."""

OLD_KEY: Final = "old key"
"""The note on data that the watch sent under the key before the one in force."""

ALTERED: Final = "altered"
"""Ends the note on a packet whose authentication the watch spoilt."""


class Line(NamedTuple):
    """One line of the packet log.

    `t` is ms since the TCP connection came. `who` sent the packet `what` (SSH's own name without MSG_); `bytes` is the
    plaintext length of channel data, else the packet's payload. The program's user does WRITE (`bytes`) and QUIT, and
    GOT (`bytes`) is what the program handed to that user. The link's own lines are OPEN, LOST and END (of watching).
    """

    t: float
    who: Who
    what: str
    bytes: int = 0
    note: str = ""

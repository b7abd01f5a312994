"""What is seen of one TLS link: opened records in both directions, and what the client's user did and got.

Seen at the server, which is ours, so a record of the server carries the time it left, one of the client the time it
came. On the loopback that is within a millisecond of the other end's clock.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Who = Literal["client", "server", "user", "link"]

REQUESTED: Final = "update_requested"
"""The note on a KEY_UPDATE that asks the other end for one."""

STRANGER: Final = "stranger"
"""The note on a HELLO of a server whose certificate the client has no reason to believe."""

CLOSE_NOTIFY: Final = "close_notify"
"""The note on the ALERT that announces an orderly end."""


class Line(NamedTuple):
    """One line of the record log.

    `t` is ms since the TCP connection came. `who` sent the record `what`; of data, `bytes` is the plaintext's length.

    HELLO is the first record of a handshake (a ClientHello, or the server's answer to it), FINISHED the last of it,
    KEY_UPDATE is TLS 1.3's, CHANGE (a ChangeCipherSpec) and HELLO_REQUEST belong to TLS 1.2's renegotiation, DATA is
    application data, ALERT an alert named in `note`. The client's user does WRITE (`bytes`), RENEW (it asks its library
    for new keys) and QUIT, and GOT (`bytes`) is what the program handed to it.
    The link's own lines are OPEN, LOST and END (of watching).
    """

    t: float
    who: Who
    what: str
    bytes: int = 0
    note: str = ""

"""Decrypted SSH packets, as asyncssh hands them to its logger: their names, and the little that is read of them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from asyncssh import constants
from asyncssh.logging import SSHLogger

_NAMES: Final = {
    value: name.removeprefix("MSG_")
    for name, value in vars(constants).items()
    if name.startswith("MSG_") and not name.endswith(("_FIRST", "_LAST"))
} | {30: "KEX_ECDH_INIT", 31: "KEX_ECDH_REPLY"}


class PacketLogger(SSHLogger):
    """asyncssh's logger, whose method `packet` gets every packet that a connection or its channels sent or received.

    `sink` is told whether it was sent, and its payload.
    """

    def __init__(self, sink: Callable[[bool, bytes], None], *args: Any) -> None:
        super().__init__(*args)
        self._sink = sink

    def packet(self, pktid: int | None, packet: bytes, msg: str, *args: object, **kwargs: object) -> None:
        """One packet; `args` begins with Sent or Received."""
        self._sink(args[0] == "Sent", packet)

    def get_child(self, child: str = "", context: str = "") -> SSHLogger:
        """The logger of a channel, with the same sink."""
        return type(self)(self._sink, self._logger, child, self._extend_context(context))


def packet_name(pkttype: int) -> str:
    """SSH's name of a message type, without MSG_."""
    return _NAMES.get(pkttype, f"TYPE_{pkttype}")


def described(packet: bytes) -> tuple[str, int, str]:
    """What a packet is, its size (bytes of data, or else of payload), and what is said in it.

    A request that wants no reply is called GLOBAL_NOTICE or CHANNEL_NOTICE here, since nothing ever answers it.
    """
    what, size, note = packet_name(packet[0]), len(packet), ""
    if what == "CHANNEL_DATA":
        (size,) = struct.unpack_from(">I", packet, 5)
    elif what == "GLOBAL_REQUEST":
        note, end = _text(packet, 1)
        what = what if packet[end] else "GLOBAL_NOTICE"
    elif what == "CHANNEL_REQUEST":
        note, end = _text(packet, 5)
        what = what if packet[end] else "CHANNEL_NOTICE"
    elif what == "DISCONNECT":
        note, _ = _text(packet, 5)
    return what, size, note


def _text(packet: bytes, start: int) -> tuple[str, int]:
    """The string that begins there, and where it ends."""
    (length,) = struct.unpack_from(">I", packet, start)
    end = start + 4 + length
    return packet[start + 4 : end].decode(errors="replace"), end

"""What goes over a connection: frames, each a header of 18 bytes and a body. docs/wire.md has the form.

A frame is clear (before the first key, and heartbeats that the policy leaves unprotected) or sealed. The header says
for which channel, under the key of which epoch and as which record of it; a sealed body is authenticated with its
header. Inside is one message of the rules with its payload, or a piece of one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from rekeyspec.reference.vocabulary import KINDS, Channel, Kind, Message

HEADER: Final = struct.Struct(">BBIQI")
"""Form (0 clear, 1 sealed), channel, epoch of the key, number of the record under it, length of the body in bytes."""

BODY: Final = struct.Struct(">BIQQBIBI")
"""Kind, epoch, number, bytes, and for negotiation and session each who started it and the epoch it is for."""

PIECE: Final = 16_384
"""The most payload that one frame carries, in bytes."""

TAG: Final = 16
"""By how much sealing makes a body longer, in bytes."""

LONGEST: Final = BODY.size + PIECE + TAG

CHANNELS: Final[tuple[Channel, ...]] = ("single", "control", "data")
HANDSHAKE: Final = "handshake"
MORE: Final = "more"
Said = Kind | Literal["handshake", "more"]
_KINDS: Final[tuple[Said, ...]] = (*KINDS, "handshake", "more")
_CODE: Final = {kind: code for code, kind in enumerate(_KINDS, 1)}
_ROLES: Final = ("", "c", "s")


class Malformed(ValueError):
    """These bytes are no frames: what follows them on the connection cannot be found any more."""


class Frame(NamedTuple):
    """One frame as it came. `header` is what a seal authenticates besides the body."""

    sealed: bool
    channel: Channel
    epoch: int
    number: int
    header: bytes
    body: bytes


class Frames:
    """Takes the bytes of one connection as they come, and gives the frames in them. Holds at most one that is not
    whole, so no more than LONGEST bytes and the latest read."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now. Raises Malformed where there can be none."""
        held, at = self._held + data if self._held else data, 0
        try:
            while len(held) - at >= HEADER.size:
                form, channel, epoch, number, length = HEADER.unpack_from(held, at)
                if form > 1 or channel >= len(CHANNELS) or length > LONGEST:
                    raise Malformed(f"form {form}, channel {channel}, length {length}")
                start = at + HEADER.size
                if len(held) - start < length:
                    break
                frame = Frame(form == 1, CHANNELS[channel], epoch, number, held[at:start], held[start : start + length])
                at = start + length
                yield frame
        finally:
            self._held = held[at:]


def header(sealed: bool, channel: Channel, epoch: int, number: int, length: int) -> bytes:
    """The header of a frame whose body is `length` bytes long, its tag included."""
    return HEADER.pack(sealed, CHANNELS.index(channel), epoch, number, length)


def body(kind: Said, m: Message, payload: bytes = b"") -> bytes:
    """The body of a frame that says this of the message."""
    return BODY.pack(_CODE[kind], m.epoch, m.number, m.bytes, *_named(m.negotiation), *_named(m.session)) + payload


def said(frame: Frame, inside: bytes) -> tuple[Said, Message, bytes] | None:
    """What an opened body says: the kind, the message, its payload. None where it is not in the form."""
    if len(inside) < BODY.size:
        return None
    code, epoch, number, size, who, of, session_of, made = BODY.unpack_from(inside)
    if not 1 <= code <= len(_KINDS) or who >= len(_ROLES) or session_of >= len(_ROLES):
        return None
    kind = _KINDS[code - 1]
    plain: Kind = kind if kind not in ("handshake", "more") else "data"
    negotiation, session = _name(who, of), _name(session_of, made)
    seal: Literal["peer", "nobody"] = "peer" if frame.sealed else "nobody"
    return kind, Message(plain, epoch, number, negotiation, session, size, frame.channel, seal), inside[BODY.size :]


def _named(name: str) -> tuple[int, int]:
    return (_ROLES.index(name[0]), int(name[1:])) if name else (0, 0)


def _name(who: int, epoch: int) -> str:
    return f"{_ROLES[who]}{epoch}" if who else ""

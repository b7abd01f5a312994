"""What goes over a connection: frames, each a header of 18 bytes and a body. docs/wire.md has the form.

A frame is clear (before the first key, and heartbeats that the policy leaves unprotected) or sealed. The header says
for which channel, under the key of which epoch and as which record of it; a sealed body is authenticated with its
header. Inside is one message of the rules with its payload; or, where the form is `more`, nothing but the next piece of
the data that the frame before it brought.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from rekeyspec.reference.vocabulary import KINDS, Channel, Kind, Message

HEADER: Final = struct.Struct(">BBIQI")
"""Form, channel, epoch of the key, number of the record under it, length of the body in bytes."""

BODY: Final = struct.Struct(">BIQQBIBI")
"""Kind, epoch, number, bytes, and for negotiation and session each who started it and the epoch it is for."""

PIECE: Final = 16_384
"""The most payload that one frame carries, in bytes."""

TAG: Final = 16
"""By how much sealing makes a body longer, in bytes."""

_BODY = BODY.size
_HEADER, _unpack = HEADER.size, HEADER.unpack_from

LONGEST: Final = BODY.size + PIECE + TAG

CHANNELS: Final[tuple[Channel, ...]] = ("single", "control", "data")
CLEAR, SEALED, MORE = range(3)
"""The forms of a frame."""

HANDSHAKE: Final = "handshake"
Said = Kind | Literal["handshake"]
_KINDS: Final[tuple[Said, ...]] = (*KINDS, "handshake")
_CODE: Final = {kind: code for code, kind in enumerate(_KINDS, 1)}
_ROLES: Final = ("", "c", "s")
_NOBODY: Final = (0, 0, 0, 0)
_NUMBER: Final = {channel: number for number, channel in enumerate(CHANNELS)}
_tuple = tuple.__new__  # past the named tuples' own, which only calls it


class Malformed(ValueError):
    """These bytes are no frames: what follows them on the connection cannot be found any more."""


class Frame(NamedTuple):
    """One frame as it came. `header` is what a seal authenticates besides the body: a view of what was read."""

    form: int
    channel: Channel
    epoch: int
    number: int
    header: bytes
    body: bytes | memoryview


class Frames:
    """Takes the bytes of one connection as they come, and gives the frames in them. Holds at most one that is not
    whole, so no more than LONGEST bytes and the latest read. `held` from `at` on is what has not been given yet."""

    __slots__ = ("at", "held")

    def __init__(self) -> None:
        self.held, self.at = b"", 0

    def add(self, data: bytes | memoryview) -> None:
        """Take bytes that came; they are copied at most once, and a view of them always."""
        rest = self.held[self.at :] if self.at < len(self.held) else b""
        self.held = data if not rest and isinstance(data, bytes) else b"".join((rest, data))
        self.at = 0

    def next(self) -> Frame | None:
        """The next frame; None where it is not whole. Raises Malformed where there can be none."""
        held, at = self.held, self.at
        start = at + _HEADER
        if start <= len(held):
            form, channel, epoch, number, length = _unpack(held, at)
            if form > MORE or channel >= len(CHANNELS) or length > LONGEST:
                raise Malformed(f"form {form}, channel {channel}, length {length}")
            end = start + length
            if end <= len(held):
                self.at = end
                inside = memoryview(held)[start:end]
                return _tuple(Frame, (form, CHANNELS[channel], epoch, number, held[at:start], inside))
        self.held, self.at = held[at:], 0
        return None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole when these bytes have come."""
        self.add(data)
        while frame := self.next():
            yield frame


def header(form: int, channel: Channel, epoch: int, number: int, length: int) -> bytes:
    """The header of a frame whose body is `length` bytes long, its tag included."""
    return HEADER.pack(form, _NUMBER[channel], epoch, number, length)


def body(kind: Said, m: Message, payload: bytes = b"") -> bytes:
    """The body of a frame that says this of the message."""
    names = (*_named(m.negotiation), *_named(m.session)) if m.negotiation or m.session else _NOBODY
    return BODY.pack(_CODE[kind], m.epoch, m.number, m.bytes, *names) + payload


def said(frame: Frame, inside: bytes | memoryview) -> tuple[Said, Message, bytes] | None:
    """What an opened body says: the kind, the message, its payload. None where it is not in the form."""
    if len(inside) < _BODY:
        return None
    code, epoch, number, size, who, of, session_of, made = BODY.unpack_from(inside)
    if not 1 <= code <= len(_KINDS) or who >= len(_ROLES) or session_of >= len(_ROLES):
        return None
    kind = _KINDS[code - 1]
    plain: Kind = kind if kind != HANDSHAKE else "data"
    negotiation, session = _name(who, of) if who else "", _name(session_of, made) if session_of else ""
    seal: Literal["peer", "nobody"] = "nobody" if frame.form == CLEAR else "peer"
    message = _tuple(Message, (plain, epoch, number, negotiation, session, size, frame.channel, seal))
    return kind, message, bytes(inside[_BODY:])


def _named(name: str) -> tuple[int, int]:
    return (_ROLES.index(name[0]), int(name[1:])) if name else (0, 0)


def _name(who: int, epoch: int) -> str:
    return f"{_ROLES[who]}{epoch}"

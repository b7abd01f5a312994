"""Frames that no honest end would send, made of the bytes of an input."""

# ruff: noqa: SLF001 -- a peer that cheats has the keys of the honest one

from __future__ import annotations

from typing import Final

from fuzz.ends import PEER, Ends
from fuzz.stub import StubNegotiator, flown
from rekeyspec.reference.vocabulary import Role
from rekeyspec.reference.wire.frames import BODY, CHANNELS, HEADER, PIECE, TAG

KINDS: Final = 12
"""0, those that there are, and one more."""

SEALED, MORE = 1, 2
EPOCHS, NUMBERS = (1 << 32) - 1, 1 << 64
"""As many as a body has room for."""

FILL: Final = b"\xff"
"""No frame begins so: were it 0, what is left of a frame that was cut would be a thousand frames."""

NAMES: Final = ("", "c", "s")


class Reader:
    """Takes an input byte by byte; behind its end all is 0."""

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def more(self) -> bool:
        """Is anything left?"""
        return self.at < len(self._data)

    def byte(self) -> int:
        """The next byte."""
        at = self.at
        self.at = at + 1
        return self._data[at] if at < len(self._data) else 0

    def take(self, count: int) -> bytes:
        """The next bytes, as far as there are any."""
        at = self.at
        self.at = at + count
        return self._data[at : at + count]


def _inside(given: Reader, ends: Ends, role: Role, fill: int = 0) -> tuple[bytes, int]:
    """A body for this end, and the epoch of its key: kind and fields are what the end may wait for, or next to it."""
    kind, near, names, rest = given.byte(), given.byte(), given.byte(), given.byte()
    link = ends.links[role]
    s = link._engine.state
    epoch = max(link.epoch + (0, 1, -1, 2)[near & 3], 0)
    number = (
        s.delivered_number + 1, s.delivered_number, s.delivered_number + 2, s.beat_number, s.beat_seen + 1, 0,
        (1 << 64) - 1, link._heard,
    )[near >> 2 & 7]  # fmt: skip
    payload = _payload(ends, role, rest, fill)
    size = (len(payload), 0, len(payload) + 1, 5, 299, 40_001, 2 * PIECE, (1 << 64) - 1)[near >> 5 & 7]
    named = _named(link._named, link.epoch + 1, names & 7)
    session = _named(s.session, link.epoch, names >> 3 & 7)
    sealed_by = (link.epoch, link.epoch, max(link.epoch - 1, 0), link.epoch + 1)[names >> 6 & 3]
    return BODY.pack(kind % KINDS, epoch, number % NUMBERS, size, *named, *session) + payload, sealed_by


def _payload(ends: Ends, role: Role, rest: int, fill: int) -> bytes:
    if fill:
        return FILL * fill
    negotiator = ends.links[role]._negotiator
    assert isinstance(negotiator, StubNegotiator)
    which = rest & 7
    if which < 4:
        try:
            return flown(negotiator.shape, which, b"r" if rest & 128 else b"f")
        except IndexError:
            return b""
    return (b"", b"5", b"x" * 60, FILL * PIECE)[which - 4]


def _named(known: str, epoch: int, how: int) -> tuple[int, int]:
    """A negotiation or a session: the one that is known, one of an epoch near by, none."""
    if how == 0 and known:
        return NAMES.index(known[0]), int(known[1:])
    near = ((0, 0), (1, epoch), (2, epoch), (1, epoch + 1), (2, max(epoch - 1, 0)), (3, epoch), (0, epoch), (1, 0))[how]
    return near[0], min(near[1], EPOCHS)


def _channel(ends: Ends, role: Role, kind: int, choice: int) -> int:
    """Mostly the one on which such a thing is to be said."""
    if choice == 3:
        return kind % len(CHANNELS)
    link = ends.links[role]
    said = "data" if kind == 5 else "request"
    return CHANNELS.index(link.policy.channel(said))


def clear(given: Reader, ends: Ends, role: Role) -> bytes:
    """A clear frame."""
    choice = given.byte()
    inside, epoch = _inside(given, ends, role)
    channel = _channel(ends, role, inside[0], choice & 3)
    return HEADER.pack(0, channel, 0 if choice & 4 else epoch, 0, len(inside)) + inside


def cut(given: Reader, ends: Ends, role: Role, fill: int = 0) -> bytes:
    """A frame that looks sealed, perhaps too short for it."""
    choice = given.byte()
    inside, epoch = _inside(given, ends, role, fill)
    inside = inside[: choice >> 3] if choice & 4 else inside + bytes(TAG)
    channel = _channel(ends, role, inside[0] if inside else 5, choice & 3)
    return HEADER.pack(SEALED, channel, epoch, choice, len(inside)) + inside


def sealed(given: Reader, ends: Ends, role: Role, numbered: int, fill: int = 0) -> bytes:
    """A frame that the peer of this end has sealed, as its next record, or (`numbered`) one after, before, or that."""
    choice = given.byte()
    inside, epoch = _inside(given, ends, role, fill)
    form = SEALED
    if choice & 8:
        inside = inside[BODY.size :] if choice & 16 else inside[: choice >> 5]
        form = MORE if choice & 16 else SEALED
    number = _channel(ends, role, inside[0] if inside and form == SEALED else 5, choice & 3)
    keys = ends.links[PEER[role]]._keys.get(epoch)
    if keys is None or CHANNELS[number] not in keys.sealers:
        return HEADER.pack(form, number, epoch, 0, len(inside)) + inside
    sealer = keys.sealers[CHANNELS[number]]
    record = max(sealer._number + (0, 0, 0, 1, 0, -1, 2, 0)[numbered], 0)
    sealer._number = max(sealer._number, record + 1)
    head = HEADER.pack(form, number, epoch, record, len(inside) + TAG)
    return head + sealer._encrypt((sealer._iv ^ record).to_bytes(12, "big"), inside, head)

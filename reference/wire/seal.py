"""Sealing: one key for each epoch, channel and direction, one number for each record under it, and no number twice.

The secret of an epoch comes from its negotiation; HKDF makes the keys of it (RFC 5869), in the manner of TLS 1.2's key
block: a key and a vector for each channel and direction, all in one piece. The nonce is the vector xor the record's
number, as in TLS 1.3 (RFC 8446 §5.3).
The ciphers are those of the library `cryptography`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from rekeyspec.reference.vocabulary import ROLES, Channel, Role
from rekeyspec.reference.wire.frames import CHANNELS, HEADER, MORE, PIECE, SEALED, TAG, Frame, Frames, header

SECRET: Final = 32
"""How long the secret of an epoch is, in bytes."""

_NONCE: Final = 12
_SHA256: Final = SHA256()
_USE: Final = b"rekeyspec wire 1 "
_FULL: Final = HEADER.size + PIECE + TAG
_RECORDS: Final = 1 << 48
"""More records than this are never sealed under one key, whatever the policy; the number has room for 2^64."""


class Aead(Protocol):
    """What `cryptography` calls its ciphers by."""

    def encrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes | None, /) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes | None, /) -> bytes: ...


Encrypt = Callable[[bytes, bytes | memoryview, bytes], bytes]


class Cipher(NamedTuple):
    """A cipher: how long its key is (bytes), how it is made, and LIM-3's ceiling on what one key protects (bytes).

    AES-GCM: RFC 8446 §5.5 allows 2^24.5 records of 2^10 blocks, so 2^34.5 blocks, to keep an attacker's advantage at
    2^-60 or so. A record has at most six blocks for each byte of its data (a message of one byte: four of body and tag,
    two of header), so 2^31 bytes keep within that whatever the sizes of messages are. ChaCha20-Poly1305 has no such
    limit that could be reached (same place); its ceiling is that of the record numbers.
    """

    key: int
    make: Callable[[bytes], Aead]
    ceiling: int


CIPHERS: Final[dict[str, Cipher]] = {
    "AES-128-GCM": Cipher(16, AESGCM, 1 << 31),
    "AES-256-GCM": Cipher(32, AESGCM, 1 << 31),
    "ChaCha20-Poly1305": Cipher(32, ChaCha20Poly1305, _RECORDS),
}


class Spent(RuntimeError):
    """A key was asked for one record more than it may seal. It seals none."""


Key = tuple[Aead, int]
"""A cipher with its key, and the vector as a number."""


def schedule(cipher: Cipher, secret: bytes, channels: Sequence[Channel]) -> list[dict[Role, Key]]:
    """The keys of an epoch: for each channel, by sender."""
    each, made = cipher.key + _NONCE, [dict[Role, Key]() for _ in channels]
    block = HKDFExpand(_SHA256, each * 2 * len(made), _USE + b"keys").derive(secret)
    for number, keys in enumerate(made):
        for at, sender in enumerate(ROLES, 2 * number):
            key, vector = block[at * each :][: cipher.key], block[at * each :][cipher.key : each]
            keys[sender] = cipher.make(key), int.from_bytes(vector, "big")
    return made


class Sealer:
    """What one end sends over one channel under one key."""

    __slots__ = ("_channel", "_encrypt", "_epoch", "_iv", "_number")

    def __init__(self, key: Key, epoch: int, channel: Channel) -> None:
        aead, self._iv = key
        self._encrypt = aead.encrypt
        self._epoch, self._channel, self._number = epoch, channel, 0

    def seal(self, inside: bytes) -> tuple[bytes, bytes]:
        """The frame with this body, in two parts. Raises Spent at the end of the numbers (LIM-3)."""
        number = self._number
        if number >= _RECORDS:
            raise Spent(f"{number} records under the key of epoch {self._epoch}")
        self._number = number + 1
        head = header(SEALED, self._channel, self._epoch, number, len(inside) + TAG)
        return head, self._encrypt((self._iv ^ number).to_bytes(_NONCE, "big"), inside, head)

    def seal_rest(self, data: bytes) -> Rest:
        """The frames of what the first frame of this data had no room for. Their numbers are taken at once. Raises
        Spent as `seal`."""
        first, count = self._number, (len(data) - 1) // PIECE
        if first + count > _RECORDS:
            raise Spent(f"{first} records under the key of epoch {self._epoch}")
        self._number = first + count
        return Rest(self._encrypt, self._iv, (CHANNELS.index(self._channel), self._epoch, first), data)


class Rest:
    """Frames of a long message that are sealed when a transport asks for them, so that they are not held twice."""

    __slots__ = ("_at", "_data", "_encrypt", "_iv", "_key", "_number")

    def __init__(self, encrypt: Encrypt, iv: int, first: tuple[int, int, int], data: bytes) -> None:
        self._encrypt, self._iv, self._data, self._at = encrypt, iv, memoryview(data), PIECE
        self._key, self._number = first[:2], first[2]

    def take(self, most: int, pieces: list[bytes]) -> int:
        """Add about so many bytes of them at most, and say how many; 0 when all have been given."""
        if self._at >= len(self._data):
            return 0
        data, iv, encrypt, add = self._data, self._iv, self._encrypt, pieces.append
        pack, (channel, epoch), begin = HEADER.pack, self._key, self._at
        end, number = min(len(data), begin + most), self._number
        for at in range(begin, end, PIECE):
            piece = data[at : at + PIECE]
            head = pack(MORE, channel, epoch, number, len(piece) + TAG)
            add(head)
            add(encrypt((iv ^ number).to_bytes(_NONCE, "big"), piece, head))
            number += 1
        count, self._number = number - self._number, number
        self._at = min(len(data), begin + count * PIECE)
        return self._at - begin + count * (HEADER.size + TAG)


class Opener:
    """What one end receives over one channel under one key. Records that are forged, or were opened before, change
    nothing. `missing` is how many were left out before the latest."""

    __slots__ = ("_decrypt", "_iv", "_next", "missing")

    def __init__(self, key: Key) -> None:
        aead, self._iv = key
        self._decrypt = aead.decrypt
        self._next = self.missing = 0

    def open(self, frame: Frame) -> bytes | None:
        """The body; None where the frame is altered, forged, or one that was opened before."""
        number = frame.number
        if number < self._next:
            return None
        try:
            inside = self._decrypt((self._iv ^ number).to_bytes(_NONCE, "big"), frame.body, frame.header)
        except InvalidTag:
            return None
        self.missing = number - self._next
        self._next = number + 1
        return inside

    def open_rest(self, key: tuple[int, Channel], frames: Frames, missing: int, pieces: list[bytes]) -> int:
        """Open the frames that come next and go on with a message under this key, of which so much is missing, as far
        as they are full and are what they should be; the rest is for `open`. How much is missing still. (What the next
        header must be is known, so it need not be read: most of the bytes that ever come are opened here.)"""
        held, at, iv, decrypt, add = frames.held, frames.at, self._iv, self._decrypt, pieces.append
        view, pack, channel, epoch, first = memoryview(held), HEADER.pack, CHANNELS.index(key[1]), key[0], self._next
        for number in range(first, first + min(missing // PIECE, (len(held) - at) // _FULL)):
            start, end = at + HEADER.size, at + _FULL
            head = pack(MORE, channel, epoch, number, PIECE + TAG)
            if held[at:start] != head:
                break
            try:
                add(decrypt((iv ^ number).to_bytes(_NONCE, "big"), view[start:end], head))
            except InvalidTag:
                break
            at = end
        count = (at - frames.at) // _FULL
        frames.at, self._next = at, first + count
        return missing - count * PIECE


def token(secret: bytes) -> bytes:
    """By what a second connection is known to be of the same link (16 bytes)."""
    return HKDFExpand(_SHA256, 16, _USE + b"token").derive(secret)


__all__ = ["CIPHERS", "SECRET", "Cipher", "Key", "Opener", "Sealer", "Spent", "schedule", "token"]

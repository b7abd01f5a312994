"""Sealing: one key for each epoch, channel and direction, one number for each record under it, and no number twice.

The secret of an epoch comes from its negotiation; HKDF makes the keys of it (RFC 5869), in the manner of TLS 1.3: a key
and a vector for each direction, the nonce being the vector xor the record's number (RFC 8446 §5.3). The ciphers are
those of the library `cryptography`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from rekeyspec.reference.vocabulary import Channel, Role
from rekeyspec.reference.wire.frames import TAG, Frame, header

SECRET: Final = 32
"""How long the secret of an epoch is, in bytes."""

_NONCE: Final = 12
_RECORDS: Final = 1 << 48
"""More records than this are never sealed under one key, whatever the policy; the number has room for 2^64."""


class Aead(Protocol):
    """What `cryptography` calls its ciphers by."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...


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


class Sealer:
    """What one end sends over one channel under one key."""

    __slots__ = ("_aead", "_channel", "_epoch", "_iv", "_number")

    def __init__(self, cipher: Cipher, secret: bytes, epoch: int, channel: Channel, sender: Role) -> None:
        self._aead, self._iv = _keyed(cipher, secret, channel, sender)
        self._epoch, self._channel, self._number = epoch, channel, 0

    def seal(self, inside: bytes) -> bytes:
        """The frame with this body. Raises Spent at the end of the numbers (LIM-3)."""
        if self._number >= _RECORDS:
            raise Spent(f"{self._number} records under the key of epoch {self._epoch}")
        head = header(True, self._channel, self._epoch, self._number, len(inside) + TAG)
        nonce = (self._iv ^ self._number).to_bytes(_NONCE, "big")
        self._number += 1
        return head + self._aead.encrypt(nonce, inside, head)


class Opener:
    """What one end receives over one channel under one key. Records that are forged, or were opened before, change
    nothing. `missing` is how many were left out before the latest."""

    __slots__ = ("_aead", "_iv", "_next", "missing")

    def __init__(self, cipher: Cipher, secret: bytes, channel: Channel, sender: Role) -> None:
        self._aead, self._iv = _keyed(cipher, secret, channel, sender)
        self._next = self.missing = 0

    def open(self, frame: Frame) -> bytes | None:
        """The body; None where the frame is altered, forged, or one that was opened before."""
        if frame.number < self._next:
            return None
        nonce = (self._iv ^ frame.number).to_bytes(_NONCE, "big")
        try:
            inside = self._aead.decrypt(nonce, frame.body, frame.header)
        except InvalidTag:
            return None
        self.missing = frame.number - self._next
        self._next = frame.number + 1
        return inside


def token(secret: bytes) -> bytes:
    """By what a second connection is known to be of the same link (16 bytes)."""
    return _expand(secret, "token", 16)


def _keyed(cipher: Cipher, secret: bytes, channel: Channel, sender: Role) -> tuple[Aead, int]:
    key = _expand(secret, f"{channel} {sender} key", cipher.key)
    return cipher.make(key), int.from_bytes(_expand(secret, f"{channel} {sender} iv", _NONCE), "big")


def _expand(secret: bytes, use: str, length: int) -> bytes:
    return HKDFExpand(SHA256(), length, b"rekeyspec wire 1 " + use.encode("ascii")).derive(secret)


__all__ = ["CIPHERS", "SECRET", "Cipher", "Opener", "Sealer", "Spent", "token"]

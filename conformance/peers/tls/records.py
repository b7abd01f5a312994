"""TLS 1.3's records (RFC 8446, section 5), sealed and opened with a traffic secret; and the next secret after a
KeyUpdate (section 7.2). One cipher: TLS_AES_128_GCM_SHA256, which every stack must have (section 9.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CIPHER: Final = "TLS_AES_128_GCM_SHA256"

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
"""Content types."""

KEY_UPDATE: Final = 24
"""The handshake message's type; its body is one byte, whether the other end is asked for one too."""

_HEADER: Final = 5
_LONGEST: Final = 1 << 14


class Opened(NamedTuple):
    """What a record carried: its true content type, and its content."""

    kind: int
    content: bytes


class Records:
    """Takes bytes as they come and gives the records in them, whole and with their headers."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The records that are whole when these bytes have come."""
        self._held += data
        while len(self._held) >= _HEADER:
            end = _HEADER + int.from_bytes(self._held[3:5], "big")
            if len(self._held) < end:
                return
            record, self._held = self._held[:end], self._held[end:]
            yield record


class Traffic:
    """One direction's key: seals or opens records in turn. `generation` counts its keys from 1 on."""

    def __init__(self, secret: bytes) -> None:
        self.generation = 0
        self._secret = secret
        self._install(secret)

    def update(self) -> None:
        """The next key. It follows from this one and from nothing else."""
        self._install(_expanded(self._secret, b"traffic upd", 32))

    def _install(self, secret: bytes) -> None:
        self._secret = secret
        self._aead = AESGCM(_expanded(secret, b"key", 16))
        self._iv = int.from_bytes(_expanded(secret, b"iv", 12), "big")
        self._number = 0
        self.generation += 1

    def _nonce(self) -> bytes:
        return (self._iv ^ self._number).to_bytes(12, "big")

    def seal(self, kind: int, content: bytes) -> bytes:
        """Records that carry this, header and all."""
        return b"".join(
            self._sealed(kind, content[at : at + _LONGEST]) for at in range(0, max(1, len(content)), _LONGEST)
        )

    def _sealed(self, kind: int, content: bytes) -> bytes:
        header = bytes((DATA, 3, 3)) + (len(content) + 17).to_bytes(2, "big")
        body = self._aead.encrypt(self._nonce(), content + bytes((kind,)), header)
        self._number += 1
        return header + body

    def open(self, record: bytes) -> Opened | None:
        """What the record carries; None where this key did not seal it, and then nothing has changed."""
        header, body = record[:_HEADER], record[_HEADER:]
        if header[0] != DATA or len(body) < 17:
            return None
        try:
            inner = self._aead.decrypt(self._nonce(), body, header).rstrip(b"\0")
        except InvalidTag:
            return None
        self._number += 1
        return Opened(inner[-1], inner[:-1])


def key_update(*, requested: bool) -> bytes:
    """The handshake message."""
    return bytes((KEY_UPDATE, 0, 0, 1, requested))


def _expanded(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label of RFC 8446, section 7.1, with an empty context."""
    name = b"tls13 " + label
    info = length.to_bytes(2, "big") + bytes((len(name),)) + name + b"\0"
    return HKDFExpand(SHA256(), length, info).derive(secret)

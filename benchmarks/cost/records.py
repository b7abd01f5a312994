"""Records sealed by calls of the cipher alone, and the next key derived from this one by HKDF.

That is what a KeyUpdate does (RFC 8446 §4.6.3, §7.2): each end derives the next secret, key and vector of the direction
that sends, and nothing goes over the wire but the message that says so (5 bytes and what sealing adds). No one proves
anything and no fresh secret comes in: it is the least that a new key can cost.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from rekeyspec.benchmarks.cost.ends import Meter
from rekeyspec.benchmarks.cost.tls import BATCH, PIECE
from rekeyspec.reference.wire.seal import CIPHERS, SECRET

_HEADER: Final = 5
_NONCE: Final = 12
_UPDATE: Final = b"\x18\x00\x00\x01\x00"


class _Half:
    """One end's key of the one direction that is measured."""

    __slots__ = ("_cipher", "_secret", "aead", "iv", "number")

    def __init__(self, cipher: str, secret: bytes) -> None:
        self._cipher, self._secret = CIPHERS[cipher], secret
        self.next()

    def next(self) -> None:
        """Derive the next secret, and a key and a vector of it."""
        self._secret = _expand(self._secret, b"traffic upd", SECRET)
        key = _expand(self._secret, b"key", self._cipher.key)
        self.iv = int.from_bytes(_expand(self._secret, b"iv", _NONCE), "big")
        self.aead, self.number = self._cipher.make(key), 0

    def nonce(self) -> bytes:
        """The next record's."""
        number, self.number = self.number, self.number + 1
        return (self.iv ^ number).to_bytes(_NONCE, "big")


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    return HKDFExpand(SHA256(), length, b"rekeyspec ratchet " + label).derive(secret)


class Records:
    """As Carrier says, with nothing but the cipher."""

    round_trips = 0

    def __init__(self, cipher: str, message: int, meter: Meter | None = None) -> None:
        self.meter = meter or Meter()
        self._data = bytes(message)
        secret = os.urandom(SECRET)
        self.client, self.server = _Half(cipher, secret), _Half(cipher, secret)

    def negotiate(self) -> None:
        """The next key: the client says so under the old one, and both derive it."""
        m, client, server = self.meter, self.client, self.server
        begun = m.cpu()
        told = client.aead.encrypt(client.nonce(), _UPDATE, None)
        client.next()
        between = m.cpu()
        assert server.aead.decrypt(server.nonce(), told, None) == _UPDATE
        server.next()
        m.server += m.cpu() - between
        m.client += between - begun
        m.to_server += _HEADER + len(told)

    def carry(self, volume: int) -> None:
        """As Carrier says."""
        m, client, server, size, left = self.meter, self.client, self.server, len(self._data), volume
        count = max(1, BATCH // size)
        view = memoryview(self._data)
        pieces = [view[at : at + PIECE] for at in range(0, size, PIECE)]
        headers = [(len(one) + 16).to_bytes(_HEADER, "big") for one in pieces]
        both = list(zip(pieces, headers, strict=True))
        while left > 0:
            if left < count * size:
                count = max(1, left // size)
            begun = m.cpu()
            sealed = [
                (client.aead.encrypt(client.nonce(), piece, header), header)
                for _ in range(count)
                for piece, header in both
            ]
            between = m.cpu()
            for body, header in sealed:
                server.aead.decrypt(server.nonce(), body, header)
            ended = m.cpu()
            m.client += between - begun
            m.server += ended - between
            m.to_server += sum(_HEADER + len(body) for body, _ in sealed)
            left -= count * size

"""IKEv1's key schedule with a pre-shared key (RFC 2409, 5 and appendix B): HMAC-SHA-256, AES-128-CBC, and the curve
P-256 (group 19: `cryptography` is giving up the older groups, of numbers).

That library computes; here is only what is put together in which order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK: Final = 16
"""bytes, of AES."""
KEY: Final = 16
"""bytes, of AES-128."""
HALF: Final = 32
"""bytes: of a coordinate of a point of group 19, the curve P-256."""


def prf(key: bytes, data: bytes) -> bytes:
    """The pseudo-random function: HMAC-SHA-256."""
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(data)
    return mac.finalize()


def digest(data: bytes) -> bytes:
    """SHA-256."""
    h = hashes.Hash(hashes.SHA256())
    h.update(data)
    return h.finalize()


class Exchanged:
    """One end's half of a Diffie-Hellman exchange in group 19 (RFC 5903): public values are both coordinates of a
    point, the shared one is the first of them."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._private = private or ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> bytes:
        """What the other end is told."""
        at = self._private.public_key().public_numbers()
        return at.x.to_bytes(HALF, "big") + at.y.to_bytes(HALF, "big")

    def shared(self, theirs: bytes) -> bytes:
        """What both ends have of it. ValueError for what is no point of the curve."""
        if len(theirs) != 2 * HALF:
            raise ValueError(f"{len(theirs)} bytes are no point, which has {2 * HALF}")
        x, y = (int.from_bytes(half, "big") for half in (theirs[:HALF], theirs[HALF:]))
        other = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        return self._private.exchange(ec.ECDH(), other)


@dataclass(frozen=True)
class Nonces:
    """What both ends contribute to the keys, without headers: nonces and cookies, of initiator and responder."""

    ni: bytes
    nr: bytes
    cky_i: bytes
    cky_r: bytes


@dataclass(frozen=True)
class Keys:
    """SKEYID and what is derived of it (RFC 2409, 5): `d` for other keys, `a` to authenticate, `e` to encrypt."""

    skeyid: bytes
    d: bytes
    a: bytes
    e: bytes

    @property
    def cipher(self) -> bytes:
        """The key of AES: SKEYID_e is long enough (RFC 2409, appendix B)."""
        return self.e[:KEY]


def derived(secret: bytes, shared: bytes, n: Nonces) -> Keys:
    """The keys of a main mode with the pre-shared key `secret`."""
    skeyid = prf(secret, n.ni + n.nr)
    tail = shared + n.cky_i + n.cky_r
    d = prf(skeyid, tail + b"\0")
    a = prf(skeyid, d + tail + b"\1")
    return Keys(skeyid, d, a, prf(skeyid, a + tail + b"\2"))


def encrypted(key: bytes, iv: bytes, payloads: bytes) -> bytes:
    """AES-CBC, padded with zeros to whole blocks."""
    padded = payloads + bytes(-len(payloads) % BLOCK)
    run = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return run.update(padded) + run.finalize()


def decrypted(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The same backwards; padding stays. ValueError where these are no whole blocks."""
    run = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return run.update(data) + run.finalize()


def first_iv(public_i: bytes, public_r: bytes) -> bytes:
    """The IV of the first encrypted message of main mode; each later one's is the last block before it."""
    return digest(public_i + public_r)[:BLOCK]


def later_iv(last_block: bytes, mid: bytes) -> bytes:
    """The IV of the first message of an exchange after main mode, whose last block that was."""
    return digest(last_block + mid)[:BLOCK]

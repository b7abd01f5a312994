"""Certificates to measure with, made at run time: an authority, a client and a server, all by the same algorithm.

The authority's key is of the leaf's kind, so that a chain costs what chains of that algorithm cost to verify.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rekeyspec.reference.vocabulary import ROLES, Role

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _rsa(bits: int) -> Callable[[], Key]:
    return lambda: rsa.generate_private_key(65537, bits)


KEYS: Final[dict[str, Callable[[], Key]]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RSA-2048": _rsa(2048),
    "RSA-3072": _rsa(3072),
    "RSA-4096": _rsa(4096),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
"""Each algorithm by the name that users give."""


@dataclass(frozen=True)
class Identities:
    """The authority that both ends trust, and a certificate with its key for each."""

    authority: x509.Certificate
    certificates: dict[Role, x509.Certificate]
    keys: dict[Role, Key]


def make(algorithm: str) -> Identities:
    """New ones by this algorithm, one of KEYS."""
    new = KEYS[algorithm]
    root, keys = new(), {role: new() for role in ROLES}
    authority = _sign("authority", root, root)
    return Identities(authority, {role: _sign(role, keys[role], root) for role in ROLES}, keys)


def _sign(name: str, key: Key, root: Key) -> x509.Certificate:
    now, day, leaf = dt.datetime.now(dt.UTC), dt.timedelta(days=1), name != "authority"
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
    )
    if leaf:
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(root, None if isinstance(root, ed25519.Ed25519PrivateKey) else SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

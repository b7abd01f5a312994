"""Who the two ends are: a certificate, its key, and the authority that both trust; and a demo authority."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS: Final = 30
"""How long demo certificates are valid."""


class BadCredentials(ValueError):
    """A certificate or a key that cannot be used. The message names the file and says what to do."""


@dataclass(frozen=True)
class Credentials:
    """What an end proves itself by, and whom it believes. `chain` and `key` may be missing at the client where only the
    server is authenticated (EST-2)."""

    authorities: tuple[x509.Certificate, ...]
    chain: tuple[x509.Certificate, ...] = ()
    key: ec.EllipticCurvePrivateKey | None = None


def load(authority: Path, certificate: Path | None = None, key: Path | None = None) -> Credentials:
    """Credentials from PEM files. Raises BadCredentials."""
    authorities = _certificates(authority)
    if certificate is None or key is None:
        return Credentials(authorities)
    chain, text = _certificates(certificate), _read(key)
    try:
        private = load_pem_private_key(text, None)
    except (ValueError, TypeError) as why:
        raise BadCredentials(f"{key}: {why}; give a private key in PEM without a passphrase") from None
    if private.public_key() != chain[0].public_key():
        raise BadCredentials(f"{key} is not the key of {certificate}; give the two that were made together")
    return Credentials(authorities, chain, private)  # type: ignore[arg-type]


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    text = _read(path)
    try:
        return tuple(x509.load_pem_x509_certificates(text))
    except ValueError as why:
        raise BadCredentials(f"{path}: {why}; give certificates in PEM") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise BadCredentials(f"{path}: {why.strerror}; `rekeyspec keygen` makes a set to try") from None


class Authority:
    """A demo authority: it signs for this program and nobody else."""

    def __init__(self, name: str = "rekeyspec demo authority", *, now: dt.datetime | None = None) -> None:
        self._now = now or dt.datetime.now(dt.UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self.certificate = self._sign(name, self._key, None, DAYS)

    def issue(self, name: str, *, days: int = DAYS, hosts: tuple[str, ...] = ()) -> Credentials:
        """Credentials of this name. `days` below 0: expired that long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Credentials((self.certificate,), (self._sign(name, key, hosts, days),), key)

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, hosts: tuple[str, ...] | None, days: int
    ) -> x509.Certificate:
        day = dt.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + min(-day, (days - 1) * day))
            .not_valid_after(self._now + days * day)
            .add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), critical=True)
        )
        if hosts is not None:
            uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            builder = builder.add_extension(x509.SubjectAlternativeName(_alternatives(name, hosts)), critical=False)
        return builder.sign(self._key, SHA256())


def _alternatives(name: str, hosts: tuple[str, ...]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = [x509.DNSName(name)]
    for host in hosts:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            found.append(x509.DNSName(host))
    return found


def keygen(folder: Path, hosts: tuple[str, ...] = ("localhost", "127.0.0.1")) -> list[Path]:
    """Make a demo authority and credentials of a client and a server in this folder; the files that were written.
    Raises BadCredentials where one of them is there already: nothing is overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority()
    files = {"authority.pem": authority.certificate.public_bytes(Encoding.PEM)}
    for name in ("client", "server"):
        made = authority.issue(name, hosts=hosts)
        assert made.key is not None
        files[f"{name}.pem"] = b"".join(one.public_bytes(Encoding.PEM) for one in made.chain)
        files[f"{name}.key"] = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise BadCredentials(f"{folder / there[0]} is there already; give another folder, or remove it first")
    for name, text in files.items():
        mode = 0o600 if name.endswith(".key") else 0o644
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(text)
    return [folder / name for name in files]


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

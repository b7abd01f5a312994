"""What is compared: the standard library's `ssl`, and ends that do nothing, which shows what measuring costs."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from OpenSSL import SSL

from rekeyspec.benchmarks.cost.choices import Case
from rekeyspec.benchmarks.cost.ends import Meter
from rekeyspec.benchmarks.cost.identities import Identities
from rekeyspec.benchmarks.cost.tls import SUITES, End, Unavailable, carry, shake
from rekeyspec.reference.vocabulary import ROLES, Role

_CURVES: Final = {"P-256": "prime256v1"}
_DEFAULT: Final = "X25519"
"""What OpenSSL 3.0 takes when nothing is said."""


class _End:
    """An end of `ssl`, by pyOpenSSL's names."""

    __slots__ = ("_into", "_object", "_out")

    def __init__(self, context: ssl.SSLContext, role: Role) -> None:
        self._into, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._into, self._out, server_side=role == "server")

    def bio_write(self, buf: bytes) -> int:
        return self._into.write(buf)

    def bio_read(self, bufsiz: int) -> bytes:
        return self._out.read(bufsiz)

    def do_handshake(self) -> None:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            raise SSL.WantReadError from None

    def sendall(self, buf: bytes) -> int:
        return self._object.write(buf)

    def recv(self, bufsiz: int) -> bytes:
        try:
            return self._object.read(bufsiz)
        except ssl.SSLWantReadError:
            raise SSL.WantReadError from None


class _Silent:
    """An end that does nothing: its flights are as many as those of TLS 1.3, and hold a byte."""

    __slots__ = ("_at", "_held", "_out", "_role", "_seen")

    def __init__(self, role: Role) -> None:
        self._role, self._seen, self._held, self._at = role, 0, b"", 0
        self._out: list[bytes] = []

    def bio_write(self, buf: bytes) -> int:
        self._held, self._at = buf, 0
        self._seen += 1
        return len(buf)

    def bio_read(self, _bufsiz: int) -> bytes:
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def do_handshake(self) -> None:
        waits = not self._seen if self._role == "client" else self._seen < 2
        if self._seen < 2 and not (self._role == "server" and not self._seen):
            self._out.append(b"f")
        if waits:
            raise SSL.WantReadError

    def sendall(self, buf: bytes) -> int:
        self._out.append(buf)
        return len(buf)

    def recv(self, bufsiz: int) -> bytes:
        if len(self._held) < 2:
            raise SSL.WantReadError
        begin = self._at
        self._at += bufsiz
        return self._held[begin : begin + bufsiz]


class Peer:
    """As Carrier says: a pair of ends that are made anew for each key."""

    def __init__(self, message: int, meter: Meter | None = None) -> None:
        self.meter, self.round_trips = meter or Meter(), 0
        self._data = bytes(message)
        self.client, self.server = self.open("client"), self.open("server")
        self._shake()

    def open(self, role: Role) -> End:
        """A new end."""
        raise NotImplementedError

    def _shake(self) -> None:
        self.round_trips = shake(self.client, self.server, self.meter, [])

    def negotiate(self) -> None:
        """As Carrier says."""
        m = self.meter
        begun = m.cpu()
        self.client = self.open("client")
        opened = m.cpu()
        self.server = self.open("server")
        m.server += m.cpu() - opened
        m.client += opened - begun
        self._shake()

    def carry(self, volume: int) -> None:
        """As Carrier says."""
        carry(self.client, self.server, self._data, volume, self.meter)


class Silent(Peer):
    """Ends that do nothing."""

    def open(self, role: Role) -> End:
        """A new end."""
        return _Silent(role)


class Stdlib(Peer):
    """The standard library's `ssl`: full negotiations of TLS 1.2 or 1.3. The folder is for certificates."""

    def __init__(
        self, case: Case, identities: Identities, message: int, folder: Path, meter: Meter | None = None
    ) -> None:
        self._contexts = {role: _context(case, identities, role, folder) for role in ROLES}
        super().__init__(message, meter)

    def open(self, role: Role) -> End:
        """A new end."""
        return _End(self._contexts[role], role)


def _context(case: Case, identities: Identities, role: Role, folder: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    old = case.negotiation.startswith("tls1.2")
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2 if old else ssl.TLSVersion.TLSv1_3
    try:
        if case.group in _CURVES:
            made.set_ecdh_curve(_CURVES[case.group])
        elif case.group != _DEFAULT:
            raise Unavailable(f"Python's ssl cannot choose the group {case.group}")
        if old:
            made.set_ciphers(f"ECDHE-ECDSA-{SUITES[case.cipher][1]}:ECDHE-RSA-{SUITES[case.cipher][1]}")
        elif case.cipher != "AES-256-GCM":
            raise Unavailable(f"Python's ssl cannot choose {case.cipher} in TLS 1.3")
    except (ssl.SSLError, ValueError) as why:
        raise Unavailable(f"Python's ssl: {why}") from None
    made.load_verify_locations(cadata=identities.authority.public_bytes(Encoding.PEM).decode("ascii"))
    made.verify_mode = ssl.CERT_REQUIRED if role == "client" or case.authentication == "mutual" else ssl.CERT_NONE
    if role == "server" or case.authentication == "mutual":
        path = folder / f"{role}.pem"
        key = identities.keys[role].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(key + identities.certificates[role].public_bytes(Encoding.PEM))
        made.load_cert_chain(path)
    return made

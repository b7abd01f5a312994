"""TLS by pyOpenSSL through memory, both ends in one thread: the negotiations of TLS 1.2 and 1.3, and data under them.

pyOpenSSL has no call for the group of a key exchange, nor for whether a session was resumed; the library under it has
both. Where a build of it cannot choose groups, OpenSSL can: by `Groups` in the file that OPENSSL_CONF names.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from OpenSSL import SSL, crypto
from OpenSSL._util import lib  # for what pyOpenSSL has no name

from rekeyspec.benchmarks.cost.choices import Case
from rekeyspec.benchmarks.cost.ends import Meter
from rekeyspec.benchmarks.cost.identities import Identities
from rekeyspec.reference.vocabulary import ROLES, Role

PIECE: Final = 1 << 14
"""What a record of TLS holds at most."""
BATCH: Final = 1 << 16
"""About so many bytes are sealed before they are opened, so that reading the clock costs nothing that matters."""
_ROOM: Final = 1 << 17

_ALLOW_NO_DHE_KEX: Final = 1 << 10
_PREFER_NO_DHE_KEX: Final = 1 << 35
_ALLOW_CLIENT_RENEGOTIATION: Final = 1 << 8
"""SSL_OP_... of OpenSSL, for which pyOpenSSL has no names."""

SUITES: Final = {
    "AES-128-GCM": ("TLS_AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
    "AES-256-GCM": ("TLS_AES_256_GCM_SHA384", "AES256-GCM-SHA384"),
    "ChaCha20-Poly1305": ("TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
}
"""Each cipher in TLS 1.3, and what follows ECDHE-ECDSA- or ECDHE-RSA- in TLS 1.2."""
_OPENSSL_GROUPS: Final = {"x25519": "X25519", "secp256r1": "P-256", "prime256v1": "P-256"}


class Unavailable(Exception):
    """The library cannot do it. The message says what, for a note."""


class End(Protocol):
    """What is used of a connection."""

    def bio_write(self, buf: bytes) -> int:
        """Bytes that came from the other end."""

    def bio_read(self, bufsiz: int) -> bytes:
        """Bytes for it."""

    def do_handshake(self) -> None:
        """As far as it goes now; WantReadError where it is not done."""

    def sendall(self, buf: bytes) -> int:
        """Seal this."""

    def recv(self, bufsiz: int) -> bytes:
        """What a record held, so much at most; WantReadError where there is none."""


def context(case: Case, identities: Identities, role: Role) -> SSL.Context:
    """How this end is configured. Raises Unavailable."""
    made = SSL.Context(SSL.TLS_METHOD)
    old = case.negotiation.startswith("tls1.2")
    version = SSL.TLS1_2_VERSION if old else SSL.TLS1_3_VERSION
    made.set_min_proto_version(version)
    made.set_max_proto_version(version)
    new_name, old_name = SUITES[case.cipher]
    try:
        made.set_tls13_ciphersuites(new_name.encode("ascii"))
        made.set_cipher_list(f"ECDHE-ECDSA-{old_name}:ECDHE-RSA-{old_name}".encode("ascii"))
    except SSL.Error:
        raise Unavailable(f"the library has no {case.cipher}") from None
    set_group(made, case, old)
    if role == "server" or case.authentication == "mutual":
        made.use_certificate(identities.certificates[role])
        made.use_privatekey(identities.keys[role])
    store = made.get_cert_store()
    assert store is not None
    store.add_cert(crypto.X509.from_cryptography(identities.authority))
    asks = role == "client" or case.authentication == "mutual"
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT if asks else SSL.VERIFY_NONE)
    made.set_session_id(b"rekeyspec")
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # tickets hold the sessions
    if case.negotiation == "tls1.2-in-place":
        made.set_options(_ALLOW_CLIENT_RENEGOTIATION | SSL.OP_NO_TICKET)
    if case.negotiation == "tls1.3-resumed-psk":
        made.set_options(_ALLOW_NO_DHE_KEX | _PREFER_NO_DHE_KEX)
    return made


def set_group(made: SSL.Context, case: Case, old: bool) -> None:
    """Let it agree on keys by this group alone. Raises Unavailable."""
    if not case.group:
        return
    set_groups = getattr(lib, "SSL_CTX_set1_curves_list", None)
    if set_groups is None:
        if case.carriage == "wire":
            raise Unavailable(f"this cryptography cannot choose the wire's group, {case.group}")
        return  # what OPENSSL_CONF says, or the library by itself, may be that group: `check` tells
    # In TLS 1.2 the list bounds the curves of certificates as well; the first of it is what is used.
    wanted = f"{case.group}:P-256" if old and case.group != "P-256" else case.group
    if old and "MLKEM" in case.group:
        raise Unavailable(f"TLS 1.2 has no {case.group}")
    if set_groups(made._context, wanted.encode("ascii")) != 1:  # noqa: SLF001  (there is no public name)
        raise Unavailable(f"the library has no group {case.group}")


class Bare:
    """A pair of connections with nothing between them."""

    def __init__(self, case: Case, identities: Identities, message: int, meter: Meter | None = None) -> None:
        self.case, self.meter, self.round_trips = case, meter or Meter(), 0
        self._contexts = {role: context(case, identities, role) for role in ROLES}
        self._data = bytes(message)
        self._session: SSL.Session | None = None
        self._resumes = "resumed" in case.negotiation or case.negotiation == "tls1.2-abbreviated"
        self.flights: list[bytes] = []
        """Of the latest negotiation, the client's first, in turns."""
        self.client, self.server = self._open("client"), self._open("server")
        self._shake()
        if self._resumes:
            self._session = self.client.get_session()
            self.negotiate()

    def _open(self, role: Role) -> SSL.Connection:
        made = SSL.Connection(self._contexts[role], None)
        if role == "server":
            made.set_accept_state()
            return made
        made.set_connect_state()
        if self._session is not None:
            made.set_session(self._session)
        return made

    def negotiate(self) -> None:
        """A new key: by a new connection, or in place."""
        m = self.meter
        begun = m.cpu()
        if self.case.negotiation == "tls1.2-in-place":
            self.client.renegotiate()
            m.client += m.cpu() - begun
        else:
            leave(self.client)
            self.client = self._open("client")
            opened = m.cpu()
            leave(self.server)
            self.server = self._open("server")
            m.client += opened - begun
            m.server += m.cpu() - opened
        self._shake()
        if self._resumes:
            begun = m.cpu()
            self._session = self.client.get_session()
            m.client += m.cpu() - begun

    def _shake(self) -> None:
        self.round_trips = shake(self.client, self.server, self.meter, self.flights)

    def carry(self, volume: int) -> None:
        """As Carrier says."""
        carry(self.client, self.server, self._data, volume, self.meter)


def shake(client: End, server: End, meter: Meter, flights: list[bytes]) -> int:
    """Flights from end to end until there are no more; how many the client waited for before it was done."""
    flights.clear()
    cpu, out, trips = meter.cpu, b"", 0
    client_done = server_done = False
    while True:
        begun = cpu()
        waited = not client_done
        client_done = _pass(client, out)
        out = _out(client)
        meter.client += cpu() - begun
        trips += bool(flights) and waited
        if not out and server_done and client_done:
            return trips
        flights.append(out)
        meter.to_server += len(out)
        begun = cpu()
        server_done = _pass(server, out)
        out = _out(server)
        meter.server += cpu() - begun
        if not out and server_done and client_done:
            return trips
        flights.append(out)
        meter.to_client += len(out)
        assert len(flights) < 20, "the negotiation does not end"


def _pass(end: End, flight: bytes) -> bool:
    """Take this flight; is this end done?"""
    if flight:
        end.bio_write(flight)
    done = False
    try:
        end.do_handshake()
        done = True
        end.recv(1)  # tickets, or the other end's wish to renegotiate; there is no data
    except SSL.WantReadError:
        pass
    return done


def _out(end: End) -> bytes:
    try:
        return end.bio_read(_ROOM)
    except SSL.WantReadError:
        return b""


def carry(client: End, server: End, message: bytes, volume: int, meter: Meter) -> None:
    """Messages from the client to the server, some sealed before they are opened."""
    cpu, size, left = meter.cpu, len(message), volume
    count = max(1, BATCH // size)
    room = (size + (size // PIECE + 1) * 64) * count
    while left > 0:
        if left < count * size:
            count = max(1, left // size)
        begun = cpu()
        for _ in range(count):
            client.sendall(message)
        sealed = client.bio_read(room)
        between = cpu()
        server.bio_write(sealed)
        got, want = 0, count * size
        while got < want:
            got += len(server.recv(PIECE))
        ended = cpu()
        meter.client += between - begun
        meter.server += ended - between
        meter.to_server += len(sealed)
        left -= want


def leave(connection: SSL.Connection) -> None:
    """A connection that is freed without a shutdown would mark its session unusable."""
    connection.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)


def check(pair: Bare) -> None:
    """Did the latest negotiation come to what the case says? Raises Unavailable where it did not."""
    case, client = pair.case, pair.client
    version = "TLSv1.2" if case.negotiation.startswith("tls1.2") else "TLSv1.3"
    resumed = bool(lib.SSL_session_reused(client._ssl))  # noqa: SLF001  (there is no public name)
    found: dict[str, tuple[Any, Any]] = {
        "version": (client.get_protocol_version_name(), version),
        "cipher": ((client.get_cipher_name() or "").endswith(SUITES[case.cipher][version == "TLSv1.2"]), True),
        "resumption": (resumed, pair._resumes),  # noqa: SLF001  (the same module)
        "client's certificate": (pair.server.get_peer_certificate() is not None, case.authentication == "mutual"),
        "server's certificate": (client.get_peer_certificate() is not None, True),
    }
    if case.group and not case.negotiation.startswith("tls1.3-resumed-psk"):
        name = client.get_group_name() or ""
        found["group"] = (_OPENSSL_GROUPS.get(name, name), case.group)
    if version == "TLSv1.3":
        shares = shares_key(pair.flights[1])
        found["key exchange"] = (shares, case.negotiation != "tls1.3-resumed-psk")
    for what, (got, wanted) in found.items():
        if got != wanted:
            raise Unavailable(f"{case.negotiation}: the library negotiates another {what} ({got})")


def shares_key(flight: bytes) -> bool:
    """Does the ServerHello that this flight begins with (RFC 8446 §4.1.3) share a key (extension 51)?"""
    at = 5 + 4 + 2 + 32  # the headers of record and message, the version, the random bytes
    at += 1 + flight[at] + 2 + 1  # the session's id, the suite, the compression
    end = at + 2 + int.from_bytes(flight[at : at + 2], "big")
    at += 2
    while at < end:
        kind, size = (int.from_bytes(flight[here : here + 2], "big") for here in (at, at + 2))
        if kind == 51:
            return True
        at += 4 + size
    return False

"""Negotiation: TLS, run through memory. The two ends' flights travel as payload of the rules' own messages.

The TLS client is always the link's client, whichever end starts the negotiation, so a client that has no certificate is
never asked to play the server. An exporter yields the epoch's secret (RFC 5705, RFC 8446 §7.5).

Two ways, one interface: `Connections` makes a TLS connection for each epoch, and resumes sessions (CACHE-1);
`Renegotiations` has one TLS 1.2 connection for the life of the link and renegotiates inside it, as the sources do.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from OpenSSL import SSL, crypto

from rekeyspec.reference.vocabulary import Role
from rekeyspec.reference.wire.credentials import Credentials
from rekeyspec.reference.wire.seal import SECRET

Version = Literal["1.2", "1.3"]

MOST: Final = 1 << 16
"""The most bytes that one negotiation may bring, so that a peer who never finishes one fills no memory."""

_VERSIONS: Final = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
_LABEL: Final = b"EXPORTER-rekeyspec-wire-1"
_WEEK: Final = 7 * 24 * 3600
"""TLS's own bound on tickets (s); the rules' `session_lifetime` is kept by the reference, in the link's time."""

_ALLOW_CLIENT_RENEGOTIATION: Final = 1 << 8
"""SSL_OP_ALLOW_CLIENT_RENEGOTIATION of OpenSSL 3 and later, for which pyOpenSSL has no name."""

_UNKNOWN: Final = "no authority that is trusted here has signed the certificate"
_WHY: Final = {
    7: _UNKNOWN,  # it has the name of one
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: _UNKNOWN,
    19: _UNKNOWN,
    20: _UNKNOWN,
    21: _UNKNOWN,
}
"""X509_V_ERR_... in words."""


class Failed(Exception):
    """The negotiation cannot succeed any more. The message says why, for a log."""


class Outcome(NamedTuple):
    """What a negotiation comes to: the secret of the epoch, who the peer is (SHA-256 of its certificate, empty where it
    has shown none), and whether a session was resumed."""

    secret: bytes
    peer: bytes
    abbreviated: bool


class Negotiation(Protocol):
    """One negotiation, seen from one end."""

    @property
    def done(self) -> bool:
        """Has this end all that it needs of the other?"""

    def receive(self, tls: bytes) -> bytes:
        """Take bytes of the other end (none, at the client, to begin), and give those for it. Raises Failed."""

    def outcome(self, context: bytes) -> Outcome:
        """What it came to; both ends must give the same context. Raises Failed where the peer is somebody else."""


class Negotiator(Protocol):
    """Makes the negotiations of one link, one after the other."""

    def begin(self, resume: str, offered: str = "") -> Negotiation:
        """A new one. `resume` names the session that it may resume, empty for none; `offered`, at the end that answers,
        the one that the other had in mind."""

    def settle(self, made: str) -> None:
        """Nothing more comes for the latest one: let go of what it took. The session that it made is kept under this
        name; empty: it made none."""

    def close(self) -> None:
        """Forget all sessions and keys (DEAD-5)."""


class Tls:
    """What all links of one program share: how TLS is configured at its end. To use other credentials from now on, make
    another; links that are open keep the one they have until they close."""

    def __init__(
        self,
        credentials: Credentials,
        role: Role,
        *,
        version: Version = "1.3",
        mutual: bool = True,
        peer: str = "",
        in_place: bool = False,
    ) -> None:
        self.role, self.mutual, self.peer, self.in_place = role, mutual, peer, in_place
        self._credentials, self._version = credentials, version
        self.named = b""
        """SHA-256 of the latest certificate that was found to have the name of the peer."""
        self.context = self.fresh()

    def fresh(self) -> SSL.Context:
        """A context that takes no ticket of another's."""
        context, version = SSL.Context(SSL.TLS_METHOD), _VERSIONS[self._version]
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        if self._credentials.key is not None:
            context.use_certificate(self._credentials.chain[0])
            context.use_privatekey(self._credentials.key)
            for one in self._credentials.chain[1:]:
                context.add_extra_chain_cert(one)
        store = context.get_cert_store()
        assert store is not None
        for authority in self._credentials.authorities:
            store.add_cert(crypto.X509.from_cryptography(authority))
        context.set_session_id(b"rekeyspec")
        context.set_timeout(_WEEK)
        if self.in_place:
            context.set_options(_ALLOW_CLIENT_RENEGOTIATION | SSL.OP_NO_TICKET)
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        asks = self.role == "client" or self.mutual
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT if asks else SSL.VERIFY_NONE, _verify)
        if not asks:
            context.set_info_callback(_observe)
        return context


class _Seen:
    """What TLS said of one connection while it ran."""

    __slots__ = ("full", "why")

    def __init__(self) -> None:
        self.full = False
        self.why = ""


def _observe(connection: SSL.Connection, where: int, _result: int) -> None:
    """Who asks for no certificate sees in this way that it sends its own: OpenSSL names the states that do it. (It is
    called thirty times in a negotiation, so whoever verifies one, which says the same, does without.)"""
    seen = connection.get_app_data()
    if seen is not None and where & SSL.SSL_CB_LOOP and b"certificate" in connection.get_state_string():
        seen.full = True


def _verify(connection: SSL.Connection, _certificate: crypto.X509, error: int, _depth: int, ok: int) -> bool:
    """Certificates are sent, and so come to be verified, in a full negotiation and in no other."""
    seen = connection.get_app_data()
    seen.full = True
    if not ok:
        seen.why = _WHY.get(error, f"the certificate is refused (X509_V_ERR {error})")
    return bool(ok)


class _Connection:
    """One TLS connection, through memory."""

    def __init__(self, tls: Tls, context: SSL.Context, session: SSL.Session | None = None) -> None:
        self._tls, self.room, self.done = tls, MOST, False
        self._seen = _Seen()
        self.connection = SSL.Connection(context, None)
        self.connection.set_app_data(self._seen)
        if tls.role == "client":
            self.connection.set_connect_state()
            if session is not None:
                self.connection.set_session(session)
        else:
            self.connection.set_accept_state()

    def receive(self, tls: bytes) -> bytes:
        self.room -= len(tls)
        if self.room < 0:
            raise Failed(f"more than {MOST} bytes of negotiation")
        try:
            if tls:
                self.connection.bio_write(tls)
            self._go_on()
        except SSL.Error as why:
            raise Failed(self._seen.why or _said(why)) from None
        return self._out()

    def _go_on(self) -> None:
        try:
            if not self.done or self._tls.in_place:
                self.connection.do_handshake()
                self.done = True
            self.connection.recv(1)  # tickets; there is no data
        except SSL.WantReadError:
            return
        raise Failed("data inside a negotiation")

    def _out(self) -> bytes:
        pieces = [b""]
        try:
            while len(pieces) == 1 or len(pieces[-1]) == MOST:  # less than was asked for is all that there is
                pieces.append(self.connection.bio_read(MOST))
        except SSL.WantReadError:
            pass
        return b"".join(pieces)

    def outcome(self, context: bytes) -> Outcome:
        certificate = self.connection.get_peer_certificate()
        peer = _fingerprint(certificate) if certificate is not None else b""
        if self._tls.peer and (certificate is None or peer != self._tls.named):
            if certificate is None or self._tls.peer not in _names(certificate.to_cryptography()):
                raise Failed(f"the certificate is not one of {self._tls.peer}")
            self._tls.named = peer
        secret = self.connection.export_keying_material(_LABEL, SECRET, context)
        return Outcome(secret, peer, not self._seen.full)

    def leave(self) -> None:
        """Let go of the connection."""
        self.connection.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)


class Connections:
    """A TLS connection for each epoch. A full one makes a session, which the next ones may resume."""

    def __init__(self, tls: Tls) -> None:
        self._tls, self._context = tls, tls.context
        self._latest: _Connection | None = None
        self._held = ""
        self._session: SSL.Session | None = None

    def begin(self, resume: str, offered: str = "") -> _Connection:
        """As Negotiator says."""
        self.settle("")
        if self._tls.role == "server" and offered and not resume:
            self._context = self._tls.fresh()  # what the client offers is unknown there, so the negotiation is full
        known = self._session if resume and resume == self._held else None
        self._latest = _Connection(self._tls, self._context, known)
        return self._latest

    def settle(self, made: str) -> None:
        """As Negotiator says. A connection that is freed without a shutdown would mark its session unusable."""
        latest, self._latest = self._latest, None
        if latest is not None and latest.done and made and self._tls.role == "client":
            self._held, self._session = made, latest.connection.get_session()
        if latest is not None:
            latest.leave()

    def close(self) -> None:
        """As Negotiator says."""
        self.settle("")
        self._session, self._held = None, ""


class _Renegotiation:
    """One negotiation of many inside a TLS 1.2 connection."""

    def __init__(self, inside: _Connection, first: bool) -> None:
        self._inside, self._first = inside, first
        self._before = None if first else self._finished()
        self._begun = first

    def _finished(self) -> tuple[bytes | None, bytes | None]:
        return self._inside.connection.get_finished(), self._inside.connection.get_peer_finished()

    @property
    def done(self) -> bool:
        if self._first:
            return self._inside.done
        (ours, theirs), connection = self._finished(), self._inside.connection
        assert self._before is not None
        return ours != self._before[0] and theirs != self._before[1] and not connection.renegotiate_pending()

    def receive(self, tls: bytes) -> bytes:
        if not self._begun and not tls:
            self._inside.connection.renegotiate()
        self._begun = True
        return self._inside.receive(tls)

    def outcome(self, context: bytes) -> Outcome:
        return self._inside.outcome(context)


class Renegotiations:
    """One TLS 1.2 connection, renegotiated for each epoch; every negotiation is full."""

    def __init__(self, tls: Tls) -> None:
        self._inside = _Connection(tls, tls.context)
        self._first = True

    def begin(self, resume: str, offered: str = "") -> _Renegotiation:
        """As Negotiator says, but nothing is ever resumed."""
        begun = _Renegotiation(self._inside, self._first)
        self._first = False
        self._inside.room = MOST
        return begun

    def settle(self, made: str) -> None:
        """As Negotiator says; the connection stays."""

    def close(self) -> None:
        """As Negotiator says."""
        self._inside.leave()


def _fingerprint(certificate: crypto.X509) -> bytes:
    """SHA-256 of it; pyOpenSSL's own `digest` spells it in hexadecimals first."""
    made = Hash(SHA256())
    made.update(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate))
    return made.finalize()


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _said(why: SSL.Error) -> str:
    errors = why.args[0] if why.args else []
    return "; ".join(str(error[-1]) for error in errors) or type(why).__name__

"""The instrumented TLS server: it logs every record opened, and can be told to misbehave.

pyOpenSSL does the handshake. From the client's Finished on the records are our own (`records`), by the traffic secrets
that pyOpenSSL tells: so each KeyUpdate is seen in its place among the data, and answered, delayed or ignored as a
script says. It takes whatever the client writes, and starts nothing of itself. `renegotiating` is TLS 1.2's.

Keys are made for one run and never leave its temporary directory; secrets are kept in memory alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from OpenSSL import SSL, crypto

from rekeyspec.conformance.peers.tls import records
from rekeyspec.conformance.peers.tls.log import CLOSE_NOTIFY, REQUESTED, STRANGER, Line, Who
from rekeyspec.reference.wire.credentials import Authority, Credentials, keygen, load

_ALERTS: Final = {
    0: CLOSE_NOTIFY, 10: "unexpected_message", 20: "bad_record_mac", 40: "handshake_failure", 42: "bad_certificate",
    46: "certificate_unknown", 48: "unknown_ca", 80: "internal_error", 90: "user_canceled",
}  # fmt: skip


@dataclass(frozen=True)
class Keys:
    """Both ends' credentials. The client's lie in `directory` as authority.pem, client.pem and client.key; nobody
    believes the stranger."""

    directory: Path
    server: Credentials
    stranger: Credentials


def make_keys(directory: Path) -> Keys:
    """New keys, the client's files in `directory`."""
    keygen(directory)
    names = (directory / name for name in ("authority.pem", "server.pem", "server.key"))
    stranger = Authority("somebody else").issue("server", hosts=("localhost", "127.0.0.1"))
    return Keys(directory, load(*names), stranger)


class Watch(asyncio.Protocol):
    """One link's log, and the knobs of the server that makes it."""

    versions = SSL.TLS1_3_VERSION
    options = 0
    """Those of OpenSSL's context."""
    old = False
    """It speaks TLS 1.2."""

    def __init__(self, keys: Keys, *, stranger: bool = False) -> None:
        self.lines: list[Line] = []
        self.port = 0
        self.deaf = False
        """Not even the first ClientHello is answered."""
        self.hello_delay = 0.0
        """How long (s) it stays unanswered."""
        self.answers = True
        """A KeyUpdate that asks for one gets it."""
        self.answer_delay = 0.0
        """After how long (s)."""
        self.crosses = False
        """The first KeyUpdate that comes is met by one that was sent before it was read, as it looks to the client."""
        self.opened, self.established, self.lost = asyncio.Event(), asyncio.Event(), asyncio.Event()
        """The client's TCP connection came, its handshake was complete, its TCP connection ended."""
        self._stranger = stranger
        self._opened_at = 0.0
        self._secrets: dict[str, bytes] = {}
        self._transport: asyncio.Transport | None = None
        self._records = records.Records()
        self._theirs: records.Traffic | None = None
        self._ours: records.Traffic | None = None
        self._delayed: list[asyncio.TimerHandle] = []
        self.connection = SSL.Connection(self._context(keys.stranger if stranger else keys.server))
        self.connection.set_accept_state()

    def _context(self, credentials: Credentials) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(self.versions)
        context.set_max_proto_version(self.versions)
        context.set_options(self.options)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_session_id(b"rekeyspec")  # without one OpenSSL refuses whoever offers a session and a certificate
        context.set_keylog_callback(self._told)
        assert credentials.key is not None
        context.use_certificate(credentials.chain[0])
        context.use_privatekey(credentials.key)
        store = context.get_cert_store()
        assert store is not None
        for authority in credentials.authorities:
            store.add_cert(crypto.X509.from_cryptography(authority))
        wanted = SSL.VERIFY_NONE if self._stranger else SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        context.set_verify(wanted, lambda *told: bool(told[-1]))
        return context

    def _told(self, _: SSL.Connection, line: bytes) -> None:
        name, _client, secret = line.decode().split(" ")
        self._secrets[name] = bytes.fromhex(secret)

    def note(self, who: Who, what: str, bytes: int = 0, note: str = "") -> None:
        """Log one line now."""
        self.lines.append(Line(round((time.monotonic() - self._opened_at) * 1000, 3), who, what, bytes, note))

    @property
    def updates(self) -> int:
        """How many KeyUpdates came."""
        return sum(line.what == "KEY_UPDATE" and line.who == "client" for line in self.lines)

    # The connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client's TCP connection came: from here on time is counted. A second one is turned away."""
        assert isinstance(transport, asyncio.Transport)
        if self._transport is not None:
            transport.abort()
            return
        self._transport, self._opened_at = transport, time.monotonic()
        self.note("link", "OPEN")
        self.opened.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended; only the first ending counts."""
        if not self.lost.is_set():
            self.lost.set()
            self.note("link", "LOST", note=str(exc or ""))

    def data_received(self, data: bytes) -> None:
        """Bytes of the client's."""
        for record in self._records.feed(data):
            if self.established.is_set():
                self._came(record)
            else:
                self._greeted(record)

    def hang_up(self) -> None:
        """Break the connection, if there is one."""
        for handle in self._delayed:
            handle.cancel()
        if self._transport is not None:
            self._transport.abort()

    def put(self, raw: bytes) -> None:
        """Write records to the client; nothing happens when it has gone."""
        if self._transport is not None and not self.lost.is_set():
            self._transport.write(raw)

    def later(self, seconds: float, what: object, *args: object) -> None:
        """Do it then, unless the connection is broken off before."""
        assert callable(what)
        self._delayed.append(asyncio.get_running_loop().call_later(seconds, what, *args))

    # The handshake, which pyOpenSSL does.

    def _greeted(self, record: bytes) -> None:
        if not any(line.what == "HELLO" and line.who == "client" for line in self.lines):
            self.note("client", "HELLO")
        if self.deaf:
            return
        if self.hello_delay:
            delay, self.hello_delay = self.hello_delay, 0.0
            self.later(delay, self._greeted, record)
            return
        self.connection.bio_write(record)
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            self._say_hello(self.pending())
        except SSL.Error as why:
            self.note("client", "ALERT", note=_said(why))
            self.put(self.pending())
        else:
            self.note("client", "FINISHED")
            self.begin()
            self.established.set()

    def _say_hello(self, flight: bytes) -> None:
        if flight and not any(line.what == "HELLO" and line.who == "server" for line in self.lines):
            self.note("server", "HELLO", note=STRANGER if self._stranger else "")
        self.put(flight)

    def pending(self) -> bytes:
        """What pyOpenSSL has to send."""
        out = b""
        with suppress(SSL.WantReadError):
            while piece := self.connection.bio_read(1 << 16):
                out += piece
        return out

    def begin(self) -> None:
        """The handshake is done. Tickets, which pyOpenSSL sends now, are the first records under our key."""
        self._theirs = records.Traffic(self._secrets["CLIENT_TRAFFIC_SECRET_0"])
        self._ours = records.Traffic(self._secrets["SERVER_TRAFFIC_SECRET_0"])
        flight = self.pending()
        for record in records.Records().feed(flight):
            self._ours.open(record)
        self.put(flight)

    # Records of our own.

    def _came(self, record: bytes) -> None:
        assert self._theirs is not None
        if record[0] == records.CHANGE_CIPHER_SPEC:
            return
        opened = self._theirs.open(record)
        if opened is None:
            self.note("client", "UNREADABLE", len(record))
        elif opened.kind == records.DATA:
            self.note("client", "DATA", len(opened.content))
        elif opened.kind == records.ALERT:
            self.note("client", "ALERT", note=alert(opened.content[1]))
        elif opened.content[:1] == bytes((records.KEY_UPDATE,)):
            self._theirs.update()
            self._renewed(requested=opened.content[-1] == 1)

    def _renewed(self, *, requested: bool) -> None:
        self.note("client", "KEY_UPDATE", note=REQUESTED if requested else "")
        if not requested or not self.answers:
            return
        if self.crosses:
            self.crosses = False
            self.renew()
        if self.answer_delay:
            self.later(self.answer_delay, self.renew, False)
        else:
            self.renew(requested=False)

    def renew(self, requested: bool = True) -> None:
        """Send a KeyUpdate."""
        if self._ours is not None and not self.lost.is_set():
            self.note("server", "KEY_UPDATE", note=REQUESTED if requested else "")
            self.put(self._ours.seal(records.HANDSHAKE, records.key_update(requested=requested)))
            self._ours.update()

    def send(self, size: int) -> None:
        """Send the client so many bytes of data, a line of text."""
        if self._ours is not None and not self.lost.is_set():
            self.note("server", "DATA", size)
            self.put(self._ours.seal(records.DATA, b"." * (size - 1) + b"\n"))


def alert(number: int) -> str:
    """An alert's name."""
    return _ALERTS.get(number, f"alert {number}")


def _said(why: SSL.Error) -> str:
    errors: Iterable[tuple[str, ...]] = why.args[0] if why.args else ()
    return "; ".join(error[-1] for error in errors) or "the connection ended"


@asynccontextmanager
async def watching(watch: Watch) -> AsyncIterator[Watch]:
    """Its server on a free port of 127.0.0.1, for one client. Leaving breaks the connection."""
    server = await asyncio.get_running_loop().create_server(lambda: watch, "127.0.0.1", 0)
    try:
        watch.port = server.sockets[0].getsockname()[1]
        yield watch
    finally:
        server.close()
        watch.hang_up()
        if watch.opened.is_set():
            await watch.lost.wait()

"""The same server for TLS 1.2, whose renegotiation is a whole handshake inside the connection (RFC 5246, 7.4.1.1).

pyOpenSSL does all of it; the types and lengths of records are seen from outside, which TLS 1.2 leaves readable. With
AES-GCM a record is 24 bytes longer than its plaintext (RFC 5288, section 3).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from OpenSSL import SSL

from rekeyspec.conformance.peers.tls import records
from rekeyspec.conformance.peers.tls.log import CLOSE_NOTIFY
from rekeyspec.conformance.peers.tls.watch import Keys, Watch

CIPHER: Final = "ECDHE-ECDSA-AES128-GCM-SHA256"

DATA: Final = 200
"""bytes: what the server had on the way when the client started (`crosses`)."""

_HEADER: Final = 5
_SEAL: Final = 24
_ALLOW_CLIENT: Final = 1 << 8
"""SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which pyOpenSSL has no name for."""


class RenegotiatingWatch(Watch):
    """Here `answers` and `answer_delay` are about the client's ClientHello, `crosses` lets data meet it, `renew` is a
    HelloRequest. No session is resumed."""

    versions, options = SSL.TLS1_2_VERSION, _ALLOW_CLIENT | SSL.OP_NO_TICKET
    old = True

    def __init__(self, keys: Keys, *, stranger: bool = False) -> None:
        super().__init__(keys, stranger=stranger)
        self._under_way = self._mute = False
        self._sent = records.Records()

    def begin(self) -> None:
        """The handshake is done; what is still to be sent ends it."""
        self.put(self.pending())

    def _came(self, record: bytes) -> None:
        size = len(record) - _HEADER - _SEAL
        if record[0] == records.DATA:
            self.note("client", "DATA", size)
        elif record[0] == records.CHANGE_CIPHER_SPEC:
            self.note("client", "CHANGE")
        elif record[0] == records.HANDSHAKE and not self._under_way:
            self._under_way = True
            self.note("client", "HELLO")
            self._mute = not self.answers
            if self.crosses:
                self.send(DATA)
        if self._mute:
            if record[0] == records.ALERT:
                self.note("client", "ALERT", note=CLOSE_NOTIFY)  # it is sealed, but this client has no other to send
            return
        self._fed(record)

    def _fed(self, record: bytes) -> None:
        self.connection.bio_write(record)
        try:
            while self.connection.recv(1 << 15):
                pass
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.note("client", "ALERT", note=CLOSE_NOTIFY)
        except SSL.Error:
            self.note("client", "ALERT", note="fatal")
        self._out()

    def _out(self) -> None:
        raw = self.pending()
        if raw and self._under_way and self.answer_delay:
            delay, self.answer_delay = self.answer_delay, 0.0
            self.later(delay, self._put, raw)
        else:
            self._put(raw)

    def _put(self, raw: bytes) -> None:
        for record in self._sent.feed(raw):
            if record[0] == records.CHANGE_CIPHER_SPEC and self._under_way:
                self.note("server", "CHANGE")
                self._under_way = False
            self.put(record)

    def renew(self, requested: bool = True) -> None:
        """Send a HelloRequest."""
        with suppress(SSL.WantReadError):
            self.connection.renegotiate()
            self.connection.do_handshake()
        self.note("server", "HELLO_REQUEST")
        self._put(self.pending())

    def send(self, size: int) -> None:
        """Send the client so many bytes of data under the key that is in force here."""
        if not self.lost.is_set():
            self.note("server", "DATA", size)
            self.connection.send(b"." * (size - 1) + b"\n")
            self.put(self.pending())

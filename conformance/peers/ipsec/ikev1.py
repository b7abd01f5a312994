"""IKEv1 as far as a keepalive needs it: main mode with a pre-shared key and quick mode, as the initiator.

`Association` goes from its first message to a standing pair of associations and to the protected messages after that:
the probe (a quick mode whose proposal nobody can take, RFC 2409 5.5), its answer, and the deletes. Messages in,
messages out; no socket and no clock. What does not authenticate, or is not understood, changes nothing.
"""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from rekeyspec.conformance.peers.ipsec.ikev1_keys import (
    BLOCK,
    Exchanged,
    Keys,
    Nonces,
    decrypted,
    derived,
    digest,
    encrypted,
    first_iv,
    later_iv,
    prf,
)
from rekeyspec.conformance.peers.ipsec.isakmp import (
    ENCRYPTED,
    ESP,
    ISAKMP,
    Exchange,
    Header,
    Malformed,
    Notification,
    Payload,
    Transform,
    Type,
    accepted,
    address,
    association,
    chain,
    delete,
    message,
    notification,
    parsed,
    unchained,
)

PHASE_1: Final = Transform(1, ((1, 7), (2, 4), (3, 1), (4, 19), (14, 128), (11, 1), (12, 28800)))
"""AES-CBC, SHA2-256, pre-shared key, group 19, 128 bits, 28800 s (RFC 2409, appendix A)."""
PHASE_2: Final = Transform(20, ((4, 3), (6, 128), (1, 1), (2, 28800)))
"""ESP with AES-GCM, 16 bytes of ICV: tunnel mode within UDP (RFC 3947, 5.1), 128 bits, 28800 s (RFC 2407, 4.5;
RFC 4106)."""
PORT: Final = 500
"""UDP (RFC 2408, 2.5.1), at both ends, until messages float to another."""
IMPOSSIBLE: Final = Transform(248, ((4, 3), (6, 8), (1, 1), (2, 1)))
"""An ESP transform that nobody has: one of the numbers that are nobody's (RFC 2407, 4.4.4 leaves 249 on to private
use), with a key of 8 bits."""

NAT_TRAVERSAL: Final = bytes.fromhex("4a131c81070358455c5728f20e95452f")
"""The vendor id of RFC 3947, 3.1: whoever does ESP without the kernel, as our strongSwan, does it within UDP."""

State = Literal["new", "keys", "identity", "quick", "standing", "ended"]


class Answer(NamedTuple):
    """A protected notification that came: what it says, and the message's length (bytes)."""

    said: Notification
    length: int


class Refused(Exception):
    """The other end cannot be reached an agreement with: what it did, in words."""


class Association:
    """One ISAKMP association and the pair of ESP associations below it, from the side that opens it.

    `wire` has the addresses of this end and the other, `tunnel` those whose traffic quick mode is about."""

    def __init__(self, secret: bytes, wire: tuple[str, str], tunnel: tuple[str, str]) -> None:
        self._secret = secret
        self._wire = [socket.inet_aton(at) for at in wire]
        self._identity = address(self._wire[0])
        self._clients = tuple(address(socket.inet_aton(at)) for at in tunnel)
        self.state: State = "new"
        self.cookies = (secrets.token_bytes(8), bytes(8))
        self._exchanged = Exchanged()
        self._nonce = secrets.token_bytes(32)
        self._offer = association(ISAKMP, b"", (PHASE_1,))
        self._keys: Keys | None = None
        self._publics = (b"", b"")
        self._block = b""
        self._quick = (0, b"", b"")
        self.spis = (b"", b"")
        """Of the ESP associations: for what comes, and for what goes."""

    # Main mode.

    def begin(self) -> bytes:
        """The first message of main mode."""
        return self._plain((self._offer, Payload(Type.VENDOR, NAT_TRAVERSAL)))

    @property
    def floating(self) -> bool:
        """Do messages flow over the other port (4500) from now on? RFC 3947, 4: from the fifth of main mode on."""
        return self.state not in ("new", "keys")

    def take(self, data: bytes) -> tuple[Sequence[bytes], Answer | None]:
        """What came: the messages that go out in answer, and the notification that it was, if it was one. Raises
        Malformed for what is no message, or not protected as it must be, Refused where the other end does not agree."""
        header, rest = parsed(data)
        if header.initiator != self.cookies[0]:
            raise Malformed("a message of another association")
        if header.exchange == Exchange.INFORMATIONAL and not header.flags & ENCRYPTED and self.state != "standing":
            raise Refused(f"it sent a notification in the clear while the association was {self.state}")
        if header.exchange == Exchange.MAIN:
            return self._main(header, rest), None
        if header.exchange == Exchange.QUICK:
            self._agreed(header, rest)
            return (), None
        if header.exchange == Exchange.INFORMATIONAL:
            return (), self._informed(header, rest)
        raise Malformed(f"exchange {header.exchange}")

    def _main(self, header: Header, rest: bytes) -> Sequence[bytes]:
        if self.state == "new":
            accepted(_one(unchained(header.first, rest), Type.SA))
            self.cookies = (self.cookies[0], header.responder)
            self.state = "keys"
            key, nonce = Payload(Type.KEY, self._exchanged.public), Payload(Type.NONCE, self._nonce)
            return (self._plain((key, nonce, *(self._nat(at) for at in self._wire[::-1]))),)
        if self.state == "keys":
            return (self._identified(unchained(header.first, rest)),)
        if self.state == "identity":
            self._authenticated(header, rest)
            return (self._start_quick(),)
        return ()

    def _nat(self, packed: bytes) -> Payload:
        """By which the other end finds out whether an address was changed on the way (RFC 3947, 3.2)."""
        return Payload(Type.NAT_ADDRESS, digest(b"".join((*self.cookies, packed, struct.pack("!H", PORT)))))

    def _identified(self, payloads: list[Payload]) -> bytes:
        theirs = _one(payloads, Type.KEY).body
        nonces = Nonces(self._nonce, _one(payloads, Type.NONCE).body, *self.cookies)
        try:
            shared = self._exchanged.shared(theirs)
        except ValueError as why:
            raise Malformed(f"a public value: {why}") from why
        self._keys = derived(self._secret, shared, nonces)
        self._publics = (self._exchanged.public, theirs)
        self._block = first_iv(*self._publics)
        proof = self._proof(self._publics, self.cookies, self._identity)
        self.state = "identity"
        return self._sealed_main((self._identity, Payload(Type.HASH, proof)))

    def _proof(self, publics: tuple[bytes, bytes], cookies: tuple[bytes, bytes], identity: Payload) -> bytes:
        """HASH_I, or HASH_R with everything turned round (RFC 2409, 5)."""
        return prf(self._established.skeyid, b"".join((*publics, *cookies, self._offer.body, identity.body)))

    def _sealed_main(self, payloads: Sequence[Payload]) -> bytes:
        body = encrypted(self._established.cipher, self._block, chain(payloads))
        self._block = body[-BLOCK:]
        return message(Header(*self.cookies, payloads[0].type, Exchange.MAIN, ENCRYPTED, 0), body)

    def _authenticated(self, header: Header, rest: bytes) -> None:
        payloads = self._opened(header, rest, self._block)
        identity = _one(payloads, Type.ID)
        expected = self._proof(self._publics[::-1], self.cookies[::-1], identity)
        if not secrets.compare_digest(expected, _one(payloads, Type.HASH).body):
            raise Refused("it does not know the pre-shared key")
        self._block = rest[-BLOCK:]

    # Quick mode.

    def _start_quick(self) -> bytes:
        self.state = "quick"
        spi, nonce = secrets.token_bytes(4), secrets.token_bytes(32)
        self.spis = (spi, b"")
        mid, sealed = self._proposing(spi, nonce, PHASE_2)
        self._quick = (mid, nonce, sealed[-BLOCK:])
        return sealed

    def _proposing(self, spi: bytes, nonce: bytes, transform: Transform) -> tuple[int, bytes]:
        payloads = (association(ESP, spi, (transform,)), Payload(Type.NONCE, nonce), *self._clients)
        mid = secrets.randbelow((1 << 32) - 1) + 1
        return mid, self._protected(Exchange.QUICK, mid, payloads)

    def _agreed(self, header: Header, rest: bytes) -> None:
        mid, nonce, block = self._quick
        if self.state != "quick" or header.mid != mid:
            return
        payloads = self._opened(header, rest, block)
        proof, *others = payloads
        body = struct.pack("!I", mid) + nonce + chain(others)
        if proof.type != Type.HASH or not secrets.compare_digest(prf(self._established.a, body), proof.body):
            raise Malformed("a quick mode that is not authentic")
        self.spis = (self.spis[0], accepted(_one(others, Type.SA))[1])
        self._quick = (mid, nonce + _one(others, Type.NONCE).body, rest[-BLOCK:])
        self.state = "standing"

    def finish(self) -> bytes:
        """The third message of quick mode: from here on both have the keys of ESP."""
        mid, nonces, block = self._quick
        proof = prf(self._established.a, b"\0" + struct.pack("!I", mid) + nonces)
        body = encrypted(self._established.cipher, block, chain((Payload(Type.HASH, proof),)))
        return message(Header(*self.cookies, Type.HASH, Exchange.QUICK, ENCRYPTED, mid), body)

    # The keepalive, and the end.

    def probe(self, spi: bytes) -> bytes:
        """IKE-1: a protected quick mode with an invalid proposal and transform, under this SPI."""
        return self._proposing(spi, secrets.token_bytes(32), IMPOSSIBLE)[1]

    def deletes(self) -> tuple[bytes, bytes]:
        """IKE-2: the notices that end the ESP associations, and then ISAKMP's own."""
        self.state = "ended"
        return self._informing(delete(ESP, self.spis[0])), self._informing(delete(ISAKMP, b"".join(self.cookies)))

    def _informing(self, payload: Payload) -> bytes:
        return self._protected(Exchange.INFORMATIONAL, secrets.randbelow((1 << 32) - 1) + 1, (payload,))

    def _informed(self, header: Header, rest: bytes) -> Answer | None:
        if not header.flags & ENCRYPTED:
            raise Malformed("a notification in the clear")
        payloads = self._opened(header, rest, later_iv(self._block, struct.pack("!I", header.mid)))
        proof, *others = payloads
        body = struct.pack("!I", header.mid) + chain(others)
        if proof.type != Type.HASH or not secrets.compare_digest(prf(self._established.a, body), proof.body):
            raise Malformed("a notification that is not authentic")
        said = [p for p in others if p.type == Type.NOTIFICATION]
        return Answer(notification(said[0]), len(rest)) if said else None

    # Both.

    @property
    def _established(self) -> Keys:
        if self._keys is None:
            raise Malformed("a protected message before there are keys")
        return self._keys

    def _plain(self, payloads: Sequence[Payload]) -> bytes:
        return message(Header(*self.cookies, payloads[0].type, Exchange.MAIN, 0, 0), chain(payloads))

    def _protected(self, exchange: Exchange, mid: int, payloads: Sequence[Payload]) -> bytes:
        """The first message of an exchange after main mode, with its HASH(1) (RFC 2409, 5.5 and 5.7)."""
        packed = struct.pack("!I", mid)
        proof = prf(self._established.a, packed + chain(payloads))
        whole = chain((Payload(Type.HASH, proof), *payloads))
        body = encrypted(self._established.cipher, later_iv(self._block, packed), whole)
        return message(Header(*self.cookies, Type.HASH, exchange, ENCRYPTED, mid), body)

    def _opened(self, header: Header, rest: bytes, iv: bytes) -> list[Payload]:
        if not header.flags & ENCRYPTED or not rest:
            raise Malformed("a message in the clear")
        try:
            payloads = unchained(header.first, decrypted(self._established.cipher, iv, rest))
        except ValueError as why:
            raise Malformed(f"{len(rest)} bytes are no whole blocks") from why
        if not payloads:
            raise Malformed("no payload")
        return payloads


def _one(payloads: Sequence[Payload], kind: Type) -> Payload:
    for payload in payloads:
        if payload.type == kind:
            return payload
    raise Malformed(f"no payload of type {kind}")

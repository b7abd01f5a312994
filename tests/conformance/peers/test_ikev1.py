"""IKEv1's keys against published vectors and against the standard library; the exchanges against their other end, which
is written here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import socket
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rekeyspec.conformance.peers.ipsec.ikev1 import IMPOSSIBLE, PHASE_1, PHASE_2, Association, Refused
from rekeyspec.conformance.peers.ipsec.ikev1_keys import (
    Exchanged,
    Nonces,
    decrypted,
    derived,
    encrypted,
    first_iv,
    later_iv,
    prf,
)
from rekeyspec.conformance.peers.ipsec.isakmp import (
    ENCRYPTED,
    ESP,
    ISAKMP,
    NO_PROPOSAL_CHOSEN,
    Exchange,
    Header,
    Malformed,
    Payload,
    Type,
    accepted,
    address,
    association,
    chain,
    message,
    parsed,
    unchained,
)

SECRET = b"a secret of both"
HERE, THERE = "10.77.0.1", "10.77.0.2"


def sha(key: bytes, data: bytes) -> bytes:
    """The pseudo-random function, computed by another library."""
    return hmac.digest(key, data, hashlib.sha256)


def test_the_prf_is_that_of_rfc_4231() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert prf(b"Jefe", b"what do ya want for nothing?").hex() == expected


def test_the_cipher_is_that_of_rfc_3602() -> None:
    key, iv = bytes.fromhex("06a9214036b8a15b512e03d534120006"), bytes.fromhex("3dafba429d9eb430b422da802c9fac41")
    assert encrypted(key, iv, b"Single block msg").hex() == "e353779c1079aeb82708942dbe77181a"
    assert decrypted(key, iv, encrypted(key, iv, b"padded")) == b"padded" + bytes(10)


def test_the_exchange_is_that_of_rfc_5903() -> None:
    mine = "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"
    theirs = "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53"
    one, two = (Exchanged(ec.derive_private_key(int(d, 16), ec.SECP256R1())) for d in (mine, theirs))
    assert one.public.hex().upper() == (
        "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
        "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3"
    )
    shared = "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"
    assert one.shared(two.public).hex().upper() == two.shared(one.public).hex().upper() == shared
    with pytest.raises(ValueError, match="bytes are no point"):
        one.shared(b"short")
    with pytest.raises(ValueError, match=r"(?i)point"):
        one.shared(bytes(64))


def test_the_keys_are_those_of_the_standard_computed_by_another_library() -> None:
    n = Nonces(b"nonce of i", b"nonce of r", b"cookie-i", b"cookie-r")
    shared = bytes(range(32))
    skeyid = sha(SECRET, b"nonce of i" + b"nonce of r")
    d = sha(skeyid, shared + b"cookie-icookie-r" + b"\x00")
    a = sha(skeyid, d + shared + b"cookie-icookie-r" + b"\x01")
    e = sha(skeyid, a + shared + b"cookie-icookie-r" + b"\x02")
    keys = derived(SECRET, shared, n)
    assert (keys.skeyid, keys.d, keys.a, keys.e, keys.cipher) == (skeyid, d, a, e, e[:16])
    assert first_iv(b"gi", b"gr") == hashlib.sha256(b"gigr").digest()[:16]
    assert later_iv(b"block", b"mid!") == hashlib.sha256(b"blockmid!").digest()[:16]


class Responder:
    """The other end, by the standard library as far as it goes; it notes what it was asked."""

    def __init__(self, secret: bytes = SECRET) -> None:
        self.secret = secret
        self.cookie = secrets.token_bytes(8)
        self.exchanged = Exchanged()
        self.nonce = secrets.token_bytes(32)
        self.block = b""
        self.spi = b"\x01\x02\x03\x04"
        self.vendor: list[bytes] = []

    def first(self, data: bytes) -> bytes:
        header, rest = parsed(data)
        sa, *others = unchained(header.first, rest)
        self.offer, self.cookies = sa, (header.initiator, self.cookie)
        self.vendor = [p.body for p in others]
        assert accepted(sa)[2].attributes == list(PHASE_1.attributes)
        return self.plain([association(ISAKMP, b"", (PHASE_1,))])

    def second(self, data: bytes) -> bytes:
        header, rest = parsed(data)
        key, nonce, *nats = unchained(header.first, rest)
        self.publics = (key.body, self.exchanged.public)
        self.nats = [p.body for p in nats]
        skeyid = sha(self.secret, nonce.body + self.nonce)
        tail = self.exchanged.shared(key.body) + b"".join(self.cookies)
        d = sha(skeyid, tail + b"\0")
        self.a = sha(skeyid, d + tail + b"\1")
        self.skeyid, self.key = skeyid, sha(skeyid, self.a + tail + b"\2")[:16]
        self.block = hashlib.sha256(b"".join(self.publics)).digest()[:16]
        return self.plain([Payload(Type.KEY, self.publics[1]), Payload(Type.NONCE, self.nonce)])

    def third(self, data: bytes) -> bytes:
        identity, proof = self.opened(data, self.block)
        assert proof.body == sha(
            self.skeyid, b"".join((*self.publics, *self.cookies, self.offer.body, identity.body))
        )  # fmt: skip
        own = address(socket.inet_aton(THERE))
        back = (*self.publics[::-1], *self.cookies[::-1], self.offer.body, own.body)
        answer = Payload(Type.HASH, sha(self.skeyid, b"".join(back)))
        body = encrypted(self.key, parsed(data)[1][-16:], chain([own, answer]))
        self.block = body[-16:]
        return message(Header(*self.cookies, Type.ID, Exchange.MAIN, ENCRYPTED, 0), body)

    def quick(self, data: bytes) -> bytes:
        self.mid, offered = self.proposal(data)
        sa, nonce, *clients = offered
        assert accepted(sa)[2].id == PHASE_2.id
        reply = [association(ESP, self.spi, (PHASE_2,)), Payload(Type.NONCE, self.nonce), *clients]
        proof = sha(self.a, struct.pack("!I", self.mid) + nonce.body + chain(reply))
        body = encrypted(self.key, parsed(data)[1][-16:], chain([Payload(Type.HASH, proof), *reply]))
        self.last, self.nonces = body[-16:], nonce.body + self.nonce
        return message(Header(*self.cookies, Type.HASH, Exchange.QUICK, ENCRYPTED, self.mid), body)

    def finished(self, data: bytes) -> None:
        [proof] = self.opened(data, self.last)
        assert proof.body == sha(self.a, b"\0" + struct.pack("!I", self.mid) + self.nonces)

    def proposal(self, data: bytes) -> tuple[int, list[Payload]]:
        """The message id and the payloads of what begins an exchange, its HASH(1) being right."""
        header, _ = parsed(data)
        packed = struct.pack("!I", header.mid)
        proof, *payloads = self.opened(data, hashlib.sha256(self.block + packed).digest()[:16])
        assert proof.body == sha(self.a, packed + chain(payloads))
        return header.mid, payloads

    def informing(self, payload: Payload, mid: int = 7, secret: bytes = b"") -> bytes:
        packed = struct.pack("!I", mid)
        proof = Payload(Type.HASH, sha(secret or self.a, packed + chain([payload])))
        iv = hashlib.sha256(self.block + packed).digest()[:16]
        body = encrypted(self.key, iv, chain([proof, payload]))
        return message(Header(*self.cookies, Type.HASH, Exchange.INFORMATIONAL, ENCRYPTED, mid), body)

    def plain(self, payloads: list[Payload]) -> bytes:
        return message(Header(*self.cookies, payloads[0].type, Exchange.MAIN, 0, 0), chain(payloads))

    def opened(self, data: bytes, iv: bytes) -> list[Payload]:
        header, rest = parsed(data)
        assert header.flags == ENCRYPTED
        return unchained(header.first, decrypted(self.key, iv, rest))


def new() -> Association:
    return Association(SECRET, (HERE, THERE), ("10.78.0.1", "10.78.0.2"))


def standing() -> tuple[Association, Responder]:
    ours, theirs = new(), Responder()
    [second], _ = ours.take(theirs.first(ours.begin()))
    assert not ours.floating
    [third], _ = ours.take(theirs.second(second))
    assert ours.floating
    [quick], _ = ours.take(theirs.third(third))
    assert ours.take(theirs.quick(quick)) == ((), None)
    assert ours.state == "standing"
    theirs.finished(ours.finish())
    return ours, theirs


def no_proposal(spi: bytes) -> Payload:
    return Payload(Type.NOTIFICATION, struct.pack("!IBBH", 1, ESP, len(spi), NO_PROPOSAL_CHOSEN) + spi)


def test_main_mode_and_quick_mode_agree_with_the_other_end() -> None:
    ours, theirs = standing()
    assert ours.spis[1] == theirs.spi
    assert theirs.vendor == [hashlib.md5(b"RFC 3947").digest()]
    seen = [
        hashlib.sha256(b"".join(ours.cookies) + socket.inet_aton(at) + b"\x01\xf4").digest() for at in (THERE, HERE)
    ]
    assert theirs.nats == seen


def test_a_probe_is_protected_cannot_be_taken_and_has_its_own_spi_and_id() -> None:
    ours, theirs = standing()
    first, second = (theirs.proposal(ours.probe(spi)) for spi in (b"spi1", b"spi2"))
    assert first[0] != second[0]
    for (_, (sa, *_)), spi in ((first, b"spi1"), (second, b"spi2")):
        protocol, found, transform = accepted(sa)
        assert (protocol, found, transform.id) == (ESP, spi, IMPOSSIBLE.id)


def test_the_answer_to_a_probe_is_read_with_its_spi() -> None:
    ours, theirs = standing()
    _, answer = ours.take(theirs.informing(no_proposal(b"spi1")))
    assert answer is not None
    assert (answer.said.type, answer.said.spi) == (NO_PROPOSAL_CHOSEN, b"spi1")


def test_an_answer_that_is_altered_or_another_keys_is_none() -> None:
    ours, theirs = standing()
    whole = bytearray(theirs.informing(no_proposal(b"spi1")))
    whole[-1] ^= 1
    with pytest.raises(Malformed):
        ours.take(bytes(whole))
    with pytest.raises(Malformed, match="not authentic"):
        ours.take(theirs.informing(no_proposal(b"spi1"), secret=b"another"))
    clear = message(Header(*ours.cookies, Type.NOTIFICATION, Exchange.INFORMATIONAL, 0, 7), chain([no_proposal(b"")]))
    with pytest.raises(Malformed, match="in the clear"):
        ours.take(clear)
    assert ours.state == "standing"


def test_a_quick_mode_that_is_not_authentic_gives_no_keys() -> None:
    ours, theirs = new(), Responder()
    [second], _ = ours.take(theirs.first(ours.begin()))
    [third], _ = ours.take(theirs.second(second))
    [quick], _ = ours.take(theirs.third(third))
    theirs.a = b"another"
    with pytest.raises((Malformed, AssertionError)):
        ours.take(theirs.quick(quick))
    assert ours.state == "quick"


def test_an_end_that_does_not_know_the_secret_is_refused() -> None:
    ours, theirs = new(), Responder()
    [second], _ = ours.take(theirs.first(ours.begin()))
    [third], _ = ours.take(theirs.second(second))
    theirs.skeyid = b"another"
    identity = address(socket.inet_aton(THERE))
    false = chain([identity, Payload(Type.HASH, sha(b"another", b"whatever"))])
    body = encrypted(theirs.key, parsed(third)[1][-16:], false)
    with pytest.raises(Refused, match="does not know the pre-shared key"):
        ours.take(message(Header(*ours.cookies, Type.ID, Exchange.MAIN, ENCRYPTED, 0), body))


def test_both_associations_are_deleted() -> None:
    ours, theirs = standing()
    esp, isakmp = (theirs.proposal(data)[1][0] for data in ours.deletes())
    assert (esp.type, esp.body[4], esp.body[8:]) == (Type.DELETE, ESP, ours.spis[0])
    assert (isakmp.type, isakmp.body[4], isakmp.body[8:]) == (Type.DELETE, ISAKMP, b"".join(ours.cookies))


def test_noise_and_messages_of_others_change_nothing() -> None:
    ours, _ = standing()
    other, _ = standing()
    for noise in (b"", b"noise", bytes(40), other.probe(b"spi1")):
        with pytest.raises(Malformed):
            ours.take(noise)
    assert ours.state == "standing"

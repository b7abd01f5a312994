"""ISAKMP's bytes: what goes in comes out, and what is cut short or nonsense is refused in words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.peers.ipsec.isakmp import (
    ESP,
    ISAKMP,
    NO_PROPOSAL_CHOSEN,
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

HEADER = Header(b"initiate", b"responds", Type.SA, Exchange.MAIN, 0, 0)


def test_a_header_is_as_the_standard_draws_it() -> None:
    data = message(HEADER._replace(exchange=Exchange.QUICK, flags=1, mid=0x01020304), b"body")
    assert data.hex() == "696e697469617465726573706f6e6473011020010102030400000020626f6479"
    assert parsed(data) == (Header(b"initiate", b"responds", 1, 32, 1, 0x01020304), b"body")


def test_a_proposal_is_as_the_standard_draws_it() -> None:
    sa = association(ESP, b"\xc0\xff\xee\x00", (Transform(20, ((4, 3), (6, 128))), Transform(12, ((2, 70_000),))))
    assert sa.body.hex() == (
        "0000000100000001"  # the DOI of IPsec, identity only
        "0000002c01030402c0ffee00"  # one proposal of ESP with its SPI and two transforms
        "03000010011400008004000380060080"  # AES-GCM within UDP, 128 bits
        "00000010020c00000002000400011170"  # an attribute that does not fit in two bytes
    )  # fmt: skip


def test_the_proposal_that_was_accepted() -> None:
    transform = Transform(1, ((1, 7), (14, 128), (12, 100_000)))
    protocol, spi, found = accepted(association(ISAKMP, b"", (transform,)))
    assert (protocol, spi, found.id, tuple(found.attributes)) == (ISAKMP, b"", 1, transform.attributes)
    with pytest.raises(Malformed, match="2 transforms"):
        accepted(association(ISAKMP, b"", (transform, transform)))


def test_identities_and_deletes() -> None:
    assert address(b"\x0a\x4e\0\x01").body.hex() == "010000000a4e0001"
    assert delete(ESP, b"\xc0\xff\xee\0").body.hex() == "0000000103040001c0ffee00"


def test_a_notification_is_read() -> None:
    said = Payload(Type.NOTIFICATION, bytes.fromhex("000000010304000ec0ffee00dead"))
    assert notification(said) == Notification(ESP, NO_PROPOSAL_CHOSEN, b"\xc0\xff\xee\0", b"\xde\xad")
    with pytest.raises(Malformed, match="3 bytes"):
        notification(Payload(Type.NOTIFICATION, b"abc"))


@given(st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=40)), min_size=1, max_size=6), st.binary(max_size=15))
def test_a_chain_comes_out_as_it_went_in_whatever_pads_it(payloads: list[tuple[int, bytes]], padding: bytes) -> None:
    whole = [Payload(*one) for one in payloads]
    assert unchained(whole[0].type, chain(whole) + padding) == whole


@given(st.integers(0, 255), st.binary(max_size=80))
def test_noise_is_malformed_or_a_chain_and_nothing_else(first: int, noise: bytes) -> None:
    try:
        payloads = unchained(first, noise)
    except Malformed:
        return
    assert sum(4 + len(p.body) for p in payloads) <= len(noise)


@given(st.binary(max_size=80))
def test_noise_is_no_message_and_no_proposal(noise: bytes) -> None:
    for read in (parsed, lambda data: accepted(Payload(Type.SA, data))):
        with suppress(Malformed):
            read(noise)


def test_a_message_that_is_cut_short_says_so() -> None:
    whole = message(HEADER, chain([Payload(Type.SA, b"abcd")]))
    with pytest.raises(Malformed, match="no header"):
        parsed(whole[:20])
    with pytest.raises(Malformed, match="length 36, of 35 bytes"):
        parsed(whole[:-1])
    with pytest.raises(Malformed, match="8 bytes, and 7 are left"):
        unchained(Type.SA, whole[28:-1])

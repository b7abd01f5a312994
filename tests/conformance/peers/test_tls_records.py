"""TLS 1.3's records and keys: no network, no clock."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography")

from rekeyspec.conformance.peers.tls import records

SECRET = bytes.fromhex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5")
"""RFC 8448, section 3: client_application_traffic_secret_0."""


def test_what_one_end_seals_the_other_opens_in_order() -> None:
    ours, theirs = records.Traffic(SECRET), records.Traffic(SECRET)
    raw = ours.seal(records.DATA, b"one") + ours.seal(records.ALERT, b"\1\0")
    opened = [theirs.open(record) for record in records.Records().feed(raw)]
    assert opened == [(records.DATA, b"one"), (records.ALERT, b"\1\0")]


def test_a_record_of_rfc_8448() -> None:
    """Section 3, client's application data: the fifty bytes 00 to 31."""
    begins = (
        "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b39"
        "5bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4"
    )
    [record] = records.Records().feed(bytes.fromhex(begins))
    assert records.Traffic(SECRET).open(record) == (records.DATA, bytes(range(0x32)))


def test_after_a_key_update_the_old_key_opens_nothing() -> None:
    ours, theirs = records.Traffic(SECRET), records.Traffic(SECRET)
    ours.update()
    [record] = records.Records().feed(ours.seal(records.DATA, b"new"))
    assert theirs.open(record) is None
    theirs.update()
    assert theirs.open(record) == (records.DATA, b"new")
    assert theirs.generation == 2


def test_a_record_that_cannot_be_opened_changes_nothing() -> None:
    ours, theirs = records.Traffic(SECRET), records.Traffic(SECRET)
    [record] = records.Records().feed(ours.seal(records.DATA, b"x"))
    assert theirs.open(record[:-1] + bytes((record[-1] ^ 1,))) is None
    assert theirs.open(record) == (records.DATA, b"x")


def test_records_come_whole_however_bytes_come() -> None:
    raw = records.Traffic(SECRET).seal(records.DATA, bytes(40_000))
    reader = records.Records()
    found = [record for byte in raw for record in reader.feed(bytes((byte,)))]
    assert b"".join(found) == raw
    assert len(found) == 3


def test_the_message_of_a_key_update() -> None:
    assert records.key_update(requested=True) == b"\x18\0\0\1\1"
    assert records.key_update(requested=False)[-1] == 0

"""Sealing: vectors, and whatever is altered, replayed or under another key does not open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.reference.wire.frames import Frame, Frames
from rekeyspec.reference.wire.seal import CIPHERS, Opener, Sealer, Spent

SECRET = bytes(range(32))
"""Of no link: the vectors of docs/wire.md are made with it."""


def sealer(name: str = "AES-128-GCM", epoch: int = 1) -> Sealer:
    return Sealer(CIPHERS[name], SECRET, epoch, "data", "client")


def opener(name: str = "AES-128-GCM") -> Opener:
    return Opener(CIPHERS[name], SECRET, "data", "client")


def framed(data: bytes) -> Frame:
    (one,) = Frames().feed(data)
    return one


@pytest.mark.parametrize("name", CIPHERS)
def test_what_is_sealed_opens_once_and_in_order(name: str) -> None:
    ours, theirs = sealer(name), opener(name)
    frames = [framed(ours.seal(bytes([n]) * n)) for n in range(3)]
    assert [theirs.open(one) for one in frames] == [b"", b"\1", b"\2\2"]
    assert [theirs.open(one) for one in frames] == [None, None, None]


def test_what_was_left_out_is_counted() -> None:
    ours, theirs = sealer(), opener()
    frames = [framed(ours.seal(b"")) for _ in range(4)]
    assert (theirs.open(frames[0]), theirs.missing) == (b"", 0)
    assert (theirs.open(frames[3]), theirs.missing) == (b"", 2)


@given(st.integers(0, 18 + 5 + 16 - 1), st.integers(1, 255))
def test_nothing_that_is_altered_opens(at: int, by: int) -> None:
    data = bytearray(sealer().seal(b"hello"))
    data[at] ^= by
    one = Frame(True, "data", 1, int.from_bytes(data[6:14], "big"), bytes(data[:18]), bytes(data[18:]))
    theirs = opener()
    assert theirs.open(one) is None
    assert theirs.open(framed(sealer().seal(b"hello"))) == b"hello"


@pytest.mark.parametrize(
    "other",
    [
        Opener(CIPHERS["AES-128-GCM"], SECRET, "data", "server"),
        Opener(CIPHERS["AES-128-GCM"], SECRET, "control", "client"),
        Opener(CIPHERS["AES-128-GCM"], bytes(32), "data", "client"),
    ],
    ids=["direction", "channel", "secret"],
)
def test_each_key_is_of_one_direction_one_channel_and_one_secret(other: Opener) -> None:
    assert other.open(framed(sealer().seal(b"hello"))) is None


def test_no_number_is_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekeyspec.reference.wire.seal._RECORDS", 2)
    ours = sealer()
    assert ours.seal(b"")[6:14] != ours.seal(b"")[6:14]
    with pytest.raises(Spent, match="2 records under the key of epoch 1"):
        ours.seal(b"")

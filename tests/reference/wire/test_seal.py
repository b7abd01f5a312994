"""Sealing: vectors, and whatever is altered, replayed or under another key does not open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.reference.vocabulary import Channel
from rekeyspec.reference.wire.frames import PIECE, Frame, Frames
from rekeyspec.reference.wire.seal import CIPHERS, Opener, Sealer, Spent, schedule

SECRET = bytes(range(32))
CHANNELS: tuple[Channel, ...] = ("control", "data")
"""Of no link: the vectors of docs/wire.md are made with it."""


def sealer(name: str = "AES-128-GCM", epoch: int = 1) -> Sealer:
    return Sealer(schedule(CIPHERS[name], SECRET, CHANNELS)[1]["client"], epoch, "data")


def opener(name: str = "AES-128-GCM") -> Opener:
    return Opener(schedule(CIPHERS[name], SECRET, CHANNELS)[1]["client"])


def sealed(ours: Sealer, inside: bytes) -> bytes:
    return b"".join(ours.seal(inside))


def framed(data: bytes) -> Frame:
    (one,) = Frames().feed(data)
    return one


@pytest.mark.parametrize("name", CIPHERS)
def test_what_is_sealed_opens_once_and_in_order(name: str) -> None:
    ours, theirs = sealer(name), opener(name)
    frames = [framed(sealed(ours, bytes([n]) * n)) for n in range(3)]
    assert [theirs.open(one) for one in frames] == [b"", b"\1", b"\2\2"]
    assert [theirs.open(one) for one in frames] == [None, None, None]


def test_what_was_left_out_is_counted() -> None:
    ours, theirs = sealer(), opener()
    frames = [framed(sealed(ours, b"")) for _ in range(4)]
    assert (theirs.open(frames[0]), theirs.missing) == (b"", 0)
    assert (theirs.open(frames[3]), theirs.missing) == (b"", 2)


@given(st.integers(0, 18 + 5 + 16 - 1), st.integers(1, 255))
def test_nothing_that_is_altered_opens(at: int, by: int) -> None:
    data = bytearray(sealed(sealer(), b"hello"))
    data[at] ^= by
    one = Frame(1, "data", 1, int.from_bytes(data[6:14], "big"), bytes(data[:18]), bytes(data[18:]))
    theirs = opener()
    assert theirs.open(one) is None
    assert theirs.open(framed(sealed(sealer(), b"hello"))) == b"hello"


@pytest.mark.parametrize(
    "other",
    [
        Opener(schedule(CIPHERS["AES-128-GCM"], SECRET, CHANNELS)[1]["server"]),
        Opener(schedule(CIPHERS["AES-128-GCM"], SECRET, CHANNELS)[0]["client"]),
        Opener(schedule(CIPHERS["AES-128-GCM"], bytes(32), CHANNELS)[1]["client"]),
    ],
    ids=["direction", "channel", "secret"],
)
def test_each_key_is_of_one_direction_one_channel_and_one_secret(other: Opener) -> None:
    assert other.open(framed(sealed(sealer(), b"hello"))) is None


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
@pytest.mark.parametrize("most", [1, 2 * PIECE, 1 << 20])
def test_what_is_longer_than_a_frame_is_sealed_when_it_is_asked_for(size: int, most: int) -> None:
    data, ours, theirs = bytes(n % 251 for n in range(size)), sealer(), opener()
    first, rest = sealed(ours, data[:PIECE]), ours.seal_rest(data)
    last = sealed(ours, b"after")
    pieces: list[bytes] = []
    while taken := rest.take(most, more := []):
        assert taken == len(b"".join(more))
        pieces += more
    frames = [framed(first), *Frames().feed(b"".join(pieces)), framed(last)]
    assert [one.form for one in frames] == [1, *[2] * ((size - 1) // PIECE), 1]
    assert b"".join(theirs.open(one) or b"" for one in frames) == data + b"after"


def test_what_should_come_next_is_opened_at_once_and_nothing_else() -> None:
    data, ours = bytes(5 * PIECE), sealer()
    first, rest = sealed(ours, data[:PIECE]), ours.seal_rest(data)
    rest.take(len(data), pieces := [])
    whole = first + b"".join(pieces)
    for flip, opened in ((0, 4), (len(first) + 3, 0), (len(first) + 2 * (PIECE + 34) + 99, 2)):
        bad, theirs, frames, found = bytearray(whole), opener(), Frames(), list[bytes]()
        bad[flip] ^= 1 if flip else 0
        frames.add(bytes(bad))
        start = frames.next()
        assert start is not None
        assert theirs.open(start) == data[:PIECE]
        missing = theirs.open_rest((1, "data"), frames, 4 * PIECE, found)
        assert (len(found), missing) == (opened, (4 - opened) * PIECE)
        left = [theirs.open(one) for one in iter(frames.next, None)]
        assert left[:1] == ([None] if opened < 4 else [])


def test_no_number_is_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekeyspec.reference.wire.seal._RECORDS", 2)
    ours = sealer()
    assert sealed(ours, b"")[6:14] != sealed(ours, b"")[6:14]
    with pytest.raises(Spent, match="2 records under the key of epoch 1"):
        ours.seal(b"")

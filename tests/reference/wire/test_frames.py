"""Frames: what is written is read, in pieces of any size, and what is none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.reference.vocabulary import KINDS, Message
from rekeyspec.reference.wire.frames import BODY, HEADER, LONGEST, Frames, Malformed, body, header, said

START = Message("start", 2, negotiation="s2", session="c1", bytes=1000, channel="control")


def frame(m: Message, payload: bytes = b"", *, sealed: bool = False) -> bytes:
    """A frame that is not sealed, whatever it says."""
    inside = body(m.kind, m, payload)
    return header(sealed, m.channel, m.epoch, 7, len(inside)) + inside


def test_a_start_has_the_bytes_that_the_description_gives() -> None:
    head = "00 01 00000002 0000000000000007 00000021"
    inside = "02 00000002 0000000000000000 00000000000003e8 02 00000002 01 00000001 6869"
    assert frame(START, b"hi") == bytes.fromhex(head + inside)
    assert (HEADER.size, BODY.size) == (18, 31)


@given(st.sampled_from(KINDS), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(max_size=99))
def test_what_is_written_is_read(kind: str, epoch: int, number: int, payload: bytes) -> None:
    m = Message(kind, epoch, number, sealed_by="nobody")  # type: ignore[arg-type]
    (read,) = Frames().feed(frame(m, payload))
    assert (read.form, read.channel, read.epoch, read.number) == (0, "single", epoch, 7)
    assert said(read, read.body) == (kind, m, payload)


@given(st.lists(st.binary(max_size=300), max_size=5), st.data())
def test_pieces_of_any_size_make_the_same_frames(payloads: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(frame(START, one) for one in payloads)
    frames, found = Frames(), []
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        found += frames.feed(whole[:size])
        whole = whole[size:]
    assert [one.body[BODY.size :] for one in found] == payloads


@pytest.mark.parametrize(
    "bad",
    [b"\3" + bytes(17), b"\1\3" + bytes(16), header(True, "data", 1, 0, LONGEST + 1)],
    ids=["form", "channel", "length"],
)
def test_what_is_no_frame_is_refused_before_it_is_held(bad: bytes) -> None:
    frames = Frames()
    assert len(list(frames.feed(frame(START)))) == 1
    with pytest.raises(Malformed):
        list(frames.feed(bad))


@pytest.mark.parametrize("inside", [b"", bytes(BODY.size), b"\x0c" + bytes(30), b"\2" + bytes(20) + b"\3" + bytes(9)])
def test_a_body_that_is_not_in_the_form_says_nothing(inside: bytes) -> None:
    (read,) = Frames().feed(header(False, "single", 0, 0, len(inside)) + inside)
    assert said(read, read.body) is None

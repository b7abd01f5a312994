"""docs/wire.md is enough to write another end: its vectors are the program's, and so are its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.reference.vocabulary import KINDS, Channel, Message
from rekeyspec.reference.wire.aio import JOIN
from rekeyspec.reference.wire.frames import LONGEST, PIECE, body
from rekeyspec.reference.wire.negotiation import MOST
from rekeyspec.reference.wire.seal import CIPHERS, Sealer, schedule, token

PAGE = (Path(__file__).parents[3] / "docs" / "wire.md").read_text(encoding="utf-8")
SECRET = bytes(range(32))
CHANNELS: tuple[Channel, ...] = ("control", "data")


@pytest.mark.parametrize("name", CIPHERS)
def test_the_vectors_are_what_is_sent(name: str) -> None:
    sealer = Sealer(schedule(CIPHERS[name], SECRET, CHANNELS)[1]["client"], 1, "data")
    for number, payload in ((1, b"hello"), (2, b"")):
        m = Message("data", 1, number, bytes=len(payload), channel="data")
        assert f"`{b''.join(sealer.seal(body('data', m, payload))).hex()}`" in PAGE


def test_the_token_is_the_one_that_is_sent() -> None:
    assert f"`{token(SECRET).hex()}`" in PAGE
    assert f"`{JOIN.decode()}`" in PAGE


def test_the_numbers_are_the_programs() -> None:
    for number in (LONGEST, PIECE, MOST):
        assert f"{number:,}" in PAGE
    kinds = ", ".join(f"{code} {kind}" for code, kind in enumerate((*KINDS, "handshake"), 1))
    assert kinds in PAGE

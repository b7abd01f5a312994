from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.report.measure import shortened, width, wrapped

texts = st.text(st.characters(codec="utf-8"), max_size=60)


def test_letters_have_their_own_widths() -> None:
    assert width("iiii", 10) < width("mmmm", 10) < width("mmmm", 10, bold=True)
    assert width("", 10) == 0
    assert width("a\u0301", 10) == width("a", 10)
    assert width("字", 10) > 10


@given(texts, st.integers(20, 300))
def test_what_is_shortened_fits_and_is_a_beginning(text: str, room: int) -> None:
    short = shortened(text, room, 12)
    assert width(short, 12) <= room
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(texts, st.integers(20, 300))
def test_lines_fit_and_lose_nothing(text: str, room: int) -> None:
    lines = wrapped(text, room, 12, bold=True)
    assert all(width(line, 12, bold=True) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_nothing_is_no_line(text: str) -> None:
    assert wrapped(text, 100, 12) == []

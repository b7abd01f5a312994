"""The soak in small: what comes is what was sent, and what is lost, doubled or kept is noticed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from rekeyspec.reference.wire.aio import Wire
from rekeyspec.tools import soak
from rekeyspec.tools.soak import Soak


def soaked() -> Soak:
    one = Soak(5, 2000, 1, pauses=(0.0,))
    asyncio.run(asyncio.wait_for(one.run(), 120))
    return one


def test_nothing_goes_wrong() -> None:
    one = soaked()
    assert one.verdict() == []
    assert one.came == 2000
    assert sum(wire.link.counters.renewals for wire in one.wires) >= 15


@pytest.mark.parametrize("times", [0, 2], ids=["lost", "doubled"])
def test_what_is_lost_or_doubled_is_noticed(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    received = Wire.received

    async def changed(wire: Wire) -> AsyncIterator[bytes]:
        at = 0
        async for data in received(wire):
            at += 1
            for _ in range(times if at == 100 else 1):
                yield data

    monkeypatch.setattr(Wire, "received", changed)
    wrong = soaked().verdict()
    assert len(wrong) > 1
    assert "came, and 99 was due" in wrong[0] if times == 0 else "/99 came, and 100 was due" in wrong[0]


def test_memory_that_grows_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([10, 20, 30, 40, 100, 101, 102, 103, 104, 105])
    monkeypatch.setattr(soak, "resident", lambda: float(next(sizes)))
    assert soaked().verdict() == []
    sizes = iter([100, 100, 100, 100, 100, 101, 102, 103, 104, 106])
    assert soaked().verdict() == ["memory grew by 6% since half of the messages had come"]


@pytest.mark.parametrize("words", [["--links", "0"], ["--links", "9", "--messages", "8"]])
def test_what_cannot_be_run_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["soak", *words])
    with pytest.raises(SystemExit, match="2"):
        soak.main()
    assert "at least one link, and a message for each" in capsys.readouterr().err

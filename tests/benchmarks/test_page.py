"""docs/costs.md: every table of it comes from a run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rekeyspec.benchmarks import page
from rekeyspec.benchmarks.results import Results
from rekeyspec.conformance.target import BadInput

TEXT = page.PAGE.read_text(encoding="utf-8")


def test_every_table_has_its_place_and_is_filled() -> None:
    found = {match["name"]: match[0] for match in page.MARK.finditer(TEXT)}
    assert set(found) == set(page.BLOCKS)
    for name, block in found.items():
        assert block.count("\n") > 4, f"{name} is empty: make the page (`python -m rekeyspec.benchmarks.page DIR`)"


def test_every_figure_is_there() -> None:
    for name in page.FIGURES:
        assert f"(costs/{name}.png)" in TEXT
        assert (page.PAGE.parent / "costs" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_table_is_replaced_and_nothing_else() -> None:
    fleet = page.Document("fleet", 1, "2026-01-01", True, {}, {}, {}, [], {"storms": [
        {"storm": "restart", "jitter_s": 10, "cut_s": None, "sessions": "lost", "negotiations": 1234567,
         "peak_per_second": 99, "cores_for_peak": 0.123456, "drained_ms": None, "wait_p99_ms": 1500, "gave_up": 0},
    ]})  # fmt: skip
    text = "before\n<!-- storms -->\nold\n<!-- end -->\nafter\n"
    filled = page.filled(text, {"fleet": fleet})
    assert "| restart, 10 s | lost | 1,234,567 | 99 | 0.123 | never | 1.5 | 0 |" in filled
    assert "old" not in filled
    assert re.fullmatch(r"before\n.*\nafter\n", filled, re.DOTALL)
    assert page.filled(filled, {"fleet": fleet}) == filled


def test_a_mark_without_a_table_is_said() -> None:
    with pytest.raises(BadInput, match="read the mark 'stroms'"):
        page.filled("<!-- stroms -->\n<!-- end -->", {})


def test_a_run_that_is_not_there_or_not_whole_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="bench cost"):
        page.read(tmp_path)
    for name in page.FIGURES:
        Results(name, {}, complete=name != "fleet").write(tmp_path)
    with pytest.raises(BadInput, match=r"fleet\.json: the run was interrupted"):
        page.read(tmp_path)

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.report.reading import CAP, stored
from rekeyspec.conformance.target import BadInput

VERDICT = {
    "target": "mine", "profile": "timed", "rule": "HB-1", "verdict": "violates", "reason": "no", "trace": "idle",
    "step": 3, "detail": "", "replay": "", "weakness": "",
}  # fmt: skip
FIRST: dict[str, Any] = {"schema": 1, "tool": "0.1.0", "policies": {}, "changes": {}, "verdicts": [VERDICT]}
"""A report as version 1 wrote it."""


def written(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "report.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_what_is_written_is_read_back(report: Report, tmp_path: Path) -> None:
    read = stored(written(tmp_path, as_json(report)))
    assert list(read.verdicts.values()) == list(report.verdicts)
    assert read.targets == report.targets
    assert read.tool == report.tool


def test_a_name_that_is_no_utf_8_is_read_back_as_it_is_shown(report: Report, tmp_path: Path) -> None:
    odd = [replace(verdict, target="exec:\udcff") for verdict in report.verdicts[:1]]
    assert stored(written(tmp_path, as_json(Report(odd, [], {}, "0")))).targets == ["exec:\\udcff"]


def test_the_first_version_is_read_too(tmp_path: Path) -> None:
    read = stored(written(tmp_path, FIRST))
    (verdict,) = read.verdicts.values()
    assert (verdict.rule, verdict.verdict, verdict.step) == ("HB-1", "violates", 3)
    older = {name: value for name, value in VERDICT.items() if name != "weakness"}
    assert stored(written(tmp_path, FIRST | {"verdicts": [older]})).verdicts == read.verdicts


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "no report"),
        ("not json", "no report"),
        ("[1]", "no report"),
        ("{}", "no report"),
        ('{"schema": "2"}', "no report"),
        ('{"schema": 2, "x": ' + "[" * 100_000, "no report"),
        (FIRST | {"schema": 4}, "schema 4, expected schema 1 or 2 or 3; take the rekeyspec that wrote it"),
        (FIRST | {"schema": 0}, "schema 0"),
        (FIRST | {"verdicts": None}, r"\$\.verdicts"),
        (FIRST | {"verdicts": [VERDICT | {"verdict": "fine"}]}, r"fine.*\$\.verdicts\[0\]\.verdict"),
        (FIRST | {"verdicts": [{"rule": "HB-1"}]}, "target"),
        (FIRST | {"verdicts": [VERDICT | {"step": -1}]}, "step"),
        (FIRST | {"verdicts": [VERDICT, VERDICT]}, "two verdicts on HB-1 of mine under timed"),
        ({"schema": 2}, "tool"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_report_is_one_message(document: object, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, document)
    with pytest.raises(BadInput, match=said) as why:
        stored(path)
    assert str(path) in str(why.value)
    assert "expected" in str(why.value)
    assert "\n" not in str(why.value)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="correct the path"):
        stored(tmp_path / "none.json")
    with pytest.raises(BadInput, match="correct the path"):
        stored(Path("a\0b"))
    with pytest.raises(BadInput, match="a directory"):
        stored(tmp_path)
    large = tmp_path / "large.json"
    large.touch()
    os.truncate(large, CAP + 1)
    with pytest.raises(BadInput, match=f"{CAP + 1} bytes"):
        stored(large)
    (tmp_path / "raw.json").write_bytes(b'{"schema": 2, "tool": "\xff"}')
    with pytest.raises(BadInput, match=r"raw\.json: read .*utf-8"):
        stored(tmp_path / "raw.json")

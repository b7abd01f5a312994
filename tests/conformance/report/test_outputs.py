from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.outputs import Outputs
from rekeyspec.conformance.target import BadInput


def test_every_form_goes_to_its_place(report: Report, tmp_path: Path) -> None:
    names = {"json": "a/r.json", "junit": "r.xml", "html": "r.html", "markdown": "r.md", "badge": "r.svg"}
    outputs = Outputs(**{form: tmp_path / name for form, name in names.items()}, badges=tmp_path / "badges")
    outputs.check()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    outputs.write(report)
    begins = {"json": "{", "junit": "<?xml", "html": "<!doctype", "markdown": "## ", "badge": "<svg"}
    for form, name in names.items():
        assert (tmp_path / name).read_text().startswith(begins[form])
    assert json.loads((tmp_path / "a/r.json").read_text())["schema"] == 3
    assert len(list((tmp_path / "badges").glob("*.svg"))) == len({(v.target, v.profile) for v in report.verdicts})


def test_without_places_nothing_is_written(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Outputs().check()
    Outputs().write(report)
    assert list(tmp_path.iterdir()) == []


def test_one_badge_is_of_one_target(tmp_path: Path) -> None:
    outputs = Outputs(badge=tmp_path / "sub" / "b.svg")
    with pytest.raises(BadInput, match=r"read 2 targets, expected one.*--badges DIR"):
        outputs.check(2)
    assert list(tmp_path.iterdir()) == []
    outputs.check(1)


def test_two_forms_do_not_go_to_one_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"r\.out: read two forms for this file, expected one"):
        Outputs(json=tmp_path / "r.out", html=tmp_path / "sub" / ".." / "r.out").check()
    Outputs(json=Path(os.devnull), html=Path(os.devnull)).check()


def test_badges_want_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"file: .*directory; give another path"):
        Outputs(badges=tmp_path / "file").check()
    with pytest.raises(BadInput, match="give another path"):
        Outputs(badges=tmp_path / "file" / "below").check()
    Outputs(badges=tmp_path / "new" / "badges").check()
    assert list((tmp_path / "new" / "badges").iterdir()) == []

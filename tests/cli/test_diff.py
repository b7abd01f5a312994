"""`rekeyspec diff`, and the outputs of `check` that it reads: exit codes, one message for each wrong word."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.conformance.rulebook import rules

VERDICT = {
    "target": "mine", "profile": "timed", "rule": "HB-1", "verdict": "conforms", "reason": "", "trace": "idle",
    "step": 0, "detail": "", "replay": "", "weakness": "",
}  # fmt: skip


def run(*words: str | Path, cwd: Path | None = None) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "rekeyspec", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    return done.returncode, done.stdout, done.stderr


def written(path: Path, **changes: Any) -> Path:
    document = {"schema": 1, "tool": "0.1.0", "policies": {}, "changes": {}, "verdicts": [VERDICT | changes]}
    path.write_text(json.dumps(document))
    return path


def test_what_got_worse_is_exit_1_and_what_did_not_is_0(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "good.json"), written(tmp_path / "bad.json", verdict="violates", reason="too late")
    code, out, err = run("diff", good, bad)
    assert (code, err) == (1, "")
    assert out.splitlines()[:4] == [
        "got worse (1)",
        "  mine",
        "    HB-1     conforms -> violates, under timed",
        "      too late",
    ]
    assert run("diff", bad, good)[0] == 0
    code, out, _ = run("diff", good, good)
    assert (code, out) == (0, "0 worse, 0 better, 0 new, 0 gone, 0 for another reason, 1 as before\n")


def test_for_programs_it_is_written_to_a_file_or_to_the_standard_output(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "good.json"), written(tmp_path / "bad.json", verdict="broken")
    code, out, _ = run("diff", good, bad, "--json", tmp_path / "d" / "diff.json")
    assert code == 1
    assert "got worse" in out
    document = json.loads((tmp_path / "d" / "diff.json").read_text())
    assert document["counts"]["worse"] == 1
    code, out, _ = run("diff", good, bad, "--json", "-")
    assert code == 1
    assert json.loads(out) == document


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("none.json", "good.json", "none.json: read nothing"),
        ("good.json", "text.json", "text.json: read no report"),
        ("good.json", "later.json", "schema 99, expected schema 1 or 2"),
        (".", "good.json", "a directory"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(old: str, new: str, said: str, tmp_path: Path) -> None:
    written(tmp_path / "good.json")
    (tmp_path / "text.json").write_text("verdicts")
    (tmp_path / "later.json").write_text('{"schema": 99}')
    code, out, err = run("diff", old, new, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_printed(tmp_path: Path) -> None:
    good = written(tmp_path / "good.json")
    code, out, err = run("diff", good, good, "--json", tmp_path)
    assert (code, out) == (2, "")
    assert "it is a directory" in err


def test_two_checks_of_one_target_are_compared(tmp_path: Path) -> None:
    words = ("check", "reference", "--profile", "key-based", "--json")
    assert run(*words, tmp_path / "old.json")[0] == 0
    assert run(*words, tmp_path / "new.json", "--coverage")[0] == 0
    assert (tmp_path / "old.json").read_text().startswith('{\n"schema": 3,')
    code, out, err = run("diff", tmp_path / "old.json", tmp_path / "new.json")
    assert (code, err) == (0, "")
    assert out.startswith("0 worse, 0 better, 0 new, 0 gone, 0 for another reason, ")
    (covered,) = json.loads((tmp_path / "new.json").read_text())["coverage"]
    assert covered["target"] == "reference"
    assert covered["of"]["rules"] == len(rules())


def test_check_writes_a_summary_and_badges(tmp_path: Path) -> None:
    summary, one, badges = tmp_path / "s.md", tmp_path / "one.svg", tmp_path / "badges"
    words = ("check", "reference", "--profile", "key-based")
    code, _, err = run(*words, "--markdown", summary, "--badge", one, "--badges", badges)
    assert code == 0, err
    assert summary.read_text().startswith("## rekeyspec: No violation\n")
    assert "rekeyspec key-based: " in one.read_text()
    assert [path.name for path in badges.iterdir()] == ["reference-key-based.svg"]
    code, _, err = run("check", "reference", "exec:true", "--badge", one)
    assert code == 2
    assert "read 2 targets, expected one" in err

"""The runner: a short run with atheris, what it says of findings and of bad input."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from fuzz import corpus

ROOT = Path(__file__).resolve().parent.parent.parent

needs_atheris = pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not installed: pip install 'rekeyspec[fuzz]'"
)

BROKEN = """
from rekeyspec.reference.wire.link import Link
did = Link._did
def twice(self, e):
    did(self, e)
    if e.do == "Deliver":
        self.news.append(self.news[-1])
Link._did = twice
"""


def fuzz(*arguments: str | Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    paths = [str(path)] if path else []
    known = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, *([known] if known else [])])}
    command = [sys.executable, "-m", "fuzz.run", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)


@needs_atheris
@pytest.mark.parametrize(("harness", "inputs", "share"), [("link", 20_000, 20), ("parsers", 20_000, 10)])
def test_a_short_run_finds_nothing(harness: str, inputs: int, share: int, tmp_path: Path) -> None:
    ran = fuzz("--harness", harness, "--inputs", str(inputs), "--findings", tmp_path, "--quick")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{harness}: {inputs:,} inputs in " in ran.stdout
    assert "; 0 findings" in ran.stdout
    assert float(ran.stdout.splitlines()[1].partition("%")[0]) >= share
    assert list(tmp_path.iterdir()) == []


@needs_atheris
def test_a_finding_is_stored_and_its_story_told(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN, encoding="ascii")
    findings = tmp_path / "findings"
    ran = fuzz("--inputs", "20000", "--findings", findings, path=tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    (found,) = findings.iterdir()
    assert f"python -m fuzz.run --harness link --replay {found}" in ran.stdout.splitlines()[-1]
    told = fuzz("--replay", found, path=tmp_path)
    assert told.returncode == 1
    assert "delivered" in told.stdout
    assert fuzz("--replay", found).returncode == 0  # the link as it is has no such fault


def test_a_story_is_told_in_words(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_bytes(bytes([0, 1, 1, 2, 0]))
    told = fuzz("--replay", one)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[1:] == [
        "stage established",
        "0 ms [c1 s1] the client offers 1 ",
        "0 ms [c1 s1] all arrives",
        "nothing is wrong with it",
    ]


@pytest.mark.parametrize("arguments", [("--harness", "what"), ("--inputs", "-1"), ("--inputs", "many")])
def test_bad_arguments_are_bad_input(arguments: tuple[str, ...]) -> None:
    ran = fuzz(*arguments)
    assert ran.returncode == 2
    assert ran.stdout == ""


def test_what_is_no_corpus_is_bad_input(tmp_path: Path) -> None:
    bad = tmp_path / "bad.hex"
    bad.write_text("00\nxyz\n", encoding="ascii")
    for given in (("--corpus", bad), ("--corpus", tmp_path / "none"), ("--replay", tmp_path / "none")):
        ran = fuzz(*given)
        assert ran.returncode == 2, given
        assert len(ran.stderr.splitlines()) == 1
    assert f"{bad}:2: read 'xyz', expected an input in hex; correct the line" in fuzz("--corpus", bad).stderr


def test_what_is_kept_can_be_read_again(tmp_path: Path) -> None:
    corpus.write(tmp_path / "kept" / "some.hex", [b"\x02\x03", b"\x01", b"\x01"])
    assert corpus.read(tmp_path / "kept" / "some.hex") == [b"\x01", b"\x02\x03"]

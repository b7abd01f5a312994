"""The command line: exit codes, one message for each wrong word, nothing written half."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rekeyspec import __version__
from rekeyspec.conformance.rulebook import rules

REKEYSPEC = [sys.executable, "-m", "rekeyspec"]


def run(*words: str | Path, cwd: Path | None = None) -> tuple[int, str, str]:
    done = subprocess.run([*REKEYSPEC, *map(str, words)], capture_output=True, text=True, cwd=cwd, check=False)
    return done.returncode, done.stdout, done.stderr


def test_help_and_version_say_what_there_is() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in ("rules", "traces", "check", "replay", "model"):
        assert command in out
    assert run("--version") == (0, f"rekeyspec {__version__}\n", "")


def test_rules_are_listed_and_shown() -> None:
    code, out, _ = run("rules")
    assert code == 0
    assert all(rule in out for rule in rules())
    code, out, _ = run("rules", "IDLE-1")
    assert code == 0
    assert "idle_trigger" in out
    assert "K:C1" in out


def test_check_writes_every_form(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("new/r.json", "r.xml", "r.html")]
    code, out, err = run("check", "reference", "--json", files[0], "--junit", files[1], "--report", files[2])
    assert code == 0, err
    assert "conforms" in out
    assert "reference" in err, "progress goes to stderr"
    written = json.loads(files[0].read_text())
    assert written["schema"] == 3
    fields = {"target", "profile", "rule", "verdict", "reason", "trace", "step", "detail", "replay", "weakness"}
    assert set(written["verdicts"][0]) == fields
    assert ET.parse(files[1]).getroot().tag == "testsuites"
    assert files[2].read_text().startswith("<!")


def test_replay_shows_the_story_and_its_end() -> None:
    code, out, _ = run("replay", "idle-then-data", "reference")
    assert code == 0
    assert "SendHeartbeat" in out
    assert "conforms" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rules", "IDLE-11"], "did you mean IDLE-1"),
        (["check", "refrence"], "reference"),
        (["check", "reference", "--profile", "key-basd"], "did you mean key-based"),
        (["check", "reference", "--profile", "no/such.yaml"], "no/such.yaml"),
        (["check", "peer:nothing"], "peer:asyncssh"),
        (["check", "reference", "--report", "/proc/none/r.html"], "/proc/none/r.html"),
        (["check", "reference", "--json", "."], "directory"),
        (["check", "exec:"], "command"),
        (["check", "exec:/no/such/adapter"], "/no/such/adapter"),
        (["check", "python:nothing"], "MODULE:ATTR"),
        (["replay", "idle-then-dat", "reference"], "did you mean idle-then-data"),
        (["replay", "idle-then-data", "nonsense"], "nonsense"),
        (["traces", "nothing-like-it"], "trace"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_one_message_and_exit_2(words: list[str], said: str, tmp_path: Path) -> None:
    code, _, err = run(*words, cwd=tmp_path)
    lines = [line for line in err.splitlines() if line.startswith("rekeyspec: ")]
    assert code == 2, err
    assert len(lines) == 1, err
    assert said in lines[0]
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir()), "something was left behind"


def test_a_violation_is_exit_1_and_names_its_rule(tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text(
        "class End:\n"
        "    def __init__(self, end, policy): pass\n"
        "    def step(self, event): return {'did': [], 'deadline': None}\n"
    )
    code, out, _ = run("replay", "est-no-data-before-the-key", "python:mute:End", cwd=tmp_path)
    assert code == 1
    assert "violates: EST-4" in out
    assert "due: Start by EST-4" in out

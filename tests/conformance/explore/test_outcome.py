"""`rekeyspec explore`, as it is typed: what it says, what it writes, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rekeyspec.cli import app
from rekeyspec.conformance.explore.outcome import outcome
from rekeyspec.conformance.explore.search import Effort
from rekeyspec.conformance.target import BadInput

ENDS = """
from rekeyspec.conformance.adapters import wire
from rekeyspec.conformance.adapters.protocol import WireEvent
from rekeyspec.conformance.log import row
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Message

class Sound:
    def __init__(self, role, policy):
        self.role, self.engine = role, Engine(Policy(**policy), role)

    def did(self, event):
        return event

    def step(self, e):
        m = Message(**e["message"]) if "message" in e else None
        did, deadline = self.engine.step(Event(e["t"], self.role, e["do"], m, e.get("bytes", 0)))
        said = [{k: v for k, v in row(d).items() if k not in ("t", "end")} for d in did if self.says(d)]
        return {"did": said, "deadline": deadline if deadline < NEVER else None}

    def says(self, action):
        return True

class Deaf(Sound):
    def says(self, action):
        return action.do != "SendReply"

class Crashing(Sound):
    def step(self, e):
        return super().step(e) if e.get("message", {}).get("kind") != "notice" else 1 // 0
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "explored_ends.py").write_text(ENDS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def ran(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["explore", *words], catch_exceptions=False)
    return result.exit_code, result.stdout


def test_where_nothing_is_wrong_it_ends_with_0_and_leaves_nothing(here: Path) -> None:
    code, said = ran("python:explored_ends:Sound", "--examples", "60")
    assert code == 0
    assert "60 interleavings" in said
    assert "seed 0: nothing new failed" in said
    assert not (here / "rekeyspec-found").exists()


def test_a_violation_is_kept_and_ends_with_1(here: Path) -> None:
    code, said = ran("python:explored_ends:Deaf", "--examples", "200", "--json", "out/found.json")
    file = Path("rekeyspec-found/found-hb-3-no-reply-after-heartbeat.yaml")
    assert code == 1
    assert "violates: HB-3" in said
    assert f"again: rekeyspec replay {file} python:explored_ends:Deaf" in said
    data = json.loads((here / "out/found.json").read_text())
    assert [one["rule"] for one in data["failures"]] == ["HB-3"]
    assert data["failures"][0]["trace"] == (here / file).read_text()
    again = CliRunner().invoke(app, ["replay", str(file), "python:explored_ends:Deaf"])
    assert again.exit_code == 1
    assert "violates: HB-3" in again.stdout


def test_the_next_search_tells_what_was_kept_first(here: Path) -> None:
    ran("python:explored_ends:Deaf", "--examples", "200")
    code, said = ran("python:explored_ends:Deaf", "--examples", "40")
    assert code == 1
    assert said.startswith("still fails: rekeyspec-found/found-hb-3-no-reply-after-heartbeat.yaml: HB-3")
    assert "nothing new failed, 1 kept still fails" in said
    code, said = ran("python:explored_ends:Sound", "--examples", "40")
    assert code == 0
    assert said.startswith("fails no more: rekeyspec-found/found-hb-3-no-reply-after-heartbeat.yaml\n")


def test_a_broken_target_ends_with_2(here: Path) -> None:
    code, said = ran("python:explored_ends:Crashing", "--examples", "400", "--save", "kept")
    assert code == 2
    assert "broken: python:explored_ends:Crashing: it raised" in said
    assert [path.name for path in (here / "kept").iterdir()] == ["found-broken-after-notice.yaml"]


def test_the_same_seed_writes_the_same_files(here: Path) -> None:
    for folder in ("one", "other"):
        ran("python:explored_ends:Deaf", "--examples", "200", "--seed", "4", "--save", folder)
    one, other = ({path.name: path.read_text() for path in (here / name).iterdir()} for name in ("one", "other"))
    assert one == other != {}


@pytest.mark.parametrize(
    ("effort", "profile", "expected"),
    [
        (Effort(0), None, "read 0, expected 1 or more"),
        (Effort(5, steps=0), None, "read 0, expected 1 or more"),
        (Effort(5, failures=-1), None, "read -1, expected 1 or more"),
        (Effort(5), "nothing", "read the name 'nothing'"),
    ],
)
def test_what_cannot_be_searched_is_one_message(here: Path, effort: Effort, profile: str | None, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        outcome("reference", effort, profile, None, here / "kept", None)
    assert not (here / "kept").exists()


def test_bad_input_ends_with_2_and_one_line(here: Path) -> None:
    command = [sys.executable, "-m", "rekeyspec", "explore", "reference", "--examples", "0"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--examples" in done.stderr

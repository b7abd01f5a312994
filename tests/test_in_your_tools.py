"""The page for users of other tools: its commands are run as they stand there, but for docker's, of which only what
runs inside the container is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "in-your-tools.md").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PLUGIN = "rekeyspec.conformance.pytest_plugin"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's, with the adapter and the test that the page speaks of; `python` is this one, and the plugin named."""
    shutil.copy(ROOT / "examples" / "adapters" / "link.py", tmp_path / "my_adapter.py")
    (code,) = blocks("python")
    (tmp_path / "test_mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-p {PLUGIN} --strict-markers")
    return tmp_path


def of(program: str) -> list[str]:
    return [command for command in COMMANDS if command.split()[0] == program]


def test_every_command_is_run_here() -> None:
    assert {command.split()[0] for command in COMMANDS} == {"pytest", "rekeyspec", "docker"}
    assert len(of("rekeyspec")) == 1


@pytest.mark.parametrize("command", of("pytest"))
def test_pytest_does_what_the_page_says(folder: Path, command: str) -> None:
    if " -m " in command or " -k " in command:
        (folder / "pytest.ini").write_text(blocks("ini")[0])
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)
    assert ("rekeyspec: exec:python my_adapter.py" in done.stdout) is ("test_mine.py" not in command)


def test_the_page_names_a_test_as_it_is_named(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--rekeyspec-suite=hand"]
    command += ["--rekeyspec-target=exec:python my_adapter.py", "--ignore=test_mine.py", "-k", "idle-then-data"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    named = re.findall(r"`([^`]*\[idle-then-data[^`]*)`", PAGE)
    assert len(named) == 2
    assert all(any(line.endswith(name) for line in listed) for name in named)


def test_watching_goes_round_until_it_is_interrupted(folder: Path) -> None:
    (command,) = of("rekeyspec")
    words = [sys.executable, "-m", *shlex.split(command)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = next((line for line in process.stderr if "waiting for changes" in line), "")
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait() == 0
    assert said


def test_what_runs_in_the_container_runs(folder: Path) -> None:
    build, run = of("docker")
    assert shlex.split(build) == ["docker", "build", "-t", "rekeyspec", "."]
    before, _, inside = run.partition(" rekeyspec check ")
    assert before.startswith("docker run --rm ")
    assert "/judged" in before
    assert "WORKDIR /judged" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    words = [sys.executable, "-m", "rekeyspec", "check", *shlex.split(inside)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "report.html").is_file()


def test_the_job_gives_inputs_that_the_action_has_and_uses_its_outputs() -> None:
    (text,) = blocks("yaml")
    (step,) = [step for step in yaml.safe_load(text) if step["uses"].startswith("OWNER/rekeyspec@")]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert {name for name, one in ACTION["inputs"].items() if one["required"]} <= set(step["with"])
    used = re.findall(rf"steps\.{step['id']}\.outputs\.([\w-]+)", text)
    assert used
    assert set(used) <= set(ACTION["outputs"])


def test_the_page_has_every_input_output_and_option() -> None:
    options = re.findall(
        r'"(--rekeyspec-\w+)"', (ROOT / "conformance" / "pytest_plugin.py").read_text(encoding="utf-8")
    )
    for name in (*ACTION["inputs"], *ACTION["outputs"], *options, "--rekeyspec-target", "--rekeyspec-suite"):
        assert f"`{name}`" in PAGE, name

"""The CI action and the Dockerfile, as far as they can be run without the services that they are for.

Each `run` block is run by bash as a runner does it, its inputs put in, against a checkout of its own. Of the Dockerfile
the COPY and RUN lines are done in a scratch folder, on a virtual environment in place of the image's Python. What this
does not show: that a runner takes the file, that the base image has what is asked of it, and the user made there.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]  # what a runner makes of `shell: bash`

# The keys that the documentation of action metadata has, for a composite action.
TOP = {"name", "author", "description", "inputs", "outputs", "runs", "branding"}
INPUT = {"description", "required", "default", "deprecationMessage"}
STEP = {"run", "shell", "if", "name", "id", "env", "working-directory", "uses", "with", "continue-on-error"}
COLOURS = {"white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"}

PACKED = ("pyproject.toml", "README.md", "LICENSE", "requirements", "src")
FOLDERS = ("benchmarks", "conformance", "reference", "spec", "tools")

needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="this machine has no bash")


def test_the_action_has_only_documented_keys() -> None:
    assert set(ACTION) <= TOP
    assert {"name", "description", "runs"} <= set(ACTION)
    for one in ACTION["inputs"].values():
        assert set(one) <= INPUT
        assert one["description"]
        assert isinstance(one["required"], bool)
        assert one["required"] or isinstance(one["default"], str)
    assert all(set(one) == {"description", "value"} for one in ACTION["outputs"].values())
    assert set(ACTION["runs"]) == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    assert set(ACTION["branding"]) == {"icon", "color"}
    assert ACTION["branding"]["color"] in COLOURS
    for step in STEPS:
        assert set(step) <= STEP
        assert "shell" in step, "a composite action names the shell of every run"


def test_every_expression_names_something_that_is_there() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    steps = {step["id"] for step in STEPS if "id" in step}
    for expression in re.findall(r"\$\{\{\s*(.*?)\s*\}\}", text):
        kind, name, *_ = expression.split(".")
        assert kind in ("inputs", "steps"), expression
        assert name in (ACTION["inputs"] if kind == "inputs" else steps), expression
    written = re.findall(r'echo "([\w-]+)=', STEPS[-1]["run"])
    assert set(written) == set(ACTION["outputs"])


def test_no_input_becomes_text_of_a_script() -> None:
    assert not [step["name"] for step in STEPS if "${{" in step["run"]]


class Ran(NamedTuple):
    """What a step did."""

    code: int
    said: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """A runner's folders and files, and its way to run a step."""

    def __init__(self, place: Path, checkout: Path, temp: Path) -> None:
        self.place, self.checkout, self.temp = place, checkout, temp

    def run(self, number: int, **inputs: str) -> Ran:
        step = STEPS[number]
        (self.place / "step.sh").write_text(step["run"])
        output, summary = self.place / "output", self.place / "summary"
        output.write_text("")
        summary.write_text("")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GITHUB_"))}
        environment |= {name: self.put_in(value, inputs) for name, value in step.get("env", {}).items()}
        environment |= {
            "GITHUB_ACTION_PATH": str(self.checkout),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.temp),
        }
        done = subprocess.run(
            [*BASH, "step.sh"], cwd=self.place, env=environment, capture_output=True, text=True, check=False
        )
        said = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return Ran(done.returncode, done.stdout + done.stderr, said, summary.read_text())

    @staticmethod
    def put_in(text: str, inputs: Mapping[str, str]) -> str:
        def value(found: re.Match[str]) -> str:
            return inputs.get(found[1], ACTION["inputs"][found[1]].get("default", ""))

        return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", value, text)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """One whose install step is done already: with this very Python."""
    made = tmp_path / "temp" / "rekeyspec" / "bin"
    made.mkdir(parents=True)
    (made / "rekeyspec").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m rekeyspec "$@"\n')
    (made / "rekeyspec").chmod(0o755)
    place = tmp_path / "a job"
    place.mkdir()
    return Runner(place, ROOT, tmp_path / "temp")


@needs_bash
def test_judging_writes_summary_reports_and_outputs(runner: Runner) -> None:
    ran = runner.run(1, target="reference", profile="combined")
    assert ran.code == 0, ran.said
    assert ran.outputs == {
        "exit-code": "0",
        "report": "rekeyspec-report/report.html",
        "junit": "rekeyspec-report/junit.xml",
    }
    assert "reference" in ran.summary
    assert "<html" in (runner.place / ran.outputs["report"]).read_text(encoding="utf-8")
    assert ET.parse(runner.place / ran.outputs["junit"]).getroot().tag == "testsuites"


IDLE = """
class End:
    def __init__(self, end, policy): pass
    def step(self, event): return {"did": [], "deadline": None}
"""


@needs_bash
def test_a_violation_fails_the_step_and_is_in_the_summary(runner: Runner) -> None:
    (runner.place / "idle_end.py").write_text(IDLE)
    ran = runner.run(1, target="python:idle_end:End\nreference\n", profile="combined", folder="out of it")
    assert ran.code == 1, ran.said
    assert ran.outputs["exit-code"] == "1"
    assert (runner.place / "out of it" / "report.html").is_file()
    assert "EST-4" in ran.summary


@needs_bash
def test_bad_input_has_no_report_not_even_an_old_one(runner: Runner) -> None:
    assert runner.run(1, target="reference", profile="combined").code == 0
    ran = runner.run(1, target="reference", profile="combine")
    assert ran.code == 2
    assert "did you mean combined?" in ran.said
    assert ran.outputs == {"exit-code": "2"}


@needs_bash
def test_what_is_in_an_input_is_never_run(runner: Runner) -> None:
    evil = "$(touch evil) `touch evil` \"; touch evil; '"
    ran = runner.run(1, target=f"{evil}\n--help", profile=evil, suite=evil, expected="")
    assert ran.code == 2
    assert not (runner.place / "evil").exists()
    assert "Usage" not in ran.said


@needs_bash
def test_suites_are_given_one_by_one(runner: Runner) -> None:
    shown = runner.temp / "rekeyspec" / "bin" / "rekeyspec"
    shown.write_text(f'#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], open("words", "w"))\n')
    ran = runner.run(1, target="exec:'a b' c\n\nreference", suite="hand\nmy tours", expected="known failures")
    assert ran.code == 0
    words = json.loads((runner.place / "words").read_text())
    assert words[0] == "check"
    assert words[words.index("--") :] == ["--", "exec:'a b' c", "reference"]
    assert [words[n + 1] for n, word in enumerate(words) if word == "--suite"] == ["hand", "my tours"]
    assert words[words.index("--expected") + 1] == "known failures"
    assert "--profile" not in words


@needs_bash
def test_an_old_python_is_named(runner: Runner) -> None:
    old = runner.place / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = runner.run(0, python="./python-old")
    assert ran.code == 2
    assert "::error::./python-old is no Python 3.11 or later" in ran.said


def copied(to: Path) -> Path:
    """A checkout: building in the tree itself would leave things there."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in (*PACKED, *FOLDERS):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, symlinks=True, ignore=ignored)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    return to


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked light requirements, fetched once; skipped where no package index has them."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder), "-r"]
    command += [str(ROOT / "requirements" / "light.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and not os.environ.get("REKEYSPEC_REQUIRE_INDEX"):
        pytest.skip("this machine has no package index with the locked requirements")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def offline(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip takes what was fetched."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


@needs_bash
@pytest.mark.usefixtures("offline")
def test_the_action_installs_itself_from_its_checkout_and_judges(tmp_path: Path) -> None:
    place = tmp_path / "job"
    place.mkdir()
    runner = Runner(place, copied(tmp_path / "checkout"), tmp_path / "temp")
    installed = runner.run(0, python=sys.executable)
    assert installed.code == 0, installed.said
    ran = runner.run(1, target="reference", profile="combined")
    assert ran.code == 0, ran.said


class Instruction(NamedTuple):
    """One line of a Dockerfile."""

    word: str
    rest: str


def instructions() -> list[Instruction]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Instruction(*line.split(maxsplit=1)) for line in lines]


def sent(path: str) -> bool:
    """Is this path of the tree sent to the builder? The last line of .dockerignore that fits it, or a folder that it is
    in, decides."""
    lines = [one for one in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if one and one[0] != "#"]
    parents = [str(one) for one in PurePosixPath(path).parents if str(one) != "."]
    kept = True
    for line in lines:
        pattern = line.removeprefix("!")
        for name in (path, *parents):
            if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"/{name}", pattern.replace("**/", "*/")):
                kept = line.startswith("!")
    return kept


def test_only_what_the_image_needs_is_sent_to_the_builder() -> None:
    for path in ("src/rekeyspec/__init__.py", "conformance/check.py", "requirements/light.txt", "spec/rules.yaml"):
        assert sent(path), path
    for path in (".git/config", "tests/conftest.py", "docs/design.md", "conformance/__pycache__/check.cpython-311.pyc"):
        assert not sent(path), path
    assert not sent("src/rekeyspec.egg-info/PKG-INFO")
    copies = [word for one in instructions() if one.word == "COPY" for word in one.rest.split()[:-1]]
    assert all(sent(word) for word in copies)


def test_the_image_starts_the_command_and_not_as_root() -> None:
    words = [one.word for one in instructions()]
    assert words[0] == "FROM"
    assert set(words) <= {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT"}
    (user,) = [one.rest for one in instructions() if one.word == "USER"]
    assert f"useradd --create-home --uid 10001 {user}" in [one.rest for one in instructions() if one.word == "RUN"]
    assert words.index("USER") > max(n for n, word in enumerate(words) if word == "RUN")
    (entry,) = [one.rest for one in instructions() if one.word == "ENTRYPOINT"]
    assert json.loads(entry) == ["rekeyspec"]
    assert instructions()[0].rest == "python:3.11-slim"


def built(image: Path) -> Iterator[subprocess.CompletedProcess[str]]:
    """Do the WORKDIR, COPY and RUN lines in a folder that stands for the image's root, but for the user's."""
    subprocess.run([sys.executable, "-m", "venv", str(image / "venv")], check=True)
    here = image
    environment = os.environ | {"PATH": f"{image / 'venv' / 'bin'}:{os.environ['PATH']}"}
    for word, rest in instructions():
        match word:
            case "WORKDIR":
                here = image / rest.removeprefix("/")
                here.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, to = rest.split()
                for source in sources:
                    copy(source, here / to / Path(source).name if to == "./" else here / to)
            case "RUN" if not rest.startswith("useradd "):
                command = ["/bin/sh", "-c", rest]
                yield subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)


def copy(source: str, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / source).is_dir():

        def ignored(folder: str, names: list[str]) -> set[str]:
            below = Path(folder).relative_to(ROOT)
            return {name for name in names if not sent((below / name).as_posix())}

        shutil.copytree(ROOT / source, to, symlinks=True, ignore=ignored)
    else:
        shutil.copy(ROOT / source, to)


@pytest.mark.usefixtures("offline")
def test_what_the_dockerfile_copies_and_runs_makes_a_command_that_judges(tmp_path: Path) -> None:
    for done in built(tmp_path):
        assert done.returncode == 0, done.stdout + done.stderr
    command = [str(tmp_path / "venv" / "bin" / "rekeyspec"), "check", "reference", "--profile", "combined"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=tmp_path / "judged", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

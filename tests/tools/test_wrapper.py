"""`python -m rekeyspec.tools`, with a shell script in the part of Java; TLC is real in the tests marked `java`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.itf import read
from rekeyspec.tools.jar import VARIABLE

OUTPUTS = Path(__file__).parent / "outputs"


def started(words: Sequence[str], folder: Path, java: str = "") -> "subprocess.Popen[str]":
    environment = dict(os.environ)
    if java:
        program = folder / "bin" / "java"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{java}\n")
        program.chmod(0o755)
        environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "rekeyspec.tools", *words]
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, env=environment)


def run(*words: object, folder: Path, java: str = "") -> tuple[int, str, str]:
    with started([str(word) for word in words], folder, java) as child:
        out, err = child.communicate(timeout=120)
    return child.returncode, out, err


def printing(name: str, code: int = 0) -> str:
    return f"cat {OUTPUTS}/{name}.txt; exit {code}"


@pytest.fixture
def counter(specs: Path, scratch: Path) -> Path:
    return specs / "Counter.tla"


def test_a_spec_that_holds(counter: Path, tmp_path: Path) -> None:
    words = ["check", counter, "--cfg", counter.with_name("ok.cfg"), "--json", "-"]
    code, out, err = run(*words, folder=tmp_path, java=printing("ok"))
    assert code == 0
    form = json.loads(out)
    assert (form["command"], form["result"], form["spec"]) == ("check", "ok", str(counter))
    assert form["verdict"] == {"kind": "ok", "name": "", "code": 2193}
    assert form["figures"] == {"generated": 25, "distinct": 16, "queued": 0, "depth": 7}
    assert err.splitlines()[-1].startswith("ok; 16 distinct, 25 generated, 7 depth; ")


def test_a_violation_has_its_steps_and_tlcs_code(counter: Path, tmp_path: Path) -> None:
    words = ["check", counter, "--cfg", counter.with_name("invariant.cfg"), "--json", "out.json"]
    code, out, _ = run(*words, folder=tmp_path, java=printing("invariant", 12))
    assert code == 1
    assert "   2  Up  (Counter:17)" in out
    assert out.splitlines()[-1].startswith("violated: invariant Small (TLC 2110); 5 distinct")
    form = json.loads((tmp_path / "out.json").read_text())
    assert (form["result"], form["verdict"]["code"]) == ("violated", 2110)
    last = form["behaviour"]["states"][-1]
    assert (last["action"], last["variables"]["n"]) == ("Up", 3)


def test_what_cannot_be_checked_has_tlcs_code_its_file_and_its_line(counter: Path, tmp_path: Path) -> None:
    cfg = counter.with_name("missing.cfg")
    words = ["check", counter, "--cfg", cfg, "--json", "out.json"]
    code, out, err = run(*words, folder=tmp_path, java=printing("missing", 151))
    assert (code, out) == (2, "")
    assert err.startswith(f"rekeyspec.tools: {cfg}:2: The constant parameter Stop")
    form = json.loads((tmp_path / "out.json").read_text())
    error = form["error"]
    assert (form["result"], error["code"], error["file"], error["line"]) == ("error", 2222, str(cfg), 2)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["check", "Absent.tla"], "Absent.tla: read no such file, expected a TLA+ module"),
        (["check", "{specs}/Counter.tla"], "Counter.cfg: read no such file, expected a cfg"),
        (["check", "{specs}/Counter.tla", "--constant", "Max"], "--constant: read 'Max', expected an assignment"),
        (["graph", "{specs}/Counter.tla", "--library", "absent"], "--library absent: read no such folder"),
        (["graph", "{specs}/Counter.tla", "--json", "."], "--json .: read a folder"),
        (
            ["dump", "{specs}/Counter.tla", "--dot", "absent/g.dot", "--cfg", "{specs}/ok.cfg"],
            "--dot absent/g.dot: read a file",
        ),
        (["trace", "absent.itf.json"], "absent.itf.json: read nothing"),
        (["check", "{specs}/Counter.tla", "--heap", "5000"], "--heap"),
    ],
)
def test_bad_input_is_said_and_nothing_is_written(
    specs: Path, scratch: Path, tmp_path: Path, words: list[str], why: str
) -> None:
    code, out, err = run(*(word.replace("{specs}", str(specs)) for word in words), folder=tmp_path, java="exit 3")
    assert (code, out) == (2, "")
    assert why in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "scratch"]


def test_a_jar_that_is_not_tlc(counter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = tmp_path / "other.jar"
    jar.write_text("prose")
    monkeypatch.setenv(VARIABLE, str(jar))
    code, _, err = run("check", counter, "--cfg", counter.with_name("ok.cfg"), folder=tmp_path, java="exit 3")
    assert code == 2
    assert f"{VARIABLE}={jar}: read a file that is not a jar, expected a tla2tools.jar" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_tlc_and_is_said(counter: Path, tmp_path: Path, number: signal.Signals) -> None:
    words = ["check", str(counter), "--cfg", str(counter.with_name("ok.cfg")), "--json", "out.json"]
    with started(words, tmp_path, f"echo $$ >{tmp_path}/pid; sleep 1000") as child:
        give_up = time.monotonic() + 60
        while not (tmp_path / "pid").exists() and child.poll() is None and time.monotonic() < give_up:
            time.sleep(0.02)
        child.send_signal(number)
        _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "rekeyspec.tools: interrupted\n")
    assert json.loads((tmp_path / "out.json").read_text())["error"]["text"] == "interrupted"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_trace_is_written_in_itf_and_shown_again(counter: Path, tmp_path: Path) -> None:
    words = ["trace", counter, "--cfg", counter.with_name("temporal.cfg"), "--itf", "t.itf.json", "--json", "t.json"]
    code, out, _ = run(*words, folder=tmp_path, java=printing("temporal", 13))
    assert code == 1
    found = read(tmp_path / "t.itf.json")
    form = json.loads((tmp_path / "t.json").read_text())["behaviour"]
    assert len(found.states) == len(form["states"])
    assert found.back_to == form["back_to"] > 0
    again, told, _ = run("trace", "t.itf.json", folder=tmp_path)
    assert again == 0
    assert told.splitlines()[:-1] == out.splitlines()[:-1]


def test_without_a_counterexample_no_itf_is_written(counter: Path, tmp_path: Path) -> None:
    words = ["trace", counter, "--cfg", counter.with_name("ok.cfg"), "--itf", "t.itf.json"]
    code, _, err = run(*words, folder=tmp_path, java=printing("ok"))
    assert code == 0
    assert "there is no counterexample" in err
    assert not (tmp_path / "t.itf.json").exists()


def test_coverage_counts_actions(counter: Path, tmp_path: Path) -> None:
    words = ["coverage", counter, "--cfg", counter.with_name("ok.cfg"), "--json", "out.json"]
    code, out, _ = run(*words, folder=tmp_path, java=printing("coverage"))
    assert code == 0
    assert out.splitlines()[-1].startswith("ok; 3 actions, 0 never taken; 16 distinct")
    rows: list[dict[str, Any]] = json.loads((tmp_path / "out.json").read_text())["coverage"]
    assert {row["action"]: row["taken"] for row in rows} == {"Init": 1, "Up": 24, "Reset": 4}


def test_simulation_says_how_much_it_tried(counter: Path, tmp_path: Path) -> None:
    words = ["simulate", counter, "--cfg", counter.with_name("ok.cfg"), "--traces", 5, "--json", "out.json"]
    code, out, _ = run(*words, folder=tmp_path, java=printing("simulation"))
    assert code == 0
    assert out.splitlines()[-1].startswith("ok; 5 behaviours went well, 501 states, seed 0; ")
    form = json.loads((tmp_path / "out.json").read_text())
    assert (form["behaviours"], form["states"], form["seed"]) == (5, 501, 0)


@pytest.mark.java
def test_the_commands_with_tlc_itself(specs: Path, scratch: Path, tlc: Tlc, tmp_path: Path) -> None:
    odd = ["--cfg", specs / "odd-whole.cfg"]
    code, out, _ = run("graph", specs / "Odd.tla", *odd, "--dot", "a.dot", "--json", "a.json", folder=tmp_path)
    assert code == 0
    assert out.splitlines()[-1].startswith("ok; 6 states, 2 initial, 12 edges, 4 actions; ")
    form = json.loads((tmp_path / "a.json").read_text())
    assert (form["initial"], form["edges"][0], form["states"][5]) == ([0, 1], [0, 2, "Up"], {"n": 7, "s": "far"})
    assert '0 -> 2 [label="Up"];' in (tmp_path / "a.dot").read_text()
    code, out, _ = run("dump", specs / "Odd.tla", "--dot", "b.dot", *odd, folder=tmp_path)
    assert (code, out.split(";")[:2]) == (0, ["ok", " 6 distinct, 15 generated, 3 depth"])
    assert (tmp_path / "b.dot").read_text() == (OUTPUTS / "odd.dot").read_text()
    words = ["check", specs / "Counter.tla", "--cfg", specs / "ok.cfg", "--constant", "Max = 2", "--workers", 2]
    code, out, _ = run(*words, folder=tmp_path)
    assert (code, out.split(",")[0]) == (0, "ok; 8 distinct")
    stopping = [*words, "--constant", "Stop = TRUE"]
    assert [run(*stopping, *more, folder=tmp_path)[0] for more in ([], ["--no-deadlock"])] == [1, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dot", "a.json", "b.dot", "scratch"]

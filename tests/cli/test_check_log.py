"""`rekeyspec check log:FILE`: a recorded log among other targets, in one report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from rekeyspec.conformance.report.form import ReportForm
from rekeyspec.conformance.watch import watched
from tests.conformance.audit.logs import CLOSED, ESTABLISHED, body, header, on, sent

GOOD = header(origin="mine 1.0") + body([*ESTABLISHED, *sent(20, 1), *CLOSED])
WRONG = header() + body([*ESTABLISHED, *sent(20, 1), *on("ann/1", ESTABLISHED), *on("ann/1", sent(20, 7))])
MIDDLE = header() + body(ESTABLISHED[2:])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one log of each kind."""
    logs = {"good": GOOD, "wrong": WRONG, "middle": MIDDLE, "open": header() + body(ESTABLISHED[:1]), "empty": header()}
    for name, text in logs.items():
        (tmp_path / f"{name}.jsonl").write_text(text)
    return tmp_path


def run(folder: Path, *words: str, command: str = "check", given: str | None = None) -> tuple[int, str, str]:
    whole = [sys.executable, "-m", "rekeyspec", command, *words]
    done = subprocess.run(whole, capture_output=True, text=True, input=given, cwd=folder, check=False)
    return done.returncode, done.stdout, done.stderr


def report(folder: Path, *words: str) -> tuple[int, ReportForm]:
    """The exit code, and the report for programs."""
    code, _, err = run(folder, *words, "--json", "report.json")
    assert code != 2, err
    return code, msgspec.json.decode((folder / "report.json").read_bytes(), type=ReportForm)


def test_a_log_that_conforms_is_0_and_is_told_as_by_audit(folder: Path) -> None:
    code, out, err = run(folder, "log:good.jsonl")
    assert (code, err) == (0, "")
    assert "good.jsonl (mine 1.0): 8 events, judged by byte-count" in out
    _, made = report(folder, "log:good.jsonl")
    words = {one.rule: one.verdict for one in made.verdicts}
    assert words["FLOW-1"] == words["CLOSE-1"] == "conforms"
    assert "IDLE-1" not in words, "a rule that nothing exercised is not said to hold"
    assert made.totals == {"log:good.jsonl": {"conforms": 1}}


def test_a_violation_is_1_with_its_rule_and_the_command_that_shows_it(folder: Path) -> None:
    code, made = report(folder, "log:wrong.jsonl")
    assert code == 1
    (found,) = [one for one in made.verdicts if one.verdict == "violates"]
    assert (found.target, found.rule, found.trace) == ("log:wrong.jsonl", "LIM-3", "line 13: link ann/1, client")
    assert found.replay == "rekeyspec audit wrong.jsonl --link ann/1"
    (told,) = made.violations
    assert (told.target, told.rule, told.do) == ("log:wrong.jsonl", "LIM-3", "SendData")
    again, out, _ = run(folder, *found.replay.split()[2:], command="audit")
    assert again == 1
    assert "wrong.jsonl:13: link ann/1, client: LIM-3" in out


def test_logs_and_a_program_make_one_report_in_the_order_of_the_command_line(folder: Path) -> None:
    targets = ["log:wrong.jsonl", "reference", "log:good.jsonl"]
    words = [*targets, "--suite", "hand"]
    code, out, _ = run(
        folder, *words, "--junit", "r.xml", "--report", "r.html", "--markdown", "r.md", "--badges", "badges"
    )
    assert code == 1
    assert "1 of 3 targets violate rules" in (folder / "r.md").read_text()
    assert ET.parse(folder / "r.xml").getroot().get("failures") == "1"
    assert "line 13: link ann/1, client" in (folder / "r.html").read_text()
    assert any("wrong" in one.name for one in (folder / "badges").iterdir())
    assert "wrong.jsonl:13: link ann/1, client: LIM-3: at 20 ms the client did SendData" in out
    _, made = report(folder, *words)
    assert list(dict.fromkeys(one.target for one in made.verdicts)) == targets
    assert made.totals["log:wrong.jsonl"] == {"conforms": 1, "violates": 1}
    assert set(made.totals["reference"]) == {"conforms"}
    assert [(one.target, one.rule) for one in made.violations] == [("log:wrong.jsonl", "LIM-3")]
    assert made.violations[0].example is not None
    _, alone = report(folder, "reference", "--suite", "hand")
    of_reference = [one for one in made.verdicts if one.target == "reference"]
    assert of_reference == alone.verdicts


def test_a_profile_goes_before_the_header(folder: Path) -> None:
    _, made = report(folder, "log:wrong.jsonl", "--profile", "timed")
    assert {one.profile for one in made.verdicts} == {"timed"}
    (found,) = [one for one in made.verdicts if one.verdict == "violates"]
    assert found.replay == "rekeyspec audit wrong.jsonl --link ann/1 --profile timed"


def test_what_is_expected_of_a_log_is_held_against_it(folder: Path) -> None:
    words = ["log:wrong.jsonl", "--expected", "known.txt"]
    assert run(folder, *words, "--update-expected")[0] == 0
    assert "log:wrong.jsonl LIM-3: " in (folder / "known.txt").read_text()
    assert run(folder, *words)[0] == 0
    (folder / "wrong.jsonl").write_text(GOOD)
    code, _, err = run(folder, *words)
    assert code == 1
    assert "log:wrong.jsonl LIM-3 passes" in err or "log:wrong.jsonl LIM-3 was not" in err, err


def test_standard_input_is_a_log_too(folder: Path) -> None:
    code, out, err = run(folder, "log:-", given=WRONG)
    assert (code, err) == (1, "")
    assert "standard input:13: link ann/1, client: LIM-3" in out


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("middle", "not judged: 1 ends, the first at line 2: client: the log has no Open of it"),
        ("open", "nothing in it puts one to the test"),
        ("empty", "nothing in it puts one to the test"),
    ],
)
def test_a_log_by_which_no_rule_can_be_judged_is_no_pass(folder: Path, name: str, why: str) -> None:
    code, _, err = run(folder, "log:good.jsonl", f"log:{name}.jsonl")
    assert code == 2
    (said,) = err.splitlines()
    assert said.startswith(f"rekeyspec: log:{name}.jsonl: no rule could be judged by this log: {why}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["log:none.jsonl"], "none.jsonl: read nothing (No such file or directory), expected a log; correct the path"),
        (["log:."], ".: read a directory, expected a log; name the file itself"),
        (["log:text.txt"], "text.txt:1: read 'hello', expected one JSON object"),
        (["log:bad.jsonl"], "bad.jsonl:6: read '{}', expected an event"),
        (["log:"], "target: read `log:`, expected log:FILE, or log:- for standard input; name the log"),
        (["log:good.jsonl", "--suite", "hand"], "--suite: read recorded logs alone, expected a target besides them"),
        (["log:good.jsonl", "--validate"], "--validate: read recorded logs alone"),
        (["log:good.jsonl", "--coverage"], "--coverage: read recorded logs alone"),
        (["log:good.jsonl", "--profile", "timd"], "did you mean timed"),
        (["Log:good.jsonl"], "did you mean 'log:good.jsonl'?"),
        (["pair:'log:good.jsonl reference'"], "expected two"),
        (["pair:log:good.jsonl reference"], "has 'log:good.jsonl' in it"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_bad_input_is_one_message_and_2(folder: Path, words: list[str], said: str) -> None:
    (folder / "text.txt").write_text("hello\n")
    (folder / "bad.jsonl").write_text(header() + body(ESTABLISHED) + "{}\n")
    code, out, err = run(folder, *words)
    assert code == 2
    (line,) = err.splitlines()
    assert said in line
    assert "Not asked of any target" not in out


def test_what_is_wrong_with_one_log_costs_the_others_nothing(folder: Path) -> None:
    code, out, err = run(folder, "log:none.jsonl", "log:wrong.jsonl", "--json", "report.json")
    assert code == 2
    assert "none.jsonl: read nothing" in err
    assert "LIM-3" in out
    assert list(json.loads((folder / "report.json").read_text())["totals"]) == ["log:wrong.jsonl"]


def test_only_check_and_audit_judge_a_log(folder: Path) -> None:
    code, _, err = run(folder, "idle-then-data", "log:good.jsonl", command="replay")
    assert code == 2
    assert "'log:good.jsonl' is a recorded log, which can be told nothing; only check and audit judge one" in err


def test_options_about_traces_are_those_of_the_other_targets(folder: Path) -> None:
    code, out, _ = run(folder, "log:good.jsonl", "reference", "--suite", "hand", "--coverage", "--validate")
    assert code == 0
    assert "coverage of reference:" in out
    assert "coverage of log:" not in out
    assert "\nlog:good.jsonl: " not in out, "what no program has said is not validated"


def test_a_log_is_watched() -> None:
    assert watched(["log:a.jsonl", "log:-"], None, ()).files == (Path("a.jsonl"),)

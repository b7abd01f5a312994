"""What was found, as verdicts, reports and words; and the command that prints them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from rekeyspec.conformance.audit.audit import audit
from rekeyspec.conformance.audit.options import chosen
from rekeyspec.conformance.audit.outcome import Audited
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.report.form import ReportForm
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.reference.vocabulary import Event, Message
from tests.conformance.audit.logs import CLOSED, ESTABLISHED, body, header, on, sent

GOOD = header(origin="mine 1.0") + body([*ESTABLISHED, *sent(20, 1), *CLOSED])
WRONG = header() + body([*ESTABLISHED, *sent(20, 1), *on("ann/1", ESTABLISHED), *on("ann/1", sent(20, 7))])
MIDDLE = header() + body(ESTABLISHED[2:])


def of(tmp_path: Path, text: str, **options: object) -> Audited:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    words = {"profile": None, "tolerance": None, "hidden": None, "links": (), "keep_going": False} | options
    return audit([str(path)], chosen(**words))  # type: ignore[arg-type]


def test_a_rule_conforms_where_it_was_exercised_and_held(tmp_path: Path) -> None:
    audited = of(tmp_path, GOOD)
    report = audited.report()
    words = {v.rule: v.verdict for v in report.verdicts}
    assert words["FLOW-1"] == words["CLOSE-1"] == "conforms"
    assert words["IKE-1"] == "unsupported"
    assert "IDLE-1" not in words, "a rule that nothing exercised is not said to hold"
    assert report.totals == {str(tmp_path / "a.jsonl"): {"conforms": 1}}
    assert audited.exit_code == 0


def test_a_violation_has_its_line_its_story_and_the_command_that_shows_it(tmp_path: Path) -> None:
    audited = of(tmp_path, WRONG, tolerance=0)
    report = audited.report()
    assert audited.exit_code == 1
    (verdict,) = report.having("violates")
    path = str(tmp_path / "a.jsonl")
    assert (verdict.rule, verdict.step) == ("LIM-3", 13)
    assert verdict.trace == "line 13: link ann/1, client"
    assert verdict.replay == f"rekeyspec audit {path} --link ann/1 --tolerance 0"
    (violation,) = report.violations
    assert violation.example
    assert [e.do for e in violation.example.log] == ["Open", "Start", "Arrive", "Finish", "Offer", "SendData"]
    assert report.totals == {path: {"conforms": 1, "violates": 1}}


def test_of_many_the_first_are_told_and_all_counted(tmp_path: Path) -> None:
    text = header() + "".join(body(on(f"l{n}", [*ESTABLISHED, *sent(20, 7)])) for n in range(50))
    audited = of(tmp_path, text)
    (violation,) = audited.report().violations
    assert violation.cases == 50
    assert violation.others[0] == "line 13: link l1, client"
    said = "\n".join(audited.lines())
    assert "LIM-3 violated 50 times (did SendData); the first at 10 ends:" in said
    assert f"{tmp_path / 'a.jsonl'}:7: link l0, client: LIM-3: " in said
    assert "link l10, client" not in said


def test_an_end_that_was_not_judged_is_no_pass_of_any_rule(tmp_path: Path) -> None:
    audited = of(tmp_path, MIDDLE)
    report = audited.report()
    assert {v.verdict for v in report.verdicts} == {"inconclusive", "unsupported"}
    assert "the log has no Open of it" in report.having("inconclusive")[0].reason
    assert audited.exit_code == 2
    both = of(tmp_path, MIDDLE + body(on("x", [*ESTABLISHED, *sent(20, 1)])))
    words = {v.rule: v.verdict for v in both.report().verdicts}
    assert (words["FLOW-1"], words["IDLE-1"]) == ("conforms", "inconclusive")
    assert both.exit_code == 0
    assert any("inconclusive: 1, the first at line 2: client" in line for line in both.lines())


def test_the_json_has_the_form_of_every_report(tmp_path: Path) -> None:
    for text in (GOOD, WRONG, MIDDLE):
        form = msgspec.json.decode(as_json(of(tmp_path, text).report()), type=ReportForm)
        assert form.verdicts


def test_what_is_weak_is_told(tmp_path: Path) -> None:
    policy = profiles()["byte-count"].but(session_cache="on")
    resumed = [
        Event(0, "server", "Open"),
        Event(0, "server", "Arrive", Message("start", 1, negotiation="c1")),
        Event(0, "server", "Answer", Message("answer", 1, negotiation="c1", session="c1")),
        Event(0, "server", "Arrive", Message("finish", 1, negotiation="c1", session="c1")),
        Event(9, "server", "Arrive", Message("start", 2, negotiation="c2", session="c1")),
        Event(9, "server", "Answer", Message("answer", 2, negotiation="c2", session="c1")),
    ]
    report = of(tmp_path, header(policy) + body(resumed)).report()
    assert [v.rule for v in report.weak] == ["CACHE-2"]
    assert "abbreviated" in report.weak[0].weakness


def run(*words: str | Path, given: str | None = None) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "rekeyspec", "audit", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, input=given, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_command_prints_the_matrix_and_writes_every_form(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(WRONG)
    files = [tmp_path / f"new/r.{name}" for name in ("json", "xml", "html", "md")]
    forms = [word for pair in zip(("--json", "--junit", "--report", "--markdown"), files, strict=True) for word in pair]
    code, out, err = run(log, *forms)
    assert (code, err) == (1, "")
    assert "LIM-3" in out
    assert f"{log}:13: link ann/1, client: LIM-3: at 20 ms the client did SendData" in out
    assert json.loads(files[0].read_text())["totals"] == {str(log): {"conforms": 1, "violates": 1}}
    assert ET.parse(files[1]).getroot().get("failures") == "1"
    assert "line 13: link ann/1, client" in files[2].read_text()
    assert "LIM-3" in files[3].read_text()


def test_standard_input_is_a_log_too() -> None:
    code, out, err = run("-", given=GOOD)
    assert (code, err) == (0, "")
    assert "standard input (mine 1.0): 8 events, judged by byte-count" in out


def test_the_command_that_shows_a_violation_shows_it(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(WRONG)
    code, out, _ = run(log, "--link", "ann/1")
    assert code == 1
    assert "link ann/1, client: LIM-3" in out


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        ((), "hello\n", "a.jsonl:1: read 'hello', expected one JSON object"),
        ((), body(ESTABLISHED), "a.jsonl:1: read an event, expected a header before it"),
        ((), header() + body(ESTABLISHED) + "{}\n", "a.jsonl:6: read '{}', expected an event"),
        (("--hidden", "Deliverr"), GOOD, "did you mean Deliver?"),
        (("--profile", "key-basd"), GOOD, "did you mean key-based"),
        (("--tolerance", "-1"), GOOD, "tolerance"),
        (("-j", "2", "--follow"), GOOD, "leave out one of them"),
        (("-j", "2", "-"), GOOD, "leave out -j"),
        (("no-such.jsonl",), GOOD, "no-such.jsonl: read nothing (No such file or directory), expected a log"),
        (("/",), GOOD, "/: read a directory, expected a log"),
        (("--json", "/proc/none/r.json"), GOOD, "/proc/none/r.json"),
    ],
)
def test_bad_input_is_one_message_and_2(tmp_path: Path, words: tuple[str, ...], text: str, said: str) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(text)
    code, out, err = run(log, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_who_keeps_going_sees_what_was_found_and_2(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(WRONG + "{}\n")
    code, out, err = run(log, "--keep-going")
    assert code == 2
    assert "LIM-3 violated once" in out
    assert "partial" in out
    assert "a.jsonl:14: read '{}'" in err


def test_replay_writes_a_log_that_audit_reads(tmp_path: Path) -> None:
    log = tmp_path / "new/seen.jsonl"
    command = [sys.executable, "-m", "rekeyspec", "replay", "idle-then-data", "reference", "--log", str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code, out, _ = run(log)
    assert code == 0
    assert "idle-then-data on reference" in out
    done = subprocess.run([*command[:-1], "/proc/none/x"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")

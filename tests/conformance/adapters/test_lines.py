"""With `--validate` a second opinion reads every line first, and says how many there were."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rekeyspec.conformance.adapters import lines as module
from rekeyspec.conformance.adapters import wire
from rekeyspec.conformance.adapters.lines import Lines
from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.check import check
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

LINK = Path(__file__).parents[3] / "examples" / "adapters" / "link.py"
MINE = f"exec:{sys.executable} {LINK}"
STEP = wire.step(1, Event(0, "client", "Open"))


def test_every_line_is_checked_and_counted() -> None:
    lines = Lines()
    with target_named(MINE, lines) as target:
        end = target.open("client", Policy())
        end.step(Event(0, "client", "Open"))
        end.run([Event(1, "client", "Tick"), Event(2, "client", "Shut")])
        end.close()
    assert (lines.requests, lines.answers) == (5, 5)
    assert lines.counts() == "5 requests and 5 answers checked against protocol.schema.json"


def test_both_members_of_a_pair_are_checked() -> None:
    lines = Lines()
    with target_named(f"pair:'{MINE}' '{MINE}'", lines):
        assert lines.requests == 2
    assert Lines().counts().startswith("not spoken to in lines")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"id":1,"did":[]}', r"\$: \"'deadline' is a required property\"; expected `step_done`"),
        (b'{"id":1,"did":[],"deadline":null,"t":3}', "Additional properties .*'t' was unexpected"),
        (b'{"id":1,"did":[{"do":"Establish"}],"deadline":null}', r"\$\.did\[0\].*Establish"),
        (b'{"id":1,"did":[],"deadline":NaN}', "this is not JSON: NaN is no JSON number"),
        (b"ready\n", "it answered 'ready': this is not JSON"),
        (b"[" * 100_000, "this is not JSON"),
        (b"7", r"\$: \"7 is not of type 'object'\""),
    ],
)
def test_an_answer_that_is_not_as_the_schema_says_is_quoted(answer: bytes, said: str) -> None:
    with pytest.raises(Broken, match=said):
        Lines().answered(STEP, answer)


def test_what_the_harness_says_is_checked_too() -> None:
    with pytest.raises(Broken, match=r"the harness was about to ask '\{\"cmd\":\"hello\",\"protocol\":7\}': .*1 was"):
        Lines().asked(b'{"cmd":"hello","protocol":7}\n')


def test_an_adapter_of_version_0_is_told_what_to_change() -> None:
    with pytest.raises(Broken, match=r"let it answer hello with \"protocol\":1"):
        Lines().answered(wire.hello(), b'{"protocol":0,"name":"old"}')


def test_the_schema_reads_an_answer_before_the_decoder_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the schema refuses is broken, with its line quoted, and the run's exit code says so."""
    schema = json.loads(module.SCHEMA.read_text())
    schema["$defs"]["introduction"]["required"].append("motto")
    stricter = tmp_path / "protocol.schema.json"
    stricter.write_text(json.dumps(schema))
    monkeypatch.setattr(module, "SCHEMA", stricter)
    checked = check([MINE], "timed", tmp_path, lambda *_: None, validate=True)
    assert checked.exit_code == 2
    (trouble,) = checked.troubles
    assert 'it answered \'{"protocol": 1, "name": "link.py"' in trouble
    assert "'motto' is a required property" in trouble
    assert checked.notes == [f"{MINE}: 1 requests and 1 answers checked against protocol.schema.json"]


def test_what_both_refuse_is_refused_by_the_schema(tmp_path: Path) -> None:
    program = tmp_path / "wordy.py"
    program.write_text(LINK.read_text().replace('"deadline": None if', '"deadline": "never" if'))
    command = f"exec:{sys.executable} {program}"
    for lines, said in ((Lines(), "expected `step_done` of protocol.schema.json"), (None, "Expected `int | null`")):
        with target_named(command, lines) as target:
            end = target.open("server", Policy(negotiation_timeout=10))
            with pytest.raises(Broken, match=re.escape(said)):
                end.step(Event(0, "server", "Shut"))


def test_without_the_validator_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(BadInput, match=r"--validate needs the module jsonschema.*pip install 'rekeyspec\[validate\]'"):
        Lines()


def test_the_command_prints_the_counts(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rekeyspec", "check", MINE, "reference", "--validate", "--profile", "timed"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{MINE}: " in done.stdout
    assert "answers checked against protocol.schema.json\n" in done.stdout
    assert "reference: not spoken to in lines" in done.stdout

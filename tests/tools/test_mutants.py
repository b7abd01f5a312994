import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools import mutantcheck, mutants
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.cli import app
from rekeyspec.tools.mutantcheck import Tried, exit_code, last_line, to_json, totals, try_all
from rekeyspec.tools.mutants import chosen, read

FILE = """\
guards:
  "SendData: BYTE-3":
    dropped: {killed_by: BytesPerKey, in: [mutants-one-way]}
    inverted: {killed_by: DueIsAllowed, in: [mutants-one-way]}
others:
  - id: full-never
    about: A key carries any number of bytes.
    rule: BYTE-3
    drop: ["Start: NEED-1"]
    replace: [Full <- FullNever, Delay = 0]
    in: [mutants-one-way, mutants-loss]
    survives: Nobody counts.
"""


def written(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in FILE
    path = folder / "mutants.yaml"
    path.write_text(FILE.replace(old, new, 1) if old else FILE)
    return path


def test_what_the_file_says(tmp_path: Path) -> None:
    dropped, inverted, other = read(written(tmp_path))
    assert (dropped.id, dropped.rule, dropped.drop) == ("senddata-byte-3-dropped", "BYTE-3", ("SendData: BYTE-3",))
    assert (inverted.id, inverted.invert, inverted.expected) == (
        "senddata-byte-3-inverted",
        dropped.drop,
        "DueIsAllowed",
    )
    assert (other.expected, [model.id for model in other.models]) == ("survives", ["mutants-one-way", "mutants-loss"])


def test_a_mutant_is_a_change_of_the_cfg(tmp_path: Path) -> None:
    dropped, inverted, other = read(written(tmp_path))
    model = other.models[0]
    assert dropped.run(model).constants == ('Dropped = {"SendData: BYTE-3"}',)
    assert inverted.run(model).constants == ('Inverted = {"SendData: BYTE-3"}',)
    assert other.run(model).constants == ('Dropped = {"Start: NEED-1"}', "Full <- FullNever", "Delay = 0")
    assert (other.run(model).spec, other.run(model).cfg) == (model.spec, model.cfg)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SendData: BYTE-3", "SendData: BYTE-33", r"mutants\.yaml:3:.*read the label 'SendData: BYTE-33'"),
        ("killed_by: BytesPerKey, ", "", "neither `killed_by` nor `survives`"),
        ("BytesPerKey,", "BytesPerKey, survives: why,", "both `killed_by` and `survives`"),
        ("killed_by: BytesPerKey", "killed_by: Nonsense", "Nonsense, which none of its models checks"),
        ("[mutants-one-way]", "[mutants-none]", "read the model 'mutants-none'"),
        ("rule: BYTE-3", "rule: BYTE-33", "read the rule BYTE-33"),
        ("  - id: full-never", "  - id: senddata-byte-3-dropped", "the id senddata-byte-3-dropped again"),
        ("Full <- FullNever", "Full - FullNever", r"mutants.yaml:10:15: expected `str` matching regex"),
        ("    about: A key", "    abuot: A key", "contains unknown field `abuot`"),
        (
            '    drop: ["Start: NEED-1"]\n    replace: [Full <- FullNever, Delay = 0]\n',
            "",
            "read no change, expected `drop`, `invert` or `replace`",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as raised:
        read(written(tmp_path, old, new))
    assert "mutants.yaml:" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_sample_is_spread_over_the_list_and_an_unknown_id_is_bad_input(tmp_path: Path) -> None:
    every = read(written(tmp_path))
    assert chosen(every, []) == every
    assert chosen(every, [], 2) == (every[0], every[1])
    assert chosen(every, ["full-never"], 2) == (every[2],)
    with pytest.raises(BadInput, match=r"the mutant full-nevr.*full-never"):
        chosen(every, ["full-nevr"])


def tried(tmp_path: Path, *got: str) -> list[Tried]:
    def outcome(word: str, expected: str) -> mutantcheck.Outcome:
        return "failed" if not word else "as expected" if word == expected else "different"

    pairs = zip(read(written(tmp_path)), got, strict=True)
    return [Tried(mutant, outcome(word, mutant.expected), word, "", 7, 1.0, "") for mutant, word in pairs]


@pytest.mark.parametrize(
    ("got", "code", "line"),
    [
        (
            ("BytesPerKey", "DueIsAllowed", "survives"),
            0,
            "2 killed by 2 properties, 1 survive for a reason, 0 different",
        ),
        (("survives", "deadlock", "survives"), 1, "1 killed by 0 properties, 1 survive for a reason, 2 different"),
        (("BytesPerKey", "", "survives"), 2, "1 different"),
    ],
)
def test_figures_and_exit_code(tmp_path: Path, got: tuple[str, ...], code: int, line: str) -> None:
    found = tried(tmp_path, *got)
    figures = totals(found, 3.0)
    assert exit_code(found) == code
    if code < 2:
        assert line in last_line(figures)
    assert figures["failed"] == got.count("")
    said = json.loads(to_json(found, figures))
    assert [row["killed_by"] for row in said["mutants"]] == ["" if word == "survives" else word for word in got]


@pytest.mark.java
def test_one_is_killed_and_what_was_not_expected_is_said(tlc: Tlc, tmp_path: Path) -> None:
    file = written(tmp_path, "killed_by: DueIsAllowed", "killed_by: BytesPerKey")
    dropped, inverted, _ = try_all(read(file), tlc, jobs=2)[:3]
    assert (dropped.outcome, dropped.got, dropped.model) == ("as expected", "BytesPerKey", "mutants-one-way")
    assert (inverted.outcome, inverted.reason) == ("different", "expected BytesPerKey, got DueIsAllowed")


@pytest.mark.java
def test_the_command_prints_what_killed_each_and_its_figures_last(tmp_path: Path) -> None:
    json_file = tmp_path / "found.json"
    words = ["mutants", "senddata-byte-3-dropped", "--mutants", str(written(tmp_path)), "--json", str(json_file)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any("senddata-byte-3-dropped" in line and "BytesPerKey" in line for line in lines)
    assert lines[-1].startswith("1 mutants: 1 killed by 1 properties, 0 survive for a reason, 0 different, 0 failed;")
    assert json.loads(json_file.read_text())["mutants"][0]["model"] == "mutants-one-way"


@pytest.mark.java
def test_an_operator_that_is_none_is_a_failure(tlc: Tlc, tmp_path: Path) -> None:
    found = try_all(read(written(tmp_path, "Full <- FullNever", "Full <- Nonsense"))[2:], tlc)
    assert (found[0].outcome, exit_code(found)) == ("failed", 2)
    assert "Nonsense" in found[0].reason


@pytest.mark.java
def test_of_several_liveness_properties_the_expected_one_is_asked_by_itself(tlc: Tlc) -> None:
    by_id = {mutant.id: mutant for mutant in mutants.read()}
    found = try_all([by_id["unkept-mark"]], tlc)
    assert (found[0].got, found[0].outcome) == ("KeepsPromise", "as expected")

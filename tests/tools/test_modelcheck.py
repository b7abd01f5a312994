"""Models of this folder's specs, all in one file; TLC is real in the tests marked `java`."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from rekeyspec.conformance import trace
from rekeyspec.tools.modelcheck import Checked, exit_code, model_check, save
from rekeyspec.tools.modeltable import last_line, remarks, to_json, totals
from rekeyspec.tools.output import Figures
from tests.tools.pretenders import MODELS, OUTPUTS, a_model, recordings, rekeyspec


def test_each_model_is_compared_with_what_it_expects(specs: Path, scratch: Path, tmp_path: Path) -> None:
    models = [
        a_model(specs, "ok", "ok", 16),
        a_model(specs, "invariant", "violates Small", 5),
        a_model(specs, "action", "violates Grows", 7),
        a_model(specs, "temporal", "ok", 16),
        a_model(specs, "deadlock", "deadlock"),
        a_model(specs, "missing", "ok", 1),
    ]
    checked = model_check(models, recordings(tmp_path), jobs=2)
    assert [(one.model.id, one.outcome, one.got) for one in checked] == [
        ("ok", "as expected", "ok"),
        ("invariant", "as expected", "violates Small"),
        ("action", "different", "violates Grows"),
        ("temporal", "different", "violates Settles"),
        ("deadlock", "as expected", "deadlock"),
        ("missing", "failed", ""),
    ]
    assert "expected 7 distinct states, got 9" in checked[2].reason
    assert "expected ok, got violates Settles" in checked[3].reason
    assert "missing.cfg:2: The constant parameter Stop" in checked[5].reason


def test_the_exit_code_is_that_of_the_worst(specs: Path) -> None:
    model = a_model(specs, "ok", "ok", 16)
    good, bad, none = (Checked(model, outcome, "", Figures(), 0) for outcome in ("as expected", "different", "failed"))  # type: ignore[arg-type]
    assert [exit_code(some) for some in ([good], [good, bad], [bad, none, good])] == [0, 1, 2]


def test_of_several_liveness_properties_none_is_named_as_the_violated_one(
    specs: Path, scratch: Path, tmp_path: Path
) -> None:
    tlc = recordings(tmp_path)
    tlc.java.write_text(f"#!/bin/sh\ncat {OUTPUTS}/temporal.txt\nexit 13\n")
    (one,) = model_check([a_model(specs, "two-temporal", "violates Settles")], tlc)
    assert (one.outcome, one.got) == ("different", "violates Settles or Tall")


def test_what_is_said_of_it_and_saved(specs: Path, scratch: Path, tmp_path: Path) -> None:
    models = [a_model(specs, "ok", "ok", 16), a_model(specs, "invariant", "ok", 5)]
    checked = model_check(models, recordings(tmp_path), jobs=1)
    saved = save(checked, tmp_path / "counterexamples")
    assert saved == {"invariant": tmp_path / "counterexamples" / "invariant.txt"}
    assert "Up  (Counter:17)" in saved["invariant"].read_text()
    said = "\n".join(remarks(checked, saved))
    assert re.search(
        r"invariant: different: expected ok, got violates Small; .* no trace: no link between two ends", said
    )
    assert "n    1 -> 3" in said
    figures = totals(checked, 2.345)
    assert last_line(figures) == "2 models: 1 as expected, 1 different, 0 failed; 21 distinct states; 2.3 s"
    data = json.loads(to_json(checked, figures, saved))
    assert data["schema"] == 1
    assert data["figures"]["different"] == 1
    assert [(row["id"], row["outcome"], row["distinct"]) for row in data["models"]] == [
        ("ok", "as expected", 16),
        ("invariant", "different", 5),
    ]


def test_expected_counterexamples_are_saved_where_that_is_asked_for(specs: Path, scratch: Path, tmp_path: Path) -> None:
    models = [a_model(specs, "invariant", "violates Small")]
    tlc = recordings(tmp_path)
    assert save(model_check(models, tlc), tmp_path / "no") == {}
    assert not (tmp_path / "no").exists()
    assert save(model_check(models, tlc, all_traces=True), tmp_path / "yes") == {
        "invariant": tmp_path / "yes/invariant.txt"
    }


@pytest.mark.java
def test_the_command(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    with rekeyspec("check", "--models", "models.yaml", "--json", "out.json", folder=tmp_path) as child:
        out, err = child.communicate(timeout=120)
    assert child.returncode == 2
    assert out.splitlines()[-1].startswith("3 models: 1 as expected, 1 different, 1 failed; ")
    assert "Syntax.tla:5:9" in out
    assert "[3/3]" in err
    rows = {row["id"]: row for row in json.loads((tmp_path / "out.json").read_text())["models"]}
    assert (rows["ok"]["got"], rows["exchange"]["got"]) == ("ok", "violates ServerStays")
    told = trace.read(tmp_path / rows["exchange"]["trace"])
    assert (told.profile, told.policy) == ("key-based", {"negotiation_timeout": 3})
    lines = [(line.do, line.end, line.at) for line in told.steps]
    assert lines[-3:] == [("Drop", "server", None), ("Tick", "server", 3), ("Tick", "client", None)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counterexamples", "models.yaml", "out.json", "scratch"]


@pytest.mark.java
def test_quick_models_that_are_as_expected(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    with rekeyspec("check", "--quick", "--models", "models.yaml", folder=tmp_path) as child:
        out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    assert out.splitlines()[-1].startswith("1 models: 1 as expected, 0 different, 0 failed; 16 distinct states; ")


def test_bad_input_is_one_line_and_nothing_is_written(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    for words, why in (
        (["--models", "absent.yaml"], "absent.yaml: read nothing"),
        (["--models", "models.yaml", "--only", "exchang"], "did you mean exchange"),
        (["--models", "models.yaml", "--json", "absent/out.json"], "nothing can be written"),
        (["--models", "models.yaml", "--json", "."], "a folder"),
    ):
        with rekeyspec("check", *words, folder=tmp_path) as child:
            out, err = child.communicate(timeout=60)
        assert (child.returncode, out) == (2, "")
        assert err.count("\n") == 1
        assert why in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models.yaml", "scratch"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_every_tlc_and_keeps_what_was_found(
    specs: Path, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """The first model is done at once, the second one hangs."""
    tlc = recordings(tmp_path)
    script = tlc.java.read_text().replace(
        "cat ", f"test $name = exchange && echo $$ >{tmp_path}/pid && sleep 1000\ncat "
    )
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    tlc.java.rename(bin_ / "java").write_text(script)
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    words = ["--models", "models.yaml", "--only", "ok", "--only", "exchange", "--jobs", "1", "--json", "out.json"]
    with rekeyspec("check", *words, folder=tmp_path) as child:
        give_up = time.monotonic() + 60
        while not (tmp_path / "pid").exists() and child.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 2, err
    assert "exchange: failed: interrupted" in out
    rows = json.loads((tmp_path / "out.json").read_text())["models"]
    assert [(row["id"], row["outcome"]) for row in rows] == [("ok", "as expected"), ("exchange", "failed")]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)

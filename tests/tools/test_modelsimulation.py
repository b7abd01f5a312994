"""Models simulated; TLC is real in the tests marked `java`."""

import json
from pathlib import Path

import pytest

from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.command import Simulation
from rekeyspec.tools.modelsimulation import last_line, model_simulate, to_json, totals
from tests.tools.pretenders import MODELS, OUTPUTS, a_model, rekeyspec

TEN = Simulation(behaviours=10, depth=20, seed=3)


def pretender(folder: Path) -> Tlc:
    """A Java that prints what TLC printed for the cfg, or a good simulation for `ok` and `deadlock`."""
    java = folder / "java"
    java.write_text(f"""#!/bin/sh
while [ $# -gt 2 ]; do shift; done
name=$(basename $1 .cfg)
case $name in ok|deadlock) cat {OUTPUTS}/simulation.txt; exit 0;; esac
cat {OUTPUTS}/$name.txt; exit 12
""")
    java.chmod(0o755)
    return Tlc(java, folder / "tla2tools.jar")


def test_only_what_a_model_does_not_expect_is_a_finding(specs: Path, scratch: Path, tmp_path: Path) -> None:
    models = [
        a_model(specs, "ok", "ok", 16),
        a_model(specs, "deadlock", "deadlock", 8),
        a_model(specs, "invariant", "violates Small", 5),
        a_model(specs, "action", "ok", 7),
        a_model(specs, "missing", "ok", 7),
    ]
    tried = model_simulate(models, pretender(tmp_path), TEN)
    assert [(one.checked.model.id, one.checked.outcome, one.checked.got) for one in tried] == [
        ("ok", "as expected", "ok"),
        ("deadlock", "as expected", "ok"),
        ("invariant", "as expected", "violates Small"),
        ("action", "different", "violates Grows"),
        ("missing", "failed", ""),
    ]
    assert (
        "expected ok, got violates Grows, with seed 3; its counterexample is told in steps" in tried[3].checked.reason
    )
    assert (tried[0].behaviours, tried[0].states) == (10, 501)
    figures = totals(tried, 2.345)
    assert last_line(figures) == (
        "5 models simulated: 2 violated, 1 unexpected, 1 failed; 20 behaviours, 1,019 states; 2.3 s"
    )
    rows = json.loads(to_json(tried, figures, {}))["models"]
    assert [(row["id"], row["behaviours"]) for row in rows][:3] == [("ok", 10), ("deadlock", 10), ("invariant", 0)]


@pytest.mark.java
def test_the_command_tells_the_story_of_a_violation(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    words = ["simulate", "ok", "exchange", "--models", "models.yaml", "--traces", "200", "--json", "out.json"]
    with rekeyspec(*words, folder=tmp_path) as child:
        out, _ = child.communicate(timeout=120)
    assert child.returncode == 1
    assert out.splitlines()[-1].startswith("2 models simulated: 1 violated, 1 unexpected, 0 failed; 200 behaviours, ")
    rows = {row["id"]: row for row in json.loads((tmp_path / "out.json").read_text())["models"]}
    assert (rows["ok"]["got"], rows["exchange"]["got"]) == ("ok", "violates ServerStays")
    assert "negotiation_timeout: 3" in (tmp_path / rows["exchange"]["trace"]).read_text()


@pytest.mark.java
def test_constants_are_the_models_own_or_others(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    words = ["simulate", "ok", "--models", "models.yaml", "--traces", "20", "--constant", "Stop = TRUE"]
    with rekeyspec(*words, folder=tmp_path) as child:
        out, _ = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "expected ok, got deadlock" in out


def test_what_is_no_constant(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    with rekeyspec("simulate", "--models", "models.yaml", "--constant", "Stop", folder=tmp_path) as child:
        _, err = child.communicate(timeout=120)
    assert child.returncode == 2
    assert "--constant: read 'Stop', expected an assignment" in err

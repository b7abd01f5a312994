"""Which actions models take; TLC is real in the test marked `java`."""

import json
from pathlib import Path

import pytest

from rekeyspec.tools.modelcheck import Checked
from rekeyspec.tools.modelcoverage import Covered, Taken, actions, last_line, model_coverage, to_json, totals
from rekeyspec.tools.output import ActionCoverage, Figures
from rekeyspec.tools.places import Place
from tests.tools.pretenders import MODELS, a_model, recordings, rekeyspec


def counted(specs: Path, cfg: str, **taken: int) -> Covered:
    checked = Checked(a_model(specs, cfg, "ok", 1), "as expected", "ok", Figures(), 1)
    return checked, tuple(ActionCoverage(name, Place("M", 1), times // 2, times) for name, times in taken.items())


def test_actions_of_all_models_are_added_up(specs: Path) -> None:
    covered = [counted(specs, "ok", Up=4, Down=0), counted(specs, "temporal", Up=2, Off=0, Down=6)]
    taken = actions(covered)
    assert taken == [
        Taken("Down", "M", 6, 3, ("temporal",)),
        Taken("Off", "M", 0, 0, ()),
        Taken("Up", "M", 6, 3, ("ok", "temporal")),
    ]
    figures = totals(covered, taken, 2.345)
    assert last_line(figures) == "2 models, 0 failed: 3 actions, 1 never taken; 2.3 s"
    assert json.loads(to_json(taken, figures))["actions"][0] == {
        "action": "Down", "module": "M", "taken": 6, "distinct": 3, "models": ["temporal"]
    }  # fmt: skip


def test_a_model_that_cannot_be_checked_takes_nothing(specs: Path, scratch: Path, tmp_path: Path) -> None:
    models = [a_model(specs, "missing", "ok", 1), a_model(specs, "invariant", "violates Small", 5)]
    covered = model_coverage(models, recordings(tmp_path))
    assert [(checked.outcome, counts) for checked, counts in covered] == [("failed", ()), ("as expected", ())]
    assert "missing.cfg:2" in covered[0][0].reason


@pytest.mark.java
def test_the_command(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    words = ["coverage", "ok", "--models", "models.yaml", "--json", "out.json"]
    with rekeyspec(*words, folder=tmp_path) as child:
        out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    assert out.splitlines()[-1].startswith("1 models, 0 failed: 3 actions, 0 never taken; ")
    rows = json.loads((tmp_path / "out.json").read_text())["actions"]
    assert {row["action"]: row["taken"] for row in rows} == {"Init": 1, "Up": 24, "Reset": 4}

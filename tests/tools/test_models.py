from pathlib import Path

import pytest

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.models import Model, chosen, read

ENTRY = """\
models:
  - id: one
    about: The first.
    spec: Counter.tla
    cfg: ok.cfg
    profile: key-based
    rules: [BYTE-3, IDLE-1]
    quick: true
    expect: ok
    distinct: 16
  - id: two
    about: The second.
    spec: Counter.tla
    cfg: invariant.cfg
    profile: key-based
    rules: [BYTE-3]
    expect: {violates: Small}
    deadlock: false
"""


def written(folder: Path, text: str) -> Path:
    (folder / "Counter.tla").write_text("---- MODULE Counter ----\n====\n")
    (folder / "ok.cfg").write_text("SPECIFICATION Spec\nINVARIANT TypeOK\n")
    (folder / "invariant.cfg").write_text("SPECIFICATION Spec\nINVARIANTS TypeOK Small\n")
    path = folder / "models.yaml"
    path.write_text(text)
    return path


def test_what_an_entry_says(tmp_path: Path) -> None:
    one, two = read(written(tmp_path, ENTRY))
    assert one == Model(
        id="one",
        about="The first.",
        folder=tmp_path,
        spec=tmp_path / "Counter.tla",
        cfg=tmp_path / "ok.cfg",
        profile="key-based",
        rules=("BYTE-3", "IDLE-1"),
        quick=True,
        deadlock=True,
        expected="ok",
        distinct=16,
    )
    assert (two.expected, two.quick, two.deadlock, two.distinct) == ("violates Small", False, False, None)


def test_a_model_with_many_states_runs_on_the_larger_machine(tmp_path: Path) -> None:
    (one, _) = read(written(tmp_path, ENTRY.replace("distinct: 16", "distinct: 1000000")))
    assert one.run().size == "large"
    assert read(written(tmp_path, ENTRY))[0].run().size == "small"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("models:", "model:", r"models.yaml:1:1: read model, expected `models:`"),
        ("models:", "more: 1\nmodels:", r"read more, models, expected `models:` with a list"),
        ("    quick: true\n", "    quik: true\n", r"models.yaml:8:5: read the key quik.* did you mean quick"),
        ("    quick: true\n", "    quick: soon\n", r"models.yaml:8:12: expected `bool`, got `str`"),
        ("    about: The first.\n", "", r"models.yaml:2:5: .*missing required field `about`"),
        ("id: one", "id: One Two", r"models.yaml:2:9: .*matching regex"),
        ("id: two", "id: one", r"models.yaml:11:9: read the id one again"),
        ("spec: Counter.tla", "spec: Absent.tla", r"models.yaml:4:11: read 'Absent.tla', which is no file"),
        ("cfg: ok.cfg", "cfg: absent.cfg", r"models.yaml:5:10: read 'absent.cfg', which is no file"),
        ("profile: key-based", "profile: key-bases", r"models.yaml:6:14: .*did you mean key-based"),
        ("[BYTE-3, IDLE-1]", "[BYTE-3, IDLE-9]", r"models.yaml:7:21: read the rule 'IDLE-9'"),
        ("[BYTE-3, IDLE-1]", "[]", r"models.yaml:7:12: .*length >= 1"),
        ("expect: ok", "expect: fine", r"models.yaml:9:13: "),
        ("    distinct: 16\n", "", r"models.yaml:9:13: read `ok` without `distinct`"),
        ("distinct: 16", "distinct: 0", r"models.yaml:10:15: .*>= 1"),
        ("violates: Small", "violates: Absent", r"models.yaml:17:24: read Absent, which invariant.cfg does not check"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ENTRY
    with pytest.raises(BadInput, match=message):
        read(written(tmp_path, ENTRY.replace(old, new, 1)))


def test_choosing(tmp_path: Path) -> None:
    models = read(written(tmp_path, ENTRY))
    assert [model.id for model in chosen(models, [], quick=False)] == ["one", "two"]
    assert [model.id for model in chosen(models, [], quick=True)] == ["one"]
    assert [model.id for model in chosen(models, ["two"], quick=False)] == ["two"]
    with pytest.raises(BadInput, match=r"--only: read the model 'tow'.* did you mean two"):
        chosen(models, ["tow"], quick=False)
    with pytest.raises(BadInput, match="leave --quick out"):
        chosen(models, ["two"], quick=True)

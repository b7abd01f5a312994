"""What the tests of the model checker share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rekeyspec.tools.checker import Tlc, find_tlc

SPECS = Path(__file__).parent / "specs"


@pytest.fixture
def specs() -> Iterator[Path]:
    """The folder of the specs; nothing may be left in it."""
    before = sorted(SPECS.iterdir())
    yield SPECS
    assert sorted(SPECS.iterdir()) == before


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made; none may be left."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="session")
def tlc() -> Tlc:
    """A real TLC; for tests marked `java`."""
    return find_tlc()

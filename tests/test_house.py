"""The house itself: what is shipped, what may import what, what the lock pins, and that no machine shows through."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rekeyspec

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = ("benchmarks", "conformance", "reference", "spec", "tools")
DATA = {".cfg", ".css", ".erl", ".html", ".j2", ".java", ".js", ".json", ".tla", ".yaml"}

LOCKED = {
    "light": ("peers",),
    "full": ("peers", "model", "wire", "validate", "explore", "pytest", "fuzz", "bench", "docs", "dev"),
    "cluster": ("peers", "model", "wire", "validate", "explore", "pytest", "fuzz", "bench", "docs", "dev", "cluster"),
}
"""Which extras each file of requirements/ serves, beside the project's own dependencies and those of its build."""

PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[0-9][A-Za-z0-9.+!]*)")
MACHINE = re.compile(r"(?:(?<![\w./~-])|(?<=file://))/(?:home|mnt|private|root|Users|work)/[\w.-]+")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """A wheel of the project, built from a copy: what an earlier build left in the tree would be packed too."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    for name in ("src", *FOLDERS):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    built = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = (copy / "dist").glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def shipped(suffixes: set[str]) -> set[str]:
    """The files with one of these suffixes that a wheel must have, by the names they have in it."""
    return {name.as_posix() for name in packaged() if name.suffix in suffixes}


def packaged() -> set[Path]:
    """Every file of the packages, by the name that it would have in a wheel."""
    own = ROOT / "src" / "rekeyspec"  # rglob follows no link, so the five folders come below
    names = {path.relative_to(ROOT / "src") for path in own.rglob("*") if path.is_file()}
    for folder in FOLDERS:
        names |= {"rekeyspec" / path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    return {name for name in names if "__pycache__" not in name.parts}


def test_the_wheel_has_the_code_of_every_package(wheel: zipfile.ZipFile) -> None:
    code = shipped({".py"})
    assert {f"rekeyspec/{folder}/__init__.py" for folder in FOLDERS} <= code
    assert code - set(wheel.namelist()) == set()


def test_the_wheel_has_the_data_that_the_code_reads(wheel: zipfile.ZipFile) -> None:
    data = shipped(DATA)
    assert data - set(wheel.namelist()) == set()
    assert "rekeyspec/py.typed" in wheel.namelist()


def test_every_kind_of_file_in_the_packages_is_known() -> None:
    unknown = {str(name) for name in packaged() if name.suffix not in DATA | {".py", ".typed", ".md"}}
    assert unknown == set(), "name the kind in package-data, and in DATA here"


def test_the_wheel_has_nothing_else(wheel: zipfile.ZipFile) -> None:
    expected = shipped(DATA | {".py", ".typed"})
    others = [n for n in wheel.namelist() if n not in expected and ".dist-info/" not in n]
    assert others == []


def test_the_wheel_brings_the_command_and_the_licence(wheel: zipfile.ZipFile) -> None:
    info = f"rekeyspec-{rekeyspec.__version__}.dist-info"
    assert "rekeyspec = rekeyspec.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert "Apache License" in wheel.read(f"{info}/licenses/LICENSE").decode()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_package_is_a_relative_link_to_the_folder(folder: str) -> None:
    link = ROOT / "src" / "rekeyspec" / folder
    assert link.is_symlink()
    assert link.readlink() == Path(f"../../{folder}")


def test_the_reference_imports_only_the_standard_library_and_its_wire_two_for_cryptography() -> None:
    foreign = []
    for path in sorted((ROOT / "reference").rglob("*.py")):
        wire = path.is_relative_to(ROOT / "reference" / "wire")
        known = sys.stdlib_module_names | ({"cryptography", "OpenSSL"} if wire else set())
        ours = "rekeyspec.reference."
        for module in imported(path):
            inside = f"{module}.".startswith(ours) and (wire or not f"{module}.".startswith(f"{ours}wire."))
            if module.partition(".")[0] not in known and not inside:
                foreign.append(f"{path.relative_to(ROOT)}: {module}")
    assert foreign == []


def imported(path: Path) -> list[str]:
    """The modules that this file imports, anywhere in it, if only when a function is called."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module or "")
    return modules


def test_no_tracked_file_names_a_path_of_some_machine() -> None:
    named = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        named += [f"{path.relative_to(ROOT)}: {found.group()}" for found in MACHINE.finditer(text)]
    assert named == []


def tracked() -> list[Path]:
    """The files that git tracks, links left out."""
    # The tree may belong to another user than the one who runs the tests, which git else refuses.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no git here to say what is tracked")
    if listed.returncode:
        pytest.skip("not a clone: nothing says what is tracked")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def pins(name: str) -> dict[str, str]:
    """The versions that a file of requirements/ pins, by package."""
    found: dict[str, str] = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        pin = PIN.fullmatch(line)
        assert pin, f"requirements/{name}.txt: expected NAME==VERSION and nothing else, read {line!r}; run make lock"
        found[canonicalize_name(pin["name"])] = pin["version"]
    return found


@pytest.mark.parametrize("name", LOCKED)
def test_the_lock_pins_what_the_project_asks_for(name: str) -> None:
    project = PROJECT["project"]
    asked = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    for extra in LOCKED[name]:
        asked += project["optional-dependencies"][extra]
    pinned = pins(name)
    for requirement in map(Requirement, asked):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not pinned"
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}"


def test_every_extra_is_locked_somewhere() -> None:
    assert set(PROJECT["project"]["optional-dependencies"]) == set(LOCKED["cluster"])


def test_a_larger_lock_holds_the_smaller_one() -> None:
    assert pins("light").items() <= pins("full").items() <= pins("cluster").items()


def test_every_file_of_the_lock_is_known() -> None:
    assert {path.name for path in (ROOT / "requirements").iterdir()} == {f"{name}.txt" for name in LOCKED}


def test_the_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(rekeyspec.__version__)}\]", changelog, re.MULTILINE)

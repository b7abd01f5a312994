"""The site is built without a warning, has every made page whole, and loads nothing from anywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rekeyspec.cli.pages import ROOT as PACKAGE
from rekeyspec.cli.pages import SCHEMAS, pages
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.rulebook import rules
from rekeyspec.reference.policy import parameters

ROOT = Path(__file__).parent.parent
MADE = pages()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_page_of_rules_has_every_rule_with_its_text() -> None:
    page = MADE["reference/rules.md"]
    for rule in rules().values():
        assert f"## {rule.id}: {rule.title}" in page
        assert rule.text.replace("<", "&lt;") in page


def test_the_page_of_policies_has_every_parameter_and_profile() -> None:
    page = MADE["reference/policies.md"]
    assert [name for name in parameters() if f"| `{name}` |" not in page] == []
    assert [name for name in profiles() if f"### {name}" not in page] == []


@pytest.mark.parametrize("path", SCHEMAS)
def test_the_page_of_a_schema_has_every_field(path: str) -> None:
    schema = json.loads((PACKAGE / SCHEMAS[path][1]).read_text(encoding="utf-8"))
    parts = [schema, *schema.get("$defs", {}).values()]
    fields = {name for part in parts for name in part.get("properties", {})}
    assert fields
    assert [name for name in fields if f"| `{name}` |" not in MADE[path]] == []


def test_the_page_of_commands_has_every_command_and_option() -> None:
    page = MADE["reference/commands.md"]
    for command in ("rules", "check", "replay", "explore", "campaign", "audit", "diff", "selftest", "model check"):
        assert f"## `rekeyspec {command}`" in page
    for option in ("--profile", "--suite", "--report", "--seed", "--journal"):
        assert option in page


def test_the_site_has_every_page_and_loads_nothing_from_elsewhere(site: Path) -> None:
    for path in ("index", "adapters", "specification", "changelog", *(name.removesuffix(".md") for name in MADE)):
        assert (site / f"{path}.html").is_file(), path
    loads = re.compile(r'<(?:link|script|img|iframe)\b[^>]*?(?:href|src)="?(https?:)?//', re.IGNORECASE)
    canonical = re.compile(r'<link[^>]*rel="?canonical')
    for page in site.rglob("*.html"):
        found = [m.group(0) for m in loads.finditer(page.read_text("utf-8")) if not canonical.match(m.group(0))]
        assert found == [], page.name


def test_what_is_missing_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: x\nvalidation: {nav: {not_found: warn}}\nnav: [index.md, missing.md]\n"
    )
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# x\n")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict"]  # with --quiet nothing is ever counted as a warning
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "missing.md" in done.stdout + done.stderr

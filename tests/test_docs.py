"""What the documents show is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import policy_of
from rekeyspec.conformance.trace import Step, Trace, parse

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("spec/*.md"), *ROOT.glob("examples/*.md")]


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_trace_on_the_page_is_told_to_its_end() -> None:
    (text,) = blocks("docs/traces.md", "yaml")
    trace = parse(yamlfile.parse(text, "docs/traces.md"))
    case = replay(trace, policy_of(trace), ReferenceTarget())
    assert case.word == "conforms", case.reason
    assert set(trace.rules) <= case.exercised


@pytest.mark.parametrize("form", [Trace, Step], ids=lambda form: form.__name__)
def test_the_page_has_every_key(form: type) -> None:
    page = (ROOT / "docs/traces.md").read_text(encoding="utf-8")
    assert not [name for name in form.__struct_fields__ if f"`{name}`" not in page and name not in ("note", "kind")]  # type: ignore[attr-defined]


def test_the_policy_in_the_readme_is_one(tmp_path: Path) -> None:
    (text,) = blocks("README.md", "yaml")
    (tmp_path / "mine.yaml").write_text(text)
    assert policy_named(str(tmp_path / "mine.yaml"))[1].byte_limit == 67108864


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere_and_rules_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", text):
        assert (page.parent / target).exists(), target
    groups = {rule.split("-")[0] for rule in rules()}
    for cited in re.findall(r"\b([A-Z]{2,5}-\d)\b", text):
        assert cited in rules() or cited.split("-")[0] not in groups, cited

"""What the page about campaigns shows is so."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.jobs import BATCH, CHUNK
from rekeyspec.conformance.campaign.plan import EVIDENCE, Limits, read
from rekeyspec.conformance.expected import read as read_expected

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    return [line.strip() for line in PAGE.splitlines() if line.startswith("    ") and "rekeyspec" in line]


def test_the_plan_on_the_page_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "plan.yaml").write_text(text)
    plan = read(tmp_path / "plan.yaml")
    assert plan.limits == Limits(), "the page names the defaults"
    assert len(plan.suites) == 3


def test_the_expected_failures_on_the_page_are_some(tmp_path: Path) -> None:
    (text,) = re.findall(r"```\n(# What we know.*?)```", PAGE, re.DOTALL)
    (tmp_path / "expected.txt").write_text(text)
    assert [entry.failure.target for entry in read_expected(tmp_path / "expected.txt").entries] == [
        "python:ours:End", "exec:node link.mjs",
    ]  # fmt: skip


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    for number, words in ((BATCH, "within a job of {} traces"), (CHUNK, "parts of {} examples")):
        assert words.format(number) in PAGE
    assert f"(`{EVIDENCE}`)" in PAGE
    assert "`rekeyspec-campaign.sqlite` in the current folder" in PAGE


@pytest.mark.parametrize("line", commands())
def test_every_command_on_the_page_can_be_given(line: str, tmp_path: Path) -> None:
    """With less work than there: a smaller search, and no cluster."""
    words = shlex.split(line.replace(":10000", ":20"))
    if "--cluster" in words:
        words = words[: words.index("--cluster")]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "plan.yaml").write_text(text.replace("10000", "20"))
    (tmp_path / "expected.txt").write_text("")

    def given(*line: str) -> int:
        done = subprocess.run([sys.executable, "-m", *line], capture_output=True, text=True, cwd=tmp_path, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode

    if "--resume" in words:
        assert given("rekeyspec", "campaign", "reference", "--profile", "timed", "-j", "1") == 0
    assert words[0] in ("rekeyspec", "dask")
    if words[0] == "rekeyspec":
        assert given(*words) == 0

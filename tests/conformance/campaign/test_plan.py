"""A plan is read strictly, and what could never be judged is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.plan import Limits, Plan, made, read, search_of, seconds
from rekeyspec.conformance.target import BadInput

WHOLE = """
plan: 0
targets: [reference, "exec:python my adapter.py", reference]
profiles: [combined, ours.yaml]
suites: [hand, model, tours, "explore:10000:7"]
limits: {step_timeout: 2, case_timeout: "0.25", quarantine: 5}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tours").mkdir()
    (tmp_path / "ours.yaml").write_text("policy: 0\nprofile: timed\n")
    return tmp_path


def written(here: Path, text: str) -> Path:
    path = here / "plan.yaml"
    path.write_text(text)
    return path


def test_a_plan_has_targets_profiles_suites_and_limits_each_once(here: Path) -> None:
    plan = read(written(here, WHOLE))
    assert plan == Plan(
        ("reference", "exec:python my adapter.py"), ("combined", "ours.yaml"),
        ("hand", "model", "tours", "explore:10000:7"), Limits(2.0, 0.25, 5),
    )  # fmt: skip
    assert plan.asked == plan.suites


def test_words_make_the_same_plan_as_a_file(here: Path) -> None:
    assert read(written(here, "plan: 0\ntargets: [reference]\n")) == made(["reference"])


def test_without_suites_the_packages_are_asked_as_check_asks_them() -> None:
    assert made(["reference"]).asked == ("hand", "model")
    assert made(["reference"], ["timed"]).asked == ("hand",)


def test_a_search_has_examples_and_a_seed() -> None:
    assert search_of("explore:100") == (100, 0)
    assert search_of("explore:100:42") == (100, 42)
    assert search_of("explore:0") is None
    assert search_of("hand") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets: [reference]\n", r"plan\.yaml:1:1: .*no key `plan`.*`plan: 0`"),
        ("plan: 1\ntargets: [reference]\n", r"plan\.yaml:1:7: .*`plan: 1`"),
        ("plan: false\ntargets: [reference]\n", r"plan\.yaml:1:7"),
        ("plan: 0\n", r"plan\.yaml:1:1: read no target"),
        ("plan: 0\ntargets: reference\n", r"plan\.yaml:2:10: .*a list"),
        ("plan: 0\ntargets: [7]\n", r"plan\.yaml:2:11: .*a word"),
        ("plan: 0\ntargets: [refrence]\n", "did you mean 'reference'"),
        ("plan: 0\ntargets: ['peer:nothing']\n", "peer:asyncssh"),
        ("plan: 0\ntarget: [reference]\n", r"plan\.yaml:2:1: .*did you mean targets"),
        ("plan: 0\ntargets: [reference]\nprofiles: [timd]\n", "did you mean timed"),
        ("plan: 0\ntargets: [reference]\nprofiles: [a/ours.yaml, ours.yaml]\n", "both called ours"),
        ("plan: 0\ntargets: [reference]\nsuites: [hnad]\n", r"plan\.yaml:3:10: .*did you mean hand"),
        ("plan: 0\ntargets: [reference]\nsuites: ['explore:ten']\n", r"plan\.yaml:3:10: .*explore:EXAMPLES:SEED"),
        ("plan: 0\ntargets: [reference]\nlimits: [1]\n", r"plan\.yaml:3:9: .*a mapping"),
        ("plan: 0\ntargets: [reference]\nlimits: {step_timeot: 1}\n", r"plan\.yaml:3:10: .*did you mean step_timeout"),
        ("plan: 0\ntargets: [reference]\nlimits: {step_timeout: 0}\n", r"plan\.yaml:3:24: .*above 0"),
        ("plan: 0\ntargets: [reference]\nlimits: {case_timeout: soon}\n", r"plan\.yaml:3:24: .*seconds"),
        ("plan: 0\ntargets: [reference]\nlimits: {quarantine: 0}\n", r"plan\.yaml:3:22: .*from 1"),
        ("plan: 0\ntargets: [reference]\nlimits: {quarantine: true}\n", r"plan\.yaml:3:22: .*from 1"),
    ],
)
def test_what_is_wrong_with_a_plan_is_one_message_with_its_place(here: Path, text: str, said: str) -> None:
    (here / "a").mkdir()
    (here / "a/ours.yaml").write_text("policy: 0\n")
    with pytest.raises(BadInput, match=said):
        read(written(here, text))


def test_a_time_is_seconds_as_people_write_them() -> None:
    assert seconds("5", "x") == 5
    assert seconds("0.25", "x") == 0.25
    for wrong in ("-1", "1e3", "0", "0.000", "nan", "inf", "1.2345", ""):
        with pytest.raises(BadInput, match="x: read"):
            seconds(wrong, "x")


def test_what_is_opened_later_need_not_be_there_yet() -> None:
    assert made(["python:no_such:End", "exec:/no/such", "pair:reference reference"]).targets

"""A check judges every target it can, says what it could not, and ends with the right code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rekeyspec.conformance import check as module
from rekeyspec.conformance.check import PATIENCE, check, one, replay_command
from rekeyspec.conformance.suite import RECOMMENDED, chosen, fits, policy_of, stories, trace_named
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.reference.policy import Policy

LAZY = """
class End:
    unsupported = {"CHAN-1": "one channel only"}
    def __init__(self, end, policy): self.policy = policy
    def step(self, event):
        assert self.policy["channels"] == 1, "it said that it has one channel only"
        return {"did": [], "deadline": None}
"""


@pytest.fixture
def lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "lazy_end.py").write_text(LAZY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "lazy_end", raising=False)
    return "python:lazy_end:End"


def silent(target: str, done: int, total: int) -> None:
    assert done <= total, target


def words(checked: module.Checked, target: str) -> dict[str, str]:
    worst: dict[str, str] = {}
    for v in checked.report.verdicts:
        if v.target == target and worst.get(v.rule) not in ("violates", "broken"):
            worst[v.rule] = v.verdict
    return worst


def test_the_reference_conforms_to_every_rule_it_has(tmp_path: Path) -> None:
    checked = check(["reference"], None, tmp_path, silent)
    assert checked.exit_code == 0
    said = words(checked, "reference")
    assert {rule for rule, word in said.items() if word == "unsupported"} == set(UNJUDGED)
    assert {word for rule, word in said.items() if rule not in UNJUDGED} == {"conforms"}


def test_a_violation_is_exit_1_and_what_was_stated_is_not_asked(lazy: str, tmp_path: Path) -> None:
    checked = check([lazy], None, tmp_path, silent)
    assert checked.exit_code == 1
    said = words(checked, lazy)
    assert said["EST-4"] == "violates"
    assert said["CHAN-1"] == "unsupported"


def test_what_is_wrong_with_one_target_costs_the_others_nothing(lazy: str, tmp_path: Path) -> None:
    checked = check(
        ["python:no_such:End", "reference", "exec:/no/such/program", lazy, "nonsense"], None, tmp_path, silent
    )
    assert checked.exit_code == 2
    assert len(checked.troubles) == 3, checked.troubles
    assert {v.target for v in checked.report.verdicts} == {"reference", "exec:/no/such/program", lazy}
    assert set(words(checked, "exec:/no/such/program").values()) == {"broken"}


def test_a_target_that_keeps_breaking_is_given_up(tmp_path: Path) -> None:
    program = tmp_path / "dies.py"
    calls = tmp_path / "calls"
    program.write_text(
        "import sys, json\n"
        "for line in sys.stdin:\n"
        "    ask = json.loads(line)\n"
        f"    open({str(calls)!r}, 'a').write(ask['cmd'] + '\\n')\n"
        '    if ask[\'cmd\'] == \'hello\': print(\'{"protocol":1,"name":"dies","version":"1"}\', flush=True)\n'
        "    elif ask['cmd'] == 'open': print(json.dumps({'id': ask['id']}), flush=True)\n"
        "    else: sys.exit(3)\n"
    )
    checked = check([f"exec:{sys.executable} {program}"], None, tmp_path, silent)
    assert checked.exit_code == 2
    assert sum(call in ("run", "step") for call in calls.read_text().split()) == PATIENCE
    assert {v.verdict for v in checked.report.verdicts} == {"broken", "unsupported"}


def test_a_profile_chooses_its_own_traces(tmp_path: Path) -> None:
    checked = check(["reference"], "timed", tmp_path, silent)
    assert {case.trace for case in checked.report.cases} == {t.name for t in stories().values() if t.profile == "timed"}


def test_a_policy_file_chooses_the_traces_that_fit_it(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("policy: 0\nprofile: key-based\nparameters: {idle_period: 77000, reply_timeout: 3000}\n")
    checked = check(["reference"], str(file), tmp_path, silent)
    assert checked.exit_code == 0
    told = {case.trace for case in checked.report.cases}
    assert "idle-then-data" in told
    assert "byte-floor" not in told
    assert all(case.policy["idle_period"] == 77000 and case.profile == "ours" for case in checked.report.cases)
    assert all(f"--profile {file}" in case.replay for case in checked.report.cases)


@pytest.mark.parametrize("said", ["policy: 0\nparameters: {grace: -5}\n", "policy: 1\n"])
def test_a_policy_that_cannot_be_judged_is_refused_before_any_run(said: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(said)
    with pytest.raises(BadInput, match=r"bad\.yaml"):
        check(["reference"], str(file), tmp_path, silent)


def test_every_story_is_told_again_by_its_replay_command() -> None:
    for trace in stories().values():
        assert one(trace_named(trace.name), "reference", None).word == "conforms"
    assert replay_command("idle-then-data", "exec:python x y", "a b.yaml") == (
        "rekeyspec replay idle-then-data 'exec:python x y' --profile 'a b.yaml'"
    )


def test_needs_are_values_lists_and_bounds() -> None:
    trace = stories()["byte-limit-at-once"]
    own = policy_of(trace)
    assert fits(trace, own)
    assert not fits(trace, own.but(byte_limit=0))
    assert not fits(trace, own.but(rekey_initiator="server"))
    assert fits(trace, own.but(rekey_initiator="client"))
    assert all(fits(t, p) for t, p in chosen(Policy(byte_limit=1000)))


# Suites.


def test_both_suites_are_told_unless_a_profile_is_named(tmp_path: Path) -> None:
    told = check(["reference"], None, tmp_path, silent)
    by = [case.profile for case in told.report.cases]
    assert by[0] == RECOMMENDED
    assert any(one.startswith("model ") for one in by)
    assert not any(
        case.profile.startswith("model ") for case in check(["reference"], "timed", tmp_path, silent).report.cases
    )
    assert {one.graph.end for one in told.coverage()[0].models} == {"client", "server"}


def test_the_suite_of_tours_alone(tmp_path: Path) -> None:
    checked = check(["reference"], None, tmp_path, silent, ["model"])
    assert checked.exit_code == 0
    assert all(case.profile.startswith("model ") for case in checked.report.cases)
    assert all(f"rekeyspec replay {case.trace} reference" == case.replay for case in checked.report.cases)


def test_a_tour_has_its_own_policy(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"--profile.*timed.*model"):
        check(["reference"], "timed", tmp_path, silent, ["model"])
    with pytest.raises(BadInput, match=r"--suite.*nowhere"):
        check(["reference"], None, tmp_path, silent, ["nowhere"])


def test_a_tour_that_is_left_is_judged_all_the_same(tmp_path: Path) -> None:
    """The reference leaves those on which an end takes its time: no rule is the worse for it."""
    checked = check(["reference"], None, tmp_path, silent, ["model"])
    left = [case for case in checked.report.cases if case.reason]
    assert left
    assert all(case.word == "conforms" and case.reason.startswith("left the tour") for case in left)
    (coverage,) = checked.coverage()
    for reached in coverage.models:
        assert 0 < len(reached.steps) < len(reached.graph.steps)


def test_an_end_that_does_nothing_violates_tours(lazy: str, tmp_path: Path) -> None:
    checked = check([lazy], None, tmp_path, silent, ["model"])
    assert checked.exit_code == 1
    assert words(checked, lazy)["EST-4"] == "violates"

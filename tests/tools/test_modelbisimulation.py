"""Which models are compared, which mutants there are, and what is said of it all; without TLC."""

from __future__ import annotations

import json
import re

import pytest

from rekeyspec.conformance.mutants.equal import EQUAL, Change
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.tools.bisimulation import Compared
from rekeyspec.tools.bounds import Bounds, broken
from rekeyspec.tools.modelbisimulation import (
    ACTIONS,
    Bisimulated,
    comparable,
    guard_pairs,
    last_line,
    mutation,
    of_the_link,
    remarks,
    to_json,
    totals,
)
from rekeyspec.tools.modelcheck import Checked, exit_code
from rekeyspec.tools.models import FILE, read
from rekeyspec.tools.output import Figures
from rekeyspec.tools.referencemutants import Survey

SPEC = FILE.parent


def test_every_action_of_the_spec_is_known_and_no_other() -> None:
    text = (SPEC / "KeyChange.tla").read_text()
    named = re.search(r"^User\(e\) ==.*?^Next ==.*?\n\n", text, re.DOTALL | re.MULTILINE)
    assert named is not None
    operators = set(re.findall(r"\b([A-Z]\w+)\(e\)", named[0])) | {"Tick", "Reconnect"}
    assert operators - {"User", "Act", "Attack"} == ACTIONS


def test_models_that_are_broken_on_purpose_are_left_out() -> None:
    able, left = comparable(read())
    assert "key-based" in {model.id for model in able}
    assert {model.id for model in left} >= {model.id for model in read() if model.id.startswith("mutant-")}
    assert all(of_the_link(model) for model in able)
    assert "ACTION_CONSTRAINT" not in "".join(model.cfg.read_text() for model in able)
    assert "mutants-gap" in {model.id for model in left}


@pytest.mark.parametrize(
    ("text", "is_broken"),
    [
        ("CONSTANTS\n Chosen <- Graced\n Dropped = {}\n Sizes <- One", False),
        ('CONSTANTS Dropped = {"Start: EST-4"}', True),
        ('CONSTANTS Inverted = { "Start: EST-4" }', True),
        ("CONSTANTS\n Full <- NeverFull", True),
    ],
)
def test_a_cfg_that_breaks_the_spec_is_known(text: str, is_broken: bool) -> None:
    assert broken(text) is is_broken


def test_the_server_may_have_a_limit_of_its_own() -> None:
    bounds = Bounds(policy=Policy(byte_limit=3), server_limit=5)
    assert (bounds.policy_at("client").limit, bounds.policy_at("server").limit) == (3, 5)
    assert Bounds(policy=Policy(byte_limit=3)).policy_at("server").limit == 3


def test_a_mutant_that_the_reference_has_is_made() -> None:
    rules = mutation("SendData:BYTE-3")(Rules(Policy()))
    assert "BYTE-3" not in {guard.rule for guard in rules.own["SendData"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SendData:HB-9", r"read 'SendData' and 'HB-9', expected DO:RULE; SendData has DEAD-5, EST-1"),
        ("Sing:HB-9", r"expected DO:RULE; Sing has Reject, Deliver"),
        ("", r"expected DO:RULE"),
    ],
)
def test_a_mutant_that_it_has_not_is_bad_input(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        mutation(text)


def test_a_reason_is_of_a_mutant_that_exists() -> None:
    assert {(mutant.do, mutant.what) for mutant in EQUAL} <= set(guard_pairs())


def test_a_survey_says_what_nobody_noticed_and_what_is_noticed_though_it_cannot_be() -> None:
    survey = Survey()
    cannot, ought = Change("guard", "Answer", "CHAN-1"), Change("guard", "Answer", "EST-3")
    survey.possible = {cannot, ought}
    assert survey.survived()
    assert list(survey.lines())[-1] == "2 mutants of the reference: 0 noticed, 1 cannot be, 1 ought to be"
    survey.noticed[ought] = "some-model"
    assert not survey.survived()
    survey.noticed[cannot] = "another"
    assert survey.survived()
    assert "noticed in another: Answer without CHAN-1: but it has a reason" in "\n".join(survey.lines())


def results() -> list[Bisimulated]:
    one, other, third = read()[:3]
    equal = Compared(states=10, edges=20, cut=1, actions={"Tick": 20}, differences=0)
    differs = Compared(states=5, edges=6, cut=0, actions={"Start": 6}, differences=2, by={("spec", "Start"): 2})
    return [
        Bisimulated(Checked(one, "as expected", "ok", Figures(), 1.5), equal),
        Bisimulated(Checked(other, "different", "2 differences", Figures(), 1.5), differs, ("state 3: the spec",)),
        Bisimulated(Checked(third, "failed", "", Figures(), 0.5, "TLC was killed")),
    ]


def test_the_figures_are_of_what_was_compared() -> None:
    found = results()
    figures = totals(found, 3)
    assert last_line(figures) == (
        "3 models bisimulated: 15 states (1 cut off), 26 edges, 2 differences, 1 failed;"
        f" 2 of {len(ACTIONS)} actions; 3 s"
    )
    document = json.loads(to_json(found, figures))
    assert document["models"][1]["by"] == [{"side": "spec", "action": "Start", "times": 2}]
    assert document["actions"] == {"Start": 6, "Tick": 20}
    assert exit_code([one.checked for one in found]) == 2
    assert exit_code([one.checked for one in found[:2]]) == 1


def test_what_differs_what_failed_and_what_was_not_reached_is_said() -> None:
    said = remarks(results(), read()[-1:])
    assert said[0] == "state 3: the spec"
    assert any(line.endswith(": TLC was killed") for line in said)
    assert any(line.startswith("left out") and line.endswith(read()[-1].id) for line in said)
    assert said[-1].startswith("actions not reached: AcceptNotice, ")

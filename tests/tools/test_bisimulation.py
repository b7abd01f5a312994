"""Spec and reference are equal on a small model; whatever is broken or renamed on either side is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rekeyspec.conformance.mutants.equal import Change
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.vocabulary import ROLES, Message
from rekeyspec.tools.bisimulation import Compared, compare
from rekeyspec.tools.bounds import Bounds, bounds
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.cli import app
from rekeyspec.tools.composition import Composition
from rekeyspec.tools.frontier import Explored, explored
from rekeyspec.tools.graph import Graph
from rekeyspec.tools.modelbisimulation import mutation
from rekeyspec.tools.models import FILE, Model, read
from rekeyspec.tools.referencemutants import Survey

SMALL = "key-based"

pytestmark = pytest.mark.java


@pytest.fixture(scope="module")
def model() -> Model:
    return next(model for model in read() if model.id == SMALL)


@pytest.fixture(scope="module")
def bound(model: Model, tlc: Tlc) -> Bounds:
    return bounds(model, tlc)


@pytest.fixture(scope="module")
def found(model: Model, tlc: Tlc) -> Explored:
    return explored(model.run(), tlc, most=100_000)


def compared(found: Explored, bound: Bounds, change: Callable[[Rules], Rules] = lambda rules: rules) -> Compared:
    return compare(found, Composition(bound, {role: change(Rules(bound.policy_at(role))) for role in ROLES}))


def test_spec_and_reference_are_equal(found: Explored, bound: Bounds, model: Model) -> None:
    same = compared(found, bound)
    assert (same.differences, same.shown, same.cut) == (0, (), 0)
    assert same.states == model.distinct
    assert same.edges == len(found.graph.edges)


def test_an_action_renamed_in_the_graph_is_seen_from_both_sides(found: Explored, bound: Bounds) -> None:
    edges = tuple(e._replace(action="Send") if e.action == "SendData" else e for e in found.graph.edges)
    renamed = replace(found, graph=Graph(found.graph.states, found.graph.initial, edges))
    by = compared(renamed, bound).by
    assert set(by) == {("spec", "Send"), ("reference", "SendData")}
    assert by["spec", "Send"] == by["reference", "SendData"] > 0


def test_an_action_that_the_reference_has_not_is_seen(found: Explored, bound: Bounds) -> None:
    def without_heartbeats(rules: Rules) -> Rules:
        return replace(rules, own={do: guards for do, guards in rules.own.items() if do != "SendHeartbeat"})

    assert set(compared(found, bound, without_heartbeats).by) == {("spec", "SendHeartbeat")}


@pytest.mark.parametrize(
    ("mutant", "action"),
    [("SendHeartbeat:HB-2", "SendHeartbeat"), ("SendData:IDLE-1", "SendData"), ("Start:NEED-1", "Start")],
)
def test_a_guard_dropped_from_the_reference_is_seen(found: Explored, bound: Bounds, mutant: str, action: str) -> None:
    by = compared(found, bound, mutation(mutant)).by
    assert ("reference", action) in by


def test_an_edge_that_the_graph_lacks_is_seen(found: Explored, bound: Bounds) -> None:
    edges = found.graph.edges
    lacking = replace(found, graph=Graph(found.graph.states, found.graph.initial, edges[:50] + edges[51:]))
    assert compared(lacking, bound).by == {("reference", edges[50].action): 1}


def test_another_message_than_the_spec_sends_is_seen(
    found: Explored, bound: Bounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an end becomes is the same; what is under way is not."""
    from rekeyspec.tools import alone

    true = alone.foretold
    monkeypatch.setattr(
        alone, "foretold", lambda r, s, do, m=None: true(r, s, do, m) if do != "SendReply" else wrong(true(r, s, do, m))
    )
    monkeypatch.setattr("rekeyspec.reference.enabled.check_form", lambda *_: None)
    by = compared(found, bound).by
    assert set(by) == {("spec", "SendReply"), ("reference", "SendReply")}


def wrong(sent: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(one._replace(number=one.number + 1) for one in sent)


def test_a_survey_notices_mutants_without_another_graph(found: Explored, bound: Bounds, model: Model) -> None:
    survey, composition = Survey(), Composition(bound)
    compare(found, composition)
    survey.look(model, composition)
    seen = {
        Change("guard", "SendHeartbeat", "HB-2"),
        Change("guard", "Deliver", "ORDER-1"),
        Change("effect", "Finish", "count"),
        Change("effect", "SendData", "queue"),
        Change("duty", "SendData", "FLOW-1"),
    }
    assert seen - set(survey.noticed) == {Change("guard", "Deliver", "ORDER-1")}  # nothing is lost in this model
    assert Change("guard", "Deliver", "ORDER-1") in survey.unnoticed()


def invoked(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["bisimulate", *words])
    return result.exit_code, result.stdout


def test_the_command_says_that_they_are_equal(tmp_path: Path) -> None:
    code, said = invoked(SMALL, "--json", str(tmp_path / "found.json"))
    assert code == 0
    assert said.splitlines()[-1].startswith(
        "1 models bisimulated: 1,753 states (0 cut off), 3,334 edges, 0 differences"
    )
    document = json.loads((tmp_path / "found.json").read_text())
    assert document["models"][0]["differences"] == 0
    assert document["figures"]["edges"] == 3334


def test_the_command_tells_the_state_the_action_and_the_guard() -> None:
    code, said = invoked(SMALL, "--reference-mutant", "SendHeartbeat:HB-2", "--most", "300")
    assert code == 1
    assert "the reference allows, against the spec, SendHeartbeat at the client" in said
    assert "client SendHeartbeat: HB-2 is false" in said
    assert "client: phase=open" in said


def test_an_action_renamed_in_the_spec_is_told(tmp_path: Path) -> None:
    spec = tmp_path / "spec"
    shutil.copytree(FILE.parent, spec, ignore=shutil.ignore_patterns("__pycache__"))
    for path in spec.rglob("*.tla"):
        path.write_text(path.read_text().replace("SendHeartbeat(e)", "Beats(e)"))
    code, said = invoked(SMALL, "--most", "300", "--models", str(spec / "models.yaml"))
    assert code == 1
    assert "the spec allows Beats at the client" in said

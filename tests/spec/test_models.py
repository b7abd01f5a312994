"""The models are listed in order, and the specification uses the words of the reference, letter for letter."""

from __future__ import annotations

import re
from pathlib import Path

from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.rulebook import rules
from rekeyspec.reference.guards import OWN, TAKING
from rekeyspec.reference.state import End, Series
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT, VISIBLE
from rekeyspec.tools.models import read

SPEC = Path(__file__).parent.parent.parent / "spec"
MODULES = {path.stem: path.read_text(encoding="utf-8") for path in SPEC.glob("*.tla")}
TEXT = "\n".join(MODULES.values())
UNMODELLED = {
    "Arrive",
    "Refuse",
}  # arriving is the action that takes the message; offers that would be refused are not made
GROUPS = ("EST-", "BYTE-", "AGE-", "HB-", "IDLE-", "DEAD-", "REKEY-", "CHAN-")


def test_every_model_is_listed_once_and_every_file_is_used() -> None:
    models = read()
    assert {Path(m.cfg).resolve() for m in models} == set((SPEC / "models").glob("*.cfg"))
    assert {Path(m.spec).resolve() for m in models} == set((SPEC / "models").glob("MC*.tla"))
    assert {m.profile for m in models} <= set(profiles())
    assert {"key-based", "protected-keepalive"} <= {m.id for m in models}


def test_some_models_hold_and_some_are_expected_to_fail() -> None:
    violated = {m.expected for m in read()}
    assert "ok" in violated
    assert len(violated) > 8


def test_every_action_of_the_reference_is_an_action_of_the_specification() -> None:
    defined = set(re.findall(r"^(\w+)(?:\(e\))? ==", TEXT, re.MULTILINE))
    assert set(ENVIRONMENT + VISIBLE + SILENT) - UNMODELLED <= defined


def test_every_field_that_is_modelled_has_the_name_it_has_in_the_reference() -> None:
    state = re.search(r"Blank ==(.*?)\n\n", MODULES["Link"], re.DOTALL)
    assert state
    fields = set(re.findall(r"(\w+)\s*\|->", state[1]))
    assert fields - {"offered"} <= set(End.__dataclass_fields__) | set(Series._fields)


def test_every_rule_of_a_guard_stands_in_the_specification() -> None:
    cited = set(re.findall(r"\b([A-Z]+-\d)\b", TEXT))
    assert cited <= set(rules())
    guards = {g.rule for table in (OWN, TAKING) for guards in table.values() for g in guards}
    assert {rule for rule in guards if rule.startswith(GROUPS)} - {"EST-2", "HB-5", "CHAN-1"} <= cited

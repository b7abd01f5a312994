from __future__ import annotations

import json
import re
from dataclasses import fields
from importlib.resources import files

import jsonschema
import pytest

from rekeyspec.conformance.policies import parameter_kinds, profile_stories
from rekeyspec.conformance.rulebook import parameters, rules
from rekeyspec.conformance.yamlfile import read
from rekeyspec.reference.contradictions import _RULE_OF
from rekeyspec.reference.guards import OWN, TAKING
from rekeyspec.reference.obligations import DUTY
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT, VISIBLE

SPEC = files("rekeyspec.spec")
IDS = {
    "EST": 4, "BYTE": 5, "AGE": 2, "HB": 6, "IDLE": 5, "DEAD": 5, "GATE": 1, "REKEY": 6, "CACHE": 2, "CHAN": 1,
    "CLOSE": 1, "LIM": 3, "IKE": 2, "FLOW": 1, "ORDER": 1, "NEED": 1, "EARLY": 1, "AUTH": 1,
}  # fmt: skip
CITATION = re.compile(
    r"K:C\d+(-\d+|-C\d+)?|K:1b(/[\d→-]+)?|P:C\d+(-\d+|-C\d+)?|P:¶\d+(-\d+)?|P:fig4|P:\d+→\d+"
    r'|[KP]: [^;"]+|K: "[^"]+"|"[^"]+"|K\'s owner\'s product manual|\([^)]*\)'
)


def test_the_file_meets_its_schema() -> None:
    schema = json.loads(SPEC.joinpath("rules.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(read(str(SPEC.joinpath("rules.yaml"))).data)


def test_every_rule_is_there_once() -> None:
    expected = {f"{group}-{n}" for group, last in IDS.items() for n in range(1, last + 1)}
    entries = read(str(SPEC.joinpath("rules.yaml"))).data["rules"]
    assert isinstance(entries, list)
    assert len(entries) == len(rules())
    assert set(rules()) == expected


def test_every_parameter_is_the_policys() -> None:
    assert list(parameters()) == [f.name for f in fields(Policy)]


@pytest.mark.parametrize("name", list(parameter_kinds()))
def test_a_parameter_says_what_the_policy_says(name: str) -> None:
    said, allowed = parameters()[name], parameter_kinds()[name]
    default = {f.name: f.default for f in fields(Policy)}[name]
    assert said.values == allowed
    assert said.type == ("choice" if allowed else "integer")
    assert said.default == ("idle_period" if default == -1 else default)
    if allowed:
        assert said.values[0] == default


def test_parameters_and_rules_name_each_other() -> None:
    read_by = {name: {rule.id for rule in rules().values() if name in rule.parameters} for name in parameters()}
    assert {name for rule in rules().values() for name in rule.parameters} <= set(parameters())
    assert {name: set(parameter.rules) for name, parameter in parameters().items()} == read_by
    assert all(read_by.values())


@pytest.mark.parametrize("rule_id", list(rules()))
def test_a_parameter_in_the_text_is_one_the_rule_reads(rule_id: str) -> None:
    quoted = {name for name in re.findall(r"`([^`]+)`", rules()[rule_id].text) if name in parameters()}
    assert quoted == set(rules()[rule_id].parameters)


@pytest.mark.parametrize("rule_id", list(rules()))
def test_a_rule_in_the_text_is_a_rule(rule_id: str) -> None:
    rule = rules()[rule_id]
    assert set(re.findall(r"\b[A-Z]{2,}-\d+\b", rule.text)) <= set(rules())
    assert set(rule.actions) <= {*ENVIRONMENT, *VISIBLE, *SILENT}


def test_guards_are_labelled_by_rules_that_name_their_action() -> None:
    for table in (TAKING, OWN):
        for action, guards in table.items():
            for guard in guards:
                assert guard.rule in rules(), f"{action}: {guard.text}"
                assert action in rules()[guard.rule].actions, f"{guard.rule} does not name {action}"
    for duty, rule in DUTY.items():
        assert duty in rules()[rule].actions, f"{rule} does not name {duty}"


def test_contradictions_cite_rules_that_read_the_parameter() -> None:
    for name, rule in _RULE_OF.items():
        assert rule in parameters()[name].rules


@pytest.mark.parametrize(
    "source", [*(r.source for r in rules().values()), *(p.source for p in profile_stories().values())]
)
def test_a_source_is_cited_in_one_style(source: str) -> None:
    cited, _, ours = source.partition("ours: ")
    rest = CITATION.sub("", cited)
    assert not re.sub(r"[,; ]", "", rest), f"{rest!r} is no citation"
    assert cited or ours

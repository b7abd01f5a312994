"""Every pair of values of two parameters occurs in a checked model, unless no consistent policy has it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy
from rekeyspec.tools import pairmodels, pairs
from rekeyspec.tools.checker import find_tlc
from rekeyspec.tools.evaluation import evaluate
from rekeyspec.tools.models import Model, read
from rekeyspec.tools.pairs import Value

IMPOSSIBLE = {
    "direction both, authentication server-only": {"EST-2"},
    "direction to-client, authentication server-only": {"EST-2"},
    "accounting client, idle_trigger any": {"REKEY-6"},
    "accounting server, idle_trigger any": {"REKEY-6"},
    "accounting client, reject_trigger any": {"REKEY-6"},
    "accounting server, reject_trigger any": {"REKEY-6"},
    "idle_period never, heartbeat_sender client": {"HB-1"},
    "idle_period never, heartbeat_sender server": {"HB-1"},
    "idle_period never, heartbeat_sender both": {"HB-1"},
    "idle_period never, idle_trigger heartbeat": {"HB-1", "IDLE-1"},
    "idle_period never, reject_trigger heartbeat": {"HB-1", "IDLE-3"},
    "idle_period never, on_missed_heartbeat close": {"HB-1", "DEAD-3"},
    "idle_period never, on_missed_heartbeat rekey": {"HB-1", "DEAD-3"},
    "heartbeat_sender none, idle_trigger heartbeat": {"IDLE-1"},
    "heartbeat_sender none, reject_trigger heartbeat": {"IDLE-3"},
    "heartbeat_sender none, on_missed_heartbeat close": {"DEAD-3"},
    "heartbeat_sender none, on_missed_heartbeat rekey": {"DEAD-3"},
    "idle_trigger never, reject_trigger any": {"IDLE-3"},
    "idle_trigger never, reject_trigger period": {"IDLE-3"},
    "idle_trigger never, reject_trigger heartbeat": {"IDLE-3"},
    "idle_trigger heartbeat, reject_trigger any": {"IDLE-3"},
    "session_cache on, session_lifetime never": {"CACHE-1"},
}
"""The pairs that no consistent policy has, and rules that say so (with others, where the other parameters vary)."""


def _checked() -> list[Model]:
    return [model for model in read() if model.policy is not None and model.expected == "ok"]


def test_every_pair_occurs_in_a_model_that_must_be_ok_but_those_that_contradict_a_rule() -> None:
    lacking = pairs.missing(pairs.in_ticks(model.policy or {}) for model in _checked())
    assert {", ".join(map(str, pair)) for pair in lacking} == set(IMPOSSIBLE)
    for pair in lacking:
        refused = pairs.solve(pair)
        assert isinstance(refused, frozenset)
        assert IMPOSSIBLE[", ".join(map(str, pair))] <= refused


def test_a_pair_is_missed_when_its_model_is_left_out() -> None:
    policies = [pairs.in_ticks(model.policy or {}) for model in _checked()]
    assert len(pairs.missing(policies[1:2])) > len(pairs.missing(policies))


def test_the_policies_of_the_pair_models_contradict_nothing() -> None:
    models = [model for model in read() if model.id.startswith("pair-")]
    assert len(models) >= 20
    for model in models:
        assert contradictions(pairs.in_ticks(model.policy or {})) == [], model.id


def test_the_policy_that_is_found_for_a_pair_has_it() -> None:
    pair = (Value("idle_trigger", "period"), Value("reject_trigger", "any"))
    policy = pairs.solve(pair)
    assert isinstance(policy, Policy)
    assert pair in set(pairs.pairs_of(policy))
    assert (policy.idle_trigger, policy.reject_trigger, policy.rekey_idle) == ("period", "any", 1)


def test_the_pair_models_are_those_that_are_made() -> None:
    models = {model.id: model.policy for model in read() if model.id.startswith("pair-")}
    made = pairmodels.policies()
    assert list(models.values()) == [pairmodels.differs(policy) for policy in made]
    for path, text in pairmodels.files(made):
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: python -m rekeyspec.tools.pairmodels"


@pytest.mark.java
def test_every_model_says_the_policy_that_it_has() -> None:
    """One run for each module: it evaluates all the policies that its cfgs choose."""
    chosen: dict[Path, dict[str, list[Model]]] = defaultdict(lambda: defaultdict(list))
    for model in read():
        found = re.search(r"\bChosen\s*<-\s*(\w+)", model.cfg.read_text(encoding="utf-8"))
        assert (found is None) == (model.policy is None), model.id
        if found:
            chosen[model.spec][found[1]].append(model)
    for names in chosen.values():
        run = next(iter(names.values()))[0].run()
        said = evaluate(f"<<{', '.join(names)}>>", run, find_tlc())
        assert isinstance(said, tuple)
        for policy, models in zip(said, names.values(), strict=True):
            assert isinstance(policy, dict) or hasattr(policy, "items")
            for model in models:
                assert dict(policy) == pairs.in_ticks(model.policy or {}).plain(), model.id  # type: ignore[call-overload]


@pytest.mark.java
def test_the_defaults_in_ticks_are_those_of_the_specification() -> None:
    said = evaluate("Default", read()[0].run(), find_tlc())
    assert dict(said) == dict(pairs.defaults())  # type: ignore[call-overload]

from __future__ import annotations

import pytest

from rekeyspec.conformance.rulebook import WIDTH, parameters, rule_named, rules, show, sources
from rekeyspec.conformance.target import BadInput


def test_the_table_has_every_rule_once() -> None:
    lines = show().splitlines()
    for rule in rules().values():
        assert lines.count(f"  {rule.id:<8}  {rule.level:<6}  {rule.title}") == 1
    assert [line for line in lines if line.startswith("K: ")] == ["K: Key-based encryption, GB 0405245.2, 2004"]
    assert set(sources()) == {"K", "P"}


@pytest.mark.parametrize("rule_id", list(rules()))
def test_one_rule_is_shown_whole(rule_id: str) -> None:
    rule, text = rules()[rule_id], show(rule_id)
    assert text.startswith(f"{rule.id}  {rule.title}\n{rule.level}, binds: {rule.binds}")
    assert " ".join(rule.text.split()) in " ".join(text.split())
    assert f"source: {rule.source}" in " ".join(text.split())
    assert f"actions: {', '.join(rule.actions)}" in " ".join(text.split())
    for name in rule.parameters:
        assert f"default {parameters()[name].default})" in " ".join(text.split())
        assert f"\n  {name} (" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"^rules: read the rule 'idle_3', expected one of .*; did you mean IDLE-3\?$"):
        show("idle_3")
    with pytest.raises(BadInput, match=r"^T:3:4: read the rule"):
        rule_named("", "T:3:4")


def test_an_empty_id_is_no_request_for_the_table() -> None:
    with pytest.raises(BadInput):
        show("")

"""No condition without a mutant, no property that nothing violates, no action that nobody takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rekeyspec.tools import models
from rekeyspec.tools.checker import check, find_tlc
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.mutantcheck import try_all
from rekeyspec.tools.mutants import checked_by, chosen, labels, read

SPEC = Path(__file__).parent.parent.parent / "spec"
ACTORS = (
    "mutants-told", "mutants-refusals", "mutants-suspicious", "mutants-refused",
    "mutants-cached", "mutants-asking", "mutants-reordered", "attack-replay", "mutants-junk", "mutants-forged",
    "server-only-impersonated",
)  # fmt: skip
"""Models that take every action between them."""


def test_every_condition_is_dropped_and_inverted() -> None:
    made = read()
    dropped = {mutant.drop for mutant in made if not mutant.replace and len(mutant.drop) == 1 and not mutant.invert}
    inverted = {mutant.invert for mutant in made if not mutant.replace and len(mutant.invert) == 1 and not mutant.drop}
    assert len(labels()) > 90
    assert [label for label in labels() if (label,) not in dropped] == []
    assert [label for label in labels() if (label,) not in inverted] == []


def test_most_are_killed_and_the_others_say_why_they_survive() -> None:
    made = read()
    assert sum(bool(mutant.killed_by) for mutant in made) > 200
    assert sum(bool(mutant.replace) for mutant in made) >= 80
    for mutant in made:
        assert mutant.killed_by or len(mutant.survives.split()) > 8, mutant.id
    assert sum(mutant.killed_by == "TypeOK" for mutant in made) < 10  # a promise says more than a type


def test_no_property_is_vacuous() -> None:
    killers = {mutant.killed_by for mutant in read()}
    held = {name for model in models.read() if model.expected == "ok" for name in checked_by(model)}
    assert sorted(held - killers) == []


def test_every_operator_that_breaks_a_rule_is_used() -> None:
    text = (SPEC / "models" / "Broken.tla").read_text(encoding="utf-8")
    defined = set(re.findall(r"^(\w+)(?:\(.*?\))? ==", text, re.MULTILINE))
    used = {part for mutant in read() for one in mutant.replace for part in [one.split()[-1]]}
    used |= {name for name in defined if len(re.findall(rf"\b{name}\b", text)) > 1}
    assert defined <= used


@pytest.mark.java
def test_a_sample_of_the_mutants_is_as_expected() -> None:
    small = [mutant for mutant in read() if (mutant.models[0].distinct or 0) < 2_000]
    tried = try_all(chosen(small, [], 8), find_tlc(), jobs=2)
    assert [(one.mutant.id, one.reason) for one in tried if one.outcome != "as expected"] == []


@pytest.mark.java
def test_every_action_is_taken_in_some_model() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SPEC.glob("*.tla"))
    groups = {
        name: re.search(rf"^{name}(?:\(e\))? ==\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
        for name in ("Act", "Attack")
    }
    named = {word for found in groups.values() if found for word in re.findall(r"\b(\w+)\(e\)", found[1])}
    actions = named | {"Tick", "Reconnect", "Offer", "Shut", "Drop"}
    assert len(actions) > 35
    known = {model.id: model for model in models.read()}
    taken: set[str] = set()
    for name in ACTORS:
        run = known[name].run()
        output = check(TlcRun(spec=run.spec, cfg=run.cfg, library=run.library, coverage=True), find_tlc(), timeout=300)
        taken |= {one.action for one in output.coverage if one.taken}
        if actions <= taken:
            break
    assert sorted(actions - taken) == []

"""The mutants are many, none is chosen by hand but the known failures, and what has no mistake is no mutant."""

from __future__ import annotations

from collections import Counter

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceEnd, ReferenceTarget
from rekeyspec.conformance.mutants.catching import FEW, caught
from rekeyspec.conformance.mutants.engine import Mistaken
from rekeyspec.conformance.mutants.equal import EQUAL
from rekeyspec.conformance.mutants.mutant import Mutant, MutantTarget
from rekeyspec.conformance.mutants.tables import DUTIES, RESTARTS, catalogue
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import by_hand, stories
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import OWN, TAKING, Rules
from rekeyspec.reference.obligations import obligations
from rekeyspec.reference.policy import Policy, parameters
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Event, Role

ALL = catalogue()


def test_there_are_many_of_each_sort() -> None:
    sorts = Counter(mutant.sort for mutant in ALL.values())
    assert sorts["known"] >= 15
    assert len(ALL) > 150
    assert set(sorts) == {"known", "found", "guard", "count", "timer", "reset", "duty"}


def test_each_says_what_is_wrong_and_breaks_a_rule() -> None:
    for mutant in ALL.values():
        assert len(mutant.about.split()) > 3, mutant.id
        assert mutant.rule in rules(), mutant.id


def test_none_is_named_after_what_catches_it() -> None:
    assert [name for name in ALL if name in stories()] == []


def test_no_rule_of_a_guard_is_left_out_but_where_nobody_could_tell() -> None:
    pairs = {(do, guard.rule) for table in (TAKING, OWN) for do, guards in table.items() for guard in guards}
    asked = {tuple(name.split("-unasked-")) for name, one in ALL.items() if one.sort == "guard"}
    known = {("SendData", "REKEY-1")}  # a failure that programs have had
    excused = {(change.do, change.what) for change in EQUAL}
    assert {(do.lower(), rule.lower()) for do, rule in pairs - known - excused} == asked
    assert excused <= pairs


def test_every_amount_and_timer_of_the_policy_is_misread() -> None:
    numbers = {
        name for name, value in parameters().items() if isinstance(value, int) and name not in ("channels", "delay")
    }
    misread = {name.rsplit("-", 1)[0].replace("-", "_") for name, one in ALL.items() if one.sort in ("count", "timer")}
    assert numbers == misread


class Watched(ReferenceTarget):
    """The reference, and what it was seen to owe and to restart."""

    def __init__(self) -> None:
        super().__init__()
        self.owed = set[tuple[str, str]]()

    def open(self, role: Role, policy: Policy) -> ReferenceEnd:
        return ReferenceEnd(WatchedEngine(policy, role, self.owed))


class WatchedEngine(Engine):
    def __init__(self, policy: Policy, role: Role, owed: set[tuple[str, str]]) -> None:
        super().__init__(policy, role)
        self._owed = owed

    def step(self, event: Event) -> tuple[tuple[Event, ...], int]:
        before = self.state
        answer = super().step(event)
        for s in (before, self.state):
            self._owed |= {(o.do, o.rule) for o in obligations(self.rules, s)}
        return answer


def test_every_duty_that_the_reference_is_seen_to_have_is_left_undone_by_one() -> None:
    target = Watched()
    for told in by_hand(None, None):
        replay(told.trace, told.policy, target)
    assert target.owed - set(DUTIES) - {("Ignore", "AUTH-1")} == set()


def test_every_field_that_is_restarted_is_one_of_an_end() -> None:
    assert {field for field, _ in RESTARTS} <= set(End.__dataclass_fields__)


def test_an_engine_without_a_mistake_conforms() -> None:
    honest = MutantTarget(Mutant("honest", "", "FLOW-1", Mistaken, "known"))
    words = Counter(replay(told.trace, told.policy, honest).word for told in by_hand(None, None))
    assert set(words) == {"conforms"}


@pytest.mark.parametrize("mutant", list(ALL.values())[::9], ids=lambda one: one.id)
def test_a_sample_is_caught_in_few_steps(mutant: Mutant) -> None:
    found = caught(mutant, [by_hand(None, None)])
    assert found.trace
    assert found.steps <= FEW


def test_what_no_trace_catches_is_missed() -> None:
    assert caught(Mutant("honest", "", "FLOW-1", Mistaken, "known"), [by_hand(None, None)]).trace == ""


def test_equal_rules_are_rules_of_the_reference() -> None:
    for change in EQUAL:
        Rules(Policy()).without(change.do, change.what)  # type: ignore[arg-type]

"""Whatever is drawn is a policy that could be used, by a target that lacks what it lacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.explore.parameters import CHANGES, VALUES, Policies
from rekeyspec.conformance.policies import policy_from, profiles
from rekeyspec.conformance.rulebook import parameters as described
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy, parameters

NUMBERS = st.lists(st.integers(0, 255), min_size=5, max_size=5)


def test_every_parameter_is_tried_with_values_that_it_may_have() -> None:
    assert set(VALUES) == set(parameters())
    for name, values in VALUES.items():
        assert len(values) > 1, name
        for value in values:
            policy_from({name: value}, Policy(), "here")


def test_every_value_is_among_the_changes_that_a_letter_can_mean() -> None:
    assert set(CHANGES) - {None} == {(name, value) for name, values in VALUES.items() for value in values}
    assert len(CHANGES) <= 256
    assert CHANGES[0] is None


@given(st.integers(0, 255), NUMBERS)
def test_what_is_drawn_contradicts_itself_in_nothing(start: int, changes: list[int]) -> None:
    assert contradictions(Policies().chosen(start, changes)) == []


@given(st.integers(0, 255), NUMBERS, st.sets(st.sampled_from(sorted(rules())), max_size=6))
def test_what_hangs_on_a_rule_that_the_target_lacks_keeps_its_default(
    start: int, changes: list[int], lacks: set[str]
) -> None:
    policy = Policies(lacks).chosen(start, changes)
    assert contradictions(policy) == []
    for name, one in described().items():
        if one.rules[0] in lacks and name not in ("heartbeat_interval", "rekey_idle"):
            assert getattr(policy, name) == parameters()[name], name


def test_changes_that_contradict_the_rest_are_taken_back_from_the_last() -> None:
    wanted = [("retries", 1), ("heartbeat_sender", "none")]  # by the second nothing ever marks an epoch
    numbers = [CHANGES.index(one) for one in wanted]
    policy = Policies().chosen(0, numbers)
    assert (policy.retries, policy.heartbeat_sender) == (1, "client")


def test_a_grace_that_will_not_do_is_raised_to_the_least_that_will() -> None:
    policy = Policies().chosen(0, [CHANGES.index(("reply_timeout", 700))])
    assert policy.reply_timeout == 700
    assert policy.grace == 3 * 700 + 2 * 20 + 1


def test_a_policy_that_is_given_is_the_only_one() -> None:
    given_ = profiles()["combined"]
    drawn = Policies(given=given_)
    assert {drawn.chosen(start, [200, 210]) for start in range(9)} == {given_}


def test_a_given_policy_that_hangs_on_a_rule_that_is_lacked_is_bad_input() -> None:
    with pytest.raises(BadInput, match=r"lacks the rules for \(age_limit 120000"):
        Policies({"AGE-1": "keys have no age"}, profiles()["timed"])
    Policies({"GATE-1": "no gateway"}, profiles()["protected-keepalive"])  # one link asks nothing of a gateway


def test_the_simplest_draw_is_the_recommended_profile_on_a_small_scale() -> None:
    policy = Policies().chosen(0, [0, 0, 0, 0, 0])
    combined = profiles()["combined"].plain()
    words = {name: value for name, value in policy.plain().items() if isinstance(value, str)}
    assert words == {name: value for name, value in combined.items() if isinstance(value, str)}

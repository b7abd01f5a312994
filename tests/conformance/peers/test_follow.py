"""Which policy a log shows, asked of an oracle that is a set of policies."""

from __future__ import annotations

from rekeyspec.conformance.peers.follow import followed, values
from rekeyspec.reference.policy import Policy

ASKED = Policy(byte_limit=1000, byte_trigger="next-data", idle_trigger="heartbeat")


def test_a_parameter_may_be_what_was_asked_for_or_any_other() -> None:
    assert values("idle_trigger", ASKED) == ["heartbeat", "never", "any", "period"]
    assert values("byte_limit", ASKED) == [1000, 0]


def test_what_was_asked_for_comes_first() -> None:
    def conforms(policy: Policy) -> bool:
        return policy.byte_limit == 1000 and policy.byte_trigger == "next-data"

    assert followed(ASKED, ("byte_limit", "byte_trigger"), conforms) == {
        "byte_limit": 1000,
        "byte_trigger": "next-data",
    }


def test_of_what_makes_no_difference_nothing_is_said() -> None:
    names = ("byte_limit", "byte_trigger")
    assert followed(ASKED, names, lambda policy: policy.byte_limit == 0) == {"byte_limit": 0}
    assert followed(ASKED, names, lambda _: True) == {}


def test_as_little_else_as_possible() -> None:
    def conforms(policy: Policy) -> bool:
        both = policy.byte_trigger == "at-once" and policy.idle_trigger == "any"
        return both if policy.byte_limit else policy.byte_trigger == "next-data"

    names = ("byte_trigger", "idle_trigger", "byte_limit")
    assert followed(ASKED, names, conforms) == {"byte_trigger": "next-data", "byte_limit": 0}


def test_a_log_that_no_policy_allows_follows_none() -> None:
    assert followed(ASKED, ("byte_limit",), lambda _: False) is None


def test_an_experiment_that_tells_nothing_apart_follows_nothing() -> None:
    assert followed(ASKED, (), lambda _: True) == {}

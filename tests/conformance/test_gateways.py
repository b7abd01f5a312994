"""A gateway that admits too many links, or too few, is caught by GATE-1; who makes no gateway is not asked."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import Gateway
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.policy import Policy

GATED = [trace for trace in stories().values() if trace.steps[0].link]


class Bounded(ReferenceTarget):
    """Its gateways have a bound of their own."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self.bound = bound

    def gateway(self, policy: Policy) -> Gateway:
        return super().gateway(policy.but(links_per_user=self.bound))


class Alone(ReferenceTarget):
    """Its ends know nothing of each other."""

    def gateway(self, policy: Policy) -> Gateway:
        made = super().gateway
        return lambda user: made(policy)(user)  # noqa: PLW0108 - a gateway for each link is what is wrong here


class Single(ReferenceTarget):
    """It makes no gateway."""

    gateway = None  # type: ignore[assignment]


def told(story: str, target: ReferenceTarget) -> Case:
    return replay(stories()[story], policy_of(stories()[story]), target)


@pytest.mark.parametrize(
    ("story", "target"),
    [
        ("gate-no-more-than-allowed", Bounded(2)),
        ("gate-no-more-than-allowed", Bounded(0)),
        ("gate-no-more-than-allowed", Alone()),
        ("gate-a-dead-link-frees-its-place", Bounded(1)),
        ("gate-a-dead-link-frees-its-place", Bounded(3)),
        ("gate-no-bound", Bounded(1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_bound_is_caught(story: str, target: ReferenceTarget) -> None:
    case = told(story, target)
    assert case.word == "violates"
    assert case.divergence
    assert "GATE-1" in (case.divergence.rule, *case.divergence.also), case.reason


def test_a_target_that_makes_no_gateway_is_not_asked() -> None:
    for trace in GATED:
        case = told(trace.name, Single())
        assert case.word == "unsupported"
        assert "GATE-1" in case.reason
    assert told("idle-then-data", Single()).word == "conforms"


def test_every_event_of_a_gateways_log_says_its_link() -> None:
    for trace in GATED:
        assert all("/" in event.link for event in told(trace.name, ReferenceTarget()).log)

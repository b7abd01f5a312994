"""What is weak is named, and what is not is not."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.weakness import ABBREVIATED, SERVER_ONLY, weaknesses

WEAK = {
    "est-server-only": {"EST-2": SERVER_ONLY},
    "cache-a-known-session-is-resumed": {"CACHE-2": ABBREVIATED},
    "cache-the-server-resumes-what-it-holds": {"CACHE-2": ABBREVIATED},
    "cache-the-other-end-has-forgotten": {},
    "cache-switched-off": {},
    "idle-connecting-again": {},
}


@pytest.mark.parametrize("story", WEAK)
def test_a_case_names_its_weaknesses(story: str) -> None:
    trace = stories()[story]
    case = replay(trace, policy_of(trace), ReferenceTarget())
    assert case.word == "conforms", case.reason
    assert weaknesses(case) == WEAK[story]


def test_a_weakness_stands_beside_the_verdict_on_its_rule() -> None:
    names = ["est-server-only", "cache-a-known-session-is-resumed", "cache-switched-off"]
    cases = [replay(stories()[name], policy_of(stories()[name]), ReferenceTarget()) for name in names]
    said = {
        (v.rule, v.profile): (v.verdict, v.weakness)
        for v in verdicts(cases, {"reference": {}}, ["EST-2", "CACHE-1", "CACHE-2"])
    }
    assert said["EST-2", "key-based"] == ("conforms", SERVER_ONLY)
    assert said["CACHE-2", "byte-count"] == ("conforms", ABBREVIATED)
    assert said["CACHE-1", "byte-count"] == ("conforms", "")

from __future__ import annotations

from rekeyspec.conformance.report.reasons import reasons
from rekeyspec.conformance.verdict import Verdict


def verdict(rule: str, reason: str, *, target: str = "mine", profile: str = "timed", weakness: str = "") -> Verdict:
    return Verdict(target, profile, rule, "broken", reason, "a", 0, "", f"replay {rule}", weakness)


def test_one_reason_is_told_once_whatever_rules_and_policies_it_touches() -> None:
    crash, hang, other = reasons([
        verdict("HB-1", "exit 1"),
        verdict("HB-2", "exit 1", profile="combined"),
        verdict("HB-1", "exit 1", profile="combined"),
        verdict("HB-3", "silent"),
        verdict("HB-3", "silent", target="yours"),
    ])  # fmt: skip
    assert (crash.rules, crash.profiles, crash.replay) == (["HB-1", "HB-2"], ["timed", "combined"], "replay HB-1")
    assert (hang.target, hang.text, hang.trace) == ("mine", "silent", "a")
    assert other.target == "yours"


def test_weaknesses_are_told_the_same_way() -> None:
    (one,) = reasons([verdict("EST-2", "x", weakness="weak"), verdict("EST-2", "y", weakness="weak")], weak=True)
    assert one.text == "weak"
    assert len(one.verdicts) == 2

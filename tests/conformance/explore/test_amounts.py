"""Numbers are told by the parameters that they come from, what the rule reads first."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.amounts import amount
from rekeyspec.conformance.explore.amounts import names
from rekeyspec.conformance.policies import profiles

COMBINED = profiles()["combined"]


@pytest.mark.parametrize(
    ("value", "rule", "first"),
    [
        (300_000, "HB-1", "idle_period"),
        (300_000, "IDLE-1", "rekey_idle"),
        (299_999, "HB-1", "idle_period - 1"),
        (300_001, "HB-1", "idle_period + 1"),
        (20_000, "DEAD-1", "2*reply_timeout"),
        (330_000, "DEAD-1", "idle_period + 3*reply_timeout"),
    ],
)
def test_the_shortest_sum_comes_first(value: int, rule: str, first: str) -> None:
    assert next(names(value, "ms", COMBINED, rule)) == first


def test_every_sum_comes_to_the_number() -> None:
    for value in (10_000, 12_000, 335_001, 300_000):
        for name in names(value, "ms", COMBINED, "DEAD-3"):
            assert amount(name, COMBINED) == value


def test_a_size_is_no_time_and_a_small_number_is_itself() -> None:
    assert list(names(1_048_576, "bytes", COMBINED, "BYTE-3"))[:2] == ["byte_limit", "queue_limit"]
    assert list(names(1_048_576, "ms", COMBINED, "BYTE-3")) == []
    assert list(names(20, "ms", COMBINED, "HB-1")) == []

"""The vectorised simulation counts what the reference does by its own `step`, and tests can tell when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("numpy")

import numpy as np

from rekeyspec.benchmarks.policies import client, lanes
from rekeyspec.benchmarks.policies import vectorised as made
from rekeyspec.benchmarks.policies.busy import BusyPeriods, from_lists
from rekeyspec.benchmarks.policies.counts import Counts, bins_of, histogram, top_of
from rekeyspec.benchmarks.policies.coverage import uncovered
from rekeyspec.benchmarks.policies.play import reference_counts
from rekeyspec.benchmarks.policies.settings import CHANGES, settings
from rekeyspec.benchmarks.policies.vectorised import entangled, simulate
from rekeyspec.benchmarks.policies.workloads import HOUR, WORKLOADS
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy

SHORT = {"idle": 8 * HOUR, "busy": HOUR, "on-off": 4 * HOUR, "office": 11 * HOUR, "messaging": 3 * HOUR}


def differing(policy: Policy, busy: BusyPeriods, latency: int, until: int) -> list[str]:
    return simulate(policy, busy, latency, until).differences(reference_counts(policy, busy, latency, until))


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("profile", profiles())
def test_every_profile_on_every_workload_is_counted_as_the_reference_counts(workload: str, profile: str) -> None:
    until = SHORT[workload]
    busy = WORKLOADS[workload].periods(11, range(4), until)
    assert not entangled(profiles()[profile], busy, 20, until).any()  # none was left to the reference
    assert not differing(profiles()[profile], busy, 20, until)


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_is_too(name: str) -> None:
    until = 2 * HOUR
    for latency, workload in ((7, "messaging"), (300, "on-off")):
        busy = WORKLOADS[workload].periods(5, range(2), until)
        assert not differing(settings()[name], busy, latency, until)


TIMED, COMBINED = profiles()["timed"], profiles()["combined"]
STORIES: dict[str, tuple[Policy, list[tuple[int, int, int, int, int]], int]] = {
    # policy; start, count, size, gap and end of each period; latency
    "a key for age is under way while the server sends": (TIMED, [(481_293, 200, 5000, 100, 1)], 150),
    "and the server sends again before it hears of it": (
        TIMED, [(2_045_244, 1, 5000, 3, 1), (2_045_247, 1, 100, 100, 1)], 150,
    ),
    "and the server's own clock says so at the same instant": (TIMED, [(4_932_405, 200, 5000, 3, 1)], 150),
    "data and a heartbeat cross": (COMBINED, [(1_000, 2, 500, 10, 1), (301_050, 40, 500, 3, 1)], 50),
    "the server sends, then the client, by turns": (
        COMBINED, [(1_000 + k * 500, 1, 60_000, 1, k % 2) for k in range(60)], 20,
    ),
    "a message in the very instant of the first heartbeat": (COMBINED, [(300_000, 3, 100, 1, 0)], 20),
    "a message in the very instant of the second": (COMBINED, [(600_000, 1, 9, 1, 0), (1_200_040, 2, 9, 1, 0)], 20),
    "data waits for a reply, and no more": (
        profiles()["key-based"].but(idle_trigger="never", reject_trigger="never"),
        [(300_010, 3, 100, 1, 0), (600_100, 3, 100, 1, 0), (900_102, 1, 9, 1, 0)], 20,
    ),
    "a burst that fills several keys": (COMBINED, [(5_000, 40, 60_000, 1, 0), (9_000, 40, 60_000, 1, 1)], 5),
    "both wish to start at once": (
        COMBINED.but(rekey_initiator="sender", age_limit=60_000, age_trigger="timer"),
        [(60_010 + k * 60_040, 2, 700, 9, 1) for k in range(20)], 30,
    ),
    "the server starts, and the client for age before it hears of it": (
        COMBINED.but(rekey_initiator="sender", age_limit=60_000, byte_limit=500), [(60_040, 1, 700, 1, 1)], 30,
    ),
    "heartbeats fill the key": (
        profiles()["messaging"].but(byte_limit=700, byte_floor=0),
        [(1_000, 2, 300, 10, 0), (7_200_000, 2, 99, 5, 1)], 20,
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_where_the_two_ends_meet(story: str) -> None:
    policy, rows, latency = STORIES[story]
    busy = from_lists([rows])
    assert not differing(policy, busy, latency, 3 * HOUR)


def test_what_meets_within_a_latency_is_left_to_the_reference() -> None:
    both = from_lists([[(1_000, 50, 30_000, 10, 0), (1_495, 50, 30_000, 10, 1)], [(1_000, 5, 100, 10, 0)]])
    assert entangled(COMBINED, both, 20, HOUR).tolist() == [True, False]
    assert not differing(COMBINED, both, 20, HOUR)


def test_who_is_told_to_wait_is_left_to_the_reference() -> None:
    crowd = from_lists([[(1, 100, 65_000, 1, 0)]])
    assert entangled(COMBINED, crowd, 200, HOUR).all()
    assert simulate(COMBINED, crowd, 200, HOUR).refused > 0
    assert not differing(COMBINED, crowd, 200, HOUR)


def test_what_may_not_be_offered_is_refused_and_counted() -> None:
    busy = from_lists([[(1_000, 7, 100, 10, 1), (5_000, 2, 100, 10, 0)]])
    assert simulate(profiles()["key-based"], busy, 20, HOUR).refused == 7
    assert not differing(profiles()["key-based"], busy, 20, HOUR)


def test_gaps_as_long_as_an_idle_period_are_single_messages() -> None:
    busy = from_lists([[(1_000, 9, 100, 400_000, 0)]])
    assert not differing(COMBINED, busy, 20, 2 * HOUR)


@pytest.mark.parametrize("until", [1, 20, 41, 60, 61, 300_020, 300_021, 3_600_041, 3_600_060])
def test_what_the_end_cuts_off_is_cut_off_alike(until: int) -> None:
    busy = from_lists([[(10, 5, 60_000, 7, 0), (3_600_030, 3, 60_000, 5, 1)]])
    assert not differing(COMBINED, busy, 20, until)


# What the agreement guards: each of these mistakes must show.


def _terms(change: Callable[[lanes.Terms], dict[str, Any]]) -> Callable[..., lanes.Terms]:
    def wrong(policy: Policy, latency: int, until: int, spread: int) -> lanes.Terms:
        terms = lanes.Terms(policy, latency, until, spread)
        for name, value in change(terms).items():
            object.__setattr__(terms, name, value)
        return terms

    return wrong


MUTANTS: dict[str, Callable[[lanes.Terms], dict[str, Any]]] = {
    "one byte beyond the limit": lambda t: {"full": t.full + 1},
    "one byte below the limit": lambda t: {"full": t.full - 1},
    "a millisecond of latency": lambda t: {"latency": t.latency + 1},
    "a millisecond of the heartbeat interval": lambda t: {"interval": t.interval + 1},
    "a millisecond of the idle period": lambda t: {"period": t.period - 1},
    "a millisecond of age": lambda t: {"age": t.age + 1},
    "a marked key carries data": lambda t: {"marks": False},
    "marks reject nothing": lambda t: {"rejects": False},
    "the wrong end starts": lambda t: {"sender": True},
    "sessions live longer": lambda t: {"lifetime": t.lifetime + 400_000},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mistake_shows(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = COMBINED.but(session_cache="on", session_lifetime=1_000_000, byte_limit=1_000_000)
    busy = from_lists([
        *([(1_000, 40, 50_000, 10, k % 2), (900_000 + k, 30, 20_000, 40, k % 2), (1_300_000, 3, 10_000, 5, 1),
           (4_000_000, 2, 100, 5, 0)] for k in range(4)),
        [(1_000, 40, 27_027, 10, 0)],  # 37 of them are a byte less than the limit
        [(2_100_001, 1, 9, 1, 0)],  # just after the seventh heartbeat
    ])  # fmt: skip
    assert not differing(policy, busy, 20, 3 * HOUR)
    monkeypatch.setattr(made, "Terms", _terms(MUTANTS[mutant]))
    assert differing(policy, busy, 20, 3 * HOUR)


def test_a_delay_counted_wrongly_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = from_lists([[(10, 5, 100, 7, 0)]])
    right = client.leave

    def late(s: lanes.Lanes, a: Any, sent: Any, size: Any, gap: Any, ready: Any, who: int) -> Any:
        return right(s, a, sent, size, gap, ready + 1, who)

    monkeypatch.setattr(client, "leave", late)
    assert differing(COMBINED, busy, 20, HOUR)


# Partitions.


@pytest.mark.parametrize("workload", WORKLOADS)
def test_links_are_the_same_in_whatever_part_they_come(workload: str) -> None:
    until = 6 * HOUR
    whole = WORKLOADS[workload].periods(3, range(30), until)
    part = WORKLOADS[workload].periods(3, range(17, 23), until)
    assert [list(whole.offers(17 + k))[:500] for k in range(6)] == [list(part.offers(k))[:500] for k in range(6)]
    assert whole.check() is None


def test_sums_over_parts_agree_exactly() -> None:
    until = 6 * HOUR

    def some(links: range) -> Counts:
        return simulate(COMBINED, WORKLOADS["office"].periods(3, links, until), 20, until)

    parts = some(range(5, 40)) + (some(range(40, 60)) + some(range(5)))
    assert not parts.differences(some(range(60)))
    assert parts.links == 60


def test_another_seed_is_another_workload() -> None:
    one, other = (WORKLOADS["messaging"].periods(seed, range(3), HOUR) for seed in (1, 2))
    assert list(one.offers(0)) != list(other.offers(0))


def test_counts_of_different_length_are_not_added() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Counts(5) + Counts(6)


# Coverage, bins.


def test_every_profile_and_setting_is_covered() -> None:
    assert not [found for policy in settings().values() for found in uncovered(policy, 20)]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"accounting": "client"}, "accounting client"),
        ({"rekey_initiator": "server"}, "rekey_initiator server"),
        ({"heartbeat_sender": "both"}, "heartbeat_sender both"),
        ({"idle_trigger": "any"}, "idle_trigger any"),
        ({"while_waiting": "hold"}, "while_waiting hold"),
        ({"idle_period": 100}, "idle_period 100"),
        ({"grace": 0}, "grace 0"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        simulate(COMBINED.but(**changes), from_lists([[]]), 20, HOUR)


def test_a_message_that_no_policy_allows_is_refused() -> None:
    with pytest.raises(BadInput, match="max_message 65536"):
        simulate(COMBINED, from_lists([[(1, 1, 65_537, 1, 0)]]), 20, HOUR)


def test_periods_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        from_lists([[(1, 5, 10, 10, 0), (30, 1, 10, 10, 0)]]).check()


def test_a_bin_holds_its_values_within_a_thirtieth() -> None:
    values = np.array(
        [*range(3000), *(2**k + d for k in range(12, 53) for d in (-1, 0, 1, 12345 % 2**k))], dtype=np.int64
    )
    for value, number in zip(values.tolist(), bins_of(values).tolist(), strict=True):
        assert value <= top_of(number) <= value * 1.033
        assert number == 0 or top_of(number - 1) < value


def test_a_percentile_is_the_bin_of_the_value_at_that_rank() -> None:
    values = np.arange(1, 1001, dtype=np.int64)
    counts = Counts(1, delay=histogram(values), delay_max=1000)
    assert 990 <= counts.percentile("delay") <= 990 * 1.04
    assert counts.percentile("delay", 1.0) == 1000
    assert Counts(1).percentile("delay") == 0

"""A fleet: the same sums however it is cut, storms, and what the network's cuts do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from rekeyspec.benchmarks.fleet import parts
from rekeyspec.benchmarks.fleet import run as running
from rekeyspec.benchmarks.fleet.choices import NINE, Asked, Price
from rekeyspec.benchmarks.fleet.cutting import Cut, parted, returning
from rekeyspec.benchmarks.fleet.parts import Fleet, Part, Wake, counted, whole
from rekeyspec.benchmarks.fleet.queueing import TICK, seconds_of, served, ticks
from rekeyspec.benchmarks.fleet.run import run
from rekeyspec.benchmarks.fleet.show import show
from rekeyspec.benchmarks.policies.play import reference_counts
from rekeyspec.benchmarks.policies.workloads import HOUR
from rekeyspec.cli import app
from rekeyspec.conformance.campaign.crew import Here
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.target import BadInput

POLICY = profiles()["combined"]
FLEET = Fleet(POLICY, "messaging", 60, 3 * HOUR, 20, 7)
PRICE = Price(0.001, 0.0004, 1e-9, "made up")


def test_the_sum_is_the_same_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for size in (60, 17, 1):
        monkeypatch.setattr(parts, "PART", size)
        found.append(whole(FLEET, Here(), 2, lambda _links: None))
    assert not found[0][0].differences(found[1][0])
    assert not found[0][0].differences(found[2][0])
    assert found[0][0].links == 60
    assert {periods for _, periods in found} == {found[0][1]}


def test_a_part_is_counted_as_the_reference_counts_it() -> None:
    part = Part(FLEET, 20, 30)
    assert not counted(part)[0].differences(reference_counts(POLICY, part.busy(), 20, FLEET.until))


@pytest.mark.parametrize("changed", [{}, {"session_cache": "on"}, {"age_limit": 0}, {"age_limit": 120_000}])
def test_links_that_open_at_their_own_times_are_counted_by_one_clock(changed: dict[str, Any]) -> None:
    policy = POLICY.but(**changed)
    part = Part(replace(FLEET, policy=policy, spread=HOUR), 0, 25)
    opened, busy = part.opened(), part.busy()
    assert len(set((opened // 1000).tolist())) > 15
    busy.check()
    ours = part.counted()[0]
    assert not ours.differences(reference_counts(policy, busy, 20, FLEET.until, opened, HOUR))
    assert ours.by_second.size == 4 * 3600
    assert ours.by_second.sum() == ours.negotiations
    assert ours.abbreviated_by_second.sum() == ours.abbreviated
    assert int(np.flatnonzero(ours.by_second)[0]) == int(opened.min()) // 1000


def test_an_offer_is_made_at_the_same_hour_whenever_the_link_opened() -> None:
    at_once, spread = Part(FLEET, 0, 20), Part(replace(FLEET, spread=HOUR), 0, 20)
    for link, opened in enumerate(spread.opened().tolist()):
        theirs = [(t + opened, role, size) for t, role, size in spread.busy().offers(link)]
        ours = [one for one in at_once.busy().offers(link) if one[0] >= opened]
        assert theirs[: len(ours)] == ours, "what comes before the opening is left out, and nothing else"


def test_no_more_parts_are_given_out_than_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(Here):
        out = most = 0

        def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
            self.out += 1
            self.most = max(self.most, self.out)
            return super().submit(fn, *args, **more)

    who = Counting()

    def done(_links: int) -> None:
        who.out -= 1

    monkeypatch.setattr(parts, "PART", 1)
    whole(replace(FLEET, until=60_000), who, 2, done)
    assert who.most == 2 * parts.AHEAD


def test_everyone_wakes_at_nine_and_not_before() -> None:
    fleet = Fleet(POLICY, "office", 40, NINE + HOUR, 20, 3, Wake(NINE, 10_000))
    busy = Part(fleet, 0, 40).busy()
    first = np.where(busy.count > 0, busy.start, 1 << 60).min(axis=0)
    assert (first >= NINE).all()
    assert (first < NINE + 10_000).all()
    assert len(set(first.tolist())) > 30
    busy.check()
    sharp = Part(replace(fleet, wake=Wake(NINE, 0)), 0, 40).busy()
    assert (np.where(sharp.count > 0, sharp.start, 1 << 60).min(axis=0) == NINE).all()


def test_who_waits_is_served_in_turn() -> None:
    """Ten at once, one a tick: the last waits for nine ticks."""
    went = served(np.array([0, 0, 10]), 1000 / TICK, 60_000, 1000)
    assert (went.drained, went.wait_max, went.gave_up, went.backlog) == (10 * TICK, 9 * TICK, 0, 10)
    assert went.wait_p50 == 4 * TICK


def test_who_waits_too_long_gives_up_and_comes_again() -> None:
    patient = served(np.array([100]), 1000 / TICK, 60_000, 1000)
    hasty = served(np.array([100]), 1000 / TICK, 2000, 1000)
    assert patient.gave_up == 0
    assert hasty.gave_up > 0
    assert hasty.drained is not None
    assert patient.drained is not None
    assert hasty.drained >= patient.drained, "nobody is served sooner for it"
    assert hasty.wait_max > 2000, "waits count from when the link first asked"


def test_nothing_is_lost_in_the_queue() -> None:
    """As many are served as came, where the last tick's capacity is a fraction."""
    arrivals = np.array([7, 0, 3, 11, 0, 0, 5])
    for rate in (3.0, 17.0, 33.3, 1e6):
        went = served(arrivals, rate, 400, 300)
        assert went.answered == 26
        assert went.drained is not None
        assert went.drained == 0 or went.drained >= 1000 * 11 / rate - TICK, "no core does more than it can"
        assert (went.drained == 0) == (went.wait_max == 0)


def test_a_storm_that_no_core_can_serve_is_said_not_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekeyspec.benchmarks.fleet.queueing._LONGEST", 1000)
    assert served(np.array([5]), 1e-9, 1000, 1000).drained is None


def test_seconds_become_ticks_and_ticks_seconds() -> None:
    by_second = np.array([0, 3, 25, 1])
    assert ticks(by_second).tolist()[20:30] == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]
    assert seconds_of(ticks(by_second)).tolist() == by_second.tolist()
    assert returning(10, 300, TICK).tolist() == [4, 3, 3]


def test_a_short_cut_changes_nothing_and_a_long_one_ends_links() -> None:
    """EST-4 and DEAD-2: what is asked for during the cut is given up after the timeouts of the policy."""
    fleet = Fleet(POLICY, "messaging", 20, 4 * HOUR, 20, 5)
    assert parted(fleet, Cut(HOUR, HOUR + 2000)).closed == 0
    long = parted(fleet, Cut(HOUR, HOUR + 1_800_000))
    assert long.closed > 15
    assert long.links == 20


def asked(**more: object) -> Asked:
    return Asked(POLICY, "combined", links=40, hours=10, jitters=(0, 10), cuts=(10,), **more)  # type: ignore[arg-type]


def test_a_run_has_a_day_and_its_storms(tmp_path: Path) -> None:
    said: list[str] = []
    found = run(asked(), PRICE, Here(), 1, said.append)
    assert found.complete
    (day,) = found.day
    assert day["links"] == 40
    assert day["negotiations"] >= 40
    assert day["dead_sample"] == 2 * running.DEATHS * 40
    assert 0 < day["dead_server_noticed_median_s"] < 600
    assert day["cores_peak_cached"] <= day["cores_peak_full"]
    storms = [(row["storm"], row["jitter_s"], row["sessions"]) for row in found.storms]
    assert storms.count(("nine", 0, "none")) == storms.count(("restart", 10, "kept")) == 1
    nine = {row["sessions"]: row for row in found.storms if row["storm"] == "nine" and not row["jitter_s"]}
    assert nine["none"]["abbreviated"] == 0
    assert nine["24 h"]["abbreviated"] == nine["24 h"]["negotiations"], "such a session outlives the night"
    assert any("nine o'clock" in text for text in said)
    found.results().write(tmp_path)
    document = json.loads((tmp_path / "fleet.json").read_text())
    assert document["bench"] == "fleet"
    assert document["complete"] is True
    assert (tmp_path / "fleet-storms.csv").read_text().startswith("storm,")


def test_no_number_is_cut_at_eighty_columns() -> None:
    found = run(asked(), PRICE, Here(), 1)
    for row in found.storms:
        row |= {"negotiations": 10_000_000, "peak_per_second": 10_000_000, "cores_for_peak": 9999.9,
                "drained_ms": 9_999_900, "wait_p99_ms": 9_999_900, "gave_up": 10_000_000}  # fmt: skip
    out = Console(width=80, record=True, file=io.StringIO())
    show(found, [], out)
    text = out.export_text()
    assert "…" not in text
    assert text.count("9,999.9 s") == 2 * len(found.storms)
    assert max(map(len, text.splitlines())) <= 80


def test_an_interrupt_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "_nine", interrupted)
    found = run(asked(), PRICE, Here(), 1)
    assert not found.complete
    assert len(found.day) == 1
    assert found.results().complete is False


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"cores": 0}, "--cores: 0 was read"),
        ({"latency": 20, "workload": "offce"}, "'offce' was read"),
        ({"retry": -1}, "--retry: -1 was read"),
    ],
)
def test_what_makes_no_sense_is_said(more: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(**more)


def test_processes_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from rekeyspec.conformance.campaign.crew import Pool

    monkeypatch.setattr(parts, "PART", 20)
    with Pool(2) as pool:
        executor: Executor = pool.executor
        theirs = whole(replace(FLEET, until=HOUR), executor, 2, lambda _links: None)
    ours = whole(replace(FLEET, until=HOUR), Here(), 1, lambda _links: None)
    assert not theirs[0].differences(ours[0])
    assert theirs[1] == ours[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jitter", "0,x"], "--jitter: 'x' was read"),
        (["--cut", "0"], "--cut: 0 was read"),
        (["--links", "0"], "--links: 0 was read"),
        (["--policy", "combind"], "combind"),
        (["--workload", "mine.csv"], "'mine.csv' was read"),
        (["--latency", "5000"], "does not cover"),
        (["--costs", "missing.json"], "missing.json"),
        (["--cluster", "tcp://127.0.0.1:9", "-j", "2"], "one of the two"),
    ],
)
def test_what_the_command_line_refuses(words: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        CliRunner().invoke(app, ["bench", "fleet", "--output", str(tmp_path), *words], catch_exceptions=False)
    assert not list(tmp_path.iterdir())

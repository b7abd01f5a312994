"""`bench policies`: what is counted of a link, deaths, the sources' problems, scenario and claims, and the command."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

pytest.importorskip("numpy")
pytest.importorskip("matplotlib")

from rich.console import Console

from rekeyspec.benchmarks.cost.costs import Costs, Handshake
from rekeyspec.benchmarks.cost.ends import Ends
from rekeyspec.benchmarks.policies import claims as claimed
from rekeyspec.benchmarks.policies import forging, modem
from rekeyspec.benchmarks.policies import run as runs
from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.dead import NEVER, Noticed, instants, sampled, watched
from rekeyspec.benchmarks.policies.figure import drawn
from rekeyspec.benchmarks.policies.play import counts_of, played
from rekeyspec.benchmarks.policies.problems import problems
from rekeyspec.benchmarks.policies.rows import Prices, best, exposure, row
from rekeyspec.benchmarks.policies.settings import CHANGES, profile_of, settings
from rekeyspec.benchmarks.policies.show import show, span
from rekeyspec.benchmarks.policies.workloads import DAY, HOUR, WORKLOADS
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.contradictions import contradictions

P = profiles()


# What is counted, on links short enough to reckon by hand. The latency is 20 ms: a new key is in force at its starter
# 40 ms after the start, at the other end 60 ms after it.


def test_a_silent_day_by_the_clock() -> None:
    found = counts_of(played(P["timed"], (), 20, DAY), DAY)
    assert found.negotiations == 1 + (DAY - 40 - 1) // 120_040 == 720
    assert found.needless == 719
    assert found.life_max == 120_060
    assert found.use_client_max == 120_040
    assert (found.messages, found.heartbeats, found.key_bytes_max) == (0, 0, 0)
    assert found.by_second[0] == found.by_second[120] == 1
    assert found.by_second.sum() == 720


def test_data_makes_a_new_key_needed() -> None:
    before = counts_of(played(P["timed"], [(60_000, "client", 9)], 20, 120_041), 120_041)
    none = counts_of(played(P["timed"], (), 20, 120_041), 120_041)
    waiting = counts_of(played(P["timed"], [(120_040, "client", 9)], 20, 120_041), 120_041)
    assert [one.negotiations for one in (before, none, waiting)] == [2, 2, 2]
    assert [one.needless for one in (before, none, waiting)] == [0, 1, 0]


def test_a_marked_key_is_of_no_more_use_and_data_waits_for_the_next() -> None:
    found = counts_of(played(P["key-based"], [(400_000, "client", 500)], 20, 500_000), 500_000)
    assert (found.negotiations, found.needless, found.heartbeats) == (2, 0, 1)
    assert found.use_server_max == 300_000 + 20 - 40  # until the heartbeat came
    assert (found.delayed, found.delay_max, found.delay_sum) == (1, 40, 40)
    assert found.life_max == 400_060 - 40


def test_a_session_of_an_hour_abbreviates_until_it_is_over() -> None:
    policy = P["timed"].but(session_cache="on")
    found = counts_of(played(policy, (), 20, 2 * HOUR), 2 * HOUR)
    assert found.negotiations == 60
    assert found.full == 2  # the first, and the first after the hour
    assert found.abbreviated == 58


# Deaths.


def test_who_asks_notices_within_its_period_and_timeout() -> None:
    link, found = watched(P["key-based"], (), 20, DAY, instants(1, 0, DAY, 20))
    assert not link.closed_at
    assert len(found.after["client"]) == len(found.after["server"]) == 20
    assert max(found.after["client"]) <= 310_000
    assert max(found.after["server"]) <= 300_020
    assert found.never("client") == 0


def test_who_neither_asks_nor_watches_never_notices() -> None:
    _, found = watched(P["byte-count"], (), 20, DAY, instants(1, 0, DAY, 5))
    assert found.after == {"client": [NEVER] * 5, "server": [NEVER] * 5}
    assert found.median("client") is None
    assert found.most("server") is None


def test_data_to_a_dead_server_is_noticed_when_a_new_key_is_due() -> None:
    offers = [(t, "client", 60_000) for t in range(1000, 100_000, 1000)]
    _, found = watched(P["byte-count"], offers, 20, 100_000, [5_500])
    # the limit is passed by the 18th message, at 18 s; its negotiation is given up ten seconds later
    assert found.after["client"] == [18_000 + 10_000 - 5_500]
    assert found.after["server"] == [NEVER]


def test_deaths_of_a_sample_are_those_of_its_parts() -> None:
    def some(links: range) -> Noticed:
        return sampled(P["combined"], WORKLOADS["office"], 3, links, 20, 12 * HOUR, 4)

    assert some(range(3)) == some(range(2)) + some(range(2, 3))
    assert len(some(range(3)).after["server"]) == 12


def test_a_fork_leaves_the_link_as_it_was() -> None:
    link = played(P["key-based"], [(1_000, "client", 9)], 20, 2_000)
    other = link.fork()
    other.die("client")
    other.until(DAY)
    assert other.closed_at
    assert not link.closed_at
    link.until(DAY)
    assert counts_of(link, DAY).heartbeats == 287


# The sources.


def test_the_four_problems_have_their_numbers() -> None:
    found = {(one["problem"], one["measured"][:3]): one for one in problems(20)}
    assert found["i", "nee"]["there"] == 719
    assert found["i", "nee"]["with_key_based"] == 0
    assert found["ii", "sec"]["there"] == 86_399.96
    assert found["ii", "sec"]["with_key_based"] == 299.98
    assert found["iii", "MiB"]["there"] > 700
    assert found["iv", "MiB"]["there"] == found["iii", "MiB"]["with_key_based"] == 1


def test_the_modem_keeps_its_user_out_until_the_gateway_asks() -> None:
    lost = instants(1, 1, 8 * HOUR, 1)[0]
    waits = {name: modem.kept_out(policy, 20, lost, 0) for name, policy in modem.gateways().items()}
    renewing, hourly, as_it_is, asking, watching = waits.values()
    assert as_it_is is None
    assert renewing is not None
    assert hourly is not None
    assert asking is not None
    assert watching is not None
    assert asking <= 70_000
    assert watching <= 70_000
    assert asking < hourly < renewing <= 28_830_000


def test_the_policies_of_the_modem_do_not_contradict_themselves() -> None:
    assert not [name for name, policy in modem.gateways().items() if contradictions(policy)]


def test_every_claim_has_a_verdict_and_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claimed, "LINKS", 10)
    found = claimed.claims(20, Prices())
    verdicts = [one["verdict"] for one in found]
    assert set(verdicts) == {claimed.HOLDS, claimed.PARTLY, claimed.NOT_SO}
    assert all(any(sign.isdigit() for sign in one["number"]) for one in found)
    assert {one["source"] for one in found} >= {f"K advantage ({number})" for number in ("i", "ii", "iii", "iv")}


def test_forged_data_is_delivered_until_the_first_heartbeat_and_not_after() -> None:
    assert forging.data(P["key-based"], 20, HOUR) == (60, 5, 55)
    assert forging.data(P["byte-count"], 20, HOUR) == (60, 60, 0)


def test_a_clear_heartbeat_that_anybody_wrote_ends_a_link_in_use() -> None:
    assert forging.heartbeats(P["key-based"], 20, 3).closed == 3
    assert forging.heartbeats(P["combined"], 20, 3).closed == 0


def test_a_heartbeat_a_millisecond_late_ends_a_healthy_link_where_timers_are_equal() -> None:
    assert forging.slower(P["key-based"], 20, 1)
    assert not forging.slower(P["key-based"], 20, 0)
    assert not forging.slower(P["combined"], 20, 1)


# Rows.


def test_settings_are_sound_and_named_for_their_profile() -> None:
    assert not [name for name, policy in settings().items() if contradictions(policy)]
    assert all(profile_of(name) in P and name in settings() for name in CHANGES)
    assert profile_of("mine") == "mine"
    assert settings()["timed-10min"] == P["timed"].but(age_limit=600_000)
    assert list(settings())[:3] == ["timed", "timed-10min", "timed-1h"]


def test_a_row_is_of_a_link_and_day() -> None:
    counts = Counts(DAY // 2, links=2, negotiations=10, needless=3, abbreviated=4, bytes=1 << 21, keys=10)
    found = row("w", "p", counts, Noticed(), Prices(1.0, 0.5, 2.0**-20), "step")
    assert found["negotiations_per_day"] == 10
    assert found["needed_per_day"] == 7
    assert (found["full_per_day"], found["abbreviated_per_day"]) == (6, 4)
    assert found["cpu_s_per_day"] == 6 + 2 + 2
    assert found["dead_client_noticed_median_s"] is None


def test_measured_prices_are_those_of_both_ends() -> None:
    known = {
        ("tls1.3-full", "P-256", "X25519", "mutual"): Handshake(Ends(0.5, 0.25), 0, 0, 0, 1),
        ("tls1.3-resumed-dhe", "P-256", "X25519", "mutual"): Handshake(Ends(0.125, 0.125), 0, 0, 0, 1),
    }
    costs = Costs(known, {("tls1.3", "AES-128-GCM", 16384): Ends(1.0, 2.0)})
    prices = Prices.measured(costs, "cost.json")
    assert (prices.full, prices.abbreviated, prices.byte) == (0.75, 0.25, 3.0)
    assert prices.of(Counts(1, negotiations=3, abbreviated=1, bytes=2)) == 1.5 + 0.25 + 6


def test_the_front_is_what_nothing_beats() -> None:
    rows = [
        {"negotiations_per_day": cost, "cracked_of_use_to_server_max_s": use, "cracked_of_use_to_client_max_s": 0.0}
        for cost, use in ((1, 100), (5, 100), (5, 50), (9, 60), (10, 1), (2, 100))
    ]
    assert [(one["negotiations_per_day"], exposure(one)) for one in best(rows)] == [(1, 100), (5, 50), (10, 1)]


def test_times_for_people() -> None:
    assert [span(one) for one in (None, 0.5, 60, 90, 7200, 86_399.96)] == [
        "never", "0.5 s", "1 min", "1.5 min", "2 h", "1 d",
    ]  # fmt: skip


# Runs.


def small(**more: object) -> runs.Settings:
    chosen = {"key-based": P["key-based"], "any": P["key-based"].but(idle_trigger="any", reject_trigger="never")}
    kept: dict[str, object] = {"until": HOUR, "links": 3, "seed": 2} | more
    return runs.Settings({"idle": None, "messaging": None}, chosen, **kept)  # type: ignore[arg-type]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the sources' own rows, which have tests of their own."""
    monkeypatch.setattr(runs, "problems", lambda latency: [])
    monkeypatch.setattr(runs, "modem", lambda latency, seed: [])
    monkeypatch.setattr(runs, "claims", lambda latency, prices: [])


@pytest.mark.usefixtures("bare")
def test_what_is_not_covered_is_simulated_by_step_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BY_STEP", 2)
    found = runs.run(small(), lambda *_: None)
    assert [(one["workload"], one["policy"], one["by"][:4]) for one in found.rows] == [
        ("idle", "key-based", "vect"), ("idle", "any", "step"),
        ("messaging", "key-based", "vect"), ("messaging", "any", "step"),
    ]  # fmt: skip
    assert any(
        "any on idle is simulated by step alone, 2 links of it: idle_trigger any" in note for note in found.notes
    )
    assert [one["links"] for one in found.rows] == [3, 2, 3, 2]
    assert any("offers were refused" in note for note in found.notes)


@pytest.mark.usefixtures("bare")
def test_an_interrupt_keeps_what_is_complete(tmp_path: Path) -> None:
    calls: list[str] = []

    def stop(workload: str, done: int, total: int) -> None:
        calls.append(workload)
        if len(calls) == 3:
            raise KeyboardInterrupt

    found = runs.run(small(), stop)
    assert not found.complete
    assert len(found.rows) == 2
    found.results().write(tmp_path, {"policies": drawn(found.rows)})
    document = json.loads((tmp_path / "policies.json").read_text())
    assert document["complete"] is False
    assert len(document["tables"]["rows"]) == 2
    assert any("interrupted" in note for note in document["notes"])
    assert (tmp_path / "policies.png").stat().st_size > 10_000


@pytest.mark.usefixtures("bare")
def test_what_is_printed_names_every_policy() -> None:
    text = StringIO()
    show(runs.run(small(), lambda *_: None), [], Console(file=text, width=200))
    said = text.getvalue()
    assert "messaging: 3 links" in said
    assert "key-based" in said
    assert "CPU time is reckoned" in said
    assert "never" not in said.partition("any")[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workload", "ofice"], "did you mean office?"),
        (["--policy", "combind"], "did you mean combined"),
        (["--days", "0"], "--days: 0 was read"),
        (["--days", "nan"], "--days: nan was read"),
        (["--links", "-3"], "--links: -3 was read"),
        (["--latency", "0"], "--latency: 0 was read"),
        (["--seed", "-1"], "--seed: -1 was read"),
        (["--workload", "none.csv"], "none.csv"),
        (["--costs", "none.json"], "none.json"),
    ],
)
def test_bad_input_is_one_clear_message(words: list[str], said: str, tmp_path: Path) -> None:
    whole = [sys.executable, "-m", "rekeyspec", "bench", "policies", *words]
    done = subprocess.run(whole, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("rekeyspec: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_command_leaves_json_csv_and_figures(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("time,bytes,end\n0.5,1000,client\n400,20,server\n400.001,30,client\n")
    whole = [
        sys.executable, "-m", "rekeyspec", "bench", "policies", "--workload", "mine.csv", "--policy", "combined",
        "--days", "0.05", "--output", "out",
    ]  # fmt: skip
    done = subprocess.run(whole, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"policies.json", "policies-rows.csv", "policies-front.csv", "policies.svg", "policies.png"}
    document = json.loads((tmp_path / "out" / "policies.json").read_text())
    (one,) = document["tables"]["rows"]
    assert (one["workload"], one["by"], one["links"]) == ("mine.csv", "step", 1)
    assert one["messages_per_day"] == 60
    assert document["settings"]["policies"]["combined"]["byte_limit"] == 1_048_576


def test_limits_are_said_with_what_was_read() -> None:
    with pytest.raises(BadInput, match="--latency: 601 was read; expected 1 to 600"):
        runs.limits(1, 1, 601, 1)

"""Advice: the cheapest policy within the bounds, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rekeyspec.benchmarks.advice.answer import answered, exposed, policy_file, within_bound, within_budget, words
from rekeyspec.benchmarks.advice.search import BASE, Bench, Tried, candidates, search
from rekeyspec.benchmarks.advice.wanted import Priced, Wanted, priced, share, size, span
from rekeyspec.benchmarks.cost.costs import Costs, Handshake
from rekeyspec.benchmarks.cost.ends import Ends
from rekeyspec.benchmarks.policies.traffic import Offer
from rekeyspec.benchmarks.results import Results
from rekeyspec.cli import app
from rekeyspec.conformance.policies import policy_named, profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy

COSTS = Costs(
    {
        (name, "P-256", "X25519", "mutual"): Handshake(Ends(cpu, cpu), 0.001, 0.002, 3000, 1)
        for name, cpu in (("tls1.3-full", 0.001), ("tls1.3-resumed-dhe", 0.0004))
    },
    {("tls1.3", "AES-128-GCM", message): Ends(1e-9, 1e-9) for message in (1024, 16384)},
)


def wanted(**more: object) -> Wanted:
    asked = Wanted("messaging", None, "AES-128-GCM", "P-256", "X25519", "mutual", None, 0.5, 1 << 20, 3600.0, links=3)
    return replace(asked, **more)  # type: ignore[arg-type]


def prices(w: Wanted) -> Priced:
    return priced(w, COSTS, "made up")


def test_candidates_are_sound_and_keep_to_the_cipher() -> None:
    found = list(candidates(wanted()))
    assert len(found) > 20
    for policy, changes in found:
        assert not contradictions(policy)
        assert policy == profiles()[BASE].but(**changes)
        assert policy.byte_limit <= 1 << 20
    (unbounded,) = {policy.byte_limit for policy, _ in candidates(wanted(key_bytes=None))}
    assert unbounded == 1 << 31, "LIM-3"
    anonymous = [policy for policy, _ in candidates(wanted(authentication="server-only"))]
    assert {(policy.authentication, policy.direction) for policy in anonymous} == {("server-only", "to-server")}


def test_the_cheapest_within_the_bounds_is_chosen() -> None:
    w = wanted()
    found = answered(w, prices(w), *search(w, prices(w)))
    chosen = found.chosen
    assert chosen is not None
    assert within_budget(w, chosen)
    assert within_bound(w, chosen)
    both = [one for one in found.tried if within_budget(w, one) and within_bound(w, one)]
    assert 0 < len(both) < len(found.tried)
    assert chosen.cpu == min(one.cpu for one in both)


def test_its_numbers_are_those_of_the_simulation() -> None:
    """A policy that is tried again, by the reference's own step, comes to the same."""
    w = wanted(links=1)
    policy, changes = next(iter(candidates(w)))
    offers = [Offer(*one) for one in _offers(w)]
    by_step = Bench(replace(w, offers=offers), prices(w)).tried(policy, changes)
    assert Bench(w, prices(w)).tried(policy, changes) == by_step
    without, cached = by_step
    assert without.cpu == pytest.approx(0.002 * without.negotiations)
    assert cached.cpu < without.cpu
    assert (without.key_bytes, without.use) == (cached.key_bytes, cached.use)


def _offers(w: Wanted) -> Sequence[tuple[int, str, int]]:
    from rekeyspec.benchmarks.policies.workloads import DAY, WORKLOADS

    return list(WORKLOADS[w.workload].periods(w.seed, range(1), DAY).offers(0))


def test_the_policy_file_is_read_as_what_was_tried(tmp_path: Path) -> None:
    w = wanted()
    found = answered(w, prices(w), *search(w, prices(w)))
    assert found.chosen is not None
    path = tmp_path / "advised.yaml"
    path.write_text(policy_file(found))
    assert policy_named(str(path)) == ("advised", found.chosen.policy)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"cpu": 1e-6}, "None is within the budget"),
        ({"offers": [Offer(60_000, "client", 60_000)], "key_bytes": 1 << 15}, "None exposes no more than asked"),
        ({"cpu": None, "overhead": 0.01}, "one negotiation a day is already"),
        (
            {"cpu": None, "overhead": 0.01, "workload": "busy", "key_bytes": 1 << 25},
            "by these two numbers alone no policy can keep both",
        ),
        ({"cpu": None, "overhead": 0.01, "workload": "idle"}, "Nobody sends anything"),
    ],
)
def test_why_there_is_none_is_said(more: dict[str, object], said: str) -> None:
    w = wanted(**more)
    found = answered(w, prices(w), *search(w, prices(w)))
    assert found.chosen is None
    text = "\n".join(words(found))
    assert "None of them keeps both" in text
    assert said in text


def test_an_interrupt_tells_what_was_found_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    w, whole = wanted(), Bench.tried

    def interrupted(self: Bench, policy: Policy, changes: dict[str, object]) -> list[Tried]:
        if made:
            raise KeyboardInterrupt
        made.append(1)
        return whole(self, policy, changes)

    made: list[int] = []
    monkeypatch.setattr(Bench, "tried", interrupted)
    found = answered(w, prices(w), *search(w, prices(w)))
    assert len(found.tried) == 2
    assert not found.complete
    assert "It was interrupted" in "\n".join(words(found))
    assert found.results().complete is False
    none = answered(w, prices(w), *search(w, prices(w)))
    assert none.chosen is None
    assert len(list(words(none))) == 2


def test_the_worst_of_several_bounds_counts() -> None:
    w = wanted()
    one = search(w, prices(w))[0][0]
    assert exposed(w, replace(one, key_bytes=1 << 21, use=1.0)) == 2
    assert exposed(w, replace(one, key_bytes=1, use=7200.0)) == 2
    assert not within_bound(w, replace(one, key_bytes=1 << 21, use=1.0))
    assert not within_bound(w, replace(one, key_bytes=1, use=7200.0))


def test_words_become_numbers() -> None:
    assert share("--overhead", "1%") == share("--overhead", "0.01") == 0.01
    assert [span("--cpu", text) for text in ("50ms", "20s", "10min", "1h", "1d")] == [0.05, 20, 600, 3600, 86_400]
    assert size("--exposure-bytes", "1GiB") == 1 << 30


@pytest.mark.parametrize(
    ("words_", "said"),
    [
        (["--overhead", "0%", "--exposure-time", "1h"], "--overhead: '0%' was read"),
        (["--overhead", "1%", "--exposure-time", "1"], "expected a time with its unit"),
        (["--overhead", "1%", "--exposure-bytes", "1GiB,2GiB"], "expected one size"),
        (["--overhead", "1%"], "no bound was read"),
        (["--exposure-time", "1h"], "no budget was read"),
        (["--overhead", "1%", "--exposure-time", "1h", "--cipher", "DES"], "--cipher: 'DES' was read"),
        (["--overhead", "1%", "--exposure-time", "1h", "--workload", "bussy"], "bussy"),
        (["--overhead", "1%", "--exposure-time", "1h", "--costs", "missing.json"], "missing.json"),
        (["--overhead", "1%", "--exposure-time", "1h", "--links", "0"], "--links: 0 was read"),
        (["--overhead", "1%", "--exposure-time", "1s"], "--exposure-time: 1 was read"),
        (["--overhead", "1%", "--exposure-bytes", "1KiB"], "--exposure-bytes: 1024 was read"),
    ],
)
def test_what_cannot_be_asked_is_said(words_: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        CliRunner().invoke(app, ["advise", *words_], catch_exceptions=False)


def test_from_the_command_line(tmp_path: Path) -> None:
    rows = [
        {"negotiation": name, "certificate": "P-256", "group": "X25519", "authentication": "mutual",
         "client_s": cpu, "server_s": cpu, "stall_p50_s": 0.001, "stall_p99_s": 0.002, "to_server_bytes": 1,
         "to_client_bytes": 1, "round_trips": 1}
        for name, cpu in (("tls1.3-full", 0.001), ("tls1.3-resumed-dhe", 0.0004))
    ]  # fmt: skip
    data = [{"carriage": "tls1.3", "cipher": "AES-128-GCM", "message": 16384, "client_s_per_gib": 1.0,
             "server_s_per_gib": 1.0}]  # fmt: skip
    Results("cost", {}, tables={"negotiations": rows, "data": data}).write(tmp_path)
    asked = ["advise", "--exposure-bytes", "1MiB", "--links", "2", "--costs", str(tmp_path / "cost.json")]
    more = ["--policy", str(tmp_path / "mine.yaml"), "--output", str(tmp_path)]
    done = CliRunner().invoke(app, [*asked, "--cpu", "500ms", *more])
    assert done.exit_code == 0, done.output
    assert policy_named(str(tmp_path / "mine.yaml"))[1].byte_limit <= 1 << 20
    document = json.loads((tmp_path / "advise.json").read_text())
    assert sum(row["chosen"] for row in document["tables"]["tried"]) == 1
    none = CliRunner().invoke(app, [*asked, "--cpu", "0.001ms"])
    assert none.exit_code == 1
    assert "None of them keeps both" in none.output

"""What is measured. The yardstick of a group is its first test.

`python -m rekeyspec.benchmarks.regression` runs this; pytest finds it only when it is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from rekeyspec.benchmarks.audit import link as told
from rekeyspec.benchmarks.speed import long_story
from rekeyspec.benchmarks.wire import POLICY, Pair, bare, handshake
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.oracle import judge
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.vocabulary import ROLES, Event, Role
from rekeyspec.reference.wire.credentials import keygen, load
from rekeyspec.reference.wire.negotiation import Tls

ROUNDS = 30


class Benchmark(Protocol):
    """The fixture of pytest-benchmark."""

    def pedantic(self, target: Callable[[], object], *, rounds: int, iterations: int, warmup_rounds: int) -> Any:
        """Measure it in so many rounds, each so many times."""
        ...


Bench = Callable[[Callable[[], object], int], None]


@pytest.fixture(name="bench")
def _bench(benchmark: Benchmark) -> Bench:
    """Measure this, so many times in a round."""

    def measured(work: Callable[[], object], iterations: int) -> None:
        benchmark.pedantic(work, rounds=ROUNDS, iterations=iterations, warmup_rounds=2)

    return measured


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> dict[Role, Tls]:
    folder = tmp_path_factory.mktemp("demo")
    keygen(folder)
    return {role: _configured(folder, role) for role in ROLES}


def _configured(folder: Path, role: Role) -> Tls:
    files = (folder / "authority.pem", folder / f"{role}.pem", folder / f"{role}.key")
    return Tls(load(*files), role, peer="server" if role == "client" else "")


@pytest.fixture(name="events", scope="module")
def _events() -> list[Event]:
    """What happens to a client that is busy and idle by turns."""
    return [one for one in _log() if one.end == "client" and one.do in ("Open", "Offer", "Arrive", "Tick")]


def _log() -> list[Event]:
    return list(told(profiles()["combined"], 20))


def interpreted() -> int:
    """What an interpreter does all day: tuples, a dictionary, small numbers, calls."""
    held: dict[int, tuple[int, int]] = {}
    total = 0
    for n in range(5000):
        one = held.get(n & 255, (0, 0))
        held[n & 255] = (n, _added(one[0], n))
        total += one[1] & 7
    return total


def _added(one: int, other: int) -> int:
    return one + other if one < other else other


@pytest.mark.benchmark(group="machine")
class TestMachine:
    """The reference, step by step."""

    def test_yardstick(self, bench: Bench) -> None:
        """An interpreter's daily work."""
        bench(interpreted, 5)

    def test_step(self, bench: Bench, events: list[Event]) -> None:
        """One end's life, from the first negotiation through traffic, idleness and new keys."""
        policy = profiles()["combined"]

        def work() -> None:
            engine = Engine(policy, "client")
            for event in events:
                engine.step(event)

        bench(work, 2)


@pytest.mark.benchmark(group="oracle")
class TestOracle:
    """Judging."""

    def test_yardstick(self, bench: Bench) -> None:
        """An interpreter's daily work."""
        bench(interpreted, 5)

    def test_judge(self, bench: Bench) -> None:
        """What one end of a link has done."""
        policy, log = profiles()["combined"], [one for one in _log() if one.end == "client"]
        assert judge(policy, "client", log)[0] is None
        bench(partial(judge, policy, "client", log), 1)

    def test_replay(self, bench: Bench) -> None:
        """A trace of two hundred lines, put to the reference."""
        trace, policy = long_story(5)
        bench(lambda: replay(trace, policy, ReferenceTarget()), 1)


@pytest.mark.benchmark(group="link")
class TestLink:
    """A message of 1 MiB from end to end. (The yardstick, alone in its process, gets its memory anew for each message,
    and looks slower by that than in `benchmarks.wire`, where both take turns.)"""

    data = os.urandom(1 << 20)

    def test_yardstick(self, bench: Bench) -> None:
        """The same records by calls of the cipher alone."""
        bench(bare(self.data), 4)

    def test_message(self, bench: Bench, tls: dict[Role, Tls]) -> None:
        """Through two links."""
        bench(partial(Pair(tls).send, self.data), 4)


@pytest.mark.benchmark(group="records")
class TestRecords:
    """A message of one record."""

    data = os.urandom(16_000)

    def test_yardstick(self, bench: Bench) -> None:
        """The same record by calls of the cipher alone."""
        bench(bare(self.data), 100)

    def test_message(self, bench: Bench, tls: dict[Role, Tls]) -> None:
        """Through two links."""
        bench(partial(Pair(tls).send, self.data), 100)


@pytest.mark.benchmark(group="full")
class TestFull:
    """A full negotiation."""

    def test_yardstick(self, bench: Bench, tls: dict[Role, Tls]) -> None:
        """The same handshake of pyOpenSSL."""
        bench(partial(handshake, {role: tls[role].fresh() for role in ROLES}), 5)

    def test_renegotiation(self, bench: Bench, tls: dict[Role, Tls]) -> None:
        """Of a link."""
        bench(Pair(tls, POLICY.but(age_limit=1000, idle_period=3_600_000)).renew, 5)


@pytest.mark.benchmark(group="abbreviated")
class TestAbbreviated:
    """An abbreviated negotiation."""

    @pytest.fixture(autouse=True)
    def _resumes(self, tls: dict[Role, Tls]) -> None:
        self.contexts = {role: tls[role].fresh() for role in ROLES}
        self.session = handshake(self.contexts).get_session()

    def test_yardstick(self, bench: Bench) -> None:
        """The same handshake of pyOpenSSL."""
        bench(partial(handshake, self.contexts, self.session), 5)

    def test_renegotiation(self, bench: Bench, tls: dict[Role, Tls]) -> None:
        """Of a link."""
        policy = POLICY.but(age_limit=1000, idle_period=3_600_000, session_cache="on", session_lifetime=1 << 40)
        bench(Pair(tls, policy).renew, 5)

"""How `bench cost` measures in turns on a machine that is not quiet, and what it makes of the samples."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from rekeyspec.benchmarks.cost import ends, turns
from rekeyspec.benchmarks.cost.ends import Ends, Sample, Stretch
from rekeyspec.benchmarks.cost.quiet import ENOUGH, Noise, Reading, at, figures, noise_of
from rekeyspec.benchmarks.cost.turns import take_turns


class Clock:
    """A clock that only works advance."""

    def __init__(self) -> None:
        self.t = 0.0

    def __call__(self) -> float:
        return self.t


def work(clock: Clock, cost: float, log: list[float] | None = None) -> Callable[[], Sample]:
    def done() -> Sample:
        clock.t += cost
        if log is not None:
            log.append(cost)
        return Sample(cost / 3, cost * 2 / 3, cost, 10, 20, cost)

    return done


def test_works_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log = Clock(), []
    monkeypatch.setattr(turns, "canary", lambda _cpu: 1e-5)
    took = take_turns({cost: work(clock, cost, log) for cost in (0.1, 0.2, 0.4)}, 1.0, cpu=clock, wall=clock)
    assert took.complete
    assert {cost: len(some) for cost, some in took.readings.items()} == {0.1: 11, 0.2: 6, 0.4: 6}
    first = log[6:]
    assert first.index(0.2) < len(first) - 1 - first[::-1].index(0.1)
    assert set(first[:4]) == {0.1, 0.2, 0.4}


def test_time_is_bounded_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    songs = iter(range(10**9))
    monkeypatch.setattr(turns, "canary", lambda _cpu: 1e-5 * 1.1 ** (next(songs) % 40))

    def nap(seconds: float) -> None:
        clock.t += seconds

    works = {number: work(clock, 0.01) for number in range(10)}
    take_turns(works, 1.0, cpu=clock, wall=clock, sleep=nap)
    assert clock.t <= 10 * 1.3 + 1
    clock.t = 0
    take_turns(works, 1.0, cpu=clock, wall=clock, sleep=nap, limit=3)
    assert 3 <= clock.t <= 3 + 1


def test_an_interrupt_keeps_what_was_measured() -> None:
    clock, left = Clock(), [40]

    def one() -> Sample:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return work(clock, 0.01)()

    took = take_turns({"one": one, "other": work(clock, 0.01)}, 1.0, cpu=clock, wall=clock)
    assert not took.complete
    assert len(took.readings["one"]) > 10
    assert took.readings["other"]


# What is made of samples.


def reading(cost: float, canary: float = 1.0, stretches: tuple[Stretch, ...] = (), stall: float = 0.0) -> Reading:
    return Reading(Sample(cost, 2 * cost, 3 * cost, 100, 200, stall, stretches), canary)


def test_medians_are_of_quiet_samples_and_tails_of_all() -> None:
    quiet = [reading(1.0 + i / 100, 1.0, stall=1.0) for i in range(-5, 6)]
    loud = [reading(5.0, 1.5, stall=9.0) for _ in range(30)]
    found = figures(quiet + loud, Noise(1.0, 1.0))
    assert found.cpu == Ends(1.0, 2.0)
    assert (found.samples, found.quiet) == (41, 11)
    assert (found.q1, found.q3) == pytest.approx((3 * 0.97, 3 * 1.03))
    assert (found.stall_p50, found.stall_p99) == (9.0, 9.0)
    assert (found.to_server, found.to_client, found.wall) == (100, 200, 3.0)


def test_where_all_was_disturbed_the_least_disturbed_are_scaled() -> None:
    found = figures([reading(2.0, 2.0) for _ in range(ENOUGH)] + [reading(99.0, 9.0)] * 50, Noise(1.0, 0.5))
    assert found.cpu.client == pytest.approx(2.0 / math.sqrt(2))
    assert found.quiet == 0


def test_disturbed_stretches_count_as_quiet_ones() -> None:
    stretches = (*(Stretch(1.0, 1.0, 1.0, 1.0) for _ in range(ENOUGH)), Stretch(7.0, 7.0, 7.0, 1.5))
    found = figures([reading(0.5, 1.0, stretches)] * ENOUGH, Noise(1.0, 1.0))
    assert found.cpu == pytest.approx((0.5 + 9, 1.0 + 9))
    assert found.wall == pytest.approx(1.5 + 9)
    loud = figures([reading(1.0, 2.0, stretches)] * ENOUGH, Noise(1.0, 1.0))
    assert loud.cpu == pytest.approx((0.5 + 9, 1.0 + 9))  # what is scaled is what no stretch has


def test_the_power_is_how_much_works_slow_with_the_canary() -> None:
    slow = [[reading(base * song**1.5, song) for song in (1.0, 1.0, 1.3, 1.3, 1.3, 1.0, 1.3, 1.0)] for base in (1, 50)]
    noise = noise_of(slow)
    assert noise.best == 1.0
    assert noise.power == pytest.approx(1.5, rel=0.01)
    assert noise.scale(1.05) == 1.0
    assert noise.scale(1.3) == pytest.approx(1.3**-noise.power)
    assert noise_of([[]]) == Noise(0.0, 1.0)


def test_the_canary_is_not_what_the_work_before_it_left_in_the_caches() -> None:
    readings = iter([0.0, 9.0, 10.0, 12.0])
    assert ends.canary(lambda: next(readings)) == 2.0


def test_percentiles() -> None:
    ordered = [float(i) for i in range(1, 101)]
    assert [at(ordered, part) for part in (0, 0.05, 0.5, 0.99, 1)] == [1, 5, 50, 99, 100]

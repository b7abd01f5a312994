"""How fast a search is: `python -m rekeyspec.benchmarks.explore`.

Steps (lines of traces) per CPU second of this process, searching the reference, and beside it in the same rounds an
empty state machine of hypothesis, whose steps do nothing: what a search would cost that drew each step by itself and
did nothing with it. The median of several rounds that take turns; the ratio is of each round's two, for what a second
of CPU is worth changes with whatever else the machine does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.explore import Effort, Shape, explore

ROUNDS = 5
EXAMPLES = 2000
MACHINES = 200
SHAPES: tuple[Shape | None, ...] = (None, "one-end", "both-ends")


class Empty(RuleBasedStateMachine):
    """A machine whose only step counts itself."""

    steps = 0

    @rule()
    def step(self) -> None:
        """Nothing but a count."""
        Empty.steps += 1


def empty() -> int:
    """Run the empty machine; how many steps it took."""
    Empty.steps = 0
    quick = settings(
        max_examples=MACHINES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Empty, settings=quick)
    return Empty.steps


def searched(shape: Shape | None, seed: int) -> int:
    """Search the reference; how many steps that took."""
    found = explore(ReferenceTarget(), Effort(EXAMPLES, seed), shape=shape)
    assert not found.failures, found.failures[0].text
    return found.steps


def rate(work: Callable[[], int]) -> float:
    """Steps per CPU second."""
    begun = time.process_time()
    steps = work()
    return steps / (time.process_time() - begun)


def main() -> None:
    """Measure and print."""
    rate(empty)
    for shape in SHAPES:
        rounds = []
        for seed in range(ROUNDS):
            machine = rate(empty)
            rounds.append((rate(lambda shape=shape, seed=seed: searched(shape, seed)), machine))  # type: ignore[misc]
        steps, machine = (median(column) for column in zip(*rounds, strict=True))
        ratio = median(ours / its for ours, its in rounds)
        print(
            f"explore, {shape or 'either shape':<12} {steps:>8,.0f} steps/s (bound: 5,000 or more); an empty machine "
            f"{machine:>6,.0f}; {ratio:.2f} of it (bound: 0.56)"
        )


if __name__ == "__main__":
    main()

"""Random behaviours of a model instead of all of them, for bounds that no search exhausts.

TLC is run once, or again and again until the time is over, each run with a seed one higher than that before: what one
run finds, it finds again with its seed alone. TLC does not say how many behaviours it tried before a violation, nor
what it had done when it was stopped: the totals are those of the runs that ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rekeyspec.tools.checker import Cancelled, Tlc, check
from rekeyspec.tools.command import Simulation, TlcRun
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Output, Verdict


@dataclass(frozen=True)
class Simulated:
    """What came of it: the last run's output and seed, and the totals."""

    output: Output
    seed: int
    behaviours: int
    """Those that went well."""
    states: int

    @property
    def verdict(self) -> Verdict:
        """What was found in the end."""
        assert self.output.verdict is not None
        return self.output.verdict


def simulate(
    run: TlcRun,
    tlc: Tlc,
    simulation: Simulation,
    *,
    seconds: float = 0,
    cancelled: Callable[[], bool] = lambda: False,
) -> Simulated:
    """Simulate once, or for as many seconds as are given; a violation ends it.

    Raises ModelError and Cancelled as `checker.check` does, and ModelError where no run ends in time.
    """
    begun = time.monotonic()

    def over() -> bool:
        return 0 < seconds <= time.monotonic() - begun

    done: list[Output] = []
    while not done or (seconds and not over() and _well(done[-1])):
        once = replace(run, simulate=replace(simulation, seed=simulation.seed + len(done)))
        try:
            done.append(check(once, tlc, cancelled=lambda: cancelled() or over()))
        except Cancelled:
            if cancelled():
                raise
            if not done:
                raise _none_ended(run, simulation, seconds) from None
            break
    well = sum(_well(output) for output in done)
    states = sum(output.figures.generated or 0 for output in done)
    return Simulated(done[-1], simulation.seed + len(done) - 1, well * simulation.behaviours, states)


def _well(output: Output) -> bool:
    return output.verdict is not None and output.verdict.kind == "ok"


def _none_ended(run: TlcRun, simulation: Simulation, seconds: float) -> ModelError:
    behaviours = f"expected {simulation.behaviours} behaviours of at most {simulation.depth} states"
    return ModelError(f"{run.cfg}: nothing was simulated to its end in {seconds:g} s, {behaviours}; ask for fewer")

"""What a second worker brings to a campaign: `python -m rekeyspec.benchmarks.campaign`.

The same jobs are done by a pool of one process and by a pool of two, and so is as much plain arithmetic, cut into as
many pieces, by the same two pools in the same round: what two processors are worth on this machine at this moment. The
figure is the campaign's speed-up as a share of the arithmetic's, the median of the rounds' shares. Wall seconds. The
pools are started before; the journal is written as ever, and the report is not made.

Beside it what a campaign costs in this process for each job, in CPU seconds: sending it, taking back what came of it,
and writing that down.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Self

from rekeyspec.conformance.campaign.campaign import run
from rekeyspec.conformance.campaign.crew import Pool
from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import Job, Search, derived, expand
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.campaign.plan import Plan, made
from rekeyspec.conformance.campaign.work import work

ROUNDS = 5
BOUND = 0.85
SEARCHES = 20
EXAMPLES = 60
"""Jobs of a search, fewer examples each than a campaign gives them: what comes with each job weighs more here."""


class Warm:
    """A pool that is there before the campaign, and after it."""

    hardy = True

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.width, self.submit, self.died = pool.width, pool.submit, pool.died
        self.mend, self.check, self.executor = pool.mend, pool.check, pool.executor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """It stays."""

    def arithmetic(self, pieces: int, numbers: int) -> None:
        """So many pieces of plain arithmetic, by the same processes."""
        futures: list[Future[int]] = [self._pool.executor.submit(squares, numbers) for _ in range(pieces)]
        for future in futures:
            future.result()


class Silent:
    """Progress that nobody looks at."""

    def begin(self, total: int, done: int, violations: int) -> None:
        """At the start."""

    def advance(self, cases: int, violations: int) -> None:
        """With each job."""


def squares(numbers: int) -> int:
    """Arithmetic that touches nothing else."""
    total = 0
    for number in range(numbers):
        total += number * number % 7
    return total


def jobs() -> tuple[Plan, list[Job]]:
    """The work: what the reference is told by hand and by models, and searches."""
    plan = made(["reference"])
    told = expand(plan)
    searches = [
        Job(len(told) + n, "reference", Search(None, EXAMPLES, derived(0, n)), plan.limits) for n in range(SEARCHES)
    ]
    return plan, [*told, *searches]


def campaign(plan: Plan, work_to_do: list[Job], crew: Warm, folder: Path) -> None:
    """Do the jobs, with a new journal."""
    path = folder / "journal.sqlite"
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.begin(plan, "benchmark")
        run(work_to_do, journal, crew, Silent())
        assert len(journal.tails()) == len(work_to_do)


def wall(act: Callable[[], object]) -> float:
    """Wall seconds."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def as_long_as(seconds: float) -> int:
    """How many numbers the arithmetic of so many CPU seconds has."""
    numbers = 200_000
    begun = time.process_time()
    squares(numbers)
    return round(numbers * seconds / (time.process_time() - begun))


@contextmanager
def pools() -> Iterator[tuple[Warm, Warm]]:
    """One process, and two, all of them started and past their first job."""
    with ExitStack() as stack:
        one, two = (Warm(stack.enter_context(Pool(workers))) for workers in (1, 2))
        for pool in (one, two):
            pool.arithmetic(8, 100_000)
        yield one, two


def overhead(plan: Plan, work_to_do: list[Job], crew: Warm, folder: Path) -> float:
    """CPU seconds of this process for each job, while another does the work."""
    begun = time.process_time()
    campaign(plan, work_to_do, crew, folder)
    return (time.process_time() - begun) / len(work_to_do)


def main() -> None:
    """Measure and print."""
    plan, work_to_do = jobs()
    begun = time.process_time()
    dones: list[Done] = [work(job) for job in work_to_do]
    each = (time.process_time() - begun) / len(work_to_do)
    cases = sum(job.cases for job in work_to_do)
    assert not any(done.count("violates") for done in dones)
    numbers = as_long_as(each)
    rounds = []
    with TemporaryDirectory() as name, pools() as (one, two):
        folder = Path(name)
        campaign(plan, work_to_do, two, folder)  # reads the traces, in each process
        campaign(plan, work_to_do, one, folder)
        for _ in range(ROUNDS):
            ours = [wall(lambda crew=crew: campaign(plan, work_to_do, crew, folder)) for crew in (one, two)]  # type: ignore[misc]
            plain = [wall(lambda crew=crew: crew.arithmetic(len(work_to_do), numbers)) for crew in (one, two)]  # type: ignore[misc]
            rounds.append((ours[0] / ours[1], plain[0] / plain[1], ours[0]))
        cost = overhead(plan, work_to_do, two, folder)
    share = median(ours / plain for ours, plain, _ in rounds)
    speed_up, control, alone = (median(column) for column in zip(*rounds, strict=True))
    print(f"campaign, one worker    {cases / alone:>8,.0f} cases/s, {len(work_to_do)} jobs of {1000 * each:.0f} ms")
    print(f"campaign, two workers   {speed_up:>8.2f} times as fast; plain arithmetic {control:.2f} times")
    print(f"share of the arithmetic {share:>8.2f} (bound: {BOUND} or more; median of {ROUNDS} rounds)")
    print(f"this process, each job  {1000 * cost:>8.2f} ms of CPU")
    sys.exit(share < BOUND)


if __name__ == "__main__":
    main()

"""Are the two simulations equal? `python -m rekeyspec.benchmarks.policies.agreement --links 1000`.

Every workload under every profile (`--settings`: and every setting), by the reference's own `step` and vectorised, on
the same seeds. Prints a line for each, and ends with 1 where any count differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from typing import Final, NamedTuple

from rekeyspec.benchmarks.policies.counts import Counts
from rekeyspec.benchmarks.policies.play import reference_counts
from rekeyspec.benchmarks.policies.settings import settings
from rekeyspec.benchmarks.policies.vectorised import entangled, simulate
from rekeyspec.benchmarks.policies.workloads import HOUR, WORKLOADS
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy

LATENCY: Final = 20
PART: Final = 20
"""So many links are one task."""


class Task(NamedTuple):
    """Some links of one workload under one policy. Times are ms."""

    workload: str
    policy: Policy
    links: range
    latency: int
    until: int
    seed: int


class Answer(NamedTuple):
    """What the two counted, how many links were left to the reference, and what each took (s)."""

    reference: Counts
    vectorised: Counts
    left: int
    took: tuple[float, float]


def compare(task: Task) -> Answer:
    """Both simulations of the same links."""
    busy = WORKLOADS[task.workload].periods(task.seed, task.links, task.until)
    rest = task.policy, busy, task.latency, task.until
    begun = time.perf_counter()
    mine = reference_counts(*rest)
    middle = time.perf_counter()
    theirs = simulate(*rest)
    took = middle - begun, time.perf_counter() - middle
    return Answer(mine, theirs, int(entangled(*rest).sum()), took)


def tasks(workload: str, policy: Policy, links: int, until: int, seed: int) -> Iterator[Task]:
    """The links in parts."""
    for first in range(0, links, PART):
        yield Task(workload, policy, range(first, min(first + PART, links)), LATENCY, until, seed)


def _line(workload: str, name: str, answers: list[Answer], mine: Counts, found: list[str]) -> str:
    took = [sum(one.took[which] for one in answers) for which in range(2)]
    return (
        f"{workload:<10} {name:<20} {mine.links:>6,} links {mine.until / HOUR:>4g} h {mine.messages:>10,} messages "
        f"{mine.negotiations:>9,} negotiations {mine.heartbeats:>9,} heartbeats; by step {took[0]:>7.1f} s, "
        f"vectorised {took[1]:>6.2f} s; {sum(one.left for one in answers)} links left to step: "
        f"{'; '.join(found) or 'equal'}"
    )


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description="Is every count of the vectorised simulation the reference's?")
    parser.add_argument("--links", type=int, default=1000, help="how many links of each workload under each policy")
    parser.add_argument("--hours", type=float, default=24, help="how long each is simulated")
    parser.add_argument("--busy-hours", type=float, default=2, help="the same for the workload that never rests")
    parser.add_argument("--seed", type=int, default=1, help="of the workloads")
    parser.add_argument("--processes", type=int, default=2, help="how many at once")
    parser.add_argument("--settings", action="store_true", help="every setting too, not the profiles alone")
    wanted = parser.parse_args()
    policies = settings() if wanted.settings else profiles()
    wrong = 0
    with get_context("spawn").Pool(wanted.processes) as pool:
        for workload in WORKLOADS:
            until = int((wanted.busy_hours if workload == "busy" else wanted.hours) * HOUR)
            for name, policy in policies.items():
                made = tasks(workload, policy, wanted.links, until, wanted.seed)
                answers = list(pool.imap_unordered(compare, made))
                mine = sum((one.reference for one in answers), Counts(until))
                theirs = sum((one.vectorised for one in answers), Counts(until))
                found = theirs.differences(mine)
                wrong += bool(found)
                print(_line(workload, name, answers, mine, found), flush=True)
    print("every count is equal" if not wrong else f"{wrong} of them differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Who is next: the jobs that are still to be done, by targets, and which targets were given up.

A target that is slow or broken holds up no other: of all targets with jobs left the one comes next that has the fewest
under way. What runs in real time waits until everything else is done, and runs alone.

A target is given up when so many of its cases in a row were broken, counted in the plan's order: within a job, or at
the ends of jobs that follow each other. What follows in that order does not count, even where it was done already
because there were many workers; so the report is the same for any number of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rekeyspec.conformance.campaign.jobs import Job
from rekeyspec.conformance.campaign.journal import Tail


@dataclass
class _Line:
    """The jobs of one target. `settled` is how many from the first are done and count; `row` how many cases were broken
    at the end of them."""

    jobs: list[Job]
    waiting: deque[Job] = field(default_factory=deque)
    under_way: int = 0
    tails: dict[int, Tail] = field(default_factory=dict)
    settled: int = 0
    row: int = 0
    given_up: bool = False
    told: int = 0
    """Of a target that was given up: up to which job that was written down."""

    def settle(self, quarantine: int) -> None:
        """Go on along the jobs that are done, up to the first that is not, or to the one after which the target is
        given up."""
        while self.settled < len(self.jobs) and not self.given_up:
            tail = self.tails.get(self.jobs[self.settled].number)
            if tail is None:
                return
            self.row = tail.row + (self.row if tail.row == tail.tried else 0)
            self.given_up = tail.halted or self.row >= quarantine
            self.settled += 1


class Roster:
    """All jobs of a plan, in order, and the tails of those that are done."""

    def __init__(self, jobs: Iterable[Job], tails: Mapping[int, Tail]) -> None:
        self._lines: dict[str, _Line] = {}
        for job in jobs:
            line = self._lines.setdefault(job.target, _Line([]))
            line.jobs.append(job)
            if job.number in tails:
                line.tails[job.number] = tails[job.number]
            else:
                line.waiting.append(job)
        for line in self._lines.values():
            halted = [number for number, tail in line.tails.items() if tail.halted]
            self._prune(line, min(halted, default=None))
            self._settle(line)

    def next(self) -> Job | None:
        """The next job, which is then under way; None where there is none now."""
        ready = [line for line in self._lines.values() if line.waiting and not line.waiting[0].alone]
        if not ready and not any(line.under_way for line in self._lines.values()):
            ready = [line for line in self._lines.values() if line.waiting]
        if not ready:
            return None
        line = min(ready, key=lambda line: line.under_way)
        line.under_way += 1
        return line.waiting.popleft()

    def finished(self, job: Job, tail: Tail) -> None:
        """A job that was under way is done."""
        line = self._lines[job.target]
        line.under_way -= 1
        line.tails[job.number] = tail
        self._prune(line, job.number if tail.halted else None)
        self._settle(line)

    def given_up(self) -> Job | None:
        """A job whose target was given up before it, and of which that has not been written down yet."""
        for line in self._lines.values():
            while line.given_up and line.told < len(line.jobs):
                job = line.jobs[line.told]
                if job.number not in line.tails or not line.tails[job.number].skipped:
                    return job
                line.told += 1
        return None

    def last(self, target: str) -> int:
        """The number of the last job of a target that was given up which counts."""
        line = self._lines[target]
        return line.jobs[line.settled - 1].number

    def skipped(self, job: Job, tail: Tail) -> Tail | None:
        """It has been written down of a job that its target was given up before it. Returns what stood there before."""
        line = self._lines[job.target]
        before, line.tails[job.number] = line.tails.get(job.number), tail
        return before

    def counts(self, job: Job) -> bool:
        """Does it matter what comes of this job?"""
        return not self._lines[job.target].given_up or job.number <= self.last(job.target)

    def returned(self, job: Job) -> None:
        """A job that was under way is not, and what came of it does not count."""
        self._lines[job.target].under_way -= 1

    @staticmethod
    def _prune(line: _Line, halted: int | None) -> None:
        """What comes after this job in the plan's order is not tried, whatever becomes of what comes before it."""
        if halted is not None:
            line.waiting = deque(job for job in line.waiting if job.number < halted)

    @staticmethod
    def _settle(line: _Line) -> None:
        line.settle(line.jobs[0].limits.quarantine)
        if line.given_up:
            line.waiting.clear()
            line.told = max(line.told, line.settled)

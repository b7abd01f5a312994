"""A campaign: a plan's jobs, done by whoever there is, written to the journal as they come back.

Jobs are independent of each other, and each is written whole or not at all; so there is nothing to put in order when
one fails, when a worker dies or when all of them do, but to do again what is not written. A job whose worker died is
done once more, alone; if that worker dies too, its cases are done one by one, and those that take their process with
them are broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from dataclasses import replace
from typing import Final, Protocol

from rekeyspec.conformance.campaign.crew import Crew, Lost
from rekeyspec.conformance.campaign.done import Done, Sheet
from rekeyspec.conformance.campaign.jobs import Job, Stories, Tours
from rekeyspec.conformance.campaign.journal import Journal, Tail
from rekeyspec.conformance.campaign.roster import Roster
from rekeyspec.conformance.campaign.work import given_up, untried

PULSE: Final = 1.0
"""How often (s) it is asked whether there is still anybody at work."""
DIED: Final = "the process that it ran in died of it, twice, the second time with nothing else in it"


class Progress(Protocol):
    """Is told how far it has come."""

    def begin(self, total: int, done: int, violations: int) -> None:
        """So many cases there are, so many of them were done before, with so many violations."""
        ...

    def advance(self, cases: int, violations: int) -> None:
        """So many more are done."""
        ...


def run(jobs: Sequence[Job], journal: Journal, crew: Crew, progress: Progress) -> None:
    """Do what of these jobs the journal has not. Raises BadInput for a journal or a cluster that is of no use, Lost
    when nobody is left to do the work; what was done until then is in the journal."""
    tails = journal.tails()
    done = tails.values()
    progress.begin(sum(job.cases for job in jobs), sum(t.cases for t in done), sum(t.violations for t in done))
    roster = Roster(jobs, tails)
    if len(tails) < len(jobs):
        with crew:
            course = _Run(roster, journal, crew, progress)
            try:
                course.all()
            except (Lost, KeyboardInterrupt):
                course.rescue()
                raise


class _Run:
    """One run of a campaign."""

    def __init__(self, roster: Roster, journal: Journal, crew: Crew, progress: Progress) -> None:
        self.roster, self.journal, self.crew, self.progress = roster, journal, crew, progress
        self.flying: dict[Future[Done], Job] = {}
        self.suspects: list[Job] = []
        """Jobs that were under way when a worker died."""

    def all(self) -> None:
        """Everything that is left."""
        while True:
            while len(self.flying) < self.crew.width and (job := self.roster.next()):
                self.flying[self.crew.submit(job)] = job
            skipped = self._skip()
            if not self.flying and not skipped:
                return
            landed, _ = wait_for(self.flying, 0 if skipped else PULSE, FIRST_COMPLETED)
            for future in landed:
                self._land(future)
            if self.suspects:
                self._again()
            elif not landed and not skipped:
                self.crew.check()

    def rescue(self) -> None:
        """Write down what has come back, before all is given up."""
        for future, job in self.flying.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self._record(job, future.result())

    def _land(self, future: Future[Done]) -> None:
        job = self.flying.pop(future)
        done = self._outcome(future)
        if done is None:
            self.suspects.append(job)
        else:
            self._record(job, done)

    def _outcome(self, future: Future[Done]) -> Done | None:
        """What has come of it; None where its worker died."""
        while not future.done():
            if not wait_for([future], PULSE).done:
                self.crew.check()
        try:
            return future.result()
        except Exception as wrong:
            if self.crew.died(wrong):
                return None
            raise

    def _again(self) -> None:
        """Do the suspects' work again. Whoever it is that does it, a death throws suspicion on jobs that had nothing to
        do with it; so each is done while nothing else is, to see which it was."""
        for future in list(self.flying):
            self._land(future)
        self.crew.mend(one=True)
        for job in sorted(self.suspects, key=lambda job: job.number):
            self._record(job, self._once(job) or self._piecemeal(job))
        self.suspects = []
        self.crew.mend()

    def _once(self, job: Job) -> Done | None:
        done = self._outcome(self.crew.submit(job))
        if done is None:
            self.crew.mend(one=True)
        return done

    def _piecemeal(self, job: Job) -> Done:
        """A job that two workers died of, case by case."""
        pieces = _pieces(job)
        if len(pieces) < 2 or not self.crew.hardy:
            return _died(job, None)
        sheet = Sheet(job.number)
        whole = Done(job.number)
        for piece in pieces:
            if whole.row >= job.limits.quarantine or whole.halted:
                part = untried(piece, given_up(job), whole.unsupported or {})
            else:
                part = self._once(piece) or _died(piece, whole.unsupported)
            sheet.join(part)
            whole.trouble = whole.trouble or part.trouble
            whole.unsupported = part.unsupported if whole.unsupported is None else whole.unsupported
            whole.tried += part.tried
            whole.row = part.row + (whole.row if part.row == part.tried else 0)
            whole.halted = whole.halted or part.halted or whole.row >= job.limits.quarantine
        return sheet.done(
            unsupported=whole.unsupported, trouble=whole.trouble, tried=whole.tried, row=whole.row, halted=whole.halted
        )

    def _record(self, job: Job, done: Done) -> None:
        if not self.roster.counts(job):
            self.roster.returned(job)
            return
        self.journal.record(done, job.target, job.cases)
        self.roster.finished(job, _tail(job, done))
        self.progress.advance(job.cases, done.count("violates"))

    def _skip(self) -> bool:
        """Write down one job of a target that was given up before it, if there is one."""
        job = self.roster.given_up()
        if job is None:
            return False
        last = self.journal.done(self.roster.last(job.target))
        if last.trouble and not last.sums:  # it could not be used at all, and nothing is said of it
            done = Done(job.number, skipped=True)
        else:
            reason = f"not tried: {last.trouble}" if last.trouble else given_up(job)
            done = untried(job, reason, self.journal.stated(job.target))
        self.journal.skip(done, job.target, job.cases)
        before = self.roster.skipped(job, _tail(job, done))
        self.progress.advance(0 if before else job.cases, -before.violations if before else 0)
        return True


def _tail(job: Job, done: Done) -> Tail:
    return Tail(job.cases, done.count("violates"), done.tried, done.row, done.halted, done.skipped)


def _died(job: Job, stated: dict[str, str] | None) -> Done:
    """A job whose process died with it. `stated`: what the target had stated as unsupported, if it came to that."""
    done = untried(job, f"{job.target}: {DIED}", stated or {})
    done.unsupported, done.skipped = stated, False
    done.tried = done.row = done.count("broken")
    return done


def _pieces(job: Job) -> list[Job]:
    """The job's cases as jobs of their own, where it has any that can be told apart."""
    part = job.part
    if isinstance(part, Stories):
        return [replace(job, part=replace(part, first=part.first + n, count=1)) for n in range(part.count)]
    if isinstance(part, Tours):
        return [replace(job, part=replace(part, files=(one,))) for one in part.files]
    return [job]

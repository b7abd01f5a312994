"""Jobs are done by whoever there is; whoever dies over one, the others are done, and the report is the same."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from rekeyspec.conformance.campaign.campaign import DIED, run
from rekeyspec.conformance.campaign.crew import Alone, Crew, Lost, Pool
from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import Job, digest, expand
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.campaign.outcome import outcome
from rekeyspec.conformance.campaign.plan import Plan
from rekeyspec.conformance.campaign.work import work
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.target import BadInput
from tests.conformance.campaign.conftest import Quiet, plan_of, target


def report(folder: Path, plan: Plan, crew: Crew, name: str = "journal") -> str:
    jobs = expand(plan)
    progress = Quiet()
    with Journal(folder / f"{name}.sqlite") as journal:
        journal.begin(plan, digest(plan, jobs))
        run(jobs, journal, crew, progress)
        assert progress.total == progress.done == sum(job.cases for job in jobs)
        assert progress.violations == sum(tail.violations for tail in journal.tails().values())
        assert sorted(journal.tails()) == [job.number for job in jobs]
        return as_json(outcome(journal, plan).report)


class Shuffled:
    """Has many jobs at a time, and brings them back in another order, or not at all: a `fate` says what of each."""

    hardy = True

    def __init__(self, width: int = 4, fates: Sequence[tuple[int, str]] = ()) -> None:
        self.width = width
        self.fates = list(fates)
        self.flying: list[tuple[Future[Done], Job]] = []
        self.done: list[tuple[str, object]] = []
        self.mended: list[bool] = []

    def submit(self, job: Job) -> Future[Done]:
        future: Future[Done] = Future()
        self.flying.append((future, job))
        if len(self.flying) == self.width or not self.fates:
            self.check()
        return future

    def check(self) -> None:
        while self.flying:
            future, job = self.flying.pop()
            fate = (job.number, "dies")
            if fate in self.fates:
                self.fates.remove(fate)
                for other, _ in [(future, job), *self.flying]:
                    other.set_exception(KeyError("a worker died"))
                self.flying = []
            else:
                self.done.append((job.target, job.part))
                future.set_result(work(job))

    def died(self, wrong: BaseException) -> bool:
        if str(wrong) == "'gone'":
            raise Lost("the others are gone")
        return isinstance(wrong, KeyError)

    def mend(self, *, one: bool = False) -> None:
        self.mended.append(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nobody was started."""


NAMES = ("reference", "Mute", "Breaks", "Trips")


def plan(*names: str) -> Plan:
    targets = [name if name == "reference" else target(name) for name in names or NAMES]
    return plan_of(*targets, profiles=("byte-count", "key-based", "combined"))


def test_the_order_in_which_jobs_come_back_is_nothing_to_the_report(folder: Path) -> None:
    alone = report(folder, plan(), Alone(), "alone")
    assert report(folder, plan(), Shuffled(7), "shuffled") == alone


def test_a_pool_makes_the_same_report_and_leaves_no_process(folder: Path) -> None:
    before = set(multiprocessing.active_children())
    assert report(folder, plan(), Pool(2), "pool") == report(folder, plan(), Alone(), "alone")
    assert set(multiprocessing.active_children()) == before


def test_a_job_whose_worker_died_once_is_done_again(folder: Path) -> None:
    crew, mine = Shuffled(fates=[(2, "dies")]), plan("reference", "Mute")
    assert report(folder, mine, crew) == report(folder, mine, Alone(), "alone")
    assert crew.mended == [True, False]


def test_a_job_that_two_workers_died_of_is_done_case_by_case(folder: Path) -> None:
    jobs = expand(plan("reference"))
    crew = Shuffled(fates=[(1, "dies")] * 2)
    assert report(folder, plan("reference"), crew) == report(folder, plan("reference"), Alone(), "alone")
    assert len(crew.done) == len(jobs) - 1 + jobs[1].cases


def test_a_case_that_takes_its_process_with_it_is_broken_and_no_other(folder: Path) -> None:
    jobs = expand(plan("reference"))
    crew = Shuffled(fates=[(1, "dies")] * 3)
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(plan("reference"), "digest")
        run(jobs, journal, crew, Quiet())
        done = journal.done(1)
        words = [(case.word, case.reason) for case, _ in done.cases() if case.word != "conforms"]
    assert words == [("broken", f"reference: {DIED}")]
    assert done.count("conforms") == jobs[1].cases - 1
    assert (done.tried, done.row, done.skipped) == (jobs[1].cases, 0, False)


def test_what_a_target_stated_is_known_although_its_first_case_took_the_process_with_it(folder: Path) -> None:
    mine = plan("Good")
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(mine, "digest")
        run(expand(mine), journal, Shuffled(fates=[(0, "dies")] * 3), Quiet())
        assert journal.done(0).unsupported == {"GATE-1": "one link only"}
        assert journal.done(0).count("broken") == 1


def test_workers_that_are_not_to_be_spared_are_not_asked_for_single_cases(folder: Path) -> None:
    jobs = expand(plan("reference", "Mute"))
    crew = Shuffled(fates=[(1, "dies")] * 2)
    crew.hardy = False
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(plan("reference"), "digest")
        run(jobs, journal, crew, Quiet())
        done = journal.done(1)
        assert done.count("broken") == jobs[1].cases
        last = next(job.number for job in reversed(jobs) if job.target == "reference")
        assert journal.tails()[last].skipped, "so many breaks in a row, and the target is given up"
        assert journal.done(jobs[-1].number).count("violates")


def test_a_search_whose_process_dies_is_broken_as_a_whole(folder: Path) -> None:
    search = plan_of("reference", profiles=(), suites=("explore:5",))
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(search, "digest")
        run(expand(search), journal, Shuffled(fates=[(0, "dies")] * 2), Quiet())
        assert journal.done(0).count("broken") == 5


def test_a_target_that_kills_its_process_costs_the_others_nothing(folder: Path) -> None:
    """With real processes, which really die."""
    mine = plan_of(target("Dies"), "reference", profiles=("byte-count",))
    whole = report(folder, mine, Pool(2))
    assert f"{target('Dies')}: {DIED}" in whole
    with Journal(folder / "journal.sqlite") as journal:
        dead = [done for name, done in journal.dones() if name == target("Dies")]
    assert sum(done.count("broken") for done in dead) > 0
    assert sum(done.count("violates") for done in dead) > 0


class Vanishing(Shuffled):
    """Is gone after so many jobs."""

    def __init__(self, after: int) -> None:
        super().__init__(width=2)
        self.after = after

    def submit(self, job: Job) -> Future[Done]:
        future: Future[Done] = Future()
        self.after -= 1
        if self.after < 0:
            future.set_exception(KeyError("gone"))
        else:
            future.set_result(work(job))
        return future


@pytest.mark.parametrize("after", [0, 1, 4])
def test_where_all_are_gone_what_came_back_is_kept_and_the_rest_is_done_later(folder: Path, after: int) -> None:
    mine = plan("reference", "Mute")
    jobs = expand(mine)
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(mine, digest(mine, jobs))
        with pytest.raises(Lost, match="the others are gone"):
            run(jobs, journal, Vanishing(after), Quiet())
        assert len(journal.tails()) == after
    crew = Shuffled()
    assert report(folder, mine, crew) == report(folder, mine, Alone(), "alone")
    assert len(crew.done) == len(jobs) - after


def test_a_bug_in_the_work_is_not_taken_for_a_death(folder: Path) -> None:
    wrong = [replace(job, tool="0.0.1") for job in expand(plan("reference"))]
    with Journal(folder / "journal.sqlite") as journal:
        journal.begin(plan("reference"), "digest")
        with pytest.raises(BadInput, match="install the same release"):
            run(wrong, journal, Alone(), Quiet())
        assert journal.tails() == {}


def test_when_all_is_done_nobody_is_started(folder: Path) -> None:
    first = report(folder, plan("reference"), Alone())

    class Nobody(Alone):
        def __enter__(self) -> Self:
            raise AssertionError

    assert report_again(folder, plan("reference"), Nobody()) == first


def report_again(folder: Path, mine: Plan, crew: Crew) -> str:
    with Journal(folder / "journal.sqlite") as journal:
        run(expand(mine), journal, crew, Quiet())
        return as_json(outcome(journal, mine).report)

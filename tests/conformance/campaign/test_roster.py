"""Who is next, and who is given up: the same for any number of workers, and in any order in which they come back."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.campaign.jobs import Experiments, Job, Search
from rekeyspec.conformance.campaign.journal import Tail
from rekeyspec.conformance.campaign.plan import Limits
from rekeyspec.conformance.campaign.roster import Roster

PART = Search(None, 5, 0)


def jobs(*targets: str, each: int = 4) -> list[Job]:
    names = [name for name in targets for _ in range(each)]
    return [Job(number, name, PART, Limits(quarantine=3)) for number, name in enumerate(names)]


def tail(tried: int = 5, row: int = 0, *, halted: bool = False) -> Tail:
    return Tail(5, 0, tried, row, halted, skipped=False)


SKIPPED = Tail(5, 0, 0, 0, halted=False, skipped=True)


def test_the_target_with_the_fewest_jobs_under_way_comes_next() -> None:
    roster = Roster(jobs("a", "b", "c", each=2), {})
    first = [roster.next() for _ in range(4)]
    assert [job and job.target for job in first] == ["a", "b", "c", "a"]
    assert first[1] is not None
    roster.finished(first[1], tail())
    assert [job and job.target for job in (roster.next(), roster.next(), roster.next())] == ["b", "c", None]


def test_what_is_done_is_not_done_again() -> None:
    every = jobs("a", each=4)
    roster = Roster(every, {0: tail(), 2: tail()})
    assert [roster.next(), roster.next(), roster.next()] == [every[1], every[3], None]


def test_what_runs_in_real_time_runs_alone_and_last() -> None:
    peer = Job(0, "peer:one", Experiments("e"), Limits())
    other = Job(1, "peer:two", Experiments("e"), Limits())
    (plain,) = (replace(job, number=2) for job in jobs("a", each=1))
    roster = Roster([peer, other, plain], {})
    assert roster.next() == plain
    assert roster.next() is None
    roster.finished(plain, tail())
    assert roster.next() == peer
    assert roster.next() is None
    roster.finished(peer, tail())
    assert roster.next() == other


def test_breaks_in_a_row_are_counted_within_a_job_and_across_the_ends_of_jobs() -> None:
    every = jobs("a", "b", each=4)
    roster = Roster(every, {0: tail(row=2), 1: tail(tried=0), 2: tail(tried=1, row=1)})
    assert roster.given_up() == every[3], "two at the end of the first job, none tried in the second, one in the third"
    assert roster.last("a") == 2
    assert Roster(every, {0: tail(row=2), 1: tail(tried=2, row=0), 2: tail(tried=1, row=1)}).given_up() is None
    assert Roster(every, {0: tail(row=1), 1: tail(tried=5, row=2)}).given_up() is None, "one went well in between"


def test_a_target_that_was_given_up_has_no_more_jobs_and_the_others_all_of_theirs() -> None:
    every = jobs("a", "b", each=3)
    roster = Roster(every, {})
    first = roster.next()
    assert first == every[0]
    roster.finished(first, tail(3, 3, halted=True))
    assert [roster.given_up(), roster.last("a")] == [every[1], 0]
    roster.skipped(every[1], SKIPPED)
    assert roster.given_up() == every[2]
    roster.skipped(every[2], SKIPPED)
    assert roster.given_up() is None
    assert [roster.next() for _ in range(4)] == [*every[3:], None]


def test_what_comes_before_the_break_in_the_plan_is_still_done() -> None:
    every = jobs("a", each=4)
    roster = Roster(every, {})
    under_way = [roster.next() for _ in range(2)]
    assert under_way == every[:2]
    roster.finished(every[1], tail(3, 3, halted=True))
    assert roster.next() is None, "what comes after it in the plan will not count"
    assert roster.given_up() is None, "but whether it counts itself is not known yet"
    roster.finished(every[0], tail(3, 3, halted=True))
    assert roster.last("a") == 0
    assert roster.given_up() == every[1], "and it does not"
    assert not roster.counts(every[1])


def test_what_came_back_too_late_does_not_count() -> None:
    every = jobs("a", each=3)
    roster = Roster(every, {})
    for job in every:
        assert roster.next() == job
    roster.finished(every[0], tail(3, 3, halted=True))
    assert not roster.counts(every[2])
    roster.returned(every[2])


def fates(seed: int) -> dict[int, Tail]:
    """What comes of each of ten jobs, if it is done."""
    random = Random(seed)
    found = {}
    for number in range(10):
        tried = random.randint(0, 4)
        row = min(tried, random.choice((0, 0, 1, 2, 4)))
        found[number] = tail(tried, row, halted=row >= 3)
    return found


def course(seed: int, order: int, workers: int) -> tuple[int, ...]:
    """Which jobs count in the end, with so many workers who come back in this order; some of it before a restart."""
    every, fate, random = jobs("a", each=10), fates(seed), Random(order)
    known: dict[int, Tail] = {}
    roster = Roster(every, known)
    flying: list[Job] = []
    while True:
        while len(flying) < workers and (job := roster.next()):
            flying.append(job)
        while job := roster.given_up():
            known[job.number] = SKIPPED
            roster.skipped(job, SKIPPED)
        if not flying:
            return tuple(number for number in sorted(known) if not known[number].skipped)
        back = flying.pop(random.randrange(len(flying)))
        if roster.counts(back):
            known[back.number] = fate[back.number]
            roster.finished(back, fate[back.number])
        else:
            roster.returned(back)
        if random.random() < 0.1:  # killed, and gone on with
            roster, flying = Roster(every, known), []


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 6))
def test_what_counts_is_the_same_for_any_number_of_workers_in_any_order(seed: int, order: int, workers: int) -> None:
    assert course(seed, order, workers) == course(seed, 0, 1)

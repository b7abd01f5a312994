"""The journal keeps what is done, once; is had by one campaign at a time; and touches nothing that is not its own."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rekeyspec.conformance.campaign.done import Done, Example, Sort, packed
from rekeyspec.conformance.campaign.jobs import Job
from rekeyspec.conformance.campaign.journal import Journal, Tail
from rekeyspec.conformance.campaign.journalfile import APPLICATION, VERSION
from rekeyspec.conformance.campaign.work import untried, work
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Case
from tests.conformance.campaign.conftest import jobs_of, plan_of, target

PLAN = plan_of("reference")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        opened.begin(PLAN, "digest")
        yield opened


def recorded(journal: Journal, job: Job) -> Done:
    done = work(job)
    journal.record(done, job.target, job.cases)
    return done


def test_what_is_recorded_comes_back_in_the_plans_order(journal: Journal, folder: Path) -> None:
    jobs = jobs_of("reference", target("Mute"), profiles=("key-based", "timed"))
    made = {job.number: recorded(journal, job) for job in reversed(jobs)}
    found = list(journal.dones())
    assert [name for name, _ in found] == [job.target for job in jobs]
    assert [done.job for _, done in found] == [job.number for job in jobs]
    for _, done in found:
        assert done == msgspec.structs.replace(made[done.job], examples=[])
        assert journal.done(done.job) == done
    violations = made[3].count("violates")
    assert violations > 1
    assert journal.tails()[3] == Tail(jobs[3].cases, violations, made[3].tried, 0, halted=False, skipped=False)
    assert journal.stated("reference") == {}
    assert journal.stated(target("Mute")) == {}
    known = {example.case.log for done in made.values() for example in done.examples}
    assert {example.case.log for example in journal.examples()} <= known


def test_a_job_is_recorded_once(journal: Journal) -> None:
    job = jobs_of("reference")[0]
    recorded(journal, job)
    with pytest.raises(sqlite3.IntegrityError):
        recorded(journal, job)
    assert len(journal.tails()) == 1


def test_it_is_still_there_after_it_was_closed_and_the_same_plan_goes_on(path: Path, journal: Journal) -> None:
    job = jobs_of("reference")[0]
    recorded(journal, job)
    journal.base.close()
    with Journal(path) as again:
        assert again.plan == PLAN
        again.begin(PLAN, "digest")
        assert list(again.tails()) == [job.number]
        with pytest.raises(BadInput, match=r"journal\.sqlite: .*another plan"):
            again.begin(PLAN, "another digest")
        assert list(again.tails()) == [job.number]
        again.begin(PLAN, "another digest", anew=True)
        assert again.tails() == {}


def test_a_journal_of_another_release_is_named_so(path: Path, journal: Journal) -> None:
    journal.base.execute("update plan set tool = '0.0.1'")
    with pytest.raises(BadInput, match=r"rekeyspec 0\.0\.1"):
        journal.begin(PLAN, "another digest")


def test_reported_is_remembered_until_it_begins_anew(path: Path, journal: Journal) -> None:
    assert not journal.reported
    journal.close_report()
    assert journal.reported
    journal.begin(PLAN, "digest", anew=True)
    assert not journal.reported


def case(length: int, trace: str) -> Case:
    return Case("t", "p", trace, ("EST-1",), {}, (), "violates")


def example(job: int, length: int) -> Done:
    made = replace(case(length, f"story-{job}"), reason="x" * length)
    done = Done(job)
    done.examples = [Example(Sort("t", "p", "EST-1", "observed", ""), made)]
    return done


def shortest(journal: Journal) -> str:
    (found,) = journal.examples()
    return found.case.trace


def test_of_each_sort_the_shortest_example_is_found_whatever_the_order(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Example, "length", property(lambda self: (len(self.case.reason), 0, self.case.trace)))
    for job, length in ((4, 7), (2, 9), (7, 3), (5, 8), (0, 12), (9, 3)):
        journal.record(example(job, length), "t", 1)
    assert shortest(journal) == "story-7"
    kept = {row[0] for row in journal.base.execute("select job from example")}
    assert kept == {0, 2, 4, 7}, "each is the shortest of those before it; no other is needed"
    # The target was given up after job 5: what was found later does not count, and what it outdid is still there.
    for job in (7, 9):
        journal.skip(Done(job, skipped=True), "t", 1)
    assert shortest(journal) == "story-4"
    assert journal.tails()[7].skipped


def test_what_was_done_of_a_target_that_is_given_up_stands_aside(journal: Journal, folder: Path) -> None:
    first, second = jobs_of(target("Mute"), profiles=("key-based", "timed"))
    recorded(journal, first)
    recorded(journal, second)
    journal.skip(untried(second, "not tried", {}), second.target, second.cases)
    assert journal.tails()[second.number].skipped
    assert {one.sort.profile for one in journal.examples()} == {"key-based"}


def test_a_second_campaign_is_told_that_there_is_one(path: Path, journal: Journal) -> None:
    with pytest.raises(BadInput, match="another campaign has this journal open; wait"):
        Journal(path)
    recorded(journal, jobs_of("reference")[0])
    journal.base.close()
    with Journal(path) as free:
        assert len(free.tails()) == 1


def test_a_full_disk_is_one_message_and_the_journal_keeps_what_it_had(path: Path, journal: Journal) -> None:
    first, second = jobs_of("reference", profiles=("key-based", "byte-count"))[:2]
    recorded(journal, first)
    pages = journal.base.execute("pragma page_count").fetchone()[0]
    journal.base.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(BadInput, match="the disk is full; free some space and give the same command again"):
        recorded(journal, second)
    assert list(journal.tails()) == [first.number]
    journal.base.close()
    with Journal(path) as again:
        again.begin(PLAN, "digest")
        recorded(again, second)
        assert list(again.tails()) == [first.number, second.number]


# What cannot be a journal.


def test_what_is_no_journal_is_refused_and_left_as_it_is(path: Path) -> None:
    for raw, said in ((b"hello\n" * 500, "no sqlite database"), (b"SQLite format 3\x00" + b"x" * 5000, "read ")):
        path.write_bytes(raw)
        with pytest.raises(BadInput, match=said):
            Journal(path)
        assert path.read_bytes() == raw
        assert list(path.parent.iterdir()) == [path]


def test_another_programs_database_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("create table plan (form text)")
    other.close()
    raw = path.read_bytes()
    with pytest.raises(BadInput, match="another program's database"):
        Journal(path)
    assert path.read_bytes() == raw


def test_a_journal_of_a_later_release_is_refused_and_left_as_it_is(path: Path, journal: Journal) -> None:
    journal.base.execute(f"pragma user_version = {VERSION + 1}")
    journal.base.close()
    raw = path.read_bytes()
    with pytest.raises(BadInput, match=rf"a later release \(form {VERSION + 1}\).*use that release"):
        Journal(path)
    assert path.read_bytes() == raw


def test_a_damaged_journal_is_refused(path: Path, journal: Journal) -> None:
    for job in jobs_of("reference", profiles=("key-based", "byte-count")):
        recorded(journal, job)
    journal.base.close()
    whole = path.read_bytes()
    page = 4096
    for start, damage in ((2 * page, b"\xff" * page), (page, b"\x00" * page)):
        path.write_bytes(whole[:start] + damage + whole[start + len(damage) :])
        with pytest.raises(BadInput, match=r"journal\.sqlite: read a damaged journal .*put back a copy, or remove it"):
            Journal(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="damaged journal"):
        Journal(path)


def test_a_job_that_cannot_be_read_any_more_is_damage(path: Path, journal: Journal) -> None:
    recorded(journal, jobs_of("reference")[0])
    for nonsense in (b"\x00", b"", packed(Done(1))[:-1], packed(Done(1))[:-1] + b"\xc3"):
        journal.base.execute("update job set done = ?", (nonsense,))
        with pytest.raises(BadInput, match="damaged journal"):
            list(journal.dones())
    journal.base.execute("drop table job")
    with pytest.raises(BadInput, match=r"damaged journal .*no such table"):
        journal.tails()


@pytest.mark.parametrize("where", ["a directory", "nowhere", "a file/below"])
def test_where_no_journal_can_be_is_said(tmp_path: Path, where: str) -> None:
    (tmp_path / "a directory").mkdir()
    (tmp_path / "a file").write_text("")
    wrong = Path("/proc/none/j.sqlite") if where == "nowhere" else tmp_path / where
    with pytest.raises(BadInput, match=r"--journal"):
        Journal(wrong)


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.touch()
    with Journal(path) as journal:
        assert journal.plan is None
        assert journal.base.execute("pragma application_id").fetchone()[0] == APPLICATION


def test_what_a_killed_run_left_beside_it_belongs_to_it(path: Path, journal: Journal, tmp_path: Path) -> None:
    """A copy of the file and its log, taken while it is open, is what a run killed at this moment leaves."""
    jobs = jobs_of("reference", profiles=("key-based", "byte-count"))
    for number, job in enumerate(jobs):
        recorded(journal, job)
        left = tmp_path / f"left-{number}.sqlite"
        shutil.copy(path, left)
        shutil.copy(f"{path}-wal", f"{left}-wal")
        with Journal(left) as found:
            assert list(found.tails()) == [job.number for job in jobs[: number + 1]]

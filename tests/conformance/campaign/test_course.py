"""A campaign that is killed at any moment goes on from its journal to the same report: nothing lost, nor done twice.

Here as a user has it: a process, its workers, a signal that nobody can catch.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.course import carried_out, existing
from rekeyspec.conformance.campaign.crew import Alone
from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import expand
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.campaign.plan import Plan
from rekeyspec.conformance.campaign.work import work
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.target import BadInput
from tests.conformance.campaign.conftest import Quiet, campaign, messages, plan_of, target

WORDS = ("--profile", "key-based", "--profile", "byte-count", "--suite", "hand", "--suite", "model")
PLAN = plan_of(target("Killer"), profiles=("key-based", "byte-count"), suites=("hand", "model"))


def opened(folder: Path) -> int:
    """How often the target was opened since somebody last looked."""
    path = folder / "opened"
    count = len(path.read_text().splitlines()) if path.exists() else 0
    path.unlink(missing_ok=True)
    return count


def done(journal: Path) -> dict[int, Done]:
    """The jobs that a journal has, with what has come of them."""
    with Journal(journal) as opened_again:
        return {one.job: one for _, one in opened_again.dones()}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_at_several_moments_it_comes_to_the_same_report(folder: Path, workers: str) -> None:
    name = target("Killer")
    campaign(name, *WORDS, "-j", workers, "--journal", "whole.sqlite", "--json", "whole.json")
    every = opened(folder)
    each = {job.number: (work(job), opened(folder))[1] for job in expand(PLAN)}
    assert sum(each.values()) == every, "how often each job opens the target is known"
    kept: dict[int, Done] = {}
    for moment in (1, every // 3, every // 2):
        (folder / "trap").write_text(str(moment))
        killed = campaign(name, *WORDS, "-j", workers, "--journal", "it.sqlite", "--json", "it.json")
        assert killed.returncode == -9
        assert not (folder / "it.json").exists()
        opened(folder)
        now = done(folder / "it.sqlite")
        assert kept.items() <= now.items(), "what was done stays as it was"
        kept = now
    assert 0 < len(kept) < len(each)
    resumed = campaign("--resume", "it.sqlite", "-j", workers, "--json", "it.json")
    assert resumed.returncode == 0, resumed.stderr
    assert (folder / "it.json").read_bytes() == (folder / "whole.json").read_bytes()
    assert opened(folder) == sum(count for number, count in each.items() if number not in kept), "and nothing twice"
    assert done(folder / "it.sqlite") == done(folder / "whole.sqlite")
    assert "cases were done before" in resumed.stderr


def test_the_same_command_goes_on_too_and_begins_anew_once_it_is_reported(folder: Path) -> None:
    name = target("Killer")
    words = (name, "--profile", "key-based", "--profile", "timed", "-j", "1")
    jobs = expand(plan_of(name, profiles=("key-based", "timed")))
    costs = {job.number: (work(job), opened(folder))[1] for job in jobs}
    every = sum(costs.values())
    (folder / "trap").write_text(str(every))
    assert campaign(*words).returncode == -9
    begun = done(folder / "rekeyspec-campaign.sqlite")
    assert len(begun) == len(jobs) - 1
    opened(folder)
    second = campaign(*words)
    assert second.returncode == 0, second.stderr
    assert messages(second.stderr) == []
    assert opened(folder) == every - sum(each for number, each in costs.items() if number in begun)
    third = campaign(*words)
    assert messages(third.stderr) == [
        "rekeyspec: rekeyspec-campaign.sqlite: that campaign was reported; beginning anew"
    ]
    assert opened(folder) == every
    again = campaign("--resume", "rekeyspec-campaign.sqlite", "--json", "again.json")
    assert again.returncode == 0
    assert messages(again.stderr) == []
    assert opened(folder) == 0, "what was reported is only reported again"


def test_killed_between_the_last_job_and_the_report_it_only_reports(folder: Path) -> None:
    plan = plan_of("reference")
    said: list[str] = []
    with Journal(folder / "j.sqlite") as journal:
        whole = as_json(carried_out(journal, plan, Alone(), Quiet(), said.append).report)
    with Journal(folder / "j.sqlite") as journal:
        progress = Quiet()
        assert as_json(carried_out(journal, plan, Alone(), progress, said.append).report) == whole
        assert progress.done == progress.total
    assert said == []


def test_a_journal_of_another_plan_is_not_gone_on_with(folder: Path) -> None:
    with Journal(folder / "j.sqlite") as journal:
        carried_out(journal, plan_of("reference"), Alone(), Quiet(), print)
        with pytest.raises(BadInput, match="another plan"):
            carried_out(journal, plan_of("reference", profiles=("timed",)), Alone(), Quiet(), print)
        assert len(journal.tails()) == 1
        journal.close_report()
        carried_out(journal, plan_of("reference", profiles=("timed",)), Alone(), Quiet(), lambda _: None)
        assert journal.plan == plan_of("reference", profiles=("timed",))


def test_policies_that_have_changed_since_are_noticed(folder: Path) -> None:
    ours = folder / "ours.yaml"
    ours.write_text("policy: 0\nprofile: key-based\n")
    plan = plan_of("reference", profiles=("ours.yaml",))
    with Journal(folder / "j.sqlite") as journal:
        carried_out(journal, plan, Alone(), Quiet(), print)
        ours.write_text("policy: 0\nprofile: timed\n")
        with pytest.raises(BadInput, match="policies that have changed since"):
            carried_out(journal, None, Alone(), Quiet(), print)


def test_a_journal_that_nothing_was_begun_in_cannot_be_gone_on_with(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"--resume .*no such file"):
        existing(folder / "none.sqlite")
    with Journal(folder / "j.sqlite") as journal, pytest.raises(BadInput, match="nothing was begun"):
        carried_out(journal, None, Alone(), Quiet(), print)


def test_two_campaigns_on_one_journal_are_one_too_many(folder: Path) -> None:
    with Journal(folder / "j.sqlite") as journal:
        second = campaign("reference", "--journal", "j.sqlite", "--json", "r.json")
        assert second.returncode == 2
        (said,) = messages(second.stderr)
        assert "j.sqlite: another campaign has this journal open" in said
        assert not (folder / "r.json").exists()
        assert journal.plan is None


def small_disk(folder: Path) -> Path:
    """A file system of 96 KiB. Skips where none can be made."""
    disk = folder / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.strip()}")
    return disk


@pytest.fixture
def disk(folder: Path) -> object:
    path = small_disk(folder)
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_is_one_message_and_with_room_again_it_goes_on(folder: Path, disk: Path) -> None:
    words = (target("Good"), *WORDS, "-j", "1")
    campaign(*words, "--journal", "whole.sqlite", "--json", "whole.json")
    full = campaign(*words, "--journal", disk / "j.sqlite", "--json", "it.json")
    assert full.returncode == 2
    (said,) = messages(full.stderr)
    assert "disk/j.sqlite: the disk is full; free some space and give the same command again" in said
    assert not (folder / "it.json").exists()
    subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
    kept = done(disk / "j.sqlite")
    assert kept
    resumed = campaign("--resume", disk / "j.sqlite", "-j", "1", "--json", "it.json")
    assert resumed.returncode == 0, resumed.stderr
    assert (folder / "it.json").read_bytes() == (folder / "whole.json").read_bytes()
    assert kept.items() <= done(disk / "j.sqlite").items()


def test_a_full_disk_in_this_process_too(folder: Path) -> None:
    plan = plan_of("reference", profiles=("key-based", "byte-count", "combined"))
    with Journal(folder / "j.sqlite") as journal:
        journal.base.execute("pragma max_page_count = 16")
        with pytest.raises(BadInput, match="the disk is full"):
            carried_out(journal, plan, Alone(), Quiet(), print)
        kept = len(journal.tails())
    with Journal(folder / "j.sqlite") as journal:
        assert 0 < kept == len(journal.tails()) < len(expand(plan))
        resumed = carried_out(journal, plan, Alone(), Quiet(), print)
    with Journal(folder / "whole.sqlite") as journal:
        assert as_json(resumed.report) == as_json(carried_out(journal, plan, Alone(), Quiet(), print).report)


def test_the_plan_of_a_journal_is_the_one_it_was_given(folder: Path) -> None:
    plan: Plan = plan_of("reference", profiles=("timed",), suites=("hand", "explore:5:9"))
    with Journal(folder / "j.sqlite") as journal:
        journal.begin(plan, "x")
        assert journal.plan == plan

"""However a campaign ends, no process of it is left, nor any that its targets started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.campaign.conftest import command, end_group, gone, messages, target

LONG = 60.0
"""How long (s) is waited for what must come; a bound, and no measure."""


def until(true: object, what: str) -> None:
    """Wait until this is so; fail if it never is."""
    assert callable(true)
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.02)


def children(pid: int) -> set[int]:
    """All processes below this one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def hanging(folder: Path) -> list[int]:
    """Who has said that it hangs."""
    path = folder / "hanging"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


PROGRAM = f"exec:{sys.executable} hanging.py"


@pytest.fixture(params=[("-j", "1", PROGRAM), ("-j", "2", PROGRAM), ("-j", "2", target("Hangs"))], ids=str)
def stuck(folder: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A campaign whose targets hang, and which would wait for them for long."""
    words = [*request.param, "--profile", "key-based", "--profile", "timed", "--step-timeout", "500"]
    process = subprocess.Popen(
        [*command(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(lambda: len(hanging(folder)) >= 2, "the hanging of the targets")
    yield process
    end_group(process)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_campaign_that_is_told_to_end_leaves_nothing_running(
    stuck: subprocess.Popen[str], folder: Path, how: signal.Signals
) -> None:
    started = children(stuck.pid) | set(hanging(folder))
    assert len(started) > 1
    os.kill(stuck.pid, how)
    _, err = stuck.communicate(timeout=LONG)
    assert stuck.returncode == 130
    until(lambda: all(gone(pid) for pid in started), "the end of what it had started")
    assert "0 of 2 jobs are in rekeyspec-campaign.sqlite; `rekeyspec campaign --resume" in messages(err)[0]


def test_a_key_at_the_terminal_reaches_all_and_ends_them(stuck: subprocess.Popen[str], folder: Path) -> None:
    started = children(stuck.pid) | set(hanging(folder))
    os.killpg(stuck.pid, signal.SIGINT)
    _, err = stuck.communicate(timeout=LONG)
    assert stuck.returncode == 130
    until(lambda: all(gone(pid) for pid in started), "the end of what it had started")
    assert len(messages(err)) >= 1


def test_a_campaign_that_is_killed_takes_its_workers_and_their_programs_with_it(
    stuck: subprocess.Popen[str], folder: Path
) -> None:
    started = children(stuck.pid) | set(hanging(folder))
    os.kill(stuck.pid, signal.SIGKILL)
    stuck.wait(LONG)
    until(lambda: all(gone(pid) for pid in started), "the end of what a killed campaign had started")


def test_a_worker_that_takes_no_notice_is_ended_all_the_same(folder: Path) -> None:
    process = subprocess.Popen(
        command("-j", "2", target("Holds"), "--profile", "key-based", "--profile", "timed", "--step-timeout", "500"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: len(hanging(folder)) >= 2, "the hanging of the targets")
        started = children(process.pid)
        process.terminate()
        process.communicate(timeout=LONG)
        assert process.returncode == 130
        until(lambda: all(gone(pid) for pid in started), "the end of what it had started")
    finally:
        end_group(process)


ENDED_WHILE_FINALIZING = """
import os, signal, time
from rekeyspec.conformance.campaign import worker

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(1000))

def work(job):
    Dropped()
    time.sleep(1000)

class Job:
    cases, limits = 1, type("Limits", (), {"case_timeout": 1000})

worker.work = work
worker.settle()
worker.perform(Job)
"""


def test_a_worker_that_is_told_to_end_while_something_is_finalized_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDED_WHILE_FINALIZING], capture_output=True, text=True, check=False, timeout=LONG
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

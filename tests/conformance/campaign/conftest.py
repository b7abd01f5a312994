"""Targets for campaigns, good and bad, in a module of a folder of their own, and the command as a user gives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import Job, expand
from rekeyspec.conformance.campaign.plan import Plan, made
from rekeyspec.conformance.verdict import Case
from tests.conftest import lacking

TARGETS = '''
import os
import signal
import time
from pathlib import Path

from rekeyspec.conformance.adapters.wire import plain
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Message


class Good:
    """The reference, which notes in a file that it was opened."""

    unsupported = {"GATE-1": "one link only"}

    def __init__(self, end, policy):
        with open("opened", "a") as file:
            file.write(f"{os.getpid()}\\n")
        self.role, self.policy, self.engine = end, policy, Engine(Policy(**policy), end)

    def step(self, event):
        message = Message(**event["message"]) if "message" in event else None
        did, deadline = self.engine.step(Event(event["t"], self.role, event["do"], message, event.get("bytes", 0)))
        said = [{k: v for k, v in plain(one).items() if k not in ("t", "end")} for one in did]
        return {"did": said, "deadline": None if deadline >= NEVER else deadline}


class Killer(Good):
    """Kills its whole process group when it is opened so often, which is said in a file; once."""

    def __init__(self, end, policy):
        super().__init__(end, policy)
        trap = Path("trap")
        if trap.exists() and os.path.getsize("opened") >= int(trap.read_text()) * len(f"{os.getpid()}\\n"):
            trap.unlink()
            os.killpg(os.getpgid(0), signal.SIGKILL)


class Fells(Good):
    """Kills the process group that is named in a file when it is opened for the hundredth time; once."""

    def __init__(self, end, policy):
        super().__init__(end, policy)
        cluster = Path("cluster")
        if cluster.exists() and len(Path("opened").read_text().splitlines()) > 100:
            group = int(cluster.read_text())
            cluster.unlink()
            os.killpg(group, signal.SIGKILL)


class Mute:
    """Does nothing at all."""

    def __init__(self, end, policy):
        self.policy = policy

    def step(self, event):
        return {"did": [], "deadline": None}


class Dies(Mute):
    """Its process dies of two channels."""

    def step(self, event):
        if self.policy["channels"] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(event)


class Breaks(Mute):
    """Raises, whatever it is given."""

    def step(self, event):
        raise RuntimeError("not today")


class Trips(Good):
    """Raises where heartbeats are sent by the client."""

    def step(self, event):
        if self.policy["heartbeat_sender"] == "client":
            raise RuntimeError("no heart")
        return super().step(event)


class Flaky(Good):
    """Does nothing the first time that it is opened in a process."""

    opened = 0

    def __init__(self, end, policy):
        super().__init__(end, policy)
        Flaky.opened += 1
        self.mute = Flaky.opened == 1

    def step(self, event):
        made = super().step(event)
        return {"did": [], "deadline": None} if self.mute else made


class Hangs(Mute):
    """Never answers; says in a file who does not."""

    def step(self, event):
        with open("hanging", "a") as file:
            file.write(f"{os.getpid()}\\n")
        time.sleep(1000)


class Holds(Mute):
    """Never answers, and cannot be interrupted either: it takes no notice."""

    def step(self, event):
        with open("hanging", "a") as file:
            file.write(f"{os.getpid()}\\n")
        while True:
            try:
                time.sleep(1000)
            except BaseException:
                pass
'''

HANGING_ADAPTER = """
import json, os, subprocess, sys, time
child = subprocess.Popen(["sleep", "1000"])
print(json.dumps({"protocol": 1, "name": "hangs", "version": "1", "features": []}), flush=True)
for line in sys.stdin:
    if json.loads(line)["cmd"] != "hello":
        open("hanging", "a").write(f"{os.getpid()}\\n{child.pid}\\n")
        time.sleep(1000)
"""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test that needs a cluster where there is none to be had."""
    if item.get_closest_marker("cluster"):
        try:
            import distributed  # noqa: F401
        except ImportError:
            lacking("distributed", "REKEYSPEC_REQUIRE_CLUSTER")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the module `targets`, which is the current one."""
    (tmp_path / "targets.py").write_text(TARGETS)
    (tmp_path / "hanging.py").write_text(HANGING_ADAPTER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("targets", None)
    yield tmp_path
    sys.modules.pop("targets", None)


def target(name: str) -> str:
    """The target of this class."""
    return f"python:targets:{name}"


def command(*words: str | Path) -> list[str]:
    """The command line of a campaign with these words."""
    return [sys.executable, "-m", "rekeyspec", "campaign", *map(str, words)]


def campaign(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process group of its own, in the current folder."""
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, start_new_session=True, timeout=120,
        env=os.environ | environment,
    )  # fmt: skip


def messages(err: str) -> list[str]:
    """What was said to the user, progress left out."""
    assert "Traceback" not in err, err
    return [line for line in err.splitlines() if line.startswith("rekeyspec: ")]


def gone(pid: int) -> bool:
    """Is there no such process, or only what is left of one?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def end_group(process: subprocess.Popen[str]) -> None:
    """Whatever a test has left of it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def jobs_of(*targets: str, profiles: tuple[str, ...] = ("key-based",), suites: tuple[str, ...] = ()) -> list[Job]:
    """The jobs of a plan of these."""
    return expand(plan_of(*targets, profiles=profiles, suites=suites))


def plan_of(*targets: str, profiles: tuple[str, ...] = ("key-based",), suites: tuple[str, ...] = ()) -> Plan:
    """A plan of these."""
    return made(targets, profiles, suites)


def cases_of(done: Done) -> dict[str, Case]:
    """The cases that stand for the others, by trace."""
    return {case.trace: case for case, _ in done.cases()}


class Quiet:
    """Progress that nobody looks at."""

    def __init__(self) -> None:
        self.total = self.done = self.violations = 0

    def begin(self, total: int, done: int, violations: int) -> None:
        self.total, self.done, self.violations = total, done, violations

    def advance(self, cases: int, violations: int) -> None:
        self.done += cases
        self.violations += violations

"""A cluster's workers do what this machine's do; a cluster that is not there, or is no longer, is one clear message."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rekeyspec.conformance.campaign.cluster import Cluster
from rekeyspec.conformance.campaign.crew import crew
from rekeyspec.conformance.campaign.journal import Journal
from rekeyspec.conformance.target import BadInput
from tests.conformance.campaign.conftest import campaign, end_group, messages, target

LOCAL = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""

HASTY = "import rekeyspec.conformance.campaign.cluster as c; c.CONNECT = 1.0; from rekeyspec.cli import main; main()"
"""The command, which waits a second only for what does not come."""

Start = Callable[[int], tuple[str, "subprocess.Popen[str]"]]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts a cluster on this machine, of so many workers, that takes the first death of a worker for a job's
    fault."""
    started: list[subprocess.Popen[str]] = []
    (folder / "local.py").write_text(LOCAL)

    def cluster(workers: int) -> tuple[str, subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "local.py", str(workers)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
            env=os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"},
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip(), process

    yield cluster
    for process in started:
        end_group(process)


def hasty(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HASTY, "campaign", *words], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.cluster
def test_a_cluster_makes_the_same_report_and_what_kills_its_workers_costs_the_others_nothing(
    folder: Path, start: Start
) -> None:
    address, _ = start(2)
    words = ("reference", target("Mute"), "--profile", "key-based", "--profile", "timed", "--suite", "explore:20")
    here = campaign(*words, "-j", "1", "--journal", "here.sqlite", "--json", "here.json")
    there = campaign(*words, "--cluster", address, "--journal", "there.sqlite", "--json", "there.json")
    assert (here.returncode, there.returncode) == (1, 1), there.stderr
    assert (folder / "there.json").read_bytes() == (folder / "here.json").read_bytes()

    dies = campaign(
        target("Dies"), "reference", "--profile", "combined", "--cluster", address, "--journal", "dies.sqlite"
    )
    assert dies.returncode == 2, dies.stderr
    with Journal(folder / "dies.sqlite") as journal:
        words_of = {name: {case.word for case, _ in done.cases()} for name, done in journal.dones()}
    assert words_of == {target("Dies"): {"broken"}, "reference": {"conforms"}}


@pytest.mark.cluster
def test_of_a_cluster_that_disappears_what_came_back_is_kept_and_the_rest_is_done_on_resuming(
    folder: Path, start: Start
) -> None:
    address, process = start(1)
    (folder / "cluster").write_text(str(process.pid))
    name = target("Fells")
    words = (name, "--profile", "byte-count", "--profile", "key-based", "--profile", "combined")
    lost = campaign(*words, "--cluster", address, "--journal", "it.sqlite", "--json", "it.json")
    assert lost.returncode == 2, lost.stderr
    (said,) = messages(lost.stderr)
    assert f"--cluster {address}: the cluster is gone (" in said
    assert "`rekeyspec campaign --resume it.sqlite` goes on from there" in said
    assert not (folder / "it.json").exists()
    with Journal(folder / "it.sqlite") as journal:
        kept = journal.tails()
    assert f"{len(kept)} of " in said
    assert kept
    resumed = campaign("--resume", "it.sqlite", "-j", "1", "--json", "it.json")
    assert resumed.returncode == 0, resumed.stderr
    whole = campaign(*words, "-j", "1", "--journal", "whole.sqlite", "--json", "whole.json")
    assert whole.returncode == 0
    assert (folder / "it.json").read_bytes() == (folder / "whole.json").read_bytes()


@pytest.mark.cluster
def test_a_cluster_that_cannot_be_used_is_one_message_within_a_bounded_time(folder: Path, start: Start) -> None:
    address, _ = start(0)
    for wrong, said in (
        ("tcp://127.0.0.1:1", "read nothing in 1 s .*expected a Dask scheduler; see that it runs"),
        ("gopher://nowhere", "expected a Dask scheduler"),
        (address, rf"a scheduler without workers in 1 s, .*start one with `dask worker {address}`"),
    ):
        found = hasty("reference", "--cluster", wrong, "--profile", "timed", "--json", "r.json")
        assert found.returncode == 2, found.stderr
        (line,) = messages(found.stderr)
        assert line.startswith(f"rekeyspec: --cluster {wrong}: ")
        assert re.search(said, line), line
        assert not (folder / "r.json").exists()


def test_without_distributed_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"pip install 'rekeyspec\[cluster\]'"), Cluster("tcp://127.0.0.1:1"):
        pass


def test_a_cluster_and_a_number_of_workers_exclude_each_other() -> None:
    with pytest.raises(BadInput, match="--cluster x: read -j 2 besides"):
        crew(2, "x")
    assert isinstance(crew(None, "x"), Cluster)

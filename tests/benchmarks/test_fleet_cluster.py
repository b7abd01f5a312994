"""A fleet on a Dask cluster: the sums are this process's, to the last one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rekeyspec.benchmarks.fleet import parts
from rekeyspec.benchmarks.fleet.parts import Fleet, whole
from rekeyspec.benchmarks.policies.workloads import HOUR
from rekeyspec.conformance.campaign.crew import Here, crew
from rekeyspec.conformance.policies import profiles
from tests.conformance.campaign.test_cluster import LOCAL, end_group


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("distributed")
    (tmp_path / "local.py").write_text(LOCAL)
    process = subprocess.Popen(
        [sys.executable, "local.py", "2"], cwd=tmp_path, env=dict(os.environ),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    end_group(process)


@pytest.mark.cluster
def test_a_cluster_counts_the_same(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 15)
    fleet = Fleet(profiles()["combined"], "messaging", 100, 2 * HOUR, 20, 7, spread=HOUR)
    with crew(None, address) as who:
        theirs = whole(fleet, who.executor, who.width, lambda _links: None)
    ours = whole(fleet, Here(), 1, lambda _links: None)
    assert not theirs[0].differences(ours[0])
    assert theirs[1] == ours[1]

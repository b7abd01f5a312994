"""Several processes find in a file what one finds; what goes wrong in one of them is told, and none is left behind."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from rekeyspec.conformance.audit import shards
from rekeyspec.conformance.audit.audit import audit
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.vocabulary import Event
from tests.conformance.audit.logs import CLOSED, ESTABLISHED, body, header, merged, on, sent

LOGS = [
    on(f"user{n}/1", [*(ESTABLISHED[1:] if n % 11 == 4 else ESTABLISHED), *sent(20, n % 4), *CLOSED], later=n % 3)
    for n in range(60)
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    second = header(profiles()["combined"]) + body(on("late", [Event(0, "client", "Open"), Event(1, "client", "Tick")]))
    path.write_text(header() + body(merged(*LOGS)) + second)
    return path


@pytest.mark.parametrize("jobs", [2, 3])
def test_several_processes_find_what_one_finds(log: Path, jobs: int) -> None:
    alone, together = audit([str(log)], Options()), audit([str(log)], Options(), jobs)
    assert together == alone
    assert list(together.lines()) == list(alone.lines())
    assert alone.streams[0][1][0].unjudged
    assert len(alone.streams[0][1]) == 2


def test_they_say_how_far_they_are(log: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    audit([str(log)], Options(), 2, lambda *at: heard.append(at))
    assert heard[-1] == (str(log), log.stat().st_size, log.stat().st_size)


def test_the_first_trouble_in_the_files_is_told(log: Path, tmp_path: Path) -> None:
    bad = tmp_path / "b.jsonl"
    back = body(on("user1/1", [*ESTABLISHED, Event(1, "client", "Tick")]))
    bad.write_text(header() + back + '{"t": 1}\n')
    for jobs in (1, 2):
        with pytest.raises(BadInput, match=r"b\.jsonl:6: read the time 1 after 10"):
            audit([str(log), str(bad)], Options(), jobs)
    assert multiprocessing.active_children() == []


def test_who_keeps_going_hears_of_each_trouble_once(log: Path) -> None:
    log.write_text(header() + body(merged(*LOGS)) + '{"t": 1}\n')
    alone, together = (audit([str(log)], Options(keep_going=True), jobs) for jobs in (1, 2))
    assert together == alone
    assert len(together.troubles) == 1


def test_only_files_can_be_shared(log: Path) -> None:
    for name in ("-", str(log.parent), "no-such-file"):
        with pytest.raises(BadInput, match=r"-j: read .*leave out -j"):
            audit([name], Options(), 2)


def _dies(*_: object) -> None:
    raise SystemExit(7)


def test_a_process_that_dies_is_told_of_and_the_others_are_ended(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_work", _dies)
    with pytest.raises(BadInput, match="ended with 7"):
        audit([str(log)], Options(), 2)
    assert multiprocessing.active_children() == []

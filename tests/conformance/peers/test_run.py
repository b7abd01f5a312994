"""Several programs at once: what is wrong with one costs the others nothing, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rekeyspec.conformance.peers.experiment import Experiment, Observed, Perform
from rekeyspec.conformance.peers.judging import Question, judged, judged_by, judges
from rekeyspec.conformance.peers.listing import in_full, listed
from rekeyspec.conformance.peers.need import Need
from rekeyspec.conformance.peers.peer import Peer, Setting
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.target import BadInput, Broken
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

OPENED = (
    Event(0, "client", "Open"),
    Event(1, "client", "Start", Message("start", 1, negotiation="c1")),
    Event(2, "client", "Arrive", Message("answer", 1, negotiation="c1")),
    Event(3, "client", "Finish", Message("finish", 1, negotiation="c1")),
    Event(10, "client", "Offer", bytes=600),
    Event(10, "client", "SendData", Message("data", 1, 1, bytes=600)),
)
EXPERIMENTS = [
    Experiment(name, ("FLOW-1",), Policy(), None, lambda events: f"{len(events)} events")
    for name in ("BYTE-3-sent.small", "BYTE-3-sent.large", "HB-3-reply")
]


async def perform(_: Experiment[None]) -> Observed:
    await asyncio.sleep(0)
    return Observed(OPENED, ())


@asynccontextmanager
async def stage(setting: Setting) -> AsyncIterator[Perform[None]]:
    (setting.private / "secret.key").write_text("of this run")
    yield perform


@asynccontextmanager
async def no_stage(setting: Setting) -> AsyncIterator[Perform[None]]:
    raise Broken("the port is taken; it said: Address already in use")
    yield perform


def peer(name: str, **changes: object) -> Peer[None]:
    made: dict[str, object] = {
        "name": name, "title": name, "watched": "nobody", "needs": (), "version": lambda: "1",
        "experiments": lambda: EXPERIMENTS, "stage": stage, "not_asked": {"IKE-1": "stated: no"},
    }  # fmt: skip
    return Peer(**made | changes)  # type: ignore[arg-type]


def silent(*_: object) -> None:
    """Nobody watches the progress."""


def test_one_that_is_missing_and_one_that_is_broken_cost_the_others_nothing(tmp_path: Path) -> None:
    missing = peer("missing", needs=(Need("not-installed: it is missing; apt-get install it", lambda: False),))
    cases = run([missing, peer("broken", stage=no_stage), peer("well")], tmp_path, silent, (), 2)
    words = {(case.target, case.word) for case in cases}
    assert words == {("peer:missing", "unsupported"), ("peer:broken", "broken"), ("peer:well", "conforms")}
    assert [case.reason for case in cases if case.target == "peer:broken"] == [
        "the port is taken; it said: Address already in use"
    ]
    assert len([case for case in cases if case.target == "peer:well"]) == len(EXPERIMENTS)
    assert (tmp_path / "well" / "HB-3-reply" / "2" / "events.jsonl").exists()


def test_some_experiments_by_name_or_by_question(tmp_path: Path) -> None:
    cases = run([peer("well")], tmp_path, silent, ["BYTE-3-sent"], 1)
    assert [case.trace for case in cases] == ["BYTE-3-sent.small", "BYTE-3-sent.large"]
    assert [case.trace for case in run([peer("well")], tmp_path, silent, ["BYTE-3-sent.large"], 1)] == [
        "BYTE-3-sent.large"
    ]


def test_an_unknown_experiment_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no experiment is named BITES; there are BYTE-3-sent"):
        run([peer("well")], tmp_path, silent, ["BITES"])


def test_nothing_of_a_run_is_left(tmp_path: Path) -> None:
    seen: list[Path] = []

    @asynccontextmanager
    async def noting(setting: Setting) -> AsyncIterator[Perform[None]]:
        seen.append(setting.private)
        async with stage(setting) as performing:
            yield performing

    before = {process.pid for process in multiprocessing.active_children()}
    run([peer("well", stage=noting)], tmp_path, silent, (), 1)
    assert seen
    assert not seen[0].exists()
    assert {process.pid for process in multiprocessing.active_children()} <= before
    assert gc.isenabled()


def test_the_progress_is_told_for_each_program(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    run([peer("well")], tmp_path, lambda *words: told.append(words), (), 1)
    assert told == [("peer:well", done, 3) for done in range(4)]


def test_a_process_of_its_own_judges_as_we_would() -> None:
    question = Question(Policy(), "client", OPENED, Margin(ms=10), frozenset(), ("idle_trigger",))
    with judges() as pool:
        assert asyncio.run(judged_by(pool, question)) == judged(question) == asyncio.run(judged_by(None, question))


JUDGING = """
import time
from rekeyspec.conformance.peers.judging import judges
if __name__ == "__main__":
    with judges() as pool:
        print(pool.submit(abs, -1).result(), next(iter(pool._processes)), flush=True)
        time.sleep(60)
"""


def test_who_judges_is_gone_when_we_are_killed(tmp_path: Path) -> None:
    script = tmp_path / "judging.py"
    script.write_text(JUDGING)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        answer, pid = map(int, parent.stdout.readline().split())
        assert answer == 1
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(20)
        until = time.monotonic() + 20
        while not gone(pid):
            assert time.monotonic() < until
            time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def test_the_list_names_every_program_and_the_full_one_says_what_cannot_be_asked() -> None:
    lines = list(listed())
    assert any(line.startswith("peer:asyncssh ") for line in lines)
    text = "\n".join(in_full(["asyncssh", "peer:wireguard"]))
    assert "peer:asyncssh  asyncssh client" in text
    assert "slow, so only by name" in text
    with pytest.raises(BadInput, match="did you mean peer:asyncssh"):
        list(in_full(["asynssh"]))

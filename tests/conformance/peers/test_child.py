"""No process is left behind, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rekeyspec.conformance.peers.child import child

FAMILY = """
import subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(grandchild.pid, flush=True)
time.sleep(600)
"""
"""A program that ignores the end of its stdin, with a child that left its process group."""

PARENT = """
import sys
from pathlib import Path
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.run import run
run([peer_named("peer:asyncssh")], Path(sys.argv[1]), lambda *_: None, ["EST-4-ignored", "HB-2-interval"], 1)
"""


def gone(pid: int) -> bool:
    """Has it ended? One that nobody has collected yet has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def until(reached: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.02)
    return reached()


def below(pid: int) -> set[int]:
    """Its descendants."""
    try:
        children = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()
    return children.union(*map(below, children))


def test_lines_go_in_and_come_out() -> None:
    async def talk() -> list[str]:
        heard: asyncio.Queue[str] = asyncio.Queue()
        echo = [sys.executable, "-c", "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"]
        async with child(echo, heard.put_nowait) as running:
            running.say("one")
            running.say("two")
            return [await heard.get(), await heard.get()]

    assert asyncio.run(talk()) == ["ONE", "TWO"]


def test_its_complaints_are_kept() -> None:
    async def talk() -> str:
        async with child([sys.executable, "-c", "raise SystemExit('woe')"], print) as running:
            await running.ended.wait()
        return running.stderr

    assert asyncio.run(talk()) == "woe\n"


@pytest.mark.parametrize("wrong", [ValueError, asyncio.CancelledError])
def test_an_exception_leaves_no_process(wrong: type[BaseException]) -> None:
    pids: list[int] = []

    async def fail() -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()
        async with child([sys.executable, "-c", FAMILY], heard.put_nowait):
            pids.append(int(await heard.get()))
            raise wrong

    with pytest.raises(wrong):
        asyncio.run(fail())
    assert gone(pids[0])


@pytest.mark.peer("asyncssh")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="it takes /proc to see whose child a process is")
def test_whoever_kills_us_leaves_no_process(how: signal.Signals, tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: len(below(parent.pid)) >= 4), "two clients, each with its keeper"
        family = below(parent.pid)
        os.kill(parent.pid, how)
        parent.wait(20)
        assert until(lambda: all(map(gone, family)))
    finally:
        parent.kill()
        parent.wait()


def test_it_is_told_how_a_program_ended() -> None:
    async def fates() -> list[str]:
        found = []
        for way in ("exit 3", "kill -9 $$", "exec sleep 600"):
            async with child(["sh", "-c", way], lambda _: None) as program:
                found.append(await program.fate(0.1 if "600" in way else 5))
        return found

    assert asyncio.run(fates()) == ["ended with status 3", "was ended by SIGKILL", ""]

"""Child processes, with shells in the part of Java."""

import os
import signal
import time
from pathlib import Path

import pytest

from rekeyspec.tools.process import Ended, follow


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def gone(pid: int) -> bool:
    """A killed process is gone as soon as the system gets round to it."""
    give_up = time.monotonic() + 10
    while alive(pid):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True


def run(script: str, folder: Path, timeout: float = 30) -> tuple[Ended, list[tuple[str, str]]]:
    said: list[tuple[str, str]] = []
    ended = follow(["sh", "-c", script], folder=folder, take=lambda *line: said.append(line), timeout=timeout)
    return ended, said


def test_lines_of_both_streams_and_the_exit_code(tmp_path: Path) -> None:
    ended, said = run("echo one; echo wrong >&2; pwd; printf 'no end'; exit 3", tmp_path)
    assert ended == Ended(3, "exit")
    assert [text for stream, text in said if stream == "out"] == ["one", str(tmp_path), "no end"]
    assert ("err", "wrong") in said


def test_a_signal_is_a_negative_code(tmp_path: Path) -> None:
    assert run("kill -9 $$", tmp_path)[0] == Ended(-signal.SIGKILL, "exit")


def test_children_that_stay_behind_are_ended_and_do_not_delay_the_end(tmp_path: Path) -> None:
    ended, said = run("sleep 1000 & echo $!", tmp_path)
    assert ended == Ended(0, "exit")
    assert gone(int(said[0][1]))


def test_a_program_that_hangs_and_takes_no_hint_is_ended_with_its_children(tmp_path: Path) -> None:
    ended, said = run(
        "trap '' TERM INT; sleep 1000 & echo $!; exec >&-; exec 2>&-; while :; do sleep 1; done", tmp_path, 0.5
    )
    assert ended.why == "timeout"
    assert gone(int(said[0][1]))


def test_it_ends_when_the_caller_wants_no_more(tmp_path: Path) -> None:
    said: list[str] = []

    def take(_: str, line: str) -> None:
        said.append(line)

    ended = follow(
        ["sh", "-c", "sleep 1000 & echo $!; wait"],
        folder=tmp_path,
        take=take,
        timeout=30,
        cancelled=lambda: bool(said),
    )
    assert ended.why == "cancelled"
    assert gone(int(said[0]))


def test_what_is_raised_while_it_runs_leaves_nothing_behind(tmp_path: Path) -> None:
    said: list[str] = []

    def take(_: str, line: str) -> None:
        said.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(["sh", "-c", "sleep 1000 & echo $!; wait"], folder=tmp_path, take=take, timeout=30)
    assert gone(int(said[0]))


def test_bytes_that_are_no_text_are_no_trouble(tmp_path: Path) -> None:
    assert run("printf '\\377\\r\\n'", tmp_path)[1] == [("out", "�")]


def test_a_program_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        follow([str(tmp_path / "absent")], folder=tmp_path, take=lambda *_: None, timeout=1)

"""The SSH programs as targets, on the real wire, and what becomes of one that does not start or is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.verdict import Case

NAMES = ("asyncssh", "asyncssh-server", "openssh", "sshd", "dropbear", "paramiko")


def every(*names: str) -> list[Any]:
    """These names, each marked with the peer that it needs."""
    return [pytest.param(name, marks=pytest.mark.peer(name)) for name in names]


def judged(name: str, directory: Path, experiments: Sequence[Experiment[Any]]) -> list[Case]:
    peer = replace(peer_named(f"peer:{name}"), experiments=lambda: experiments)
    return run([peer], directory, lambda *_: None, (), 1)


def asked(name: str, question: str) -> Experiment[Any]:
    return next(e for e in peer_named(f"peer:{name}").experiments() if e.name.partition(".")[0] == question)


@pytest.mark.parametrize("name", every(*NAMES))
def test_two_experiments_on_the_real_wire(name: str, tmp_path: Path) -> None:
    replies, peer = judged(name, tmp_path, [asked(name, "HB-3-reply"), asked(name, "REKEY-1-peer")])
    assert (replies.word, replies.reason) == ("conforms", "4 replies to 4 heartbeats")
    assert peer.word == "conforms"
    assert "REKEY-1" in peer.exercised
    assert (tmp_path / name / "REKEY-1-peer" / "1" / "packets.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        pytest.param("openssh", {"RekeyLimit": "much"}, "much", marks=pytest.mark.peer("openssh")),
        pytest.param("sshd", {"RekeyLimit": "much"}, "much", marks=pytest.mark.peer("sshd")),
        pytest.param("dropbear", {"-K": "often"}, "often", marks=pytest.mark.peer("dropbear")),
    ],
)
def test_a_program_that_dies_at_start_is_broken_and_its_log_kept(
    name: str, options: dict[str, str], said: str, tmp_path: Path
) -> None:
    e = asked(name, "HB-3-reply")
    [case] = judged(name, tmp_path, [replace(e, provocation=replace(e.provocation, options=options))])
    assert case.word == "broken"
    assert "before" in case.reason
    assert said in (Path(case.evidence) / "program.log").read_text()


@pytest.mark.parametrize(
    ("name", "process"),
    [
        pytest.param("openssh", "ssh", marks=pytest.mark.peer("openssh")),
        pytest.param("sshd", "sshd", marks=pytest.mark.peer("sshd")),
        pytest.param("dropbear", "dropbear", marks=pytest.mark.peer("dropbear")),
        pytest.param("paramiko", "python", marks=pytest.mark.peer("paramiko")),
    ],
)
def test_a_program_that_is_killed_is_broken_and_the_others_go_on(name: str, process: str, tmp_path: Path) -> None:
    async def kill(scene: Any) -> None:
        os.kill(newest(process), signal.SIGKILL)
        await scene.watch.lost.wait()

    e = asked(name, "HB-3-reply")
    killed = replace(e, name="HB-3-reply.killed", provocation=replace(e.provocation, script=kill))
    broken, other = (judged(name, tmp_path, [one])[0] for one in (killed, e))
    assert broken.word == "broken"
    assert "the program did not last" in broken.reason
    assert other.word == "conforms"


def newest(process: str) -> int:
    """Of the processes of this name below this one, the one that was started last."""
    found = []
    for pid in below(os.getpid()):
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        if name.startswith(process) and "keeper.py" not in Path(f"/proc/{pid}/cmdline").read_text():
            found.append(pid)
    return max(found)


def below(pid: int) -> set[int]:
    try:
        children = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()
    return children.union(*map(below, children))

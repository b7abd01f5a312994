"""OpenVPN as a target: quick experiments on the real wire, a program that cannot start, and one that is killed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.conformance.peers import need
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.openvpn.scene import Provocation, Scene
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.verdict import Case

CLIENT: Peer[Any] = peer_named("peer:openvpn")
SERVER: Peer[Any] = peer_named("peer:openvpn-server")


def silent(target: str, done: int, all_of_them: int) -> None:
    """Nobody watches the progress."""


def asked(peer: Peer[Any], name: str) -> Experiment[Provocation]:
    return next(e for e in peer.experiments() if e.name == name)


def judged(peer: Peer[Any], directory: Path, experiments: Sequence[Experiment[Provocation]]) -> list[Case]:
    return run([replace(peer, experiments=lambda: experiments)], directory, silent, (), 1)


@pytest.mark.peer("openvpn")
def test_two_experiments_at_each_end_on_the_real_wire(tmp_path: Path) -> None:
    for peer in (CLIENT, SERVER):
        names = ("BYTE-3-sent.soon", "REKEY-1-slow")
        sent, slow = judged(peer, tmp_path, [asked(peer, name) for name in names])
        assert (sent.word, sent.reason) == (
            "conforms",
            "rekeyed 2 times, after 5000 bytes; the last key carried 3000 bytes; the limit is 4500",
        )
        assert (slow.word, slow.divergence and slow.divergence.rule) == ("violates", "REKEY-1")
        kept = {path.name for path in (tmp_path / peer.name / "REKEY-1-slow" / "1").iterdir()}
        assert kept == {"events.jsonl", "packets.jsonl", "client.log", "server.log"}


@pytest.mark.peer("openvpn")
def test_a_program_that_dies_at_its_start_is_broken_and_its_log_is_kept(tmp_path: Path) -> None:
    first = asked(CLIENT, "REKEY-1-slow")
    wrong = replace(first, provocation=replace(first.provocation, options=("--no-such-option",)))
    [case] = judged(CLIENT, tmp_path, [wrong])
    assert case.word == "broken"
    assert "the client ended with status 1 before the link was up" in case.reason
    assert "Unrecognized option" in (Path(case.evidence) / "client.log").read_text(encoding="utf-8")


@pytest.mark.peer("openvpn")
def test_a_program_that_is_killed_is_broken_and_the_others_go_on(tmp_path: Path) -> None:
    async def killed(s: Scene) -> None:
        s.kill("client", signal.SIGKILL)
        s.watch.killed.clear()  # as if somebody else had done it
        await asyncio.sleep(0.3)

    first = asked(CLIENT, "REKEY-1-slow")
    one = replace(first, name="REKEY-1-slow.killed", provocation=replace(first.provocation, script=killed))
    dead, alive = judged(CLIENT, tmp_path, [one, first])
    assert dead.word == "broken"
    assert "the client was ended by SIGKILL in the middle, without a word" in dead.reason
    assert alive.word == "violates"


def test_without_openvpn_the_targets_are_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(need, "located", lambda _: None)
    cases = run([CLIENT, SERVER], tmp_path / "evidence", silent)
    assert [case.word for case in cases] == ["unsupported", "unsupported"]
    assert "apt-get install openvpn" in cases[0].reason
    assert set(CLIENT.unsupported()) == set(rules())
    assert not (tmp_path / "evidence").exists()

"""wireguard-go as a target: a quick experiment on the real wire, and what becomes of a program that is killed."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.peers.wireguard.scene import Scene

TARGET: Peer[Any] = peer_named("peer:wireguard")


def silent(target: str, done: int, all_of_them: int) -> None:
    """Nobody watches the progress."""


@pytest.mark.peer("wireguard")
def test_an_experiment_on_the_real_wire_and_a_program_that_is_killed(tmp_path: Path) -> None:
    async def killed(s: Scene) -> None:
        s.kill(signal.SIGKILL)
        await asyncio.sleep(0.3)

    first = next(e for e in TARGET.experiments() if e.name == "IDLE-1-data")
    one = replace(first, name="IDLE-1-data.killed", provocation=replace(first.provocation, script=killed))
    dead, alive = run([replace(TARGET, experiments=lambda: [one, first])], tmp_path, silent, (), 1)
    assert dead.word == "broken"
    assert "the client was ended by SIGKILL in the middle, without a word" in dead.reason
    assert (alive.word, alive.divergence and alive.divergence.rule) == ("violates", "IDLE-1")
    assert alive.trial is not None
    assert alive.trial.follows == {"idle_trigger": "never"}

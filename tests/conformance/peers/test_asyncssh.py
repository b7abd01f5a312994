"""asyncssh's client as a target, and two quick experiments on the real wire."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rekeyspec.conformance.peers import need
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.verdict import Case

TARGET: Peer[object] = peer_named("peer:asyncssh")


def silent(target: str, done: int, all_of_them: int) -> None:
    """Nobody watches the progress."""


@pytest.mark.peer("asyncssh")
def test_two_experiments_on_the_real_wire(tmp_path: Path) -> None:
    names = ("BYTE-3-sent", "BYTE-3-received")
    found = run([TARGET], tmp_path, silent, names, 2)
    sent, received = (next(case for case in found if case.trace.startswith(name)) for name in names)
    assert sent.word == "conforms"
    assert {"BYTE-3", "BYTE-4", "REKEY-1"} <= sent.exercised
    assert (received.word, received.divergence and received.divergence.rule) == ("violates", "BYTE-1")
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.jsonl")}
    assert {f"asyncssh/{case.trace}/{n}/events.jsonl" for case in (sent, received) for n in (1, 2)} <= kept


@pytest.mark.peer("asyncssh")
def test_a_client_that_cannot_open_its_session_is_broken(tmp_path: Path) -> None:
    first = next(e for e in TARGET.experiments() if e.name.startswith("BYTE-3-sent"))
    unusable = replace(first, provocation=replace(first.provocation, options={"rekey_bytes": -1}))  # type: ignore[type-var]
    [case] = run([replace(TARGET, experiments=lambda: [unusable])], tmp_path, silent, (), 1)
    assert case.word == "broken"
    assert "ended with status 1 before its session was open" in case.reason
    assert "Rekey bytes cannot be negative or zero" in case.reason


def test_without_asyncssh_the_target_is_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(need, "installed", lambda _: None)
    cases: list[Case] = run([TARGET], tmp_path / "evidence", silent)
    assert [case.word for case in cases] == ["unsupported"]
    assert "rekeyspec[peers]" in cases[0].reason
    assert TARGET.unsupported() == dict.fromkeys(rules(), cases[0].reason)
    assert not (tmp_path / "evidence").exists()

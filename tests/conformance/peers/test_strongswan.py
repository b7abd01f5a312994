"""strongSwan as a target: quick experiments on the real wire, and what becomes of a daemon that dies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rekeyspec.conformance.peers import need
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ipsec.scene import Scene
from rekeyspec.conformance.peers.ipsec.settings import Settings
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.run import run
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.verdict import Case

IKEV2: Peer[Any] = peer_named("peer:strongswan")
IKEV1: Peer[Any] = peer_named("peer:strongswan-ikev1")
PROBE: Peer[Any] = peer_named("peer:ikev1-probe")


def silent(target: str, done: int, all_of_them: int) -> None:
    """Nobody watches the progress."""


def asked(peer: Peer[Any], name: str) -> Experiment[Any]:
    return next(e for e in peer.experiments() if e.name == name)


def judged(peer: Peer[Any], directory: Path, experiments: Sequence[Experiment[Any]]) -> list[Case]:
    return run([replace(peer, experiments=lambda: experiments)], directory, silent, (), 1)


@pytest.mark.parametrize("peer", [IKEV2, IKEV1, PROBE], ids=lambda peer: peer.name)
def test_every_rule_is_asked_or_said_not_to_be(peer: Peer[Any]) -> None:
    experiments = {rule for experiment in peer.experiments() for rule in experiment.rules}
    assert experiments | set(peer.not_asked) == set(rules())
    assert not experiments & set(peer.not_asked)


@pytest.mark.peer("strongswan")
@pytest.mark.parametrize("peer", [IKEV2, IKEV1], ids=lambda peer: peer.name)
def test_two_experiments_on_the_real_wire(peer: Peer[Any], tmp_path: Path) -> None:
    sent, slow = judged(peer, tmp_path, [asked(peer, name) for name in ("BYTE-3-sent.5000", "REKEY-1-slow")])
    assert (sent.word, sent.reason) == (
        "conforms",
        "rekeyed 2 times, after 5110 bytes; the last key carried 3066 bytes; the limit is 5000",
    )
    assert {"BYTE-3", "BYTE-4", "BYTE-5", "EST-3", "FLOW-1"} <= sent.exercised
    assert (slow.word, slow.divergence and slow.divergence.rule) == ("violates", "REKEY-1")
    kept = tmp_path / peer.name / "REKEY-1-slow" / "1"
    logs = {f"{end}.{kind}.log" for end in ("one", "two") for kind in ("charon", "wire")}
    confs = {f"{end}.{kind}.conf" for end in ("one", "two") for kind in ("strongswan", "swanctl")}
    assert {path.name for path in kept.iterdir()} == {"events.jsonl", "packets.jsonl", *logs, *confs}
    assert not any("secret" in path.read_text(encoding="utf-8") for path in kept.glob("*.conf"))


@pytest.mark.peer("strongswan-ikev1")
def test_a_protected_proposal_that_nobody_takes_keeps_a_link_alive_and_its_silence_ends_it(tmp_path: Path) -> None:
    alive, muted, ended = judged(PROBE, tmp_path, PROBE.experiments())
    assert [case.word for case in (alive, muted, ended)] == ["conforms"] * 3
    assert alive.reason.startswith("4 of 4 probes were answered")
    assert "IKE-1" in alive.exercised
    assert muted.reason.startswith("2 of 3 probes were answered")
    assert {"IKE-1", "DEAD-2"} <= muted.exercised
    assert "IKE-2" in ended.exercised


@pytest.mark.peer("strongswan-ikev1")
def test_strongswan_answers_each_probe_and_deletes_what_it_is_told_to(tmp_path: Path) -> None:
    answered, deleted = judged(IKEV1, tmp_path, [asked(IKEV1, name) for name in ("IKE-1-probe", "IKE-2-delete")])
    assert (answered.word, deleted.word) == ("conforms", "conforms")
    assert "IKE-1" in answered.exercised
    assert "IKE-2" in deleted.exercised


@pytest.mark.peer("strongswan")
def test_a_daemon_that_dies_at_its_start_is_broken_and_says_why(tmp_path: Path) -> None:
    first = asked(IKEV2, "CLOSE-1-quit")
    wrong = Settings(charon={"load": "no-such-plugin"})
    [case] = judged(IKEV2, tmp_path, [replace(first, provocation=replace(first.provocation, one=wrong))])
    assert case.word == "broken"
    assert case.reason.startswith("charon at `one` ended with status")
    assert "initialization failed" in case.reason
    assert "no-such-plugin" in (Path(case.evidence) / "one.charon.log").read_text(encoding="utf-8")


@pytest.mark.peer("strongswan")
def test_a_daemon_that_never_connects_is_broken_and_says_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rekeyspec.conformance.peers.ipsec import scene

    monkeypatch.setattr(scene, "PATIENCE", 0.5)
    first = asked(IKEV2, "CLOSE-1-quit")
    wrong = replace(first.provocation, two=Settings(secret="another"))
    [case] = judged(IKEV2, tmp_path, [replace(first, provocation=wrong)])
    assert case.word == "broken"
    assert "the tunnel did not stand" in case.reason
    assert "AUTH_FAILED" in (Path(case.evidence) / "one.charon.log").read_text(encoding="utf-8")


@pytest.mark.peer("strongswan")
@pytest.mark.parametrize("name", ["one", "two"])
def test_a_daemon_that_is_killed_is_broken_and_the_others_go_on(name: str, tmp_path: Path) -> None:
    async def killed(s: Scene) -> None:
        await getattr(s, name).space.run("sh", "-c", "kill -9 $(cat /run/charon.pid)")
        await s.wait(0.2)

    first = asked(IKEV2, "CLOSE-1-quit")
    one = replace(first, name="CLOSE-1-quit.killed", provocation=replace(first.provocation, script=killed))
    dead, alive = judged(IKEV2, tmp_path, [one, first])
    assert dead.word == "broken"
    assert dead.reason == f"charon at `{name}` was ended by SIGKILL in the middle, without a word"
    assert alive.word == "conforms"


def test_without_strongswan_the_targets_are_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(need, "located", lambda _: None)
    cases = run([IKEV2, IKEV1, PROBE], tmp_path / "evidence", silent)
    assert [case.word for case in cases] == ["unsupported"] * 3
    assert all("apt-get install strongswan-swanctl" in case.reason for case in cases)

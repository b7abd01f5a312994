"""The target, and two quick experiments on the real wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance.peers import asyncssh as target
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Case


@pytest.mark.peer("asyncssh")
def test_two_experiments_on_the_real_wire(tmp_path: Path) -> None:
    sent, received = _by_name(tmp_path, "bytes-sent", "bytes-received")
    assert sent.word == "conforms"
    assert {"BYTE-3", "BYTE-4", "REKEY-1"} <= sent.exercised
    assert sent.reason.startswith("rekeyed 2 times, after 20480 bytes")
    assert (received.word, received.divergence and received.divergence.rule) == ("violates", "BYTE-1")
    logs = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.jsonl"))
    names = ("bytes-received", "bytes-received-again", "bytes-sent")
    assert logs == sorted(f"{name}/{log}.jsonl" for name in names for log in ("events", "packets"))


def _by_name(directory: Path, *names: str) -> list[Case]:
    found = target.run(directory, names)
    return [next(case for case in found if case.trace == name) for name in names]


@pytest.mark.peer("asyncssh")
def test_every_rule_is_asked_or_said_not_to_be() -> None:
    from rekeyspec.conformance.peers.asyncssh_experiments import EXPERIMENTS

    asked = {rule for experiment in EXPERIMENTS for rule in experiment.rules}
    assert asked | set(target.unsupported()) == set(rules())
    assert not asked & set(target.unsupported())


@pytest.mark.peer("asyncssh")
def test_an_unknown_experiment_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"peer:asyncssh has no experiment 'bites'; it has .*bytes-sent"):
        target.run(tmp_path, ["bites"])


@pytest.mark.peer("asyncssh")
def test_a_client_that_cannot_open_its_session_is_broken(tmp_path: Path) -> None:
    from dataclasses import replace

    from rekeyspec.conformance.peers import asyncssh_experiments as experiments

    unusable = replace(experiments.BYTES[0].provocation, options={"rekey_bytes": -1})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments, "EXPERIMENTS", (replace(experiments.BYTES[0], provocation=unusable),))
        [case] = target.run(tmp_path)
    assert case.word == "broken"
    assert "ended before its session was open" in case.reason
    assert "Rekey bytes cannot be negative or zero" in case.reason


def test_without_asyncssh_the_target_is_unsupported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "version", lambda: None)
    [case] = target.run(tmp_path / "evidence")
    assert case.word == "unsupported"
    assert "rekeyspec[peers]" in case.reason
    assert target.unsupported() == dict.fromkeys(rules(), target.NOT_INSTALLED)
    assert not (tmp_path / "evidence").exists()

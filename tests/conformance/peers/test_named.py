"""Every program that there is a file for, found by its name; and a file of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from rekeyspec.conformance.peers.named import ALL, expanded, names, peer_named, peers
from rekeyspec.conformance.peers.questions import QUESTIONS, question
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput

OWN = """
from rekeyspec.conformance.peers.named import peer_named
from dataclasses import replace

PEER = replace(peer_named("peer:asyncssh"), name="mine", title="mine")
"""


def test_each_file_says_the_name_that_it_has() -> None:
    assert [peer.name for peer in peers()] == names()
    assert "asyncssh" in names()


def test_every_peer_but_the_slow_ones_is_among_all() -> None:
    slow = {peer.target for peer in peers() if peer.slow}
    assert set(expanded([ALL])) == {peer.target for peer in peers()} - slow
    assert expanded(["reference", "peer:asyncssh", ALL]).count("peer:asyncssh") == 1


@pytest.mark.parametrize("name", names())
def test_every_rule_is_asked_or_said_not_to_be(name: str) -> None:
    peer = peer_named(f"peer:{name}")
    if missing := peer.missing():
        pytest.skip("; ".join(missing))
    asked = {rule for experiment in peer.experiments() for rule in experiment.rules}
    stated = set(peer.not_asked)
    assert asked | stated == set(rules())
    assert not asked & stated
    assert {text.partition(":")[0] for text in peer.not_asked.values()} <= {"stated", "not-observable"}


@pytest.mark.parametrize("name", names())
def test_every_experiment_has_a_question_and_is_named_once(name: str) -> None:
    peer = peer_named(f"peer:{name}")
    if missing := peer.missing():
        pytest.skip("; ".join(missing))
    experiments = peer.experiments()
    assert len({e.name for e in experiments}) == len(experiments)
    for e in experiments:
        assert e.question
        assert set(e.rules) <= set(rules())


def test_each_question_begins_with_a_rule() -> None:
    assert {"-".join(name.split("-")[:2]) for name in QUESTIONS} <= set(rules())
    assert question("BYTE-3-sent.18000") == QUESTIONS["BYTE-3-sent"]


def test_an_unknown_peer_is_one_clear_message() -> None:
    with pytest.raises(BadInput, match="did you mean peer:asyncssh"):
        peer_named("peer:asynssh")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    assert peer_named(f"peer:{tmp_path}/mine.py").target == "peer:mine"


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "there is no file"), ("1/0", "ZeroDivisionError"), ("x = 1", "PEER is NoneType, expected a Peer")],
)
def test_a_file_that_is_no_peer_is_one_clear_message(tmp_path: Path, content: str | None, told: str) -> None:
    file = tmp_path / "bad.py"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadInput, match=told):
        peer_named(f"peer:{file}")

"""What fuzzing has found: each as a story of a link over TLS."""

from __future__ import annotations

from typing import Any

import pytest

from rekeyspec.conformance.audit.reading import BadLine, rows
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Message
from rekeyspec.reference.wire.frames import Frames, body, header
from rekeyspec.reference.wire.link import EARLY, Ended
from tests.reference.wire.net import Net

POLICY = Policy(idle_period=5000, heartbeat_sender="both", byte_limit=50_000, negotiation_timeout=3000)
SEALED = 1


def cheat(net: Net, kind: Any, m: Message, payload: bytes = b"", *, key: int = 1) -> None:
    """The client's program says this to the server, and its seal is right."""
    sealed = net.client._keys[key].sealers[m.channel].seal(body(kind, m, payload))
    net.server.receive(b"".join(sealed), net.t)


def test_an_offer_to_an_end_that_is_called_too_late_is_refused() -> None:
    net = Net(POLICY).open()
    assert net.client.offer(b"hello", 60_000) == "closed"  # its heartbeat has not been answered
    assert net.ended("client") == ["DEAD-2"]


def test_nothing_is_new_after_the_end_of_an_end_that_is_called_too_late() -> None:
    net = Net(POLICY).open()
    net.client.shut(60_000, "the transport is gone")
    assert isinstance(net.client.news[-1], Ended)
    assert net.ended("client") == ["DEAD-2"]


def test_what_is_due_when_bytes_come_that_do_nothing_is_done_then() -> None:
    net = Net(POLICY).open()
    net.server.receive(header(SEALED, "single", 9, 0, 1) + b"x", 5000)  # at the very time of a heartbeat
    net.server.tick(5001)
    net.judged()


def test_an_end_that_is_over_keeps_nothing_of_what_comes() -> None:
    net = Net(POLICY).open()
    net.server.shut(0)
    inside = body("start", Message("start", 1, negotiation="c1"), bytes(9))
    frame = header(0, "single", 0, 0, len(inside)) + inside
    for data in (frame * 3, frame[:20], b"\xff" * 40):
        net.server.receive(data, 0)
    assert not net.server._behind
    assert all(_held(one) == 0 for one in net.server._frames)


def _held(one: Frames) -> int:
    return len(getattr(one, "held", getattr(one, "_held", b"")))


def test_frames_without_a_body_fill_no_memory_while_a_key_is_on_its_way() -> None:
    net = Net(POLICY).open()
    net.server.offer(bytes(50_000), 0)  # a negotiation begins
    empty = header(SEALED, "single", 2, 0, 0)
    net.server.receive(empty * (EARLY // len(empty) + 1), 0)
    assert net.ended("server") == [f"more than {EARLY} bytes came ahead of their key"]
    assert not net.server._early


def test_messages_without_payload_fill_no_memory_while_they_wait_for_data(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(POLICY).open()
    monkeypatch.setattr("rekeyspec.reference.wire.link.EARLY", 1000)
    cheat(net, "start", Message("start", 2, 99, "c2"))
    for _ in range(40):
        cheat(net, "handshake", Message("data", 2, 0, "c2"))
    assert net.ended("server") == ["more than 1000 bytes wait for data that does not come"]


def test_data_that_says_it_is_of_another_key_than_its_own_is_nobodys() -> None:
    net = Net(POLICY).open()
    cheat(net, "data", Message("data", 2, 1, bytes=5), b"hello")
    assert net.server.counters.unauthentic == 1
    assert not net.server._engine.state.inbox


def test_a_message_that_brings_more_than_it_says_ends_the_link() -> None:
    net = Net(POLICY).open()
    cheat(net, "data", Message("data", 1, 1, bytes=2), b"hello")
    assert net.received("server") == []
    assert net.ended("server") == ["a message of 2 bytes brings 5"]


@pytest.mark.parametrize("kind", ["answer", "handshake"])
def test_what_is_of_a_negotiation_but_for_another_epoch_does_nothing(kind: str) -> None:
    net = Net(POLICY).open()
    net.server.offer(bytes(50_000), 0)
    assert net.server._named == "s2"
    net.server.take()
    hello = net.client._negotiator.begin("").receive(b"")
    cheat(net, kind, Message("answer", 1, 0, "s2"), hello)
    assert net.server.take() == b""  # it would have been clear
    assert net.server.epoch == 1


def test_a_negotiation_that_goes_on_after_its_end_ends_the_link() -> None:
    net = Net(POLICY).open()
    tls: Any = type("Chatty", (), {"receive": lambda _self, _data: b"more", "done": True})()
    net.server._tls, net.server._named, net.server._for = tls, "c1", 1
    cheat(net, "handshake", Message("data", 1, 0, "c1"), b"x")
    assert net.ended("server") == ["negotiation failed: it goes on after its end"]


@pytest.mark.parametrize("line", [b'{"log":"x","\xce":1}\n', b'{"log":0,"policy":{},"origin":"\xce"}\n'])
def test_a_line_of_a_log_that_is_no_utf8_is_a_bad_line(line: bytes) -> None:
    ((_, row),) = rows(line, "log", 1)
    assert isinstance(row, BadLine)

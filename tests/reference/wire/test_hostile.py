"""Whatever comes that nobody could have authenticated: the end's state is as it was, but for the end it may cause."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import KINDS, ROLES, Message, Role
from rekeyspec.reference.wire.credentials import Authority
from rekeyspec.reference.wire.frames import HEADER, TAG, Frames, body, header
from rekeyspec.reference.wire.link import Link
from rekeyspec.reference.wire.negotiation import Failed, Tls
from tests.reference.wire.net import AUTHORITY, Net

POLICY = Policy(idle_period=5000, heartbeat_sender="both", byte_limit=50_000, negotiation_timeout=3000)


def remembered(end: Link) -> dict[str, object]:
    """All that an end remembers, but for the time of the latest event."""
    state: End = end._engine.state
    return {one.name: getattr(state, one.name) for one in fields(End) if one.name != "t"}


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 9), st.data())
def test_clear_messages_change_nothing_once_there_is_a_key(
    kinds: list[str], epoch: int, number: int, data: st.DataObject
) -> None:
    net = Net(POLICY).open()
    before = remembered(net.server)
    for kind in kinds:
        negotiation = data.draw(st.sampled_from(["", "c1", "s1", "c2", "s2"]))
        m = Message(kind, epoch, number, negotiation, bytes=data.draw(st.sampled_from([0, 5])))  # type: ignore[arg-type]
        inside = body(m.kind, m, data.draw(st.binary(max_size=9)))
        net.server.receive(header(False, "single", data.draw(st.integers(0, 2)), 0, len(inside)) + inside, net.t)
    assert remembered(net.server) == before
    assert net.server.take() == b""
    net.judged()


@given(st.integers(0, 2), st.integers(0, 20), st.binary(min_size=TAG, max_size=80))
def test_sealed_frames_of_nobody_change_nothing(epoch: int, number: int, sealed: bytes) -> None:
    net = Net(POLICY).open()
    before = remembered(net.server)
    net.server.receive(header(True, "single", epoch, number, len(sealed)) + sealed, net.t)
    assert remembered(net.server) == before
    assert net.server.counters.unauthentic + net.server.counters.unreadable == 1
    net.offer("client", b"still here")
    net.settle()
    assert net.received("server") == [b"still here"]


@pytest.mark.parametrize("seed", range(30))
def test_bits_flipped_frames_replayed_dropped_and_cut_never_bring_wrong_data(seed: int) -> None:
    rnd = random.Random(seed)
    seen: dict[Role, list[bytes]] = {role: [] for role in ROLES}

    def tamper(to: Role, _connection: int, data: bytes) -> bytes:
        seen[to].append(data)
        match rnd.randrange(40):
            case 0:
                at = rnd.randrange(len(data))
                return data[:at] + bytes([data[at] ^ 1 << rnd.randrange(8)]) + data[at + 1 :]
            case 1:
                return data + rnd.choice(seen[to])
            case 2:
                return b""
            case 3:
                return rnd.choice(seen["server" if to == "client" else "client"] or [b""]) + data
            case 4:
                return data[: rnd.randrange(len(data))]
        return data

    net = Net(POLICY, delay=lambda: rnd.choice([0, 3])).open()
    net.hand = tamper
    sent: dict[Role, list[bytes]] = {role: [] for role in ROLES}
    for _ in range(60):
        role = rnd.choice(ROLES)
        one = rnd.randbytes(rnd.choice([5, 9000, 20_000]))
        if not net.offer(role, one):
            sent[role].append(one)
        net.until(net.t + rnd.choice([0, 10, 2000, 6000]))
    net.until(net.t + 60_000)
    for to, by in (("server", "client"), ("client", "server")):
        got = net.received(to)  # type: ignore[arg-type]
        assert got == sent[by][: len(got)]  # type: ignore[index]
        assert len(got) == len(sent[by]) or net.ended("client") or net.ended("server")  # type: ignore[index]
    net.judged()


def test_a_record_that_is_missing_ends_the_link_at_the_next_one() -> None:
    net = Net(POLICY).open()
    net.hand = lambda to, _, data: b"" if to == "server" else data
    net.offer("client", b"lost")
    net.settle()
    net.hand = lambda _to, _connection, data: data
    net.until(5500)  # the next is a heartbeat
    assert net.ended("server") == ["1 records are missing before record 1 (ORDER-1)"]
    assert net.received("server") == []
    net.judged()


def test_what_is_no_frame_ends_the_link() -> None:
    net = Net(POLICY).open()
    net.client.receive(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", net.t)
    net.settle()
    assert net.ended("client")[0].startswith("what came is no frame of this protocol")
    assert net.ended("server") == ["CLOSE-1"]
    net.judged()


def test_a_message_larger_than_both_agreed_on_is_not_collected() -> None:
    net = Net(Policy(max_message=100)).open()
    m = Message("data", 1, 1, bytes=101)
    net.server.receive(b"".join(net.client._keys[1].sealers["single"].seal(body("data", m, b"x"))), net.t)
    assert net.ended("server") == ["a message of 101 bytes; max_message is 100"]


def test_a_start_without_an_end_fills_no_memory() -> None:
    net = Net(POLICY)
    net.server.open(0)
    start = Message("start", 1, negotiation="c1")
    piece = body("start", start, b"\x16\x03\x01\x3f\xff" + bytes(9000))
    net.server.receive(header(False, "single", 0, 0, len(piece)) + piece, 0)
    for _ in range(20):
        more = body("handshake", start, bytes(9000))
        net.server.receive(header(False, "single", 0, 0, len(more)) + more, 0)
    assert net.server.closed
    assert net.ended("server")[0].startswith("negotiation failed")


OTHERS = Authority("another")


@pytest.mark.parametrize(
    ("whose", "why"),
    [
        ("expired", "the certificate has expired"),
        ("another", "no authority that is trusted here has signed the certificate"),
        ("name", "the certificate is not one of server"),
    ],
)
def test_a_peer_that_is_not_who_it_should_be_gets_no_key(whose: str, why: str) -> None:
    credentials = {
        "expired": AUTHORITY.issue("server", days=-1),
        "another": OTHERS.issue("server"),
        "name": AUTHORITY.issue("somebody"),
    }[whose]
    net = Net(POLICY, tls={"server": Tls(credentials, "server")}).open()
    net.until(10_000)
    assert net.client.epoch == net.server.epoch == 0
    assert net.ended("client") == [f"negotiation failed: {why}"]
    assert net.ended("server")
    net.judged()


def test_nobody_is_talked_into_an_older_version() -> None:
    net = Net(POLICY, tls={"client": Tls(AUTHORITY.issue("client"), "client", version="1.2", peer="server")}).open()
    assert net.client.epoch == net.server.epoch == 0
    assert "negotiation failed" in (net.ended("client") + net.ended("server"))[0]


def test_the_peer_stays_the_same_for_the_life_of_the_link() -> None:
    net = Net(POLICY).open()
    net.client._negotiator._tls = Tls(AUTHORITY.issue("client"), "client", peer="server")  # type: ignore[attr-defined]
    net.client._negotiator._context = net.client._negotiator._tls.context  # type: ignore[attr-defined]
    net.offer("client", bytes(50_000))
    net.settle()
    assert net.ended("server") == ["negotiation failed: the peer is another than before (EST-2)"]


def test_frames_hold_no_more_than_one() -> None:
    frames = Frames()
    for _ in range(100):
        list(frames.feed(header(True, "single", 1, 0, 0)))
    list(frames.feed(bytes(HEADER.size - 1)))
    assert len(frames.held) == HEADER.size - 1


def test_a_clear_start_for_the_next_epoch_is_nobodys() -> None:
    net = Net(POLICY).open()
    before = remembered(net.server)
    inside = body("start", Message("start", 2, negotiation="c2"), b"flight")
    net.server.receive(header(False, "single", 1, 0, len(inside)) + inside, net.t)
    assert remembered(net.server) == before
    assert net.server.take() == b""


def test_a_session_that_nobody_named_is_not_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(Policy(byte_limit=50_000, session_cache="on", session_lifetime=1000)).open()
    net.offer("client", bytes(50_000))
    net.settle()
    net.until(2000)  # too old to be named
    negotiator = net.client._negotiator
    begin = negotiator.begin
    monkeypatch.setattr(negotiator, "begin", lambda _resume, offered="": begin(negotiator._held, offered))  # type: ignore[attr-defined]
    accept = Link._accept
    monkeypatch.setattr(Link, "_accept", lambda end, outcome: end is net.client or accept(end, outcome))
    net.offer("client", bytes(50_000))
    net.settle()
    assert net.ended("server") == ["negotiation failed: a session was resumed that nobody had named (CACHE-1)"]


def test_a_negotiation_takes_so_many_bytes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekeyspec.reference.wire.negotiation.MOST", 10)
    negotiation = Net(POLICY).server._negotiator.begin("")
    assert negotiation.receive(b"\x16\x03\x01") == b""
    with pytest.raises(Failed, match="more than 10 bytes of negotiation"):
        negotiation.receive(bytes(8))


def test_keys_that_protect_nothing_more_are_forgotten() -> None:
    net = Net(POLICY).open()
    for _ in range(4):
        net.offer("client", bytes(50_000))
        net.settle()
    assert net.client.epoch == 5
    assert set(net.client._keys) == set(net.server._keys) == {5}

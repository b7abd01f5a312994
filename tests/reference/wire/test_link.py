"""One link in virtual time: negotiations of every kind, data, and both logs judged."""

from __future__ import annotations

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.link import Missed, Renewed, Suspected, Weak, ceiled
from rekeyspec.reference.wire.negotiation import Version
from rekeyspec.reference.wire.seal import CIPHERS
from tests.reference.wire.net import Net
from tests.reference.wire.tap import Frames, seen

WAYS: list[tuple[Version, bool]] = [("1.3", False), ("1.2", False), ("1.2", True)]


def busy(**changed: object) -> Policy:
    """A policy under which some messages of 60,000 bytes bring several new keys."""
    return Policy(**({"byte_limit": 100_000, "max_message": 1 << 21, "queue_limit": 1 << 22} | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("version", "in_place"), WAYS)
@pytest.mark.parametrize(
    "policy",
    [
        busy(),
        busy(channels=2),
        busy(rekey_initiator="server"),
        busy(rekey_initiator="client", byte_trigger="next-data"),
        busy(authentication="server-only", direction="to-server"),
        busy(limit_from="initiator", byte_counts="data+control"),
    ],
    ids=["single", "channels", "server", "client", "server-only", "carried"],
)
def test_keys_are_renewed_and_all_data_arrives(policy: Policy, version: Version, in_place: bool) -> None:
    net = Net(policy, version, in_place).open()
    sent = [bytes([n]) * 60_000 for n in range(6)]
    for one in sent:
        for role in ROLES:
            net.offer(role, one)
            net.settle()
    assert net.received("server") == sent
    assert net.received("client") == (sent if policy.direction == "both" else [])
    renewals = (6 if policy.direction == "both" else 3) - (policy.byte_trigger == "next-data")  # the last is not full
    assert net.client.epoch == net.server.epoch == 1 + renewals
    assert all(end.counters.unauthentic == end.counters.unreadable == 0 for end in net.ends.values())
    net.judged()


@pytest.mark.parametrize("version", ["1.3", "1.2"])
@pytest.mark.parametrize("initiator", ["sender", "server"])
def test_a_session_is_resumed_and_that_is_told(version: Version, initiator: str) -> None:
    net = Net(busy(session_cache="on", rekey_initiator=initiator), version).open()
    for n in range(3):
        net.offer("client", bytes(100_000 + n))
        net.settle()
    for role in ROLES:
        renewed = [one.abbreviated for one in net.ends[role].news if isinstance(one, Renewed)]
        assert renewed == [False, True, True, True]
        assert [one.rule for one in net.ends[role].news if isinstance(one, Weak)] == ["CACHE-2"] * 3
    net.judged()


def test_an_abbreviated_negotiation_makes_no_tickets() -> None:
    frames: list[tuple[int, Role]] = []
    net = Net(busy(session_cache="on")).open()

    def each(to: Role, _connection: int, frame: bytes) -> bytes:
        frames.append((seen(frame).epoch, to))
        return frame

    net.hand = Frames(each)
    net.offer("client", bytes(100_000))
    net.settle()
    del frames[:7]  # the data
    assert frames == [(1, "server"), (1, "client"), (1, "server")]  # start, answer, finish
    assert net.client.epoch == 2
    net.judged()


def test_a_session_that_is_too_old_is_not_resumed() -> None:
    net = Net(busy(session_cache="on", session_lifetime=1000)).open()
    net.offer("client", bytes(100_000))
    net.settle()
    net.until(1001)
    net.offer("client", bytes(100_000))
    net.settle()
    assert [one.abbreviated for one in net.server.news if isinstance(one, Renewed)] == [False, True, False]
    net.judged()


def test_a_server_that_has_forgotten_the_session_makes_a_new_one() -> None:
    policy = busy(session_cache="on", session_lifetime=1000)
    net = Net(policy).open()
    net.server._engine.state = net.server._engine.state.but(session="")
    net.offer("client", bytes(100_000))
    net.settle()
    net.offer("client", bytes(100_000))
    net.settle()
    assert [one.abbreviated for one in net.server.news if isinstance(one, Renewed)] == [False, False, True]
    assert net.client.epoch == 3


@pytest.mark.parametrize("name", CIPHERS)
def test_every_cipher_carries_messages_of_every_size(name: str) -> None:
    net = Net(Policy(max_message=1 << 20), cipher=name).open()
    sent = [bytes([n % 251]) * n for n in (0, 1, 16_383, 16_384, 16_385, 32_768, 100_000)]
    for one in sent:
        assert net.offer("client", one) == ""
    net.settle()
    assert net.received("server") == sent
    net.judged()


def test_both_ends_start_at_once_and_one_key_results() -> None:
    net = Net(busy(), delay=lambda: 10).open()
    for role in ROLES:
        net.offer(role, bytes(100_000))
        net.offer(role, b"after")
    net.settle()
    assert net.client.epoch == net.server.epoch == 2
    assert net.received("client")[1:] == net.received("server")[1:] == [b"after"]
    net.judged()


def test_an_offer_is_refused_with_its_reason_and_loses_nothing() -> None:
    net = Net(Policy(max_message=10, queue_limit=15, direction="to-server", authentication="server-only"))
    assert net.offer("client", b"early") == "closed"
    net.client.open(0)
    assert net.offer("client", b"0123456789") == ""
    assert net.offer("client", b"0123456789") == "queue_limit"
    assert net.offer("client", b"0123456789a") == "max_message"
    assert net.client.waiting == 10
    net.server.open(0)
    net.settle()
    assert net.offer("server", b"x") == "direction"
    assert net.received("server") == [b"0123456789"]
    net.judged()


def test_the_end_is_announced_and_holds_nothing() -> None:
    net = Net(busy()).open()
    net.client.shut(5)
    net.settle()
    assert net.client.closed
    assert net.server.closed
    assert (net.ended("client"), net.ended("server")) == (["CLOSE-1"], ["CLOSE-1"])
    assert not net.client._keys
    assert not net.server._keys
    net.judged()


def test_a_peer_that_never_answers_is_given_up_in_time() -> None:
    net = Net(busy(negotiation_timeout=3000), hand=lambda to, _, data: data if to == "server" else b"").open()
    net.until(10_000)
    assert net.ended("client") == net.ended("server") == ["EST-4"]
    assert net.logs["client"][-1].t == 3000
    net.judged()


def test_heartbeats_go_on_and_a_peer_that_is_gone_is_missed() -> None:
    policy = Policy(
        idle_period=1000, heartbeat_sender="client", reply_timeout=300, on_missed_heartbeat="rekey", grace=400,
        negotiation_timeout=2000,
    )  # fmt: skip
    net = Net(policy).open()
    net.until(5500)
    assert net.client.counters.heartbeats == 5
    net.hand = lambda _to, _connection, _data: b""
    net.until(20_000)
    assert net.ended("client") == ["DEAD-2"]
    assert net.ended("server") == ["DEAD-3"]
    assert any(isinstance(one, Missed) for one in net.server.news)
    net.judged()


def test_a_suspected_spoof_is_told() -> None:
    policy = Policy(idle_period=1000, heartbeat_sender="client", reject_trigger="heartbeat", on_spoof="discard")
    net = Net(policy).open()
    net.until(1500)
    net.offer("client", b"this end knows nothing of idleness")
    net.settle()
    (told,) = [one for one in net.server.news if isinstance(one, Suspected)]
    assert (told.closes, told.message.bytes) == (False, 34)
    assert net.received("server") == []
    net.judged()


@pytest.mark.parametrize("limit", [0, 1000, 1 << 40])
def test_the_ciphers_own_limit_is_a_ceiling(limit: int) -> None:
    assert ceiled(Policy(byte_limit=limit), "AES-256-GCM").byte_limit == (limit if limit == 1000 else 1 << 31)


def test_time_does_not_go_back() -> None:
    net = Net(busy()).open()
    net.client.tick(1000)
    net.client.offer(b"x", 3)
    assert net.logs["client"][-1].t == 1000


def test_whoever_calls_late_finds_done_what_was_due() -> None:
    net = Net(Policy(idle_period=1000, heartbeat_sender="client", reply_timeout=300, negotiation_timeout=2000)).open()
    net.client.tick(5000)
    assert [(one.t, one.do) for one in net.logs["client"]][-2:] == [(1000, "SendHeartbeat"), (1300, "Close")]
    assert net.client.counters.late == 4000
    net.judged()


def test_neither_a_new_key_nor_the_end_overtakes_data_that_has_a_connection_of_its_own() -> None:
    net = Net(busy(channels=2, byte_limit=1000), connections=2)
    net.open()
    late: list[bytes] = []

    def slow(_to: Role, connection: int, data: bytes) -> bytes:
        if connection == 1:
            late.append(data)
            return b""
        return data

    net.hand = slow
    for n in range(3):
        net.offer("client", bytes([n]) * 1000)
        net.settle()
    net.client.shut(net.t)
    net.settle()
    assert not net.server.closed
    while late:
        net.server.receive(late.pop(0), net.t, 1)
        net.settle()
    assert net.received("server") == [bytes([0]) * 1000]
    assert net.ended("server") == ["CLOSE-1"]
    net.judged()

"""Records that are old, of a key to come, replayed or flipped: the end is as it was, but for the end they may cause."""

from __future__ import annotations

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.frames import HEADER, TAG
from rekeyspec.reference.wire.link import EARLY, Link, Renewed
from tests.reference.wire.net import Net
from tests.reference.wire.tap import Frames, held, remembered

FULL = 20_000
POLICY = Policy(byte_limit=FULL, idle_period=5_000, heartbeat_sender="both", negotiation_timeout=3_000)
MANY = 100_000
OTHER: dict[Role, Role] = {"client": "server", "server": "client"}


def recorded(net: Net) -> dict[Role, list[bytes]]:
    """What goes to each end from now on, frame by frame; it arrives too."""
    found: dict[Role, list[bytes]] = {role: [] for role in ROLES}

    def each(to: Role, _connection: int, frame: bytes) -> bytes:
        found[to].append(frame)
        return frame

    net.hand = Frames(each)
    return found


def ignored(end: Link, *frames: bytes, t: int, connection: int = 0) -> None:
    """Assert that these change nothing at this end, and that each is counted."""
    before, many = remembered(end), end.counters.unauthentic + end.counters.unreadable
    others = len(end.news), end.waiting, list(map(len, end._out))
    for one in frames:
        end.receive(one, t, connection)
    assert remembered(end) == before
    assert (len(end.news), end.waiting, list(map(len, end._out))) == others
    assert end.counters.unauthentic + end.counters.unreadable == many + len(frames)


def renewed(net: Net) -> None:
    """Bring about a new key."""
    epoch = net.client.epoch
    net.offer("client", bytes(FULL))
    net.settle()
    assert net.client.epoch == net.server.epoch == epoch + 1


def alive(net: Net) -> None:
    """Assert that data still goes both ways, and that both logs conform."""
    for role in ROLES:
        net.offer(role, b"still here")
    net.settle()
    assert net.received("client")[-1] == net.received("server")[-1] == b"still here"
    net.judged()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("later", [0, 1, 2])
def test_whatever_was_sent_before_is_of_no_use_again(channels: int, later: int) -> None:
    """At once, under the next key and under the one after it, to either end."""
    net = Net(POLICY.but(channels=channels)).open()
    frames = recorded(net)
    net.offer("client", b"once")
    net.offer("server", b"and back")
    net.settle()
    net.until(6_000)  # heartbeats
    net.offer("client", bytes(FULL // 2))
    net.settle()
    for _ in range(later):
        renewed(net)
    every = {role: list(found) for role, found in frames.items()}
    assert all(len(found) > 2 for found in every.values())
    for role in ROLES:
        ignored(net.ends[role], *every[role], t=net.t)
        ignored(net.ends[role], *every[OTHER[role]], t=net.t)
    alive(net)


def test_at_every_point_of_a_session_all_that_went_before_changes_nothing() -> None:
    """Between any two frames after the first key, of a renegotiation too."""
    net = Net(POLICY).open()
    before: dict[Role, list[bytes]] = {role: [] for role in ROLES}
    tried = 0

    def each(to: Role, connection: int, frame: bytes) -> bytes:
        nonlocal tried
        net.ends[to].receive(frame, net.t, connection)
        before[to].append(frame)
        ignored(net.ends[to], *before[to], *before[OTHER[to]], t=net.t)
        tried += len(before[to])
        return b""

    net.hand = Frames(each)
    for n in range(3):
        net.offer(ROLES[n % 2], bytes(FULL))
        net.settle()
    net.until(net.t + 6_000)
    assert net.client.epoch == 4
    assert tried > 50
    alive(net)


@pytest.mark.parametrize("epoch", [0, 2, 3, 1 << 16, (1 << 32) - 1])
@pytest.mark.parametrize("length", [0, TAG, 47, 1_000])
def test_a_record_of_a_key_that_is_not_there_is_dropped(epoch: int, length: int) -> None:
    net = Net(POLICY).open()
    for role in ROLES:
        for channel in range(3):
            ignored(net.ends[role], HEADER.pack(1, channel, epoch, 0, length) + bytes(length), t=net.t)
    alive(net)


def kept_back(kind: str, channels: int) -> tuple[Net, Role, bytes]:
    """A link, the end to which a frame of this kind is under way, and that frame, the only one that is."""
    net = Net(POLICY.but(channels=channels, rekey_initiator="server")).open()
    if kind == "start":
        net.server.offer(bytes(FULL), net.t)
        *data, frame = split(net.server.take())
        net.client.receive(b"".join(data), net.t)
        net.client.news.clear()
        return net, "client", frame
    if kind == "data":
        net.client.offer(b"hello", net.t)
    else:
        net.client.tick(5_000)
    (frame,) = split(net.client.take())
    return net, "server", frame


def split(data: bytes) -> list[bytes]:
    """The frames in these bytes, which are whole."""
    found: list[bytes] = []

    def each(_to: Role, _connection: int, frame: bytes) -> bytes:
        found.append(frame)
        return b""

    Frames(each)("client", 0, data)
    return found


def flip(frame: bytes, bit: int) -> bytes:
    """The frame with this bit changed."""
    at = bit // 8
    return frame[:at] + bytes([frame[at] ^ 1 << bit % 8]) + frame[at + 1 :]


LENGTH = range(8 * (HEADER.size - 4), 8 * HEADER.size)
"""The bits that say how long a frame is: where one of them is changed, the frames after it are not found any more."""


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", ["data", "heartbeat", "start"])
def test_no_bit_of_a_record_can_be_changed(kind: str, channels: int) -> None:
    net, to, frame = kept_back(kind, channels)
    end, before, ended = net.ends[to], remembered(net.ends[to]), 0
    for bit in range(8 * len(frame)):
        if bit in LENGTH:
            continue
        end.receive(flip(frame, bit), net.t)
        if end.closed:  # no frame begins so
            assert bit < 16
            assert end.news.pop().why.startswith("what came is no frame of this protocol")  # type: ignore[union-attr]
            net.judged()
            net, to, frame = kept_back(kind, channels)
            end, before, ended = net.ends[to], remembered(net.ends[to]), ended + 1
        assert remembered(end) == before
        assert not end.take()
    assert 8 < ended < 16
    assert net.received(to) == []
    end.receive(frame, net.t)
    assert remembered(end) != before
    assert net.received(to) == ([b"hello"] if kind == "data" else [])
    net.judged()


@pytest.mark.parametrize("bit", LENGTH)
def test_a_length_that_is_changed_brings_nothing_wrong_and_may_end_the_link(bit: int) -> None:
    net, to, frame = kept_back("data", 1)
    end, before = net.ends[to], remembered(net.ends[to])
    end.receive(flip(frame, bit), net.t)
    if not end.closed:
        assert remembered(end) == before
        end.receive(frame, net.t)
        end.receive(HEADER.pack(1, 0, 9, 9, 0) * 1_000, net.t)
    assert net.received(to) in ([], [b"hello"])
    assert not end.closed or net.ended(to)[0].startswith("what came is no frame")
    assert held(end) < 1 << 18
    net.judged()


# What comes ahead of its key waits for it (EARLY-1), and nobody has authenticated it before the key is there.


def test_what_is_forged_ahead_of_its_key_is_dropped_when_the_key_is_there() -> None:
    net = Net(POLICY).open()
    forged = 0

    def each(to: Role, _connection: int, frame: bytes) -> bytes:
        nonlocal forged
        end, before = net.ends[to], remembered(net.ends[to])
        end.receive(HEADER.pack(1, 0, end.epoch + 1, forged, 60) + bytes(60), net.t)
        forged += 1
        assert remembered(end) == before
        return frame

    net.hand = Frames(each)
    for _ in range(3):
        renewed(net)
    counted = sum(end.counters.unauthentic + end.counters.unreadable for end in net.ends.values())
    assert counted == forged > 10
    net.hand = lambda _to, _connection, data: data
    alive(net)


@pytest.mark.parametrize("length", [0, 1, TAG, 5_000])
def test_so_much_may_come_ahead_of_a_key_and_no_more(length: int) -> None:
    net = Net(POLICY).open()
    net.offer("client", bytes(FULL))  # the start is under way, and the answer does not come
    assert net.client._tls is not None
    before, room = remembered(net.client), held(net.client)
    frames = HEADER.pack(1, 0, 2, 7, length) + bytes(length)
    sent = 0
    while not net.client.closed and sent < 4 * EARLY:
        assert remembered(net.client) == before
        assert held(net.client) < room + 20 * EARLY
        sent += len(frames) * 4_000
        net.client.receive(frames * 4_000, net.t)
    assert net.ended("client") == [f"more than {EARLY} bytes came ahead of their key"]
    assert held(net.client) < room + (1 << 16)
    net.judged()


@pytest.mark.parametrize("length", [0, 1, 30, 31])
@pytest.mark.parametrize("form", [0, 1])
def test_so_many_frames_of_nobody_leave_no_more_than_their_count(form: int, length: int) -> None:
    net = Net(POLICY).open()
    before, room = remembered(net.server), held(net.server)
    frame = HEADER.pack(form, 0, 1, 0, length) + bytes(length)
    for _ in range(MANY // 4_000):
        net.server.receive(frame * 4_000, net.t)
    assert remembered(net.server) == before
    assert net.server.counters.unauthentic == MANY
    assert held(net.server) < room + 1_000
    assert not net.server.news or len(net.server.news) < 3
    alive(net)


def without(k: int, channels: int) -> tuple[Net, int]:
    """A link that has carried data, heartbeats and renegotiations, but for the k-th frame after the first key; and how
    many there were."""
    net, count = Net(POLICY.but(channels=channels)).open(), 0

    def each(_to: Role, _connection: int, frame: bytes) -> bytes:
        nonlocal count
        count += 1
        return b"" if count == k else frame

    net.hand = Frames(each)
    for n in range(4):
        net.offer(ROLES[n % 2], bytes([n]) * (FULL // 2))
        net.until(net.t + 6_000)
    return net, count


@pytest.mark.parametrize("channels", [1, 2])
def test_no_record_can_be_left_out(channels: int) -> None:
    """Each in its turn: the next one of its channel says so (ORDER-1), or its time is over before that."""
    _, frames = without(0, channels)
    whole = [bytes([n]) * (FULL // 2) for n in range(4)]
    gaps = 0
    for k in range(1, frames + 1):
        net, _ = without(k, channels)
        for role, sent in (("server", whole[::2]), ("client", whole[1::2])):
            got = net.received(role)  # type: ignore[arg-type]
            assert got == sent[: len(got)]
        gaps += any("records are missing before record" in why for role in ROLES for why in net.ended(role))
        net.judged()
    assert gaps > frames // 2 > 8


@pytest.mark.parametrize("cache", ["off", "on"])
def test_many_keys_take_no_more_room_than_two(cache: str) -> None:
    net = Net(POLICY.but(session_cache=cache)).open()
    for _ in range(3):
        renewed(net)
    for role in ROLES:
        net.ends[role].news.clear()
    room = {role: held(net.ends[role]) for role in ROLES}
    for _ in range(20):
        renewed(net)
        for role in ROLES:
            net.ends[role].news.clear()
    renewed(net)
    for role in ROLES:
        (latest,) = [one.abbreviated for one in net.ends[role].news if isinstance(one, Renewed)]
        assert latest == (cache == "on")
        net.ends[role].news.clear()
        assert held(net.ends[role]) < room[role] + 2_000
        assert cache == "on" or net.ends[role]._tls is None
    net.judged()

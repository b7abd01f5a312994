"""Negotiations that come to no end: an end that dies at any frame of one, and one that lives and never finishes it.

The other ends within the bounds that its policy gives, no wrong data comes, and what both logged conforms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count, product

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Message, Role
from rekeyspec.reference.wire.frames import HEADER, Said, body
from rekeyspec.reference.wire.link import Link
from rekeyspec.reference.wire.negotiation import Version
from tests.reference.wire.net import Net
from tests.reference.wire.tap import Frames

FULL = 2_000
POLICY = Policy(
    byte_limit=FULL, idle_period=5_000, heartbeat_sender="both", reply_timeout=1_000, retries=1,
    negotiation_timeout=3_000,
)  # fmt: skip
BOUND = 5_000 + 2 * 1_000
"""When a link is silent no longer than `idle_period` a heartbeat leaves, and is repeated once (DEAD-1, DEAD-2); EST-4
is sooner."""

WAYS: list[tuple[Version, bool]] = [("1.3", False), ("1.2", False), ("1.2", True)]
OTHER: dict[Role, Role] = {"client": "server", "server": "client"}


class Gone:
    """What is left of an end that was killed: nothing comes of it any more."""

    deadline, epoch, closed = NEVER, 0, True

    def __init__(self, before: Link) -> None:
        self.policy, self.news = before.policy, before.news

    def receive(self, data: bytes, t: int, connection: int = 0) -> None:
        """Nobody is there."""

    def take(self, connection: int = 0, most: int = 0) -> bytes:
        """Nothing."""
        return b""


class Dying:
    """A hand that lets this end die when it has sent so many frames: what it sent until then arrives."""

    def __init__(self, net: Net, who: Role, after: int) -> None:
        self.net, self.who, self.left, self.sent = net, who, after, 0

    def __call__(self, to: Role, _connection: int, frame: bytes) -> bytes:
        if to == self.who:
            return frame
        self.sent += 1
        if self.left == 0:
            self.net.ends[self.who] = Gone(self.net.ends[self.who])  # type: ignore[assignment]
        self.left -= 1
        return frame if self.left >= 0 else b""


def story(net: Net) -> dict[Role, list[bytes]]:
    """What is told: the first key, data, and a new key for each end's data; what was accepted from the users."""
    sent: dict[Role, list[bytes]] = {role: [] for role in ROLES}
    net.open()
    for n, role in product(range(2), ROLES):
        one = bytes([n]) * (FULL // 2)
        if not isinstance(net.ends[role], Gone) and not net.offer(role, one):
            sent[role].append(one)
        net.settle()
    return sent


@cache
def frames_of(who: Role, version: Version, in_place: bool, policy: Policy) -> int:
    """How many frames this end sends in the whole story."""
    net = Net(policy, version, in_place)
    hand = Dying(net, who, NEVER)
    net.hand = Frames(hand)
    story(net)
    assert net.client.epoch == 3
    return hand.sent


@pytest.mark.parametrize("cache", ["off", "on"])
@pytest.mark.parametrize("initiator", ["client", "server"])
@pytest.mark.parametrize(("version", "in_place"), WAYS)
@pytest.mark.parametrize("who", ROLES)
def test_an_end_that_dies_at_any_frame_is_given_up_in_time(
    who: Role, version: Version, in_place: bool, initiator: str, cache: str
) -> None:
    policy = POLICY.but(rekey_initiator=initiator, session_cache="off" if in_place else cache)
    every = frames_of(who, version, in_place, policy)
    assert every >= 7
    for k in range(every):
        net = Net(policy, version, in_place)
        net.hand = Frames(Dying(net, who, k))
        sent = story(net)
        other = OTHER[who]
        net.until(net.t + BOUND)
        assert net.ends[other].closed, k
        assert net.ended(other)[0] in ("EST-4", "DEAD-2"), k
        for role in ROLES:
            got = net.received(role)
            assert got == sent[OTHER[role]][: len(got)], k
        net.judged()


def withholding(net: Net, who: Role, kind: str, after: int) -> None:
    """Make this end leave out such messages, of negotiations for a later epoch than this. It is well otherwise: its
    records have no gap."""

    class Withholding(Link):
        __slots__ = ()

        def _say(self, said: Said, m: Message, payload: bytes = b"", key: int | None = None) -> None:
            if said != kind or m.epoch <= after:
                super()._say(said, m, payload, key)

    net.ends[who].__class__ = Withholding


WITHHELD: list[tuple[int, Role, str, str]] = [
    (0, "client", "client", "finish"),
    (0, "server", "client", "answer"),
    (1, "client", "client", "finish"),
    (1, "server", "client", "answer"),
    (1, "server", "server", "finish"),
    (1, "client", "server", "answer"),
    (1, "client", "server", "handshake"),
    (1, "server", "server", "handshake"),
]
"""After which epoch, who withholds something, who starts, and what is withheld."""


@pytest.mark.parametrize(("version", "in_place"), WAYS)
@pytest.mark.parametrize(("after", "who", "initiator", "kind"), WITHHELD)
def test_a_peer_that_never_finishes_is_given_up_when_the_time_for_it_is_over(
    after: int, who: Role, initiator: str, kind: str, version: Version, in_place: bool
) -> None:
    """Its heartbeats and its data go on, and prolong nothing."""
    net = Net(POLICY.but(rekey_initiator=initiator, idle_period=400), version, in_place)
    withholding(net, who, kind, after)
    net.open()
    if after:
        net.until(1_000)
        net.offer("client", bytes(FULL))
        net.settle()
    waiting, began = OTHER[who], net.t
    assert net.ends[waiting].epoch == after
    net.until(began + 10_000)
    assert net.ended(waiting) == ["EST-4"]
    assert [one.t for one in net.logs[waiting] if one.do == "Close"] == [began + 3_000]
    assert net.received("server") == [bytes(FULL)] * after
    net.judged()


def handshake(payload: bytes) -> bytes:
    """A clear frame with a piece of the first negotiation's flight."""
    inside = body("handshake", Message("start", 1, negotiation="c1"), payload)
    return HEADER.pack(0, 0, 0, 0, len(inside)) + inside


def drip(pieces: Callable[[int], bytes]) -> Net:
    """A server to which a start has come, and then a piece every 10 ms, until it is tired of it."""
    net = Net(POLICY)
    net.server.open(0)
    start = body("start", Message("start", 1, negotiation="c1"), b"\x16\x03\x01\x3f\xff")
    net.server.receive(HEADER.pack(0, 0, 0, 0, len(start)) + start, 0)
    for n in count(1):
        if net.server.closed:
            break
        net.server.receive(pieces(n), 10 * n)
        assert n <= 301
    return net


def test_a_flight_that_drips_gets_no_more_time_than_any_other() -> None:
    net = drip(lambda n: handshake(b"\x01" if n == 1 else b"\x00"))
    assert net.ended("server") == ["EST-4"]
    assert net.logs["server"][-1].t == 3_000
    net.judged()


def test_a_start_that_is_said_again_gets_no_more_time() -> None:
    again = body("start", Message("start", 1, negotiation="c1"), b"\x16")
    net = drip(lambda _: HEADER.pack(0, 0, 0, 0, len(again)) + again)
    assert net.ended("server") == ["EST-4"]
    assert [one.t for one in net.logs["server"] if one.do == "Close"] == [3_000]
    net.judged()


@pytest.mark.parametrize("piece", [b"", b"\x17", bytes(5)])
def test_frames_that_say_nothing_of_a_negotiation_prolong_it_by_nothing(piece: bytes) -> None:
    frame = HEADER.pack(0, 0, 0, 0, len(piece)) + piece
    net = drip(lambda _: frame)
    assert net.ended("server") == ["EST-4"]
    net.judged()

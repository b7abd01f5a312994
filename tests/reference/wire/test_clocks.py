"""Clocks that jump: a machine that slept for hours, and a clock that is set back, at any point of a link's life.

An end's own time never goes back, and what was due while it slept is done as of when it was due; so its log conforms
whatever the clock says.
"""

from __future__ import annotations

import random

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Role
from rekeyspec.reference.wire.link import Link
from tests.reference.wire.net import Net
from tests.reference.wire.tap import Frames
from tests.reference.wire.test_schedules import drawn

HOUR = 3_600_000
FULL = 2_000
OTHER: dict[Role, Role] = {"client": "server", "server": "client"}
POLICIES = {
    "close": Policy(
        byte_limit=FULL, idle_period=5_000, heartbeat_sender="both", reply_timeout=1_000, retries=1,
        on_missed_heartbeat="close", grace=1_500, negotiation_timeout=3_000,
    ),
    "rekey": Policy(
        byte_limit=FULL, idle_period=5_000, heartbeat_sender="both", reply_timeout=1_000, on_missed_reply="rekey",
        on_missed_heartbeat="rekey", grace=1_500, idle_trigger="period", reject_trigger="period", channels=2,
        negotiation_timeout=3_000, age_limit=60_000, age_trigger="timer",
    ),
}  # fmt: skip


class Skewed:
    """An end whose clock is not the network's: `ahead` by so many ms, from whenever that is changed."""

    def __init__(self, link: Link) -> None:
        self.link, self.ahead = link, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.link, name)

    @property
    def deadline(self) -> int:
        """As the network's clock has it."""
        return self.link.deadline if self.link.deadline == NEVER else self.link.deadline - self.ahead

    def open(self, t: int) -> None:
        self.link.open(t + self.ahead)

    def offer(self, data: bytes, t: int) -> str:
        return self.link.offer(data, t + self.ahead)

    def receive(self, data: bytes, t: int, connection: int = 0) -> None:
        self.link.receive(data, t + self.ahead, connection)

    def tick(self, t: int) -> None:
        self.link.tick(t + self.ahead)


def skewed(net: Net) -> dict[Role, Skewed]:
    """Give each end of this net a clock of its own."""
    clocks = {role: Skewed(net.ends[role]) for role in ROLES}
    net.ends.update(clocks)  # type: ignore[arg-type]
    return clocks


def conforming_prefix(net: Net, sent: dict[Role, list[bytes]]) -> None:
    """Assert that what was delivered is what was sent, from its beginning, and that both logs conform."""
    for role in ROLES:
        got = net.received(role)
        assert got == sent[OTHER[role]][: len(got)]
        assert [one.t for one in net.logs[role]] == sorted(one.t for one in net.logs[role])
    net.judged()


def story(net: Net) -> dict[Role, list[bytes]]:
    """The first key, silence with heartbeats, data, and new keys for it; what was accepted from the users."""
    sent: dict[Role, list[bytes]] = {role: [] for role in ROLES}
    net.open()
    net.until(net.t + 5_500)
    for n in range(6):
        role, one = ROLES[n % 2], bytes([n]) * (FULL // 2)
        if not net.offer(role, one):
            sent[role].append(one)
        net.settle()
    return sent


def jumping(policy: Policy, who: tuple[Role, ...], k: int, by: int) -> tuple[Net, int]:
    """Tell the story, with clocks that jump before its k-th frame arrives; how many frames it had, and what became of
    it is checked."""
    net = Net(policy)
    clocks, count = skewed(net), 0

    def each(_to: Role, _connection: int, frame: bytes) -> bytes:
        nonlocal count
        count += 1
        if count == k:
            for role in who:
                clocks[role].ahead += by
        return frame

    net.hand = Frames(each)
    sent = story(net)
    net.until(net.t + 10_000)
    conforming_prefix(net, sent)
    for role in ROLES:
        if net.ends[role].closed and by > 0:
            net.until(net.t + 10_000)
            assert net.ends[OTHER[role]].closed, "the other end is told, or misses it"
            net.judged()
    if not any(end.closed for end in net.ends.values()):
        assert (net.received("client"), net.received("server")) == (sent["server"], sent["client"])
    return net, count


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(
    ("by", "who"),
    [(700, ("client",)), (700, ("server",)), *((3 * HOUR, who) for who in (("client",), ("server",), ROLES))],
)
def test_a_clock_may_jump_ahead_before_any_frame(by: int, who: tuple[Role, ...], name: str) -> None:
    _, frames = jumping(POLICIES[name], (), 0, 0)
    assert frames > 15
    ended = 0
    for k in range(1, frames + 1):
        net, _ = jumping(POLICIES[name], who, k, by)
        ended += any(end.closed for end in net.ends.values())
        late = [net.ends[role].counters.late for role in who]
        assert max(late) <= by
    assert (ended > 0) == (by > 3_000)


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("who", ROLES)
def test_a_clock_that_is_set_back_stands_still_until_it_has_caught_up(who: Role, name: str) -> None:
    _, frames = jumping(POLICIES[name], (), 0, 0)
    for k in range(1, frames + 1):
        jumping(POLICIES[name], (who,), k, -3 * HOUR if k % 2 else -1_200)


def test_data_goes_on_while_a_clock_that_was_set_back_stands_still() -> None:
    net = Net(POLICIES["close"].but(heartbeat_sender="none", on_missed_heartbeat="ignore"))
    clocks = skewed(net)
    net.open()
    clocks["client"].ahead += HOUR
    net.offer("client", b"1")
    clocks["client"].ahead -= HOUR
    for one in (b"2", b"3"):
        net.until(net.t + 1_000)
        net.offer("client", one)
        net.offer("server", one)
    net.settle()
    assert net.received("server") == [b"1", b"2", b"3"]
    assert net.received("client") == [b"2", b"3"]
    assert net.logs["client"][-1].t == HOUR
    net.judged()


@pytest.mark.parametrize("asleep", ROLES)
def test_who_wakes_up_with_a_heartbeat_outstanding_finds_the_link_ended_as_of_when_it_was_due(asleep: Role) -> None:
    net = Net(POLICIES["close"])
    clocks = skewed(net)
    net.open()
    net.hand = lambda _to, _connection, _data: b""
    net.until(5_100)
    assert any(one.do == "SendHeartbeat" for one in net.logs[asleep])
    clocks[asleep].ahead += 3 * HOUR
    net.until(5_200)
    assert net.ends[asleep].closed
    (close,) = [one for one in net.logs[asleep] if one.do == "Close"]
    assert 5_000 < close.t <= 7_000
    assert net.ends[asleep].counters.late > 2 * HOUR
    net.judged()


@pytest.mark.parametrize("seed", range(25))
def test_under_any_policy_and_any_jumps_nothing_wrong_comes(seed: int) -> None:
    rnd = random.Random(1_000 + seed)
    net = drawn(rnd)
    clocks = skewed(net)
    sent: dict[Role, list[bytes]] = {role: [] for role in ROLES}
    net.open()
    for _ in range(60):
        role = rnd.choice(ROLES)
        if rnd.random() < 0.3:
            clocks[rnd.choice(ROLES)].ahead += rnd.choice([1, 40, 900, 3_000, HOUR, -1, -40, -900, -HOUR])
        one = rnd.randbytes(rnd.choice([0, 1, 100, 17_000]))
        if not net.offer(role, one):
            sent[role].append(one)
        net.until(net.t + rnd.choice([0, 1, 50, 1_000, 5_000]))
    net.until(net.t + 15_000)
    conforming_prefix(net, sent)

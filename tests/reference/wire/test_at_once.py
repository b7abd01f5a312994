"""Both ends at once: whatever order the network gives to what crosses, one key results, and nothing is lost.

Each frame waits until it is chosen; every order is tried in which no connection's own order is changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.negotiation import Version
from tests.reference.wire.net import Net
from tests.reference.wire.test_records import split

FULL = 3_000
MOST = 600
"""So many orders are tried of a case, the first of them where there are more."""

OTHER: dict[Role, Role] = {"client": "server", "server": "client"}
Way = tuple[Role, int]
"""Frames on their way to this end, over this connection."""


class Ordered(Net):
    """A net whose frames arrive in the order that a chooser says, at one time."""

    chooser: Callable[[int], int] = staticmethod(lambda _many: 0)

    def settle(self) -> None:
        """Let all arrive that is under way, in the order chosen."""
        ways: dict[Way, deque[bytes]] = {(to, n): deque() for to in ROLES for n in range(self.connections)}
        while True:
            for (to, n), waiting in ways.items():
                while data := self.ends[OTHER[to]].take(n):
                    waiting.extend(split(data))
            open_ = [way for way, waiting in ways.items() if waiting]
            if not open_:
                return
            to, n = way = open_[self.chooser(len(open_)) if len(open_) > 1 else 0]
            self.ends[to].receive(ways[way].popleft(), self.t, n)


Choice = tuple[int, int]
"""What was chosen, and of how many."""


class Path:
    """A sequence of choices: as this one says, and then always the first."""

    def __init__(self, path: list[Choice]) -> None:
        self._path, self._taken = path, list[Choice]()

    def __call__(self, many: int) -> int:
        at = len(self._taken)
        self._taken.append((self._path[at][0] if at < len(self._path) else 0, many))
        return self._taken[-1][0]

    def next(self) -> list[Choice]:
        """The next sequence to try; empty after the last."""
        taken = self._taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        return [*taken[:-1], (taken[-1][0] + 1, taken[-1][1])] if taken else []


def orders(tell: Callable[[Callable[[int], int]], None]) -> int:
    """Tell a story with every sequence of choices, at most so many; how many there were."""
    path: list[Choice] = []
    for tried in range(1, MOST + 1):
        taken = Path(path)
        tell(taken)
        path = taken.next()
        if not path:
            return tried
    return MOST


WAYS: list[tuple[Version, bool]] = [("1.3", False), ("1.2", True)]


@pytest.mark.parametrize(("version", "in_place"), WAYS)
@pytest.mark.parametrize("initiator", ["sender", "client", "server"])
@pytest.mark.parametrize("connections", [1, 2])
def test_both_ends_want_a_new_key_at_once(connections: int, initiator: str, version: Version, in_place: bool) -> None:
    policy = Policy(byte_limit=FULL, rekey_initiator=initiator, channels=connections, negotiation_timeout=1_000)  # type: ignore[arg-type]
    epochs: set[int] = set()

    def tell(choose: Callable[[int], int]) -> None:
        net = Ordered(policy, version, in_place, connections=connections)
        net.open()
        net.chooser = choose
        for role in ROLES:
            net.ends[role].offer(bytes(FULL), net.t)
        for role in ROLES:
            net.ends[role].offer(b"after", net.t)
        net.settle()
        assert not net.client.closed
        assert not net.server.closed
        assert net.client.epoch == net.server.epoch
        epochs.add(net.client.epoch)
        assert net.received("client") == net.received("server") == [bytes(FULL), b"after"]
        assert all(end.counters.unauthentic == end.counters.unreadable == 0 for end in net.ends.values())
        net.until(net.t + 5_000)
        assert not net.client.closed, "nothing was left half done"
        net.judged()

    assert orders(tell) > 5
    assert epochs <= {2, 3}


@pytest.mark.parametrize(("version", "in_place"), WAYS)
def test_both_ends_end_the_link_while_a_new_key_is_made(version: Version, in_place: bool) -> None:
    policy = Policy(byte_limit=FULL, negotiation_timeout=1_000)

    def tell(choose: Callable[[int], int]) -> None:
        net = Ordered(policy, version, in_place)
        net.open()
        net.chooser = choose
        net.client.offer(bytes(FULL), net.t)
        net.server.offer(b"back", net.t)
        net.server.shut(net.t) if choose(2) else None
        net.settle()
        net.client.shut(net.t)
        net.settle()
        assert net.client.closed
        assert net.server.closed
        assert net.received("client") == [b"back"]
        net.judged()

    assert orders(tell) > 3


def test_both_ends_open_at_once() -> None:
    def tell(choose: Callable[[int], int]) -> None:
        net = Ordered(Policy(byte_limit=FULL))
        net.chooser = choose
        for role in ROLES[:: 1 if choose(2) else -1]:
            net.ends[role].open(0)
            net.ends[role].offer(bytes(FULL), 0)
        net.settle()
        assert net.received("client") == net.received("server") == [bytes(FULL)]
        assert net.client.epoch == net.server.epoch > 1
        net.judged()

    assert orders(tell) > 3

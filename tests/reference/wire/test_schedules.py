"""Any policy, any order of events that a network of one or two connections allows: nothing lost, doubled or reordered
while the link lives, no exception, and both logs conform."""

from __future__ import annotations

import random

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.negotiation import Version
from rekeyspec.reference.wire.seal import CIPHERS
from tests.reference.wire.net import Net

MINUTE = 60_000


def drawn(rnd: random.Random) -> Net:
    """A link by some policy, in some way."""
    version: Version = rnd.choice(["1.3", "1.3", "1.2"])
    in_place = version == "1.2" and rnd.random() < 0.5
    connections = rnd.choice([1, 2])
    policy = Policy(
        channels=2 if connections == 2 else rnd.choice([1, 2]),
        rekey_initiator=rnd.choice(["sender", "client", "server"]),
        byte_limit=rnd.choice([0, 20_000, 100_000]),
        byte_trigger=rnd.choice(["at-once", "next-data"]),
        byte_counts=rnd.choice(["data", "data+control"]),
        limit_from=rnd.choice(["own", "initiator"]),
        age_limit=rnd.choice([0, 20_000]),
        age_trigger=rnd.choice(["data", "timer"]),
        idle_period=rnd.choice([0, 3_000, 10_000]),
        heartbeat_sender=rnd.choice(["none", "client", "server", "both"]),
        heartbeat_protection=rnd.choice(["protected", "clear"]),
        while_waiting=rnd.choice(["send", "hold"]),
        idle_trigger=rnd.choice(["never", "any", "period", "heartbeat"]),
        reply_timeout=2_000,
        on_missed_reply=rnd.choice(["close", "rekey"]),
        proof_of_life=rnd.choice(["reply", "any"]),
        session_cache="off" if in_place else rnd.choice(["off", "on"]),
        max_message=1 << 17,
        queue_limit=1 << 18,
    )
    late = [0, 1, 5, 50, 200]
    return Net(policy, version, in_place, rnd.choice(list(CIPHERS)), connections, lambda: rnd.choice(late))


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_lost_whatever_comes_first(seed: int) -> None:
    rnd = random.Random(seed)
    net = drawn(rnd).open()
    sent: dict[Role, list[bytes]] = {role: [] for role in ROLES}
    while net.t < 2 * MINUTE:
        role = rnd.choice(ROLES)
        one = rnd.randbytes(rnd.choice([0, 1, 100, 17_000, 40_000]))
        if not net.offer(role, one):
            sent[role].append(one)
        net.until(net.t + rnd.choice([0, 1, 50, 1_000, 5_000, 15_000]))
    net.until(net.t + MINUTE // 4)
    assert net.ended("client") == net.ended("server") == []
    assert net.received("server") == sent["client"]
    assert net.received("client") == sent["server"]
    assert all(end.counters.unauthentic == end.counters.unreadable == 0 for end in net.ends.values())
    net.judged()


@pytest.mark.parametrize("initiator", ["sender", "client", "server"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_data_flows_where_a_negotiation_takes_longer_than_the_idle_period(version: Version, initiator: str) -> None:
    """A heartbeat that fell due in a negotiation marks the new key; what was offered meanwhile goes before it."""
    policy = Policy(
        idle_period=2000,
        heartbeat_sender="client",
        idle_trigger="heartbeat",
        reply_timeout=2000,
        negotiation_timeout=60_000,
        rekey_initiator=initiator,  # type: ignore[arg-type]
    )
    net = Net(policy, version).open()
    net.delay = lambda: 900
    net.until(5000)
    for role in ROLES:
        assert not net.offer(role, role.encode())
    net.until(30_000)
    assert net.received("server") == [b"client"]
    assert net.received("client") == [b"server"]
    net.judged()

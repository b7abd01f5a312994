"""A relay between two namespaces, and users in them."""

from __future__ import annotations

import asyncio

import pytest

from rekeyspec.conformance.peers.datagrams import LOOPBACK, Relay, Side, relaying, socket_in, using
from rekeyspec.conformance.peers.space import Space, two_spaces
from rekeyspec.conformance.target import Broken


@pytest.mark.peer("openvpn")
def test_a_relay_sees_what_passes_and_passes_on_what_it_is_told_to() -> None:
    async def story() -> list[tuple[Side, bytes]]:
        seen: list[tuple[Side, bytes]] = []
        made: list[Relay] = []

        def heard(side: Side, data: bytes) -> None:
            seen.append((side, data))
            if data != b"withheld":
                made[0].hand_on(side, data)

        async with two_spaces() as (one, two):
            with (
                relaying((one, 4000), (two, 4000), {"two": (LOOPBACK, 5000)}, heard) as relay,
                socket_in(one, LOOPBACK, 5000) as first,
                socket_in(two, LOOPBACK, 5000) as second,
            ):
                made.append(relay)
                for data in (b"withheld", b"there"):
                    first.sendto(data, (LOOPBACK, 4000))
                loop = asyncio.get_running_loop()
                came = await asyncio.wait_for(loop.sock_recv(second, 100), 5)
                second.sendto(came + b" and back", (LOOPBACK, 4000))
                assert await asyncio.wait_for(loop.sock_recv(first, 100), 5) == b"there and back"
        return seen

    assert asyncio.run(story()) == [("one", b"withheld"), ("one", b"there"), ("two", b"there and back")]


@pytest.mark.peer("openvpn")
def test_a_user_without_a_tunnel_is_told_so() -> None:
    async def story() -> str:
        async with two_spaces() as (one, _):
            with using(one, ("0.0.0.0", 7000), ("10.8.0.1", 7000), lambda _: None) as user:
                return user.send(100)

    assert asyncio.run(story()) == "Network is unreachable"


def test_a_namespace_that_is_gone_is_one_clear_message() -> None:
    with pytest.raises(Broken, match=r"no socket on 127.0.0.1 port 7000 in its namespace: No such file"):
        socket_in(Space(2**22 + 1, LOOPBACK), LOOPBACK, 7000)

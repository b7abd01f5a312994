"""Connections of which one side is gone: reset, silent, or shut one way. Real sockets, on loopback; each end is given
up within its policy's bounds, in its own time, and leaves nothing open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.aio import Lost, Wire, connect
from tests.reference.wire.test_aio import Site, echo, run

POLICY = Policy(
    idle_period=200, heartbeat_sender="both", reply_timeout=100, retries=1, byte_limit=20_000, negotiation_timeout=400
)
PATIENT = POLICY.but(idle_period=5_000, reply_timeout=2_000, negotiation_timeout=20_000)
"""Where no time has to be waited for, however busy the machine is."""

BOUND = 200 + 2 * 100
"""How long (ms) an end may hear nothing before it gives up: HB-1, then DEAD-1 and DEAD-2."""


class Hole:
    """A relay in which everything can vanish that goes to some ends, from some frame on, with both connections open."""

    def __init__(self, port: int, *, after: int = 1 << 30) -> None:
        self.port, self.left = port, after
        self.swallows: set[Role] = set()
        self._ways: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Its port."""
        server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for one in self._ways:
                one.cancel()
            await asyncio.gather(*self._ways, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        for to, source, sink in (("server", reader, back), ("client", there, writer)):
            self._ways.add(asyncio.create_task(self._carry(to, source, sink)))  # type: ignore[arg-type]

    async def _carry(self, to: Role, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(1 << 16):
                self.left -= 1
                if self.left < 0:
                    self.swallows = set(ROLES)
                if to not in self.swallows:
                    sink.write(data)
                    await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.transport.abort()


def closed_in_time(site: Site) -> None:
    """Assert that each end closed within the bound after it heard something for the last time."""
    for link, log in site.logs:
        if not log:
            continue  # not a byte came, so there was no link yet
        heard = max(one.t for one in log if one.do in ("Open", "Arrive", "SendData"))
        (close,) = [one for one in log if one.do == "Close"]
        assert close.t - heard <= max(BOUND, link.policy.negotiation_timeout if not link.token else 0), (
            link.role,
            close,
        )


@pytest.mark.parametrize("gone", [("client",), ("server",), ROLES], ids=["to client", "to server", "both ways"])
def test_a_peer_that_is_silent_is_given_up(gone: tuple[Role, ...]) -> None:
    async def test() -> None:
        site = Site(POLICY.but(negotiation_timeout=20_000))
        async with site.serving(echo) as server:
            hole = Hole(site.port)
            async with hole.open() as port:
                wire = await connect("127.0.0.1", port, site.link("client"))
                await wire.send(b"hello")
                async for one in wire.received():
                    assert one == b"hello"
                    hole.swallows = set(gone)
                    with contextlib.suppress(Lost):
                        await wire.send(b"who is there?")
                assert wire.why in ("DEAD-2", "EST-4", "CLOSE-1")
                await wire.ended()
                await server.idle()
        assert {link.role for link, _ in site.logs} == set(ROLES)
        closed_in_time(site)

    run(test())


@pytest.mark.parametrize("after", range(5))
def test_what_vanishes_in_the_first_negotiation_is_given_up(after: int) -> None:
    async def test() -> None:
        site = Site(POLICY)
        async with site.serving(echo) as server:
            async with Hole(site.port, after=after).open() as port:
                with contextlib.suppress(Lost):
                    wire = await connect("127.0.0.1", port, site.link("client"))
                    await wire.ended()
                await server.idle()
            assert not server.wires
        (first, *_) = [
            one.reason for _, log in site.logs for one in log if one.do == "Close" and one.reason != "CLOSE-1"
        ]
        assert first in ("EST-4", "DEAD-2")
        closed_in_time(site)

    run(test())


def reset(wire: Wire, connection: int) -> None:
    """Let the peer get a reset."""
    transport = wire._connections[connection].transport
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize(("connections", "which"), [(1, 0), (2, 0), (2, 1)])
def test_a_connection_that_is_reset_ends_the_link_and_its_other_connection(
    connections: int, which: int, who: Role
) -> None:
    async def test() -> None:
        site = Site(PATIENT.but(channels=connections), connections=connections)
        async with site.serving(echo) as server:
            wire = await site.connect()
            (other,) = server.wires
            await wire.send(b"hello")
            async for one in wire.received():
                assert one == b"hello"
                reset(wire if who == "client" else other, which)
            await wire.ended()
            await server.idle()
            assert other.link.closed
            assert {wire.why.split(":")[0], other.why.split(":")[0]} <= {
                "the connection was lost",
                "the connection was closed by the peer without a word",
                "CLOSE-1",
                "cancelled",
            }
            assert all(one.transport.is_closing() for one in (*wire._connections, *other._connections))

    run(test())


def test_a_peer_that_says_it_has_no_more_to_say_has_ended_the_link() -> None:
    """It has shut its way to us, and goes on reading."""

    async def test() -> None:
        site = Site(PATIENT)
        async with site.serving(echo) as server:
            wire = await site.connect()
            (other,) = server.wires
            wire._connections[0].transport.write_eof()
            await server.idle()
            assert other.why == "the connection was closed by the peer without a word"
            await wire.ended()

    run(test())


def test_a_second_connection_that_never_comes_fills_no_memory() -> None:
    async def test() -> None:
        said = 0

        async def served(wire: Wire) -> None:
            nonlocal said
            with contextlib.suppress(Lost):
                while said < 100:
                    await wire.send(bytes(60_000))
                    said += 1

        policy = Policy(channels=2, negotiation_timeout=400)
        site = Site(policy, connections=2)
        async with site.serving(served) as server:
            client = site.link("client")
            client.connections = 1  # it opens no other
            wire = await connect("127.0.0.1", site.port, client)
            (other,) = server.wires
            await asyncio.wait([asyncio.create_task(other.ended())], timeout=1)
            await wire.close()
        assert said * 60_000 <= policy.queue_limit
        assert other.link.closed

    run(test())

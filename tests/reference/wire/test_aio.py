"""Links over real TCP, on loopback: what is sent arrives, and whatever happens everything is closed in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest

from rekeyspec.conformance.oracle import judge
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role
from rekeyspec.reference.wire.aio import Lost, Server, Wire, connect
from rekeyspec.reference.wire.link import Link
from rekeyspec.reference.wire.negotiation import Connections
from tests.reference.wire.net import tls

LONG = 120.0
"""Longer than anything here takes (s); what takes longer hangs."""


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run it, and see that it leaves no task behind."""

    async def bounded() -> None:
        async with asyncio.timeout(LONG):
            await test
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(bounded())


class Site:
    """A server on loopback, and links to it."""

    def __init__(self, policy: Policy, *, connections: int = 1) -> None:
        self.policy, self.connections = policy, connections
        self.logs: list[tuple[Link, list[Event]]] = []
        self.port = 0

    def link(self, role: Role) -> Link:
        log: list[Event] = []
        made = Link(
            self.policy, role, Connections(tls(role, self.policy)), connections=self.connections, log=log.append
        )
        self.logs.append((made, log))
        return made

    @contextlib.asynccontextmanager
    async def serving(self, served: Callable[[Wire], Awaitable[None]]) -> AsyncIterator[Server]:
        server = Server(lambda: self.link("server"), served)
        self.port = await server.start("127.0.0.1", 0)
        try:
            yield server
        finally:
            await server.stop()
            for link, log in self.logs:
                found, _ = judge(link.policy, link.role, log)
                assert found is None, (link.role, found)

    async def connect(self) -> Wire:
        return await connect("127.0.0.1", self.port, self.link("client"))


async def echo(wire: Wire) -> None:
    """Say everything again."""
    async for one in wire.received():
        await wire.send(one)


@pytest.mark.parametrize("connections", [1, 2])
def test_what_is_sent_comes_back_under_many_keys(connections: int) -> None:
    async def test() -> None:
        site = Site(Policy(byte_limit=200_000, max_message=1 << 20, channels=connections), connections=connections)
        async with site.serving(echo):
            wire = await site.connect()
            sent = [bytes([n]) * (n * 9000) for n in range(40)]

            async def say() -> None:
                for one in sent:
                    await wire.send(one)

            saying = asyncio.create_task(say())
            heard = []
            async for one in wire.received():
                heard.append(one)
                if len(heard) == len(sent):
                    break
            await saying
            assert heard == sent
            assert wire.link.counters.renewals > 20
            await wire.close()

    run(test())


def test_the_end_of_one_is_the_end_of_the_other_and_is_told() -> None:
    async def test() -> None:
        whys: list[str] = []

        async def served(wire: Wire) -> None:
            async for _ in wire.received():
                pass
            whys.append(wire.why)

        site = Site(Policy())
        async with site.serving(served) as server:
            wire = await site.connect()
            await wire.send(b"last")
            await wire.close()
            assert wire.why == "CLOSE-1"
            await server.idle()
            assert whys == ["CLOSE-1"]
            with pytest.raises(Lost, match="CLOSE-1"):
                await wire.send(b"more")

    run(test())


def test_a_connection_that_is_cut_ends_the_link() -> None:
    async def test() -> None:
        site = Site(Policy())
        async with site.serving(echo) as server:
            wire = await site.connect()
            (other,) = server.wires
            other._connections[0].transport.abort()
            async for _ in wire.received():
                pass
            assert wire.why.startswith("the connection was ")
            await wire.close()

    run(test())


def test_a_peer_that_never_says_a_word_is_given_up() -> None:
    async def test() -> None:
        site = Site(Policy(negotiation_timeout=300))
        async with site.serving(echo) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            assert await reader.read() == b""
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            writer.write(bytes(4))
            while data := await reader.read(100):
                assert data
            writer.close()
            await server.idle()

    run(test())


def test_a_peer_that_reads_nothing_does_not_fill_memory_and_is_waited_for() -> None:
    async def test() -> None:
        release = asyncio.Event()
        enough = asyncio.Event()
        heard: list[int] = []

        async def slow(wire: Wire) -> None:
            await release.wait()
            async for one in wire.received():
                heard.append(len(one))
                enough.set() if len(heard) == 800 else None

        site = Site(Policy(max_message=1 << 16, queue_limit=1 << 18, byte_limit=1 << 20))
        async with site.serving(slow) as server:
            wire = await site.connect()
            sent = 0

            async def flood() -> None:
                nonlocal sent
                for _ in range(800):
                    await wire.send(bytes(1 << 16))
                    sent += 1

            flooding = asyncio.create_task(flood())
            before = -1
            while sent != before:  # until it stops by itself
                before = sent
                await asyncio.sleep(0.2)
            assert 0 < sent < 800
            (other,) = server.wires
            assert other._held <= (1 << 18) + (1 << 17)
            release.set()
            await flooding
            await wire.sent()
            await enough.wait()
            await wire.close()

    run(test())


def test_a_stranger_cannot_join() -> None:
    async def test() -> None:
        site = Site(Policy(channels=2), connections=2)
        async with site.serving(echo):
            wire = await site.connect()
            reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
            writer.write(b"RKSJ" + bytes(16))
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            await wire.send(b"still here")
            async for one in wire.received():
                assert one == b"still here"
                break
            await wire.close()

    run(test())


def test_no_server_is_an_error_and_no_key_another() -> None:
    async def test() -> None:
        site = Site(Policy(negotiation_timeout=300))

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(-1)
            writer.close()

        silent = await asyncio.start_server(mute, "127.0.0.1", 0)
        site.port = silent.sockets[0].getsockname()[1]
        with pytest.raises(Lost, match="EST-4"):
            await site.connect()
        silent.close()
        with pytest.raises(OSError, match=r"."):
            await site.connect()

    asyncio.run(test())

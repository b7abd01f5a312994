"""What the wire costs: `python -m rekeyspec.benchmarks.wire`.

Each figure is of things that are compared in one run: rounds of them take turns, and a ratio is the median of each
round's. Everything but the last part is in memory, both ends in one process. `bare` is what no link can do without:
the same records, as many of them sealed before they are opened as a link gives at a time, by calls of the cipher alone.
"""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
import time
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from OpenSSL import SSL

from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.aio import Server, Wire, connect
from rekeyspec.reference.wire.credentials import keygen, load
from rekeyspec.reference.wire.frames import PIECE
from rekeyspec.reference.wire.link import TAKEN, Link, Received
from rekeyspec.reference.wire.negotiation import Connections, Tls

MIB = 1 << 20
ROUNDS = 60
POLICY = profiles()["combined"].but(byte_limit=0, max_message=MIB, queue_limit=4 * MIB)
LOOPBACK = 128
"""So many MiB go over the loopback interface."""

IDLE = 200
"""So many idle links are weighed."""
CONNECTED = 40
"""And so many over TCP."""


class Pair:
    """Two links with nothing between them."""

    def __init__(self, tls: Mapping[Role, Tls], policy: Policy = POLICY) -> None:
        self.client, self.server = (Link(policy, role, Connections(tls[role])) for role in ROLES)
        self.t = 0
        self.server.open(0)
        self.client.open(0)
        self.settle()

    def settle(self) -> None:
        """Let everything arrive."""
        ends = ((self.client, self.server), (self.server, self.client))
        while sum(self._pass(*both) for both in ends):
            pass

    def _pass(self, sender: Link, receiver: Link) -> bool:
        passed = False
        while data := sender.take():
            receiver.receive(data, self.t)
            passed = True
        return passed

    def send(self, data: bytes) -> None:
        """One message from end to end."""
        why = self.client.offer(data, self.t)
        assert not why, why
        while sealed := self.client.take():
            self.server.receive(sealed, self.t)
        came = self.server.news.pop()
        assert isinstance(came, Received)
        assert sum(map(len, came.pieces)) == len(data)

    def renew(self) -> None:
        """One renegotiation, by the age of the key."""
        before = self.client.epoch
        self.t = min(self.client.deadline, self.server.deadline)
        self.client.tick(self.t)
        self.server.tick(self.t)
        self.settle()
        assert self.client.epoch == self.server.epoch == before + 1, self.client.news
        self.client.news.clear()
        self.server.news.clear()


def bare(data: bytes) -> Callable[[], None]:
    """A message by calls of the cipher alone."""
    cipher, header, number = AESGCM(os.urandom(16)), os.urandom(18), 0
    together = TAKEN // PIECE

    def work() -> None:
        nonlocal number
        view, whole = memoryview(data), []
        records = [view[at : at + PIECE] for at in range(0, len(data), PIECE)]
        for at in range(0, len(records), together):
            sealed = []
            for record in records[at : at + together]:
                nonce = number.to_bytes(12, "big")
                sealed.append((nonce, cipher.encrypt(nonce, record, header)))
                number += 1
            whole += [cipher.decrypt(nonce, one, header) for nonce, one in sealed]

    return work


def stdlib(folder: Path, data: bytes) -> Callable[[], None]:
    """A message through a pair of the standard library's `ssl`, by memory."""
    contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexts[0].load_verify_locations(folder / "authority.pem")
    contexts[1].load_cert_chain(folder / "server.pem", folder / "server.key")
    to_client, from_client, to_server, from_server = (ssl.MemoryBIO() for _ in range(4))
    client = contexts[0].wrap_bio(to_client, from_client, server_hostname="server")
    server = contexts[1].wrap_bio(to_server, from_server, server_side=True)
    for end in (client, server, client, server):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
        to_server.write(from_client.read())
        to_client.write(from_server.read())

    def work() -> None:
        client.write(data)
        while sealed := from_client.read(TAKEN):
            to_server.write(sealed)
        whole, size = [], 0
        while size < len(data):
            whole.append(server.read(PIECE))
            size += len(whole[-1])

    return work


def in_turns(works: Mapping[str, Callable[[], object]], count: int, rounds: int = ROUNDS) -> list[dict[str, float]]:
    """Seconds of each, once, in rounds that take turns; each does its work `count` times in a round."""
    found = []
    for number in range(-2, rounds):  # the first two warm it up
        took = {}
        for name, work in works.items():
            begun = time.perf_counter()
            for _ in range(count):
                work()
            took[name] = (time.perf_counter() - begun) / count
        if number >= 0:
            found.append(took)
    return found


def ratio(rounds: list[dict[str, float]], one: str, other: str) -> float:
    """How many times as long the one took as the other."""
    return median(took[one] / took[other] for took in rounds)


def messages(folder: Path, tls: Mapping[Role, Tls]) -> None:
    """Long messages and short ones."""
    pair = Pair(tls)
    for size, count in ((MIB, 4), (PIECE, 100)):
        data = os.urandom(size)
        works: dict[str, Callable[[], object]] = {
            "link": partial(pair.send, data),
            "bare": bare(data),
            "ssl": stdlib(folder, data),
        }
        rounds = in_turns(works, count)
        took = {name: median(one[name] for one in rounds) * 1e6 for name in works}
        over = median(one["link"] - one["bare"] for one in rounds) * 1e6
        print(f"{size >> 10:>5} KiB  " + ", ".join(f"{name} {us:,.0f} us" for name, us in took.items()))
        if size == MIB:
            print(f"           {ratio(rounds, 'bare', 'link'):.2f} of bare  (bound: 0.60 or more)")
            print(f"           {ratio(rounds, 'ssl', 'link'):.2f} times ssl  (bound: 1.5 or more)")
        else:
            print(f"           {over:.1f} us over bare  (bound: 20 or less)")


def handshake(contexts: Mapping[Role, SSL.Context], session: SSL.Session | None = None) -> SSL.Connection:
    """A bare handshake of pyOpenSSL, through memory."""
    ends = {role: SSL.Connection(contexts[role], None) for role in ROLES}
    for role, end in ends.items():
        end.set_app_data(_App())
        if role == "client":
            end.set_connect_state()
            if session is not None:
                end.set_session(session)
        else:
            end.set_accept_state()
    done = dict.fromkeys(ROLES, False)
    order: tuple[tuple[Role, Role], ...] = (("client", "server"), ("server", "client"))
    for one, other in order * 3:
        try:
            if not done[one]:
                ends[one].do_handshake()
                done[one] = True
            ends[one].recv(1)
        except SSL.WantReadError:
            pass
        try:
            while True:
                ends[other].bio_write(ends[one].bio_read(PIECE))
        except SSL.WantReadError:
            continue
    assert all(done.values())
    ends["server"].set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
    ends["client"].set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
    return ends["client"]


class _App:
    """What the contexts of `Tls` tell their connections."""

    full = False
    why = ""


def negotiations(tls: Mapping[Role, Tls]) -> None:
    """Renegotiations of a link beside handshakes of the same configuration."""
    often = POLICY.but(age_limit=1000, idle_period=3_600_000)
    full = Pair(tls, often)
    resumed = Pair(tls, often.but(session_cache="on", session_lifetime=1 << 40))
    contexts = {role: tls[role].fresh() for role in ROLES}
    session = handshake(contexts).get_session()
    works: dict[str, Callable[[], object]] = {
        "full": full.renew,
        "bare full": partial(handshake, contexts),
        "abbreviated": resumed.renew,
        "bare abbreviated": partial(handshake, contexts, session),
    }
    rounds = in_turns(works, 5, 20)
    for name in ("full", "abbreviated"):
        took, its = (median(one[which] for one in rounds) * 1e3 for which in (name, f"bare {name}"))
        times = ratio(rounds, name, f"bare {name}")
        print(f"{name:<12} {took:.2f} ms, bare {its:.2f} ms: {times:.2f} times  (bound: 1.3 or less)")


async def over_loopback(tls: Mapping[Role, Tls], data: bytes, count: int) -> float:
    """Seconds for so many messages over TCP, from the first until the last has come."""
    done = asyncio.Event()
    left = count * len(data)

    async def served(wire: Wire) -> None:
        nonlocal left
        async for one in wire.received():
            left -= len(one)
            if left <= 0:
                done.set()

    server = Server(lambda: Link(POLICY, "server", Connections(tls["server"])), served)
    port = await server.start("127.0.0.1", 0)
    wire = await connect("127.0.0.1", port, Link(POLICY, "client", Connections(tls["client"])))
    begun = time.perf_counter()
    for _ in range(count):
        await wire.send(data)
    await done.wait()
    took = time.perf_counter() - begun
    await wire.close()
    await server.stop()
    return took


async def over_tls(folder: Path, data: bytes, count: int) -> float:
    """The same by asyncio's TLS."""
    done = asyncio.Event()
    left = count * len(data)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        while left > 0:
            left -= len(await reader.read(TAKEN))
        done.set()
        writer.close()

    contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexts[0].load_verify_locations(folder / "authority.pem")
    contexts[1].load_cert_chain(folder / "server.pem", folder / "server.key")
    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=contexts[1])
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=contexts[0], server_hostname="localhost")
    begun = time.perf_counter()
    for _ in range(count):
        writer.write(data)
        await writer.drain()
    await done.wait()
    took = time.perf_counter() - begun
    writer.close()
    server.close()
    return took


def loopback(folder: Path, tls: Mapping[Role, Tls]) -> None:
    """Throughput over TCP, both ends on one event loop."""
    for size in (MIB // 16, MIB // 4, MIB):
        data, count, rounds = os.urandom(size), LOOPBACK * MIB // size, []
        for _ in range(5):
            ours, theirs = asyncio.run(over_loopback(tls, data, count)), asyncio.run(over_tls(folder, data, count))
            rounds.append({"link": ours, "tls": theirs})
        link, other = (LOOPBACK / median(one[name] for one in rounds) for name in ("link", "tls"))
        print(
            f"loopback     {size >> 10:>4} KiB: link {link:,.0f} MiB/s, tls {other:,.0f}: "
            f"{ratio(rounds, 'tls', 'link'):.2f} times asyncio's TLS  (bound: 1.0 or more)"
        )


class Timed(asyncio.SelectorEventLoop):
    """An event loop that counts the timers that are set."""

    def __init__(self) -> None:
        super().__init__()
        self.set: list[asyncio.TimerHandle] = []

    def call_at(self, when: float, callback: Callable[..., object], *args: object, **more: Any) -> asyncio.TimerHandle:
        """As every event loop's."""
        handle = super().call_at(when, callback, *args, **more)
        self.set.append(handle)
        return handle


def idle(tls: Mapping[Role, Tls]) -> None:
    """What idle links hold: of Python's memory, and timers."""
    policy, loop = profiles()["combined"], Timed()
    weighed = _weighed(lambda: _quiet([Pair(tls, policy) for _ in range(IDLE)]))
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        wires = runner.run(_connected(tls, policy))  # the first ones bring what all share
        more: list[Wire] = []
        with_asyncio = _weighed(lambda: more.extend(runner.run(_connected(tls, policy))))
        wires += more
        runner.run(asyncio.sleep(0))
        now = loop.time()
        timers = sum(not one.cancelled() and one.when() > now for one in loop.set) / (2 * len(wires))
        for wire in wires:
            runner.run(wire.close())
    print(
        f"idle link    {weighed / 1024 / 2 / IDLE:.1f} KiB without what OpenSSL and asyncio hold, {timers:.0f} timer  "
        f"(bound: 8, and 1); {with_asyncio / 1024 / 2 / CONNECTED:.1f} KiB with asyncio's transport and all of its kind"
    )


def _quiet(pairs: list[Pair]) -> list[Pair]:
    """Nobody asks for their news any more."""
    for pair in pairs:
        pair.client.news.clear()
        pair.server.news.clear()
    return pairs


def _weighed(work: Callable[[], object]) -> int:
    """How much memory of Python's this makes that is held then, in bytes."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    made = work()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del made
    return held


async def _connected(tls: Mapping[Role, Tls], policy: Policy) -> list[Wire]:
    """Links over TCP that say nothing any more."""
    server = Server(lambda: Link(policy, "server", Connections(tls["server"])), _until_the_end)
    port = await server.start("127.0.0.1", 0)
    return [
        await connect("127.0.0.1", port, Link(policy, "client", Connections(tls["client"]))) for _ in range(CONNECTED)
    ]


async def _until_the_end(wire: Wire) -> None:
    await wire.ended()


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        keygen(folder, ("localhost", "127.0.0.1"))
        tls = {
            role: Tls(
                load(folder / "authority.pem", folder / f"{role}.pem", folder / f"{role}.key"),
                role,
                peer="server" if role == "client" else "",
            )
            for role in ROLES
        }
        messages(folder, tls)
        negotiations(tls)
        loopback(folder, tls)
        idle(tls)


if __name__ == "__main__":
    main()

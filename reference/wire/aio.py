"""Links over TCP: a link, its one connection or two, and the clock.

Back-pressure goes all the way: `send` waits while the rules or the peer let nothing go; while the user takes nothing,
or the peer does not read what is said to it, nothing more is read, and TCP tells the peer. Timers are the link's one
deadline. Whatever happens, connections are closed and tasks are ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from rekeyspec.reference.vocabulary import NEVER
from rekeyspec.reference.wire.link import Link, News, Received
from rekeyspec.reference.wire.port import Port

JOIN: Final = b"RKSJ"
"""How a connection begins that is the second one of a link: this, then the link's token. No frame begins so."""

TOKEN: Final = 16
GOODBYE: Final = 1.0
"""How long (s) a peer may take to read what was said last, before the connection is cut."""

Serve = Callable[["Wire"], Awaitable[None]]


class Lost(ConnectionError):
    """The link has ended. The message says why."""


class Wire:
    """One open link over its connections. Made by `connect` and `serve`, on a running event loop."""

    def __init__(self, link: Link, *, on_news: Callable[[News], None] = lambda _: None) -> None:
        self.link = link
        self._on_news = on_news
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._connections: list[Port] = []
        self._timer: asyncio.TimerHandle | None = None
        self._at = NEVER
        self._inbox: deque[Received] = deque()
        self._held = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._why = ""
        self._over = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None

    # For the user.

    async def send(self, data: bytes) -> None:
        """Send one message. Returns when it has been accepted and the connection has room for more; waits before that
        while `queue_limit` bytes wait. Raises Lost when the link has ended, ValueError for a message that no rule lets
        pass (`max_message`, `direction`)."""
        while True:
            if self.link.closed:
                raise Lost(self._why or "the link has ended")
            why = self.link.offer(data, self._now())
            self._go_on()
            if not why:
                break
            if why != "queue_limit":
                raise Lost(self._why) if why == "closed" else ValueError(f"refused: {why} (LIM-1)")
            await self._change()
        await self._drained()

    async def received(self) -> AsyncIterator[bytes]:
        """The messages of the peer, as they are delivered, until the link ends. What was delivered before that is given
        first. `why` says how it ended."""
        while True:
            while self._inbox:
                one = self._inbox.popleft().data
                self._held -= len(one)
                self._read_on()
                yield one
            if self.link.closed:
                return
            await self._change()

    async def sent(self) -> None:
        """Wait until nothing that was offered waits here any more. Raises Lost when the link ends before that."""
        while self.link.waiting:
            if self.link.closed:
                raise Lost(self._why)
            await self._change()
        await self._drained()

    async def established(self) -> None:
        """Wait for the first key. Raises Lost when the link ends without one."""
        while not self.link.token:
            if self.link.closed:
                raise Lost(self._why)
            await self._change()

    async def complete(self) -> None:
        """Wait for all its connections, no longer than for a negotiation: what is sent over one that never comes would
        only be kept. Raises Lost when the link ends before that."""
        try:
            async with asyncio.timeout(self.link.policy.negotiation_timeout / 1000):
                while not self.whole and not self.link.closed:
                    await self._change()
        except TimeoutError:
            await self.close("the connection for its data did not come in time")
        if self.link.closed:
            raise Lost(self._why)

    async def ended(self) -> None:
        """Wait until the link has ended and its connections are closed."""
        await self._over.wait()

    @property
    def why(self) -> str:
        """Why the link has ended; empty while it lives."""
        return self._why

    async def close(self, why: str = "") -> None:
        """End the link, tell the peer, and close its connections. May be called again, and when it has ended."""
        self.link.shut(self._now(), why)
        self._go_on()
        await self._over.wait()

    # What happens to it.

    def attach(self, port: Port) -> None:
        """The next connection of the link: the first carries control, the second data, or the first both."""
        if self.link.closed:
            port.transport.abort()
            return
        self._connections.append(port)
        if len(self._connections) == 1:
            self.link.open(self._now())
        port.owned(self, len(self._connections) - 1)
        self._go_on()

    @property
    def whole(self) -> bool:
        """Has it all its connections?"""
        return len(self._connections) == self.link.connections

    def _now(self) -> int:
        return int((self._loop.time() - self._began) * 1000)

    # What its connections tell.

    def came(self, port: Port, data: bytes | memoryview) -> None:
        """See `Owner`."""
        self.link.receive(data, self._now(), port.number)
        self._go_on()
        self._read_on()

    def writable(self) -> None:
        """See `Owner`."""
        self._go_on()
        self._read_on()

    def gone(self, why: str) -> None:
        """See `Owner`."""
        if not self.link.closed:
            self.link.shut(self._now(), why)
            self._go_on()

    def _read_on(self) -> None:
        """Read no more while the user takes nothing, or the peer, or while data waits for its key (EARLY-1)."""
        full = self._held > self.link.policy.queue_limit or any(one.full for one in self._connections)
        for port in self._connections:
            early = self.link.early and port.number == self.link.connections - 1 > 0
            if (full or early) and not self.link.closed:
                port.transport.pause_reading()
            else:
                port.transport.resume_reading()

    async def _drained(self) -> None:
        while any(one.full for one in self._connections) and not self.link.closed:
            await self._change()

    def _go_on(self) -> None:
        """After every event: send what is to be sent, tell what is new, set the timer, and end what has ended."""
        for port in self._connections:
            while (not port.full or self.link.closed) and (data := self.link.take(port.number)):
                if not port.lost.done():
                    port.transport.write(data)
        while self.link.news:
            one = self.link.news.popleft()
            if isinstance(one, Received):
                self._inbox.append(one)
                self._held += sum(map(len, one.pieces))
            else:
                self._on_news(one)
                self._why = getattr(one, "why", self._why)
        self._set_timer()
        self._touch()
        if self.link.closed and not self._over.is_set() and self._ending is None:
            self._ending = self._loop.create_task(self._end())

    def _set_timer(self) -> None:
        """The timer rings at the deadline or before: most deadlines move on before they come, and it is set again when
        it rings in vain."""
        at = self.link.deadline
        if self._timer is not None:
            if self._at <= at < NEVER:
                return
            self._timer.cancel()
        self._at = at
        self._timer = None if at == NEVER else self._loop.call_at(self._began + at / 1000 + 0.0005, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._at < self.link.deadline:
            self._set_timer()
            return
        self.link.tick(max(self._now(), self._at))
        self._go_on()

    async def _end(self) -> None:
        """Say the last word, for a bounded time, and let go of everything."""
        for port in self._connections:
            port.transport.close()
        for until in (GOODBYE, None):
            if self._connections:
                await asyncio.wait([port.lost for port in self._connections], timeout=until)
            for port in self._connections:
                port.transport.abort()
        self._over.set()
        self._touch()

    def _touch(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def _change(self) -> None:
        change = self._loop.create_future()
        self._waiting.append(change)
        await change


async def connect(host: str, port: int, link: Link, *, on_news: Callable[[News], None] = lambda _: None) -> Wire:
    """Open a link to a server. Returns when the first key is in force. Raises OSError where nobody listens, Lost where
    no key comes of it."""
    loop = asyncio.get_running_loop()
    _, first = await loop.create_connection(Port, host, port)
    wire = Wire(link, on_news=on_news)
    wire.attach(first)
    try:
        await wire.established()
        if not wire.whole:
            _, second = await loop.create_connection(Port, host, port)
            second.transport.write(JOIN + link.token)
            wire.attach(second)
    except BaseException:
        await wire.close()
        raise
    return wire


class Server:
    """Listens, and runs `served` for each link that comes. A link of two connections is known by its token."""

    def __init__(
        self, make: Callable[[], Link], served: Serve, *, on_news: Callable[[Link, News], None] = lambda _l, _n: None
    ) -> None:
        self._make, self._served, self._on_news = make, served, on_news
        self._listening: asyncio.Server | None = None
        self._joining: dict[bytes, Wire] = {}
        self._links: set[asyncio.Task[None]] = set()
        self._wires: set[Wire] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, which is one that is free where 0 is asked for."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: Port(self._made), host, port)
        return int(self._listening.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more, end every link in good order, and wait for them."""
        if self._listening is not None:
            self._listening.close()
        await asyncio.gather(*(wire.close() for wire in self._wires), return_exceptions=True)
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until no link is open, nor any connection about to be one."""
        while self._links:
            await asyncio.wait(self._links)

    @property
    def wires(self) -> frozenset[Wire]:
        """The links that are open."""
        return frozenset(self._wires)

    def _made(self, port: Port) -> None:
        task = asyncio.get_running_loop().create_task(self._came(port))
        self._links.add(task)
        task.add_done_callback(self._links.discard)

    async def _came(self, port: Port) -> None:
        try:
            await self._begin(port)
        except (TimeoutError, ConnectionError):
            port.transport.abort()
        except asyncio.CancelledError:
            port.transport.abort()
            raise

    async def _begin(self, port: Port) -> None:
        link = self._make()
        async with asyncio.timeout(link.policy.negotiation_timeout / 1000):
            first = await port.begins(len(JOIN))
            if first == JOIN:
                other = self._joining.pop(await port.begins(TOKEN), None)
                if other is None or other.link.closed:
                    port.transport.abort()
                else:
                    other.attach(port)
                return
        port.give_back(first)
        wire = Wire(link, on_news=lambda one: self._on_news(link, one))
        self._wires.add(wire)
        try:
            wire.attach(port)
            await wire.established()
            if not wire.whole:
                self._joining[link.token] = wire
                await wire.complete()
            await self._served(wire)
        except Lost:
            pass
        finally:
            await wire.close()
            self._wires.discard(wire)
            self._joining.pop(link.token, None)

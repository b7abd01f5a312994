"""A proxy between the client and the server of a link: it knows frames by their clear headers, and opens none.

Whoever has no key can do no more than this: keep frames back, lose them, repeat them, change them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal, NamedTuple

from rekeyspec.reference.wire.frames import HEADER

Way = Literal["up", "down"]
"""To the server, to the client."""


class Frame(NamedTuple):
    """One whole frame."""

    form: int
    epoch: int
    length: int
    raw: bytes


Lets = Callable[[Frame], bool]


def everything(_: Frame) -> bool:
    """Let it through."""
    return True


def nothing(_: Frame) -> bool:
    """Lose it."""
    return False


class Proxy:
    """The knobs: what each way lets through, and how long (s) it keeps it back."""

    def __init__(self) -> None:
        self.port = self.server = 0
        self.lets: dict[Way, Lets] = {"up": everything, "down": everything}
        self.delay: dict[Way, float] = {"up": 0.0, "down": 0.0}
        self.alters = self.repeats = False
        """Each frame to the client comes after a copy of it with one bit changed, or before one as it is."""
        self.came, self.lost = asyncio.Event(), asyncio.Event()
        """The client's connection came, and ended."""
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a client's connection to one to the server. Ends with either."""
        self.came.set()
        self._writers.append(writer)
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.server)
            self._writers.append(back)
            pumps = [asyncio.create_task(self._pump(*way)) for way in (("up", reader, back), ("down", there, writer))]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        self.close()
        self.lost.set()

    def close(self) -> None:
        """Close both connections."""
        for writer in self._writers:
            writer.close()

    async def closed(self) -> None:
        """Close both connections, and wait until they are."""
        self.close()
        for writer in self._writers:
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    async def _pump(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            frame = await self._next(reader)
            if not self.lets[way](frame):
                continue
            raw = frame.raw
            if way == "down" and self.alters:
                raw = raw[:-1] + bytes((raw[-1] ^ 1,)) + raw
            if way == "down" and self.repeats:
                raw += raw
            if self.delay[way]:
                asyncio.get_running_loop().call_later(self.delay[way], self._put, writer, raw)
            else:
                self._put(writer, raw)

    async def _next(self, reader: asyncio.StreamReader) -> Frame:
        head = await reader.readexactly(HEADER.size)
        form, _channel, epoch, _number, length = HEADER.unpack(head)
        return Frame(form, epoch, length, head + await reader.readexactly(length))

    def _put(self, writer: asyncio.StreamWriter, raw: bytes) -> None:
        if not writer.is_closing():
            writer.write(raw)


@asynccontextmanager
async def proxying() -> AsyncIterator[Proxy]:
    """A proxy on a free port of 127.0.0.1. Set `server` before a client comes."""
    proxy = Proxy()
    serving: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        await proxy.serve(reader, writer)

    listening = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        proxy.port = listening.sockets[0].getsockname()[1]
        yield proxy
    finally:
        listening.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await proxy.closed()

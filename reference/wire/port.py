"""One TCP connection of a link, as asyncio's transports know it. What comes goes on at once; what is slow is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakKeyDictionary

READ: Final = 1 << 17
"""How much is read at a time at most, in bytes."""

SILENT: Final = "the connection was closed by the peer without a word"

_buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, bytearray] = WeakKeyDictionary()
"""What is read into: one for each event loop, since what is read is taken out before anything else is."""


class Owner(Protocol):
    """Who has a connection, and hears of it."""

    def came(self, port: Port, data: bytes | memoryview) -> None:
        """These bytes came over it. A view is of a buffer that others use when this returns."""

    def writable(self) -> None:
        """It takes more again."""

    def gone(self, why: str) -> None:
        """Nothing more will come over it."""


class Port(asyncio.BufferedProtocol):
    """A connection. Until somebody owns it, what comes is kept here, READ bytes at most."""

    __slots__ = ("_made", "_view", "first", "full", "heard", "lost", "number", "owner", "transport")

    transport: asyncio.Transport

    def __init__(self, made: Callable[[Port], None] = lambda _: None) -> None:
        self._made, self.number = made, 0
        self.owner: Owner | None = None
        self.first = b""
        self.full = False
        """More waits to be written than the transport likes."""
        loop = asyncio.get_running_loop()
        self.heard, self.lost = asyncio.Event(), loop.create_future()
        self._view = memoryview(_buffers.setdefault(loop, bytearray(READ)))

    def owned(self, owner: Owner, number: int) -> None:
        """From now on this one hears of it; first of what has come already."""
        self.owner, self.number = owner, number
        self.transport.resume_reading()
        first, self.first = self.first, b""
        if first:
            owner.came(self, first)
        if self.lost.done():
            owner.gone(SILENT)

    async def begins(self, size: int) -> bytes:
        """The first so many bytes. Raises ConnectionError where the connection ends before."""
        while len(self.first) < size:
            if self.lost.done():
                raise ConnectionResetError(SILENT)
            self.heard.clear()
            await self.heard.wait()
        begun, self.first = self.first[:size], self.first[size:]
        return begun

    def give_back(self, data: bytes) -> None:
        """What was taken is to come again, before all else."""
        self.first = data + self.first

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read into."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """So much was read."""
        data = self._view[:nbytes]
        if self.owner is not None:
            self.owner.came(self, data)
            return
        self.first += data
        self.heard.set()
        if len(self.first) >= READ:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The peer says no more. Is the connection to stay open for what is said to it?"""
        self._gone(SILENT)
        return self.owner is not None  # who has it closes it

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if not self.lost.done():
            self.lost.set_result(None)
        self._gone(SILENT if exc is None else f"the connection was lost: {exc}")

    def pause_writing(self) -> None:
        """Enough waits to be written."""
        self.full = True

    def resume_writing(self) -> None:
        """Most of it has been."""
        self.full = False
        if self.owner is not None:
            self.owner.writable()

    def _gone(self, why: str) -> None:
        self.heard.set()
        if self.owner is not None:
            self.owner.gone(why)

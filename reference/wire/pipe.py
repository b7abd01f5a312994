"""A link as a pipe: bytes in at one end, out at the other.

An empty message says that there are no more bytes: the rules know of messages only, and the end of a link may overtake
its last data where that has a connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Protocol

from rekeyspec.reference.wire.aio import Lost, Wire

PIECE: Final = 1 << 16
"""How much of a stream makes one message, in bytes, where `max_message` allows it."""

Source = AsyncIterator[bytes]
Sink = Callable[[bytes], Awaitable[None]]


class Cut(Exception):
    """The stream did not come to its end: the link ended before. The message says why."""


class File(Protocol):
    """An open file of bytes."""

    def fileno(self) -> int:
        """The number of its descriptor."""


async def join(wire: Wire, source: Source, sink: Sink, at_end: Callable[[], None] = lambda: None) -> None:
    """Both ways at once, as far as `direction` lets data flow, until both streams are at their ends; then the link is
    closed. `at_end` is called when the peer's stream is. Raises Cut where the link ends before that.

    The end of a stream is an empty message, and a second one says that the other's has come too. The client closes when
    it has heard both; where data flows one way, the end that receives it closes.
    """
    policy, role = wire.link.policy, wire.link.role
    sends, hears = policy.may_offer(role), policy.may_offer("server" if role == "client" else "client")
    messages = wire.received()
    pouring = asyncio.ensure_future(_pour(source, wire, sends))
    try:
        if hears:
            await _drain(messages, wire, sink)
            at_end()
        await _unless_it_ends(pouring, wire)
        if sends and hears:
            await wire.send(b"")
        if hears and not (sends and role == "server"):
            if sends:
                await _drain(messages, wire, sink)
            await wire.close()
        async for _ in messages:
            pass  # until the other closes
        if wire.why != "CLOSE-1":
            raise Cut(wire.why)
    except Lost as why:
        raise Cut(str(why)) from None
    finally:
        pouring.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await pouring
        await wire.close()


async def _unless_it_ends(pouring: asyncio.Future[None], wire: Wire) -> None:
    """Wait for the stream's end, which may never come: the link's end is noticed too."""
    ended = asyncio.ensure_future(wire.ended())
    try:
        await asyncio.wait({pouring, ended}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
    if not pouring.done():
        raise Cut(wire.why)
    await pouring


async def _pour(source: Source, wire: Wire, sends: bool) -> None:
    """Send all of the stream, and that it is at its end."""
    if not sends:
        return
    most = min(PIECE, wire.link.policy.max_message)
    async for piece in source:
        for at in range(0, len(piece), most):
            await wire.send(piece[at : at + most])
    await wire.send(b"")


async def _drain(messages: Source, wire: Wire, sink: Sink) -> None:
    """Give all of the peer's stream to the sink."""
    async for piece in messages:
        if not piece:
            return
        await sink(piece)
    raise Cut(wire.why)


async def nothing() -> Source:
    """A stream that is at its end."""
    for never in list[bytes]():
        yield never


async def reading(file: File) -> Source:
    """The bytes of a file, a pipe or a terminal."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        while data := os.read(file.fileno(), PIECE):
            yield data
        return
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), file
    )
    try:
        while data := await reader.read(PIECE):
            yield data
    finally:
        transport.close()


async def stream(reader: asyncio.StreamReader) -> Source:
    """The bytes of a TCP connection."""
    while data := await reader.read(PIECE):
        yield data


def writing(file: File) -> Sink:
    """Writes to a file, a pipe or a terminal; a pipe whose reader is slow is waited for without holding up the rest."""

    async def write(data: bytes) -> None:
        await asyncio.to_thread(_write_all, file.fileno(), data)

    def direct(data: bytes) -> Awaitable[None]:
        _write_all(file.fileno(), data)
        return _nothing()

    return direct if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else write


def _write_all(number: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(number, left) :]


async def _nothing() -> None:
    return


async def forward(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join a link to a TCP connection, and close both. Raises Cut."""

    async def sink(data: bytes) -> None:
        writer.write(data)
        await writer.drain()

    def at_end() -> None:
        if writer.can_write_eof():
            writer.write_eof()

    try:
        await join(wire, stream(reader), sink, at_end)
    except (ConnectionError, OSError) as why:
        raise Cut(f"the connection that is forwarded was lost: {why}") from None
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, OSError):
            await writer.wait_closed()

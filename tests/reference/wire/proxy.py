"""A man in the middle, on loopback: he reads frames, and does to them what a seed says."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from rekeyspec.reference.vocabulary import Role
from rekeyspec.reference.wire.frames import HEADER, header

MISCHIEF: Final = ("drop", "delay", "cut", "twice", "swap", "replay", "flip", "forge", "close")
"""Lose a frame, hold it up, end the connection in the middle of one, send it twice, behind the next one, or again much
later; change a bit of it, make one up, and end the connection."""


Watch = Callable[[Role, bytes, bool], Awaitable[None]]
"""Is told of each frame to this end, before it is passed on (False) and after it (True)."""


async def nobody(_to: Role, _frame: bytes, _passed: bool) -> None:
    """Watches nothing."""


class Proxy:
    """Between a client and a server. Of each frame it is `odds` to 1 that nothing happens; with 0 it is certain."""

    def __init__(
        self, seed: int, host: str, port: int, *, odds: int, kinds: tuple[str, ...] = MISCHIEF, watch: Watch = nobody
    ) -> None:
        self._random = random.Random(seed)
        self._to = host, port
        self._odds, self._kinds, self._watch = odds, kinds, watch
        self.done: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Its port, while it runs."""
        server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection(*self._to)
        ways = [
            asyncio.ensure_future(self._carry("server", reader, back)),
            asyncio.ensure_future(self._carry("client", there, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in ways:
                one.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (back, writer):
                end.close()
                with contextlib.suppress(ConnectionError):
                    await end.wait_closed()

    async def _carry(self, to: Role, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen: list[bytes] = []
        held = b""
        while True:
            try:
                head = await reader.readexactly(HEADER.size)
                frame = head + await reader.readexactly(HEADER.unpack(head)[-1])
            except asyncio.IncompleteReadError:
                return
            await self._watch(to, frame, False)
            seen.append(frame)
            out, held = frame + held, b""
            if self._odds and self._random.randrange(self._odds) == 0:
                did = self._random.choice(self._kinds)
                self.done.append(did)
                if did in ("cut", "close"):
                    writer.write(frame[: self._random.randrange(len(frame))] if did == "cut" else b"")
                    await writer.drain()
                    return
                if did == "swap":
                    held = frame
                    continue
                out = await self._changed(did, frame, seen)
            writer.write(out)
            await writer.drain()
            await self._watch(to, frame, True)

    async def _changed(self, did: str, frame: bytes, seen: list[bytes]) -> bytes:
        rnd = self._random
        match did:
            case "drop":
                return b""
            case "delay":
                await asyncio.sleep(rnd.choice([0.01, 0.1, 0.4]))
                return frame
            case "twice":
                return frame + frame
            case "replay":
                return frame + rnd.choice(seen)
            case "flip":
                at = rnd.randrange(HEADER.size, len(frame)) if len(frame) > HEADER.size else 0
                return frame[:at] + bytes([frame[at] ^ 1 << rnd.randrange(8)]) + frame[at + 1 :]
        body = rnd.randbytes(rnd.randrange(31, 200))
        return frame + header(rnd.random() < 0.5, "single", rnd.randrange(3), rnd.randrange(50), len(body)) + body

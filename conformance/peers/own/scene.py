"""One run: a server, a client, our proxy between them, and a script that plays with all three.

Both programs are started as their user would, with a policy file. The server joins its link to a connection of ours,
so that a script is the server's user too. When the script is over the client's stdin closes; a client that cannot end
its link in order then is sent SIGTERM. The log of the end that is judged is read after that.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from rekeyspec.conformance.log import LoggedEvent, event
from rekeyspec.conformance.peers.child import Child, child
from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.own.proxy import Proxy, proxying
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

PATIENCE: Final = 20.0
"""How long (s) a program may take to start or connect."""

GRACE: Final = 0.6
"""How long (s) the client may take to end its link in order before it is sent SIGTERM."""

LISTENING: Final = "rekeyspec: listening on 127.0.0.1:"

_DECODE: Final = msgspec.json.Decoder(LoggedEvent).decode


class Scene:
    """What a script can do: play the client's user, the server's user, and the knobs of the proxy."""

    def __init__(self, proxy: Proxy, client: Child, users: _ServerUser) -> None:
        self.proxy = proxy
        self._client = client
        self._user = users

    def write(self, size: int) -> None:
        """The client's user sends so many bytes."""
        self._client.write(b"." * size)

    def send(self, size: int) -> None:
        """The server's user sends so many bytes."""
        self._user.send(size)

    async def write_often(self, count: int, size: int, pause: float = 0.05) -> None:
        """The client's user sends messages of `size` bytes, `pause` s apart."""
        for _ in range(count):
            self.write(size)
            await self.wait(pause)

    async def send_often(self, count: int, size: int, pause: float = 0.05) -> None:
        """The server's user sends messages of `size` bytes, `pause` s apart."""
        for _ in range(count):
            self.send(size)
            await self.wait(pause)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until_lost(self, seconds: float) -> None:
        """Let time pass, at most so much, until the link's connection has ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.proxy.lost.wait(), seconds)


@dataclass(frozen=True)
class Provocation:
    """The script; whether it begins before the first key; what is set on the proxy before; the authority's file."""

    script: Callable[[Scene], Awaitable[None]]
    before: bool = False
    knobs: Mapping[str, Any] = field(default_factory=dict)
    believed: str = "authority.pem"


class _ServerUser(asyncio.Protocol):
    """The other side of the server's `--forward`: what the server's user sends and gets."""

    def __init__(self) -> None:
        self.port = 0
        self.ready, self.over = asyncio.Event(), asyncio.Event()
        """There is a link; it has ended."""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A link is open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.ready.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The link has ended."""
        self.over.set()

    def eof_received(self) -> bool:
        """The client's user has nothing more to say, and so the server's has not either."""
        return False

    def send(self, size: int) -> None:
        """Send so many bytes, if there is a link."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"." * size)

    async def close(self) -> None:
        """There is no more to send."""
        if self._transport is not None:
            self._transport.abort()
            await self.over.wait()


@dataclass(frozen=True)
class Stage:
    """Performs experiments, with the same keys for all of them, each run in a folder of its own below `private`."""

    private: Path
    starting: asyncio.Semaphore
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed when a program does not start, or leaves no log that can be read."""
        folder = self.private / f"run-{next(self._numbers)}"
        folder.mkdir()
        said: list[str] = []
        policy = folder / "policy.yaml"
        policy.write_text(json.dumps({"policy": 0, "parameters": _changed(e.policy)}), "utf-8")
        async with AsyncExitStack() as around:
            proxy = await around.enter_async_context(proxying())
            user = await around.enter_async_context(_user())
            for knob, value in e.provocation.knobs.items():
                setattr(proxy, knob, value)
            async with self.starting:
                proxy.server = await around.enter_async_context(self._server(folder, policy, user.port, said))
                client = await around.enter_async_context(
                    self._client(folder, policy, proxy, user, e.provocation, said)
                )
            await e.provocation.script(Scene(proxy, client, user))
            if client.ended.is_set() and "SIG" in (fate := await client.fate()):
                raise Failed(f"the client {fate} in the middle of the experiment", {"program.log": "\n".join(said)})
        log = folder / f"{e.end}.jsonl"
        events = read(log, said)
        return Observed(events, tuple(_rows(log)), {"program.log": "\n".join(said), "policy.yaml": policy.read_text()})

    @asynccontextmanager
    async def _server(self, folder: Path, policy: Path, forward: int, said: list[str]) -> AsyncIterator[int]:
        """A server; the port where it listens."""
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def heard(line: str) -> None:
            said.append(f"server: {line}")
            if line.startswith(LISTENING) and not port.done():
                port.set_result(int(line.removeprefix(LISTENING)))

        command = ["serve", "127.0.0.1:0", *self._who("server"), "--forward", f"127.0.0.1:{forward}", "--once"]
        async with child(_python(command, folder / "server.jsonl", policy), heard, heard, grace=GRACE) as server:
            ended = asyncio.create_task(server.ended.wait())
            await asyncio.wait((port, ended), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            if not port.done():
                how = await server.fate() or f"did not say where it listens within {PATIENCE:g} s"
                raise Failed(f"the server {how}: {(said or ['it said nothing'])[-1]}", {"program.log": "\n".join(said)})
            yield port.result()

    @asynccontextmanager
    async def _client(
        self, folder: Path, policy: Path, proxy: Proxy, user: _ServerUser, p: Provocation, said: list[str]
    ) -> AsyncIterator[Child]:  # fmt: skip
        """A client whose link is open or, where the script begins before that, whose connection is."""
        command = ["connect", f"127.0.0.1:{proxy.port}", *self._who("client", p.believed)]

        def heard(line: str) -> None:
            said.append(f"client: {line}")

        awaited = proxy.came if p.before else user.ready
        async with child(_python(command, folder / "client.jsonl", policy), heard, heard, grace=GRACE) as client:
            tasks = [asyncio.create_task(one.wait()) for one in (awaited, client.ended)]
            await asyncio.wait(tasks, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            if not awaited.is_set():
                how = await client.fate() if client.ended.is_set() else f"had not connected after {PATIENCE:g} s"
                last = (said or ["it said nothing"])[-1]
                raise Failed(f"the client {how} before its link was open: {last}", {"program.log": "\n".join(said)})
            yield client

    def _who(self, name: str, believed: str = "authority.pem") -> list[str]:
        keys = self.private / "keys"
        files = {"--authority": believed, "--certificate": f"{name}.pem", "--key": f"{name}.key"}
        return list(itertools.chain.from_iterable((option, str(keys / file)) for option, file in files.items()))


def read(log: Path, said: Sequence[str] = ()) -> tuple[Event, ...]:
    """The events of a log that one end wrote, of its one link. Failed where there is none, or it cannot be read."""
    try:
        return tuple(event(_DECODE(line))._replace(link="") for line in log.read_bytes().splitlines()[1:])
    except (OSError, ValueError) as why:
        raise Failed(f"{log.name} cannot be read: {why}", {"program.log": "\n".join(said)}) from None


def _rows(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_bytes().splitlines()[1:]]


def _python(command: Sequence[str], log: Path, policy: Path) -> list[str]:
    return [sys.executable, "-m", "rekeyspec", *command, "--log", str(log), "--profile", str(policy)]


def _changed(policy: Policy) -> dict[str, object]:
    plain, default = policy.plain(), Policy().plain()
    return {name: value for name, value in plain.items() if value != default[name]}


@asynccontextmanager
async def _user() -> AsyncIterator[_ServerUser]:
    user = _ServerUser()
    server = await asyncio.get_running_loop().create_server(lambda: user, "127.0.0.1", 0)
    try:
        user.port = server.sockets[0].getsockname()[1]
        yield user
    finally:
        server.close()
        await user.close()

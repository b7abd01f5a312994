"""Two programs with a man in the middle: what comes through is what was sent, from its beginning and without a gap; the
end comes in bounded time; and both logs conform."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from pathlib import Path
from typing import Self

import pytest

from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.frames import HEADER
from tests.reference.wire.proxy import MISCHIEF, Proxy

LONG = 120.0
"""Longer than the policy's times together (s): what takes longer hangs."""

POLICY = """policy: 0
parameters:
  byte_limit: 200000
  idle_period: 1500
  heartbeat_sender: both
  reply_timeout: 600
  negotiation_timeout: 2500
"""
SIZE = 2_000_000


class Programs:
    """A server and a client in a folder, with demo certificates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[asyncio.subprocess.Process] = []
        (folder / "mine.yaml").write_text(POLICY)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for process in self._started:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def run(self, *words: str) -> tuple[int, str]:
        """Run it to its end: its exit code, and what it said."""
        process = await self.start(*words)
        _, err = await process.communicate()
        return process.returncode or 0, err.decode()

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        pipes = asyncio.subprocess
        process = await pipes.create_subprocess_exec(
            sys.executable, "-m", "rekeyspec", *words,
            cwd=self.folder, stdin=pipes.DEVNULL, stdout=pipes.DEVNULL, stderr=pipes.PIPE,
        )  # fmt: skip
        self._started.append(process)
        return process

    @staticmethod
    def options(end: str) -> list[str]:
        files = {"authority": "authority.pem", "certificate": f"{end}.pem", "key": f"{end}.key"}
        given = [word for name, file in files.items() for word in (f"--{name}", f"demo/{file}")]
        return [*given, "--profile", "mine.yaml", "--log", f"{end}.jsonl"]

    async def serve(self) -> tuple[asyncio.subprocess.Process, int]:
        process = await self.start("serve", "127.0.0.1:0", *self.options("server"), "--output", "got", "--once")
        assert process.stderr is not None
        said = (await process.stderr.readline()).decode()
        assert "listening" in said, said
        return process, int(said.rpartition(":")[2])


def told(folder: Path, data: bytes, client: str, server: str) -> None:
    """Assert what must hold, whatever has happened."""
    assert "Traceback" not in client + server, client + server
    got = (folder / "got").read_bytes() if (folder / "got").exists() else b""
    assert data.startswith(got)


async def audited(programs: Programs, *ends: Role) -> None:
    named = [f"{end}.jsonl" for end in ends or ROLES]
    logs = [name for name in named if '"Open"' in (programs.folder / name).read_text()]
    process = await programs.start("audit", *logs)
    _, err = await process.communicate()
    assert process.returncode == 0, err


async def through(folder: Path, seed: int, odds: int, kinds: tuple[str, ...]) -> tuple[bool, list[str]]:
    """Send a file through the proxy: whether it came through whole, and what the proxy has done."""
    async with Programs(folder) as programs:
        return await _through(programs, seed, odds, kinds)


async def _through(programs: Programs, seed: int, odds: int, kinds: tuple[str, ...]) -> tuple[bool, list[str]]:
    folder, data = programs.folder, random.Random(seed).randbytes(SIZE)
    (folder / "data").write_bytes(data)
    assert (await programs.run("keygen", "demo"))[0] == 0
    server, port = await programs.serve()
    proxy = Proxy(seed, "127.0.0.1", port, odds=odds, kinds=kinds)
    async with proxy.running() as at:
        words = ["connect", f"127.0.0.1:{at}", *programs.options("client"), "--input", "data"]
        code, said = await programs.run(*words)
        if '"SendData"' not in (folder / "server.jsonl").read_text():  # no key came of it, so the server waits on
            server.send_signal(signal.SIGTERM)
        _, err = await server.communicate()
    told(folder, data, said, err.decode())
    await audited(programs)
    whole = (folder / "got").exists() and (folder / "got").read_bytes() == data
    assert whole or code != 0
    return whole, proxy.done


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_through_is_what_was_sent(tmp_path: Path, seed: int) -> None:
    async def test() -> None:
        async with asyncio.timeout(LONG):
            _, done = await through(tmp_path, seed, 25, MISCHIEF)
            assert done

    asyncio.run(test())


def test_what_changes_nothing_stops_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        async with asyncio.timeout(LONG):
            whole, done = await through(tmp_path, 7, 5, ("twice", "replay"))
            assert whole
            assert len(done) > 10

    asyncio.run(test())


@pytest.mark.parametrize("who", ["client", "server"])
@pytest.mark.parametrize("when", [0.0, 0.05, 0.3])
def test_an_end_that_is_killed_is_noticed(tmp_path: Path, who: str, when: float) -> None:
    async def test(programs: Programs) -> None:
        data = random.Random(1).randbytes(20 * SIZE)
        (tmp_path / "data").write_bytes(data)
        assert (await programs.run("keygen", "demo"))[0] == 0
        server, port = await programs.serve()
        words = ["connect", f"127.0.0.1:{port}", *programs.options("client"), "--input", "data"]
        client = await programs.start(*words)
        while not (tmp_path / "got").exists():  # noqa: ASYNC110  (a file makes no event)
            await asyncio.sleep(0.01)
        await asyncio.sleep(when)
        killed, other = (client, server) if who == "client" else (server, client)
        killed.kill()
        _, err = await other.communicate()
        await killed.communicate()
        assert other.returncode == 1
        told(tmp_path, data, err.decode(), "")
        assert "the connection was" in err.decode()

    async def bounded() -> None:
        async with asyncio.timeout(LONG), Programs(tmp_path) as programs:
            await test(programs)

    asyncio.run(bounded())


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize("passed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [0, 1, 2], ids=["start", "answer", "finish"])
def test_an_end_that_is_killed_at_any_point_of_a_renegotiation_is_noticed(
    tmp_path: Path, who: Role, number: int, passed: bool
) -> None:
    """It dies, by SIGKILL, before this frame of the second renegotiation is passed on, or after."""
    killed = asyncio.Event()

    async def test(programs: Programs) -> None:
        data = random.Random(1).randbytes(SIZE)
        (tmp_path / "data").write_bytes(data)
        assert (await programs.run("keygen", "demo"))[0] == 0
        server, port = await programs.serve()
        ends: dict[Role, asyncio.subprocess.Process] = {"server": server}
        frames: list[bytes] = []
        ways: list[Role] = []

        async def watch(to: Role, frame: bytes, after: bool) -> None:
            tls = 200 < len(frame) < 8000  # a request is shorter, and data longer
            if HEADER.unpack_from(frame)[2] == 2 and tls and not after:
                frames.append(frame)
                ways.append(to)
            if len(frames) == number + 1 and frame == frames[-1] and after == passed and not killed.is_set():
                ends[who].kill()
                killed.set()
                await ends[who].wait()  # what it has written before may come through, and nothing after

        async with Proxy(0, "127.0.0.1", port, odds=0, watch=watch).running() as at:
            words = ["connect", f"127.0.0.1:{at}", *programs.options("client"), "--input", "data"]
            ends["client"] = await programs.start(*words)
            await killed.wait()
            other: Role = "server" if who == "client" else "client"
            _, err = await ends[other].communicate()
            await ends[who].communicate()
        assert ends[other].returncode == 1, err.decode()
        assert ways[: number + 1] == ["server", "client", "server"][: number + 1]
        told(tmp_path, data, err.decode(), "")
        await audited(programs, other)

    async def bounded() -> None:
        async with asyncio.timeout(LONG), Programs(tmp_path) as programs:
            await test(programs)

    asyncio.run(bounded())

"""One end of an IPsec link: a namespace with strongSwan's charon in it, the user beside it, and what both said."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.child import Child
from rekeyspec.conformance.peers.experiment import Failed
from rekeyspec.conformance.peers.ipsec import settings as conf
from rekeyspec.conformance.peers.ipsec.log import Seen, seen
from rekeyspec.conformance.peers.ipsec.settings import Address, Settings, Version
from rekeyspec.conformance.peers.space import Space

CHARON: Final = "/usr/lib/ipsec/charon"
INSIDE: Final = str(Path(__file__).with_name("inside.py"))

PATIENCE: Final = 10.0
"""How long (s) a program may take to start, or the tunnel to stand."""

GRACE: Final = 0.1
"""How long (s) they may take to end by themselves: nothing of theirs is wanted any more, and charon reads no stdin."""

INNER: Final = "10.78.0"
"""The network of the tunnel's ends."""


class End:
    """One end: its namespace, its daemon, its user and what both said."""

    def __init__(self, name: str, space: Space, address: Address, directory: Path) -> None:
        self.name, self.space, self.address, self.directory = name, space, address, directory
        self.log: list[str] = []
        self.wire: list[Seen] = []
        self.daemon: Child | None = None
        self.inside: Child | None = None
        self.changed = asyncio.Event()

    def said(self, line: str) -> None:
        """Its daemon wrote a line."""
        self.log.append(line)
        self.changed.set()

    def told(self, line: str) -> None:
        """Its watcher wrote a line."""
        if found := seen(line):
            self.wire.append(found)
            self.changed.set()

    async def until(self, reached: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Wait until this is so, at most so long; whether it is."""
        deadline = time.monotonic() + seconds
        while not reached():
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), deadline - time.monotonic())
            except TimeoutError:
                return reached()
        return True

    def says(self, text: str) -> bool:
        """Has its daemon said this?"""
        return any(text in line for line in self.log)

    async def control(self, *words: str) -> str:
        """Run swanctl at this end."""
        conf_file = f"STRONGSWAN_CONF={self.directory / 'strongswan.conf'}"
        return await self.space.run("env", conf_file, f"SWANCTL_DIR={self.directory}", "swanctl", *words)

    async def start(
        self, stack: AsyncExitStack, version: Version, settings: Settings, other: Address, secret: str
    ) -> None:
        """Start charon, which the stack ends; its configuration is written first."""
        conf.write(self.directory, settings, conf.swanctl_conf(version, settings, self.address, other, secret))
        await self.space.run("ip", "address", "add", f"{self.address.inner}/32", "dev", "lo")
        argv = ["env", f"STRONGSWAN_CONF={self.directory / 'strongswan.conf'}", CHARON]
        self.daemon = await stack.enter_async_context(self.space.child(argv, self.said, grace=GRACE))

    async def attend(self, stack: AsyncExitStack, other: Address) -> None:
        """Start the user and the watcher, which the stack ends."""
        argv = [sys.executable, "-I", "-S", INSIDE, self.address.inner, other.inner]
        self.inside = await stack.enter_async_context(self.space.child(argv, self.told, grace=GRACE))

    async def ready(self, files: Callable[[], Mapping[str, str]]) -> None:
        """Wait until all that was started runs, and load the configuration. Failed, with these files, when one died."""
        assert self.daemon is not None
        daemon = self.daemon
        await self.until(lambda: self.says("spawning") or daemon.ended.is_set())
        if not self.says("spawning"):
            why = (daemon.stderr.strip().splitlines() or self.log or ["it said nothing"])[-1]
            how = await daemon.fate() or f"had not started its threads after {PATIENCE:g} s"
            raise Failed(f"charon at `{self.name}` {how} before it was ready: {why}", files())
        if self.inside is not None and not await self.until(lambda: any(s.words == ("ready",) for s in self.wire)):
            raise Failed(f"the watcher did not start: {self.inside.stderr.strip()[-200:]}", files())
        await self.control("--load-all", "--file", str(self.directory / "swanctl.conf"))


async def alive(ends: Iterable[End], files: Callable[[], Mapping[str, str]]) -> None:
    """Failed, with these files, if a daemon has ended that nobody told to."""
    for end in ends:
        if end.daemon is not None and end.daemon.ended.is_set():
            raise Failed(f"charon at `{end.name}` {await end.daemon.fate()} in the middle, without a word", files())


async def lose(end: End, *rules: str) -> None:
    """From now on this end loses these packets, and no others: `in` or `out`, and nft's words."""
    hooks = "\n".join(f"add chain inet t {n} {{ type filter hook {n}put priority 0; }}" for n in ("in", "out"))
    lost = "\n".join(f"add rule inet t {rule}" for rule in rules)
    await end.space.run("nft", "-f", "-", stdin=f"add table inet t\nflush table inet t\n{hooks}\n{lost}\n")

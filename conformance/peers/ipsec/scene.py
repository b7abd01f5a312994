"""One run: two daemons on a wire, the users at both ends of the tunnel, and a script that plays with them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.ipsec import settings as conf
from rekeyspec.conformance.peers.ipsec.daemon import INNER, PATIENCE, End, alive, lose
from rekeyspec.conformance.peers.ipsec.events import translate
from rekeyspec.conformance.peers.ipsec.log import Seen, joined, said
from rekeyspec.conformance.peers.ipsec.settings import Address, Settings, Version
from rekeyspec.conformance.peers.space import two_spaces
from rekeyspec.conformance.target import Broken

IKE_OUT: Final = ("out udp sport 4500 @th,64,32 0 drop", "out udp sport 500 drop")
IKE_IN: Final = ("in udp dport 4500 @th,64,32 0 drop", "in udp dport 500 drop")
"""What `two` says, or hears, of IKE is lost. (On port 4500 an IKE message begins with four zeros, RFC 3948.)"""

NOWHERE: Final = "02:00:00:00:00:63"
"""The hardware address of no machine."""


class Scene:
    """What a script can do."""

    def __init__(self, one: End, two: End) -> None:
        self.one, self.two = one, two
        self.start = time.time()
        self.phase = 0.0
        """How far into a second (of the clock of `whole_second`) the link was opened."""
        self.unharmed = [one, two]
        """The ends whose daemons must still run when the script is done."""

    def note(self, *words: str) -> None:
        """A line of the experiment's own."""
        self.one.wire.append(Seen(time.time(), words))

    def send(self, size: int) -> None:
        """The user at `one` sends a packet of so many bytes."""
        self._tell(self.one, f"send {size}")

    def send_back(self, size: int) -> None:
        """The user at `two` does."""
        self._tell(self.two, f"send {size}")

    def inject(self, kind: str, nth: int, *, altered: bool = False) -> None:
        """The NTH packet of a kind (esp, ike) that `two` put on the wire comes to `one` again."""
        if altered:
            self.note("link", "forged", kind)
        self._tell(self.two, f"inject {kind} {nth}{' altered' if altered else ''}")

    def _tell(self, end: End, text: str) -> None:
        assert end.inside is not None
        end.inside.say(text)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def whole_second(self, fraction: float) -> None:
        """Wait until the machine's clock (since it started), by which charon reckons idleness, is so far into a
        second."""
        await asyncio.sleep(self.until_second(fraction))

    def until_second(self, fraction: float) -> float:
        """How long (s) that is from now."""
        return (fraction - time.clock_gettime(time.CLOCK_MONOTONIC)) % 1

    async def open(self) -> None:
        """`one` opens the link. Failed when it does not stand in time."""
        await self.initiate()
        if not await self.one.until(lambda: self.one.says("established with SPIs")):
            raise self.failed("the tunnel did not stand")
        await self.two.until(lambda: self.two.says("established with SPIs"))
        told = [line.t for text in self.one.log if (line := said(text)) and "IKE_SA link[1] established" in line.text]
        ago = time.time() - told[0] if told else 0
        self.phase = (time.clock_gettime(time.CLOCK_MONOTONIC) - ago) % 1

    async def initiate(self) -> None:
        """`one` is told to open the link; nobody waits for it."""
        await self.one.control("--initiate", "--child", "link", "--timeout", "-1")

    async def rekey(self) -> None:
        """`two` renews the CHILD_SA."""
        await self.two.control("--rekey", "--child", "link")

    async def quit(self) -> None:
        """The user at `one` ends the link."""
        await self.one.control("--terminate", "--ike", "link", "--timeout", "-1")

    async def lose(self, *rules: str) -> None:
        """From now on `two` loses these packets, and no others (see IKE_OUT)."""
        await lose(self.two, *rules)

    async def aside(self, yes: bool) -> None:
        """All that `two` sends goes to a machine that is not there, from now on, or no longer."""
        if yes:
            await self.two.space.run(
                "ip", "neigh", "replace", self.one.address.wire, "lladdr", NOWHERE, "dev", "wire", "nud", "permanent"
            )  # fmt: skip
        else:
            await self.two.space.run("ip", "neigh", "del", self.one.address.wire, "dev", "wire")

    async def kill(self) -> None:
        """SIGKILL to the daemon of `two`, which has no time to say anything."""
        self.unharmed.remove(self.two)
        await self.two.space.run("sh", "-c", "kill -9 $(cat /run/charon.pid)")

    async def gone(self, seconds: float) -> bool:
        """Let time pass, at most so much, until `one` has given the link up; whether it has."""
        words = ("giving up after", "DPD check timed out")
        return await self.one.until(lambda: any(map(self.one.says, words)), seconds)

    def files(self) -> dict[str, str]:
        """What is kept of the run: both logs, what the watchers saw, and the configurations without the secret."""
        found = {}
        for end in (self.one, self.two):
            found[f"{end.name}.charon.log"] = "".join(f"{line}\n" for line in end.log)
            found[f"{end.name}.wire.log"] = "".join(f"{t:.6f} {' '.join(words)}\n" for t, words in end.wire)
            found[f"{end.name}.strongswan.conf"] = (end.directory / "strongswan.conf").read_text(encoding="utf-8")
            text = (end.directory / "swanctl.conf").read_text(encoding="utf-8")
            found[f"{end.name}.swanctl.conf"] = conf.without_secrets(text)
        return found

    def failed(self, what: str) -> Failed:
        """What went wrong, with the last that charon said."""
        last = next((line for line in reversed(self.one.log) if "[IKE]" in line or "[DMN]" in line), "nothing")
        return Failed(
            f"{what} within {PATIENCE:g} s; the last that charon said was `{last.partition(' ')[2]}`", self.files()
        )

    def observed(self) -> Observed:
        """The run as events. Failed when charon's log cannot be read."""
        self.note("link", "end")
        read = [line for text in self.one.log if (line := said(text))]
        if not read:
            raise self.failed("charon's log has no line of the form `TIME THREAD[GROUP] text`")
        lines = joined(self.one.wire, read, self.start)
        return Observed(tuple(translate(lines)), tuple(line._asdict() for line in lines), self.files())


Script = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Provocation:
    """What each end is configured to, and the script; `opened`: the link stands when the script begins."""

    script: Script
    one: Settings = field(default_factory=Settings)
    two: Settings = field(default_factory=Settings)
    opened: bool = True


class Stage:
    """Performs experiments, each in namespaces of its own."""

    def __init__(self, version: Version, private: Path, starting: asyncio.Semaphore) -> None:
        self._version, self._private, self._starting = version, private, starting

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed when a daemon dies or the tunnel does not stand."""
        return await self.play(e.provocation)

    async def play(self, p: Provocation) -> Observed:
        """The same, for whoever has experiments of other kinds too."""
        async with self.scene(p.one, p.two) as scene:
            try:
                if p.opened:
                    await scene.open()
                await p.script(scene)
                await scene.wait(0.02)
            except Failed:
                raise
            except Broken as why:
                await alive(scene.unharmed, scene.files)
                raise Failed(str(why), scene.files()) from why
            await alive(scene.unharmed, scene.files)
            return scene.observed()

    @asynccontextmanager
    async def scene(self, one: Settings, two: Settings) -> AsyncIterator[Scene]:
        """Two daemons that run, with nothing between them yet."""
        directory = Path(mkdtemp(dir=self._private))
        secret = secrets.token_hex(16)
        async with AsyncExitStack() as stack:
            async with self._starting:
                spaces = await stack.enter_async_context(two_spaces())
                first, second = (
                    End(name, space, Address(space.address, f"{INNER}.{n}"), directory / name)
                    for n, (name, space) in enumerate(zip(("one", "two"), spaces, strict=True), 1)
                )
                scene = Scene(first, second)
                for end, other, settings in ((first, second, one), (second, first, two)):
                    await end.start(stack, self._version, settings, other.address, secret)
                    await end.attend(stack, other.address)
                for end in (first, second):
                    await end.ready(scene.files)
            scene.start = time.time()
            yield scene

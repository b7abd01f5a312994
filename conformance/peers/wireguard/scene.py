"""One run: two wireguard-go, each in a namespace of its own, our relay between them, and a script.

The client is the one under test, and sends first. Neither does anything until there is data to send.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rekeyspec.conformance.peers.child import Child
from rekeyspec.conformance.peers.datagrams import LOOPBACK, Address, Relay, Side, User, relaying, using
from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.need import SBIN, path_of
from rekeyspec.conformance.peers.space import Space, two_spaces
from rekeyspec.conformance.peers.wireguard.events import translate
from rekeyspec.conformance.peers.wireguard.log import DATA, MUTED, Line, Who, header, said
from rekeyspec.reference.vocabulary import Role

PORT: Final = 51820
RELAY_PORT: Final = 51821
USER_PORT: Final = 7000
TUNNEL: Final[dict[Role, str]] = {"client": "10.9.0.1", "server": "10.9.0.2"}
PATIENCE: Final = 10.0
"""How long (s) a device may take to be there."""
GRACE: Final = 0.2
QUIET: Final = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done"
"""Nobody but the users sends anything through the tunnel (an interface with IPv6 looks for routers)."""
RUN: Final = f"echo pid $$; PATH=$PATH:{SBIN} LOG_LEVEL=verbose exec wireguard-go -f wg0 2>&1"

_ROLES: Final[dict[Side, Role]] = {"one": "client", "two": "server"}
OTHER: Final[dict[Role, Role]] = {"client": "server", "server": "client"}

Kind = str
HANDSHAKE: Final[frozenset[Kind]] = frozenset({"INITIATION", "RESPONSE"})
EVERYTHING: Final[frozenset[Kind]] = HANDSHAKE | {DATA}


class Scene:
    """What a script can do: play both users, and the relay's knobs. Sizes are multiples of 16, as WireGuard pads."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.logs: dict[Role, list[str]] = {"client": [], "server": []}
        self.muted: dict[Role, Collection[Kind]] = {"client": (), "server": ()}
        """What of an end's packets is withheld."""
        self.delay: dict[Kind, float] = {}
        """How long (s) packets of a kind are held back."""
        self.held = 0.0
        """How long (s) the next packet of data of the server is held back; 0 when it has been."""
        self.ended = asyncio.Event()
        self.relay: Relay | None = None
        self.users: dict[Role, User] = {}
        self.beats: Callable[[], Awaitable[None]] = nothing
        """Lets the server send keepalives from now on."""
        self.pids: dict[Role, int] = {}
        self._began = time.monotonic()

    def note(self, line: Line) -> None:
        """Log one line now."""
        self.lines.append(line._replace(t=round((time.monotonic() - self._began) * 1000, 3)))

    def word(self, who: Who, what: str, size: int = 0, note: str = "") -> None:
        """Log what a user or a program did."""
        self.note(Line(0, who, what, bytes=size, note=note))

    def listener(self, who: Role) -> Callable[[str], None]:
        """What hears a program's own log."""

        def hear(line: str) -> None:
            self.logs[who].append(f"{(time.monotonic() - self._began) * 1000:.0f} {line}")
            if line.startswith("pid "):
                self.pids[who] = int(line.removeprefix("pid "))
            if (word := said(line)) and not self.ended.is_set():
                self.word(who, word)
                if who == "client":
                    self.ended.set()

        return hear

    def datagram(self, side: Side, data: bytes) -> None:
        """One came from a program. Log it, and hand it on, late or not at all."""
        who = _ROLES[side]
        what, index, answers = header(data) if len(data) >= 12 else ("SHORT", 0, 0)
        line = Line(0, who, what, index, len(data), "", answers)
        muted = what in self.muted[who]
        if muted or who == "client":
            self.note(line._replace(note=MUTED if muted else ""))
        if muted:
            return
        wait = self.delay.get(what, 0.0)
        if who == "server" and what == DATA and self.held:
            wait, self.held = self.held, 0.0

        def hand_on() -> None:
            if who == "server":
                self.note(line)
            if self.relay is not None:
                self.relay.hand_on(side, data)

        if wait:
            asyncio.get_running_loop().call_later(wait, hand_on)
        else:
            hand_on()

    def write(self, size: int) -> None:
        """The client's user sends an IP packet of so many bytes."""
        self._send("client", size)

    def send(self, size: int) -> None:
        """The server's user sends one."""
        self._send("server", size)

    def _send(self, who: Role, size: int) -> None:
        refused = self.users[who].send(size)
        self.word(who, "REFUSED" if refused else "WRITE", size, refused)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until_ended(self, seconds: float) -> None:
        """Let time pass, at most so much, until the client has given up or ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), seconds)

    def kill(self, how: signal.Signals) -> None:
        """A signal to the client."""
        with suppress(OSError, KeyError):
            os.kill(self.pids["client"], how)

    async def quit(self) -> None:
        """Whoever runs the client takes its device away."""
        self.word("client", "QUIT")
        self.kill(signal.SIGTERM)
        await self.until_ended(2)


async def nothing() -> None:
    """There is nothing to do."""


@dataclass(frozen=True)
class Provocation:
    """The script, and every how many seconds each end sends a keepalive (0: never). One that is to send them begins
    with a handshake; so the client does from the start, the server when the script lets it."""

    script: Callable[[Scene], Awaitable[None]]
    keepalive: int = 0
    peer_keepalive: int = 0


class Stage:
    """Performs experiments; each has keys of its own."""

    def __init__(self, starting: asyncio.Semaphore) -> None:
        self._starting = starting

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed when a program dies, or has no device."""
        scene = Scene()
        try:
            watched = await self._play(scene, e.provocation)
        except Failed as why:
            raise Failed(str(why), _files(scene)) from None
        events = [event for event in translate(scene.lines[:watched]) if event.do not in e.hidden]
        return Observed(tuple(events), tuple(line._asdict() for line in scene.lines[:watched]), _files(scene))

    async def _play(self, scene: Scene, p: Provocation) -> int:
        """How many lines there were when the script was over."""
        async with AsyncExitStack() as stack:
            async with self._starting:
                one, two = await stack.enter_async_context(two_spaces())
                spaces: dict[Role, Space] = {"client": one, "server": two}
                ends: dict[Side, Address] = {"one": (LOOPBACK, PORT), "two": (LOOPBACK, PORT)}
                scene.relay = stack.enter_context(relaying((one, RELAY_PORT), (two, RELAY_PORT), ends, scene.datagram))
                programs = await self._devices(stack, scene, spaces, p)
            for role, space in spaces.items():
                scene.users[role] = self._user(stack, scene, space, role)
            await p.script(scene)
            scene.word("link", "END")
            watched = len(scene.lines)
            for role, program in programs.items():
                if program.ended.is_set() and not any("Device closing" in line for line in scene.logs[role]):
                    how = await program.fate() or "ended"
                    raise Failed(f"the {role} {how} in the middle, without a word: it crashed, or something killed it")
            return watched

    def _user(self, stack: AsyncExitStack, scene: Scene, space: Space, who: Role) -> User:
        own, other = (TUNNEL[who], USER_PORT), (TUNNEL[OTHER[who]], USER_PORT)
        return stack.enter_context(using(space, own, other, lambda size: scene.word(who, "GOT", size)))

    async def _devices(
        self, stack: AsyncExitStack, scene: Scene, spaces: dict[Role, Space], p: Provocation
    ) -> dict[Role, Child]:
        keys: dict[Role, X25519PrivateKey] = {role: X25519PrivateKey.generate() for role in spaces}
        found: dict[Role, Child] = {}
        for role, space in spaces.items():
            await space.run("sh", "-c", QUIET)
            argv = ["sh", "-c", RUN]
            found[role] = await stack.enter_async_context(space.child(argv, scene.listener(role), grace=GRACE))
            await self._there(scene, found[role], role)
            await space.run("ip", "address", "add", f"{TUNNEL[role]}/24", "dev", "wg0")
            await space.run("ip", "link", "set", "wg0", "up")
        configured: tuple[Role, ...] = ("server", "client")  # the client last: with a keepalive it begins at once
        for role in configured:
            text = configuration(keys[role], encoded(keys[OTHER[role]]), role, p.keepalive if role == "client" else 0)
            await spaces[role].run(path_of("wg"), "setconf", "wg0", "/dev/stdin", stdin=text)

        async def beats() -> None:
            interval = ("persistent-keepalive", str(p.peer_keepalive))
            await spaces["server"].run(path_of("wg"), "set", "wg0", "peer", encoded(keys["client"]), *interval)

        scene.beats = beats if p.peer_keepalive else nothing
        return found

    async def _there(self, scene: Scene, program: Child, who: Role) -> None:
        """Wait until the program listens for its configuration."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while not any("UAPI listener started" in line for line in scene.logs[who]):
            last = scene.logs[who][-1].partition(" ")[2] if scene.logs[who] else "none"
            if program.ended.is_set():
                how = await program.fate() or "ended"
                raise Failed(f"wireguard-go {how} before its device was there; its last words: {last}")
            if loop.time() > until:
                raise Failed(f"after {PATIENCE:g} s wireguard-go has no device; its last words: {last}")
            await asyncio.sleep(0.02)


def encoded(key: X25519PrivateKey) -> str:
    """Its public key, as `wg` reads it."""
    return b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def configuration(key: X25519PrivateKey, peer: str, role: Role, keepalive: int) -> str:
    """What `wg setconf` reads at this end: one peer, by its public key, at the relay."""
    private = b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())).decode()
    return (
        f"[Interface]\nPrivateKey = {private}\nListenPort = {PORT}\n[Peer]\nPublicKey = {peer}\n"
        f"AllowedIPs = {TUNNEL[OTHER[role]]}/32\nEndpoint = {LOOPBACK}:{RELAY_PORT}\n"
        f"PersistentKeepalive = {keepalive}\n"
    )


def _files(scene: Scene) -> dict[str, str]:
    return {f"{who}.log": "".join(f"{line}\n" for line in lines) for who, lines in scene.logs.items()}

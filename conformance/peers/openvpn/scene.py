"""One run: an OpenVPN client and a server, each in a namespace of its own, our relay between them, and a script.

OpenVPN's clock has whole seconds: a timer of n seconds that is set late in one of them fires up to a second early,
where anything wakes the program then. So a link begins, and scripts act, just after a second has begun, where that must
decide nothing. It also adds up to a quarter of a second to what it waits, chosen anew every ten seconds.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from rekeyspec.conformance.peers.child import Child
from rekeyspec.conformance.peers.datagrams import LOOPBACK, User, relaying, using
from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.need import path_of
from rekeyspec.conformance.peers.openvpn.events import translate
from rekeyspec.conformance.peers.openvpn.watch import CONTROL_CHANNEL, Watch, until_phase
from rekeyspec.conformance.peers.space import Space, two_spaces
from rekeyspec.reference.vocabulary import Role

PORT: Final = 1194
USER_PORT: Final = 7000
TUNNEL: Final[dict[Role, str]] = {"client": "10.8.0.2", "server": "10.8.0.1"}
PATIENCE: Final = 15.0
"""How long (s) a link may take to come up before it is called broken."""
GRACE: Final = 0.2
"""How long (s) OpenVPN has to end after SIGTERM."""
QUIET: Final = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done"
"""Nobody but the users sends anything through the tunnel (an interface with IPv6 looks for routers)."""


class Scene:
    """What a script can do: play the user of the end under test, the other end's user, and the relay's knobs."""

    def __init__(self, watch: Watch, users: dict[Role, User], pids: dict[Role, Path]) -> None:
        self.watch = watch
        self.end = watch.end
        self.peer: Role = "server" if watch.end == "client" else "client"
        self._users = users
        self._pids = pids

    def write(self, size: int) -> None:
        """The user at the end under test sends an IP packet of so many bytes (28 to 1400)."""
        self._send(self.end, size)

    def send(self, size: int) -> None:
        """The other end's user sends one."""
        self._send(self.peer, size)

    def _send(self, who: Role, size: int) -> None:
        refused = self._users[who].send(size)
        self.watch.note(who, "REFUSED" if refused else "WRITE", size, refused)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def phase(self, part: float) -> None:
        """Let time pass until the clock shows this part of a second."""
        await asyncio.sleep(until_phase(part))

    async def until_ended(self, seconds: float) -> None:
        """Let time pass, at most so much, until the link has ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.watch.ended.wait(), seconds)

    async def quit(self) -> None:
        """Whoever runs the end under test ends it, as one does: SIGTERM."""
        self.watch.note(self.end, "QUIT")
        self.kill(self.end, signal.SIGTERM)
        await self.until_ended(2)

    def kill(self, who: Role, how: signal.Signals) -> None:
        """A signal to one of the two programs, which may then end."""
        self.watch.killed.add(who)
        with suppress(OSError, ValueError):
            os.kill(int(self._pids[who].read_text()), how)


@dataclass(frozen=True)
class Provocation:
    """OpenVPN's options at the end under test and at the other, the script, and whether the other end is not heard even
    at the beginning. `{keys}` in an option is where the keys lie. `channels` is how many the log tells apart."""

    script: Callable[[Scene], Awaitable[None]]
    options: Sequence[str] = ()
    peer_options: Sequence[str] = ()
    deaf: bool = False
    channels: int = 1


class Stage:
    """Performs experiments at one end, with the same credentials, in `private`, for all of them."""

    def __init__(self, end: Role, private: Path, starting: asyncio.Semaphore) -> None:
        self._end = end
        self._private = private
        self._starting = starting

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed when a program dies, or no link comes up."""
        watch = Watch(self._end)
        try:
            await self._play(watch, e.provocation)
        except Failed as why:
            raise Failed(str(why), _files(watch)) from None
        lines = tuple(watch.lines[: watch.watched])
        events = translate(lines, self._end, 2 if e.provocation.channels == 2 else 1)
        seen = tuple(event for event in events if event.do not in e.hidden)
        return Observed(seen, tuple(line._asdict() for line in lines), _files(watch))

    async def _play(self, watch: Watch, p: Provocation) -> None:
        async with AsyncExitStack() as stack:
            async with self._starting:
                one, two = await stack.enter_async_context(two_spaces())
                for space in (one, two):
                    await space.run("sh", "-c", QUIET)
                watch.relay = stack.enter_context(
                    relaying((one, PORT), (two, 0), {"two": (LOOPBACK, PORT)}, watch.datagram)
                )
                watch.waits_for_second = not p.deaf
                if p.deaf:
                    watch.muted["server" if self._end == "client" else "client"] = CONTROL_CHANNEL
                own = Path(mkdtemp(dir=self._private))
                pids: dict[Role, Path] = {"client": own / "client.pid", "server": own / "server.pid"}
                programs = await self._programs(stack, watch, (one, two), p, pids)
            if not p.deaf:
                await self._up(watch, programs)
            users = {} if p.deaf else self._users(stack, watch, one, two)
            await p.script(Scene(watch, users, pids))
            watch.end_watching()
            await self._alive(watch, programs)

    async def _programs(
        self, stack: AsyncExitStack, watch: Watch, spaces: tuple[Space, Space], p: Provocation, pids: dict[Role, Path]
    ) -> dict[Role, Child]:
        """Both programs, the server first, since a client that finds none waits a while."""
        options: dict[Role, Sequence[str]] = {"server": (), "client": ()}
        options[self._end] = p.options
        options["client" if self._end == "server" else "server"] = p.peer_options
        found: dict[Role, Child] = {}
        places: dict[Role, Space] = {"server": spaces[1], "client": spaces[0]}
        for role, space in places.items():
            more = [word.format(keys=self._private) for word in options[role]]
            argv = [*command(role, self._private), "--writepid", str(pids[role]), *more]
            running = space.child(argv, watch.listener(role), grace=GRACE)
            found[role] = await stack.enter_async_context(running)
            if role == "server":
                await self._said(watch, found, role, "Initialization Sequence Completed")
        return found

    async def _up(self, watch: Watch, programs: dict[Role, Child]) -> None:
        for role in programs:
            await self._said(watch, programs, role, "Outgoing Data Channel: Cipher")
        await self._said(watch, programs, "client", "Initialization Sequence Completed")

    async def _said(self, watch: Watch, programs: dict[Role, Child], who: Role, words: str) -> None:
        """Wait until a program has said this."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while not any(words in line for line in watch.logs[who]):
            for role, program in programs.items():
                if program.ended.is_set():
                    how = await program.fate() or "ended"
                    raise Failed(f"the {role} {how} before the link was up; its last words: {_last(watch, role)}")
            if loop.time() > until:
                raise Failed(
                    f"after {PATIENCE:g} s the {who} has not said `{words}`; its last words: {_last(watch, who)}"
                )
            await asyncio.sleep(0.01)

    def _users(self, stack: AsyncExitStack, watch: Watch, one: Space, two: Space) -> dict[Role, User]:
        def user(space: Space, who: Role, other: Role) -> User:
            def got(size: int) -> None:
                watch.note(who, "GOT", size)

            return stack.enter_context(using(space, (TUNNEL[who], USER_PORT), (TUNNEL[other], USER_PORT), got))

        return {"client": user(one, "client", "server"), "server": user(two, "server", "client")}

    async def _alive(self, watch: Watch, programs: dict[Role, Child]) -> None:
        """No program may have ended without saying so."""
        for who, program in programs.items():
            if (
                program.ended.is_set()
                and who not in watch.killed
                and not any("process exiting" in line for line in watch.logs[who])
            ):
                how = await program.fate() or "ended"
                raise Failed(f"the {who} {how} in the middle, without a word: it crashed, or something killed it")


def command(role: Role, keys: Path) -> list[str]:
    """OpenVPN's command line at one end, but for what an experiment adds. Renegotiation by time is off (`reneg-sec 0`);
    an option that is given again counts for the last time it is."""
    ends = {
        "client": ["--client", "--remote", LOOPBACK, str(PORT), "--nobind", "--ping-restart", "0"],
        "server": [
            "--mode", "server", "--tls-server", "--local", LOOPBACK, "--port", str(PORT), "--topology", "subnet",
            "--ifconfig", TUNNEL["server"], "255.255.255.0", "--ifconfig-pool", TUNNEL["client"], "10.8.0.9",
            "--push", "topology subnet", "--dh", "none",
        ],
    }  # fmt: skip
    return [
        path_of("openvpn"), *ends[role], "--proto", "udp4", "--dev", "tun", "--disable-dco", "--verb", "4",
        "--suppress-timestamps", "--data-ciphers", "AES-256-GCM", "--auth-nocache", "--reneg-sec", "0",
        "--ca", str(keys / "authority.pem"), "--cert", str(keys / f"{role}.pem"), "--key", str(keys / f"{role}.key"),
    ]  # fmt: skip


def _files(watch: Watch) -> dict[str, str]:
    return {f"{who}.log": "".join(f"{line}\n" for line in lines) for who, lines in watch.logs.items()}


def _last(watch: Watch, who: Role) -> str:
    return watch.logs[who][-1].partition(" ")[2] if watch.logs[who] else "none"

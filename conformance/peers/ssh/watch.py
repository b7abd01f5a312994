"""The instrumented end: asyncssh's own, as client or as server, which logs every packet and can be told to misbehave.

It has one session, takes whatever the program writes and answers nothing of itself. Its own limits are off: it starts a
renegotiation only when told to. asyncssh hands each decrypted packet, sent or received, to a logger; that is where it
is watched, so that the protocol itself runs unchanged. What it withholds or spoils it does at `send_packet` or `_send`,
below which there is only the socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from asyncssh.channel import SSHChannel
from asyncssh.connection import SSHConnection
from asyncssh.constants import MSG_IGNORE, MSG_KEXINIT
from asyncssh.encryption import Encryption
from asyncssh.packet import SSHPacket, SSHPacketLogger

from rekeyspec.conformance.peers.ssh.log import ALTERED, CROSSED, HELD, MUTED, OLD_KEY, Line, Who
from rekeyspec.conformance.peers.ssh.packets import PacketLogger, described, packet_name
from rekeyspec.reference.vocabulary import Role

REPLIES: Final = frozenset({81, 82, 99, 100})
"""Types of the messages that answer a keepalive: request and channel request, success and failure."""

KEX: Final = (b"curve25519-sha256", b"curve25519-sha256@libssh.org")
"""The one key exchange offered, so that its packets have the same names at every program."""

DEAF: Final = frozenset({MSG_KEXINIT, 30})
"""Types of the messages without which no key exchange begins: KEXINIT, and a client's half of the key."""

NEVER: Final = 1 << 40
"""More bytes and seconds than any experiment has."""


def until_part(part: float) -> float:
    """How long it is (s) until the machine's clock is this part of a second after a full one."""
    return (part - time.clock_gettime(time.CLOCK_MONOTONIC)) % 1.0


async def part_of_second(part: float) -> None:
    """Wait until then."""
    await asyncio.sleep(until_part(part))


class Watch:
    """One link's log, and the knobs of the end that makes it, which has the part `role`."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.program: Role = "server" if role == "client" else "client"
        self.lines: list[Line] = []
        self.port = 0
        self.muted: frozenset[int] = frozenset()
        """Message types that are made but not sent."""
        self.reply_delay = 0.0
        """How long (s) the answer to a keepalive is held back."""
        self.ignores_kexinit = False
        """The program's KEXINIT is read and never answered."""
        self.kexinit_delay = 0.0
        """How long (s) the program's KEXINIT stays unanswered."""
        self.reached = asyncio.Event()
        """The program has connected, and may have to wait for our first word."""
        self.opened = asyncio.Event()
        """The TCP connection is there."""
        self.ready = asyncio.Event()
        """The session is open."""
        self.lost = asyncio.Event()
        """The connection ended."""
        self._connection: Watched | None = None
        self._channel: SSHChannel[bytes] | None = None
        self._opened_at = 0.0
        self._mark = ""

    def note(self, who: Who, what: str, bytes: int = 0, note: str = "") -> None:
        """Log one line now."""
        self.lines.append(Line(round(self.elapsed * 1000, 3), who, what, bytes, note))

    def packet(self, sent: bool, packet: bytes) -> None:
        """Log one decrypted packet, sent or received here."""
        what, size, note = described(packet)
        mark = self._mark if sent else ""
        self.note(self.role if sent else self.program, what, size, f"{note} {mark}".strip())

    @contextmanager
    def marked(self, note: str) -> Iterator[None]:
        """What is sent meanwhile carries this note."""
        self._mark = note
        try:
            yield
        finally:
            self._mark = ""

    @property
    def _live(self) -> Watched | None:
        return None if self.lost.is_set() else self._connection

    def send(self, size: int) -> None:
        """Send the program so many bytes of data; nothing happens when there is no channel any more."""
        if self._channel is not None and self._live:
            self._channel.write(bytes(size))

    def send_under_old_key(self, size: int) -> None:
        """The same, under the key that was in force before this one."""
        if live := self._live:
            with live.under_old_key(), self.marked(OLD_KEY):
                self.send(size)

    def renegotiate(self) -> None:
        """Start a renegotiation, as asyncssh itself does at a limit."""
        if live := self._live:
            live.start_renegotiation()

    def cross(self) -> None:
        """Start a renegotiation whose KEXINIT stays on the way until the program's own has come."""
        if live := self._live:
            live.start_crossing()

    def heartbeat(self) -> None:
        """Ask the program for a sign of life; its answer is logged and otherwise ignored."""
        if live := self._live:
            live.create_task(live.ask_for_life())

    def forge_heartbeat(self) -> None:
        """Send a heartbeat whose authentication is spoilt, as one who has not the key would."""
        if live := self._live:
            with live.spoiling(), self.marked(ALTERED):
                live.send_heartbeat()

    @property
    def elapsed(self) -> float:
        """The time (s) since the link opened."""
        return time.monotonic() - self._opened_at

    def hang_up(self) -> None:
        """Break the connection, if there is one."""
        if self._connection is not None:
            self._connection.abort()

    def opening(self, connection: Watched) -> None:
        """The TCP connection is there. From here on time is counted."""
        self._connection, self._opened_at = connection, time.monotonic()
        self.note("link", "OPEN")
        self.opened.set()

    def serving(self, channel: SSHChannel[bytes]) -> None:
        """The session's channel is there."""
        self._channel = channel

    def closed(self, reason: str) -> None:
        """The connection has ended; only the first ending counts."""
        if not self.lost.is_set():
            self.lost.set()
            self.note("link", "LOST", note=reason)


class Watched(SSHConnection):
    """asyncssh's end, of either role, with a logger that sees each packet, and with the knobs of its Watch."""

    _watch: Watch

    def watched_by(self, watch: Watch) -> None:
        """Whoever has made it says so at once."""
        self._watch = watch
        self._logger = PacketLogger(watch.packet)
        self._packet_handlers = {**self._packet_handlers, MSG_KEXINIT: type(self)._answer_kexinit}
        self._held: list[bytes] | None = None
        self._spoils = False
        self._old_encryption: Encryption | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection is there."""
        self._watch.opening(self)
        super().connection_made(cast(Any, transport))

    def connection_lost(self, exc: Exception | None = None) -> None:
        """The TCP connection ended, in order (None) or not."""
        self._watch.closed(str(exc) if exc else "")
        super().connection_lost(exc)

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Send, unless this type is muted; hold the answer to a keepalive back as long as the Watch says."""
        watch = self._watch
        if pkttype == MSG_IGNORE:
            return  # asyncssh puts one before each packet, for ciphers that nobody takes any more
        if pkttype in watch.muted:
            watch.note(watch.role, packet_name(pkttype), note=MUTED)
        elif watch.reply_delay and pkttype in REPLIES:
            self._loop.call_later(watch.reply_delay, self._send_late, pkttype, args, handler)
        else:
            super().send_packet(pkttype, *args, handler=handler)

    def send_newkeys(self, k: bytes, h: bytes) -> None:
        """From here on what was in force is the old key."""
        self._old_encryption = self._send_encryption
        super().send_newkeys(k, h)

    def start_renegotiation(self) -> None:
        """Send a KEXINIT, and take the program's next one for its answer."""
        self._send_kexinit()
        self._kexinit_sent = True

    def start_crossing(self) -> None:
        """The same, but it leaves only when the program's own has come."""
        self._held = []
        with self._watch.marked(HELD):
            self.start_renegotiation()

    async def ask_for_life(self) -> None:
        """Send the keepalive request that OpenSSH made usual, and take the answer."""
        await self._make_global_request(b"keepalive@openssh.com")

    def send_heartbeat(self) -> None:
        """Send the same request, and expect nothing."""
        self._send_global_request(b"keepalive@openssh.com", want_reply=True)

    @contextmanager
    def under_old_key(self) -> Iterator[None]:
        """What is sent meanwhile is sealed by the key before the one in force."""
        new, self._send_encryption = self._send_encryption, self._old_encryption
        try:
            yield
        finally:
            self._send_encryption = new

    @contextmanager
    def spoiling(self) -> Iterator[None]:
        """What is sent meanwhile has a wrong last byte, which is one of its authentication."""
        self._spoils = True
        try:
            yield
        finally:
            self._spoils = False

    def _send(self, data: bytes) -> None:
        if self._spoils:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if self._held is not None:
            self._held.append(data)
        else:
            super()._send(data)

    def _send_late(self, pkttype: int, args: tuple[bytes, ...], handler: SSHPacketLogger | None) -> None:
        if not self._watch.lost.is_set():
            super().send_packet(pkttype, *args, handler=handler)

    async def _answer_kexinit(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        if self._watch.ignores_kexinit:
            return
        if self._watch.kexinit_delay:
            await asyncio.sleep(self._watch.kexinit_delay)
        if self._held is not None:
            held, self._held = self._held, None
            self._watch.note(self._watch.role, "KEXINIT", note=CROSSED)
            self._send(b"".join(held))
        await self._process_kexinit(pkttype, pktid, packet)

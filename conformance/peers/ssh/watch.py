"""The instrumented SSH server: asyncssh's own, which logs every packet and can be told to misbehave.

It offers one session, takes whatever the client writes and answers nothing of itself. Its own limits are off: it
starts a renegotiation only when told to. asyncssh hands each decrypted packet, sent or received, to a logger; that is
where it is watched, so that the protocol itself runs unchanged. What it withholds it withholds at `send_packet`.

Keys are made for one run and never leave its temporary directory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import asyncssh
from asyncssh.connection import SSHServerConnection, SSHServerConnectionOptions
from asyncssh.constants import MSG_KEXINIT, MSG_REQUEST_FAILURE, MSG_REQUEST_SUCCESS
from asyncssh.packet import SSHPacket, SSHPacketLogger

from rekeyspec.conformance.peers.ssh.log import MUTED, Line, Who
from rekeyspec.conformance.peers.ssh.packets import PacketLogger, described, packet_name

REPLIES: Final = frozenset({81, 82, 99, 100})
"""Types of the messages that answer a keepalive: request and channel request, success and failure."""

_NEVER: Final = 1 << 40
"""More bytes and seconds than any experiment has."""


@dataclass(frozen=True)
class Keys:
    """The server's host key and the client's key, with the files that the client reads."""

    host: asyncssh.SSHKey
    client: asyncssh.SSHKey
    known_hosts: Path
    client_file: Path


def make_keys(directory: Path) -> Keys:
    """New keys, the client's files in `directory`."""
    host = asyncssh.generate_private_key("ssh-ed25519")
    client = asyncssh.generate_private_key("ssh-ed25519")
    known_hosts, client_file = directory / "known_hosts", directory / "id_ed25519"
    known_hosts.write_bytes(b"* " + host.export_public_key())
    client_file.touch(mode=0o600)
    client_file.write_bytes(client.export_private_key())
    return Keys(host, client, known_hosts, client_file)


class Watch:
    """One link's log, and the knobs of the server that makes it."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.port = 0
        self.muted: frozenset[int] = frozenset()
        """Message types that are made but not sent."""
        self.reply_delay = 0.0
        """How long (s) the answer to a keepalive is held back."""
        self.ignores_kexinit = False
        """The client's KEXINIT is read and never answered."""
        self.kexinit_delay = 0.0
        """How long (s) the client's KEXINIT stays unanswered."""
        self.opened = asyncio.Event()
        """The client's TCP connection came."""
        self.lost = asyncio.Event()
        """It ended."""
        self._connection: WatchedConnection | None = None
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._opened_at = 0.0

    def note(self, who: Who, what: str, bytes: int = 0, note: str = "") -> None:
        """Log one line now."""
        self.lines.append(Line(round((time.monotonic() - self._opened_at) * 1000, 3), who, what, bytes, note))

    def packet(self, sent: bool, packet: bytes) -> None:
        """Log one decrypted packet, sent or received by the server."""
        what, size, note = described(packet)
        self.note("server" if sent else "client", what, size, note)

    def send(self, size: int) -> None:
        """Send the client so many bytes of data; nothing happens when there is no channel any more."""
        if self._channel is not None and not self.lost.is_set():
            self._channel.write(bytes(size))

    def renegotiate(self) -> None:
        """Start a renegotiation, as asyncssh itself does at a limit."""
        if self._connection is not None and not self.lost.is_set():
            self._connection.start_renegotiation()

    def heartbeat(self) -> None:
        """Ask the client for a sign of life; its answer is logged and otherwise ignored."""
        if self._connection is not None and not self.lost.is_set():
            self._connection.create_task(self._connection.ask_for_life())

    def hang_up(self) -> None:
        """Break the connection, if there is one."""
        if self._connection is not None:
            self._connection.abort()

    def opening(self, connection: WatchedConnection) -> None:
        """The client's TCP connection came. From here on time is counted."""
        self._connection, self._opened_at = connection, time.monotonic()
        self.note("link", "OPEN")
        self.opened.set()

    def serving(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        """The session's channel is there."""
        self._channel = channel

    def closed(self, reason: str) -> None:
        """The connection has ended; only the first ending counts."""
        if not self.lost.is_set():
            self.lost.set()
            self.note("link", "LOST", note=reason)


@asynccontextmanager
async def watching(keys: Keys) -> AsyncIterator[Watch]:
    """A server on a free port of 127.0.0.1 for one client. Leaving breaks the connection."""
    watch = Watch()
    options = SSHServerConnectionOptions(
        server_factory=lambda: _Server(watch),
        server_host_keys=[keys.host],
        authorized_client_keys=asyncssh.import_authorized_keys(keys.client.export_public_key().decode()),
        encoding=None,
        login_timeout=0,
        rekey_bytes=_NEVER,
        rekey_seconds=_NEVER,
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: WatchedConnection(loop, options, watch), "127.0.0.1", 0)
    try:
        watch.port = server.sockets[0].getsockname()[1]
        yield watch
    finally:
        server.close()
        watch.hang_up()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)


class WatchedConnection(SSHServerConnection):
    """asyncssh's server end with a logger that sees each packet, and with the knobs of its Watch."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: SSHServerConnectionOptions, watch: Watch) -> None:
        super().__init__(loop, options)
        self._watch = watch
        self._logger = PacketLogger(watch.packet)
        self._packet_handlers = {**self._packet_handlers, MSG_KEXINIT: type(self)._answer_kexinit}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection came."""
        self._watch.opening(self)
        super().connection_made(cast(Any, transport))

    def connection_lost(self, exc: Exception | None = None) -> None:
        """The TCP connection ended, in order (None) or not."""
        self._watch.closed(str(exc) if exc else "")
        super().connection_lost(exc)

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Send, unless this type is muted; hold the answer to a keepalive back as long as the Watch says."""
        watch = self._watch
        if pkttype in watch.muted:
            watch.note("server", packet_name(pkttype), note=MUTED)
        elif watch.reply_delay and pkttype in (MSG_REQUEST_SUCCESS, MSG_REQUEST_FAILURE):
            self._loop.call_later(watch.reply_delay, self._send_late, pkttype, args, handler)
        else:
            super().send_packet(pkttype, *args, handler=handler)

    def start_renegotiation(self) -> None:
        """Send a KEXINIT, and take the client's next one for its answer."""
        self._send_kexinit()
        self._kexinit_sent = True

    async def ask_for_life(self) -> None:
        """Send the keepalive request that OpenSSH made usual, and take the answer."""
        await self._make_global_request(b"keepalive@openssh.com")

    def _send_late(self, pkttype: int, args: tuple[bytes, ...], handler: SSHPacketLogger | None) -> None:
        if not self._watch.lost.is_set():
            super().send_packet(pkttype, *args, handler=handler)

    async def _answer_kexinit(self, pkttype: int, pktid: int, packet: SSHPacket) -> None:
        if self._watch.ignores_kexinit:
            return
        if self._watch.kexinit_delay:
            await asyncio.sleep(self._watch.kexinit_delay)
        await self._process_kexinit(pkttype, pktid, packet)


class _Server(asyncssh.SSHServer):
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return _Session(self._watch)


class _Session(asyncssh.SSHServerSession[bytes]):
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._watch.serving(chan)

    def shell_requested(self) -> bool:
        return True

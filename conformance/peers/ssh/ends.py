"""The watch as server, for a client under test, and as client, for a server under test.

Keys are made for one run and never leave its temporary directory.
"""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import asyncssh
from asyncssh.connection import (
    SSHClientConnection,
    SSHClientConnectionOptions,
    SSHServerConnection,
    SSHServerConnectionOptions,
)

from rekeyspec.conformance.peers.ssh.watch import DEAF, KEX, NEVER, Watch, Watched, part_of_second, until_part
from rekeyspec.conformance.target import Broken

PATIENCE: Final = 20.0
"""How long (s) a server may take to open a session before it is called broken."""


@dataclass(frozen=True)
class Keys:
    """The server's host key and the client's key, with the files that programs under test read."""

    host: asyncssh.SSHKey
    client: asyncssh.SSHKey
    known_hosts: Path
    client_file: Path
    host_file: Path
    authorized: Path


def make_keys(directory: Path) -> Keys:
    """New keys, the files in `directory`."""
    host = asyncssh.generate_private_key("ssh-ed25519")
    client = asyncssh.generate_private_key("ssh-ed25519")
    known_hosts, client_file = directory / "known_hosts", directory / "id_ed25519"
    host_file, authorized = directory / "host_ed25519", directory / "authorized_keys"
    known_hosts.write_bytes(b"* " + host.export_public_key())
    for path, key in ((client_file, client), (host_file, host)):
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
    authorized.touch(mode=0o600)
    authorized.write_bytes(client.export_public_key())
    return Keys(host, client, known_hosts, client_file, host_file, authorized)


@asynccontextmanager
async def serving(keys: Keys, open_at: float | None) -> AsyncIterator[Watch]:
    """A server on a free port of 127.0.0.1 for one client. Leaving breaks the connection. `open_at`: it answers the
    client only at this part of a second."""
    watch = Watch("server")
    options = SSHServerConnectionOptions(
        server_factory=lambda: _Server(watch),
        server_host_keys=[keys.host],
        authorized_client_keys=asyncssh.import_authorized_keys(keys.client.export_public_key().decode()),
        kex_algs=[name.decode() for name in KEX],
        encoding=None,
        login_timeout=0,
        rekey_bytes=NEVER,
        rekey_seconds=NEVER,
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: WatchedServer(loop, options, watch, open_at), "127.0.0.1", 0)
    try:
        watch.port = server.sockets[0].getsockname()[1]
        yield watch
    finally:
        server.close()
        watch.hang_up()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)


@asynccontextmanager
async def connecting(keys: Keys, port: int, command: str, open_at: float | None, *, deaf: bool) -> AsyncIterator[Watch]:
    """A client to the server at this port of 127.0.0.1, its session open, in which the server runs `command`; where it
    is `deaf` it only has its TCP connection, and answers no KEXINIT. Raises Broken when the server does not let it in.
    Leaving breaks the connection. `open_at`: it connects only at this part of a second."""
    watch = Watch("client")
    if deaf:
        watch.muted = DEAF
    if open_at is not None:
        await part_of_second(open_at)
    loop = asyncio.get_running_loop()
    admitted: asyncio.Future[None] = loop.create_future()
    options = SSHClientConnectionOptions(
        config=None,
        username=pwd.getpwuid(os.geteuid()).pw_name,
        client_keys=[keys.client],
        known_hosts=([keys.host.convert_to_public()], [], []),
        agent_path=None,
        kex_algs=[name.decode() for name in KEX],
        login_timeout=0,
        rekey_bytes=NEVER,
        rekey_seconds=NEVER,
    )
    options.waiter = admitted
    _, connection = await loop.create_connection(lambda: WatchedClient(loop, options, watch), "127.0.0.1", port)
    try:
        if not deaf:
            await _session(connection, watch, admitted, command)
        yield watch
    finally:
        watch.hang_up()
        admitted.cancel()
        with suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(connection.wait_closed(), 1)


async def _session(connection: WatchedClient, watch: Watch, admitted: asyncio.Future[None], command: str) -> None:
    try:
        await asyncio.wait_for(admitted, PATIENCE)
        channel, _ = await asyncio.wait_for(
            connection.create_session(asyncssh.SSHClientSession[bytes], command, encoding=None), PATIENCE
        )
    except TimeoutError:
        raise Broken(f"the server had not opened a session after {PATIENCE:g} s") from None
    except (OSError, asyncssh.Error) as error:
        raise Broken(f"the server did not open a session: {error}") from None
    watch.serving(channel)
    watch.ready.set()


class WatchedServer(Watched, SSHServerConnection):
    """The watch, as server."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, options: SSHServerConnectionOptions, watch: Watch, open_at: float | None
    ) -> None:
        SSHServerConnection.__init__(self, loop, options)
        self.watched_by(watch)
        self._open_at = open_at

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there; it waits for our first word as long as it takes."""
        self._watch.reached.set()
        if self._open_at is None:
            super().connection_made(transport)
            return
        cast(asyncio.Transport, transport).pause_reading()
        self._loop.call_later(until_part(self._open_at), self._open, transport)

    def _open(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).resume_reading()


class WatchedClient(Watched, SSHClientConnection):
    """The watch, as client."""

    def __init__(self, loop: asyncio.AbstractEventLoop, options: SSHClientConnectionOptions, watch: Watch) -> None:
        SSHClientConnection.__init__(self, loop, options, wait="auth")
        self.watched_by(watch)


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

    def session_started(self) -> None:
        self._watch.ready.set()

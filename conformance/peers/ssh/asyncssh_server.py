"""A program under test: an ordinary asyncssh server whose session writes when it is told to.

`python -m rekeyspec.conformance.peers.ssh.asyncssh_server HOST_KEY AUTHORIZED OPTIONS`: OPTIONS is a JSON object of
asyncssh's own connection options. On stdin `write N` (bytes) and `quit`, which ends the connection; its end ends the
program. On stdout `port N`, and `got N`. Nothing here touches the protocol.
"""

from __future__ import annotations

import asyncio
import json
import sys

import asyncssh

from rekeyspec.conformance.peers.ssh.asyncssh_client import commands, say


class Session(asyncssh.SSHServerSession[bytes]):
    """Reports what the library hands to its user."""

    channel: asyncssh.SSHServerChannel[bytes] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The session's channel is there."""
        type(self).channel = chan

    def exec_requested(self, command: str) -> bool:
        """Whatever the client asks for is this program."""
        return True

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Data came."""
        say(f"got {len(data)}")


class Server(asyncssh.SSHServer):
    """Has one sort of session."""

    connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """A client is there."""
        type(self).connection = conn

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        """A client wants one."""
        return Session()


async def main() -> None:
    """End with stdin."""
    host_key, authorized, options = sys.argv[1:]
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Server, server_host_keys=[host_key], authorized_client_keys=authorized,
        encoding=None, **json.loads(options),
    )  # fmt: skip
    say(f"port {server.get_port()}")
    reader = await commands()
    while line := await reader.readline():
        channel = Session.channel
        match line.decode().split():
            case ["write", size] if channel is not None:
                channel.write(bytes(int(size)))
            case ["quit"] if Server.connection is not None:
                Server.connection.close()
            case words:
                sys.exit(f"not a command: {' '.join(words)!r}; expected: write N, or quit, once a session is open")
    server.close()


if __name__ == "__main__":
    asyncio.run(main())

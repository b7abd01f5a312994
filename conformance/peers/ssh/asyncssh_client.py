"""The program under test: an ordinary asyncssh client that writes when it is told to.

`python -m rekeyspec.conformance.peers.ssh.asyncssh_client PORT KNOWN_HOSTS KEY OPTIONS`: OPTIONS is a JSON object of
asyncssh's own connection options. On stdin `write N` (bytes) and `quit`; its end ends the program. On stdout `ready`,
`got N`, and `closed` or `lost REASON`. Nothing here touches the protocol.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress

import asyncssh


def say(line: str) -> None:
    """Tell whoever started this program; nobody may be left to hear it."""
    with suppress(BrokenPipeError):
        print(line, flush=True)


class Session(asyncssh.SSHClientSession[bytes]):
    """Reports what the library hands to its user."""

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Data came."""
        say(f"got {len(data)}")


async def commands() -> asyncio.StreamReader:
    """What is written to stdin, line by line."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def converse(reader: asyncio.StreamReader, port: int, known_hosts: str, key: str, options: str) -> None:
    """Open one session and obey until told to quit. Raises what asyncssh raises."""
    connection = await asyncssh.connect(
        "127.0.0.1", port, config=None, username="user", client_keys=[key], known_hosts=known_hosts,
        agent_path=None, **json.loads(options),
    )  # fmt: skip
    channel, _ = await connection.create_session(Session, encoding=None)
    say("ready")
    ended = asyncio.create_task(connection.wait_closed())
    while not ended.done():
        line = asyncio.create_task(reader.readline())
        await asyncio.wait({line, ended}, return_when=asyncio.FIRST_COMPLETED)
        if line.done():
            obey(line.result().decode().split(), connection, channel)
        else:
            line.cancel()
    await ended


def obey(words: list[str], connection: asyncssh.SSHClientConnection, channel: asyncssh.SSHClientChannel[bytes]) -> None:
    """Do what one line says; an empty one is the end of stdin, after which there is nobody to obey."""
    match words:
        case ["write", size]:
            channel.write(bytes(int(size)))
        case ["quit"]:
            connection.close()
        case []:
            connection.abort()
        case _:
            sys.exit(f"not a command: {' '.join(words)!r}; expected: write N, or quit")


async def main() -> None:
    """End when the conversation does, or stdin, even while the connection is not yet open."""
    reader = await commands()
    talk = asyncio.create_task(converse(reader, int(sys.argv[1]), *sys.argv[2:]))
    try:
        while not talk.done() and not reader.at_eof():
            await asyncio.wait({talk}, timeout=0.1)
        if talk.done():
            talk.result()
            say("closed")
    except (OSError, asyncssh.Error) as error:
        say(f"lost {error}")
    finally:
        talk.cancel()


if __name__ == "__main__":
    asyncio.run(main())

"""A program under test: an ordinary paramiko client that writes when it is told to.

`python -m rekeyspec.conformance.peers.ssh.paramiko_client PORT KNOWN_HOSTS KEY OPTIONS`: OPTIONS is a JSON object of
`rekey_bytes` (`Packetizer.REKEY_BYTES`), `keepalive` (`Transport.set_keepalive`) and `handshake_timeout`
(`Transport.handshake_timeout`). On stdin `write N` (bytes) and `quit`; its end ends the program. On stdout `got N`, and
`closed` or `lost REASON`. Nothing here touches the protocol.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from contextlib import suppress

import paramiko  # type: ignore[import-untyped]
from paramiko.packet import Packetizer  # type: ignore[import-untyped]


def say(line: str) -> None:
    """Tell whoever started this program; nobody may be left to hear it."""
    with suppress(BrokenPipeError):
        print(line, flush=True)


def connected(port: int, known_hosts: str, key: str, options: dict[str, float]) -> paramiko.Channel:
    """One session. Raises what paramiko raises."""
    if "rekey_bytes" in options:
        Packetizer.REKEY_BYTES = int(options["rekey_bytes"])

    def transport(*args: object, **kwargs: object) -> paramiko.Transport:
        made = paramiko.Transport(*args, **kwargs)
        made.handshake_timeout = options.get("handshake_timeout", made.handshake_timeout)
        return made

    client = paramiko.SSHClient()
    for kind, known in paramiko.HostKeys(known_hosts)["*"].items():  # it knows no patterns
        client.get_host_keys().add(f"[127.0.0.1]:{port}", kind, known)
    client.connect(
        "127.0.0.1", port, "user", key_filename=key, allow_agent=False, look_for_keys=False,
        transport_factory=transport,
    )  # fmt: skip
    link = client.get_transport()
    assert link is not None
    link.set_keepalive(options.get("keepalive", 0))
    channel = link.open_session()
    channel.invoke_shell()
    return channel


def listen(channel: paramiko.Channel) -> None:
    """Tell what the library hands to its user, until there is no more."""
    while data := channel.recv(1 << 16):
        say(f"got {len(data)}")
    say("closed")


def obey(channel: paramiko.Channel) -> None:
    """Do what stdin says."""
    for line in sys.stdin:
        match line.split():
            case ["write", size]:
                channel.sendall(bytes(int(size)))
            case ["quit"]:
                channel.get_transport().close()
            case words:
                sys.exit(f"not a command: {' '.join(words)!r}; expected: write N, or quit")


def main() -> None:
    """End with stdin."""
    port, known_hosts, key, options = sys.argv[1:]
    logging.basicConfig(format="log: %(message)s")  # it logs tracebacks of what the other end did wrong
    try:
        channel = connected(int(port), known_hosts, key, json.loads(options))
        threading.Thread(target=listen, args=[channel], daemon=True).start()
        obey(channel)
    except (OSError, EOFError, paramiko.SSHException) as error:
        say(f"lost {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()

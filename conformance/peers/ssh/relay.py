"""Stands between us and a program that knows nothing of us: its stdin and stdout carry the user's data.

As `python relay.py COMMAND ...` it starts an SSH client, writes to it what the user sends, and tells what it hands to
the user. As `python relay.py @SOCKET` it is itself the command that an SSH server runs, and gets its orders over that
unix socket. Orders, a line each: `write N` (bytes), and `quit`: the client is ended as its user would end it, by
SIGTERM; a server's command just ends. Told: `ready`, `got N`, and the client's exit `ended STATUS`. It needs nothing
but the standard library, and starts at once.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

CHUNK = 1 << 16

Order = Callable[[list[bytes]], bool]


def obey(orders: int, data: int, tell: Callable[[str], None], order: Order) -> None:
    """Take orders from one file and data from another, until either ends or an order says so."""
    chosen = selectors.DefaultSelector()
    chosen.register(orders, selectors.EVENT_READ)
    chosen.register(data, selectors.EVENT_READ)
    rest = b""
    while True:
        for key, _ in chosen.select():
            raw = os.read(key.fd, CHUNK)
            if not raw:
                return
            if key.fd == data:
                tell(f"got {len(raw)}")
                continue
            *lines, rest = (rest + raw).split(b"\n")
            if not all(order(line.split()) for line in lines):
                return


def write(out: int, size: int) -> None:
    """All of it, however the pipe takes it."""
    left = bytes(size)
    while left:
        left = left[os.write(out, left) :]


def around(command: list[str]) -> None:
    """Be the user of an SSH client."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        out = client.stdin.fileno()

        def order(words: list[bytes]) -> bool:
            if words[:1] == [b"write"]:
                write(out, int(words[1]))
            else:
                client.send_signal(signal.SIGTERM)
            return True

        def tell(line: str) -> None:
            print(line, flush=True)

        try:
            obey(0, client.stdout.fileno(), tell, order)
        except OSError:
            pass  # nobody is left to write to
        finally:
            client.terminate()
            tell(f"ended {client.wait()}")


def inside(path: str) -> None:
    """Be the command that an SSH server runs."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)

        def order(words: list[bytes]) -> bool:
            if words[:1] == [b"write"]:
                write(1, int(words[1]))
                return True
            return False

        def tell(line: str) -> None:
            link.sendall(line.encode() + b"\n")

        tell("ready")
        with suppress(OSError):  # the server may have closed its end
            obey(link.fileno(), 0, tell, order)


if __name__ == "__main__":
    if sys.argv[1].startswith("@"):
        inside(sys.argv[1][1:])
    else:
        around(sys.argv[1:])

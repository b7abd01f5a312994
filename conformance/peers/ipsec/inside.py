"""What stands beside charon in a namespace: the link's user, and a watcher of the wire. A program of its own.

`python inside.py INNER PEER` uses the address INNER in the tunnel (PEER is the other end's) and reads commands from
stdin, one a line:

- `send SIZE`: the user sends a datagram of SIZE bytes (with its IP and UDP headers, 28 bytes) to the other end.
- `inject KIND NTH`: what this end put on the wire as its NTH packet (from 0, negative from the end) of KIND (esp, ike)
  goes there again. `inject KIND NTH altered`: with its last byte changed, so that nobody has sealed it.

It writes one line for each thing that it sees: the time (s since 1970) and `out` or `in` with

- `ike HEADER CRC LENGTH`: the 28 bytes of an IKE message's header in hex, and what tells a repeated message from a new
- `esp SPI SEQUENCE LENGTH`: an ESP packet's fields, and its length in bytes
- `clear LENGTH`: a packet of the tunnel's addresses that is not sealed at all

or with `user`: `sent SIZE`, `refused SIZE WHY`, `got SIZE`. Times on the wire are the kernel's. Only the standard
library: it is started often, without site packages.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import time
import zlib
from typing import Any

PORT = 7000
HEADERS = 28
"""bytes: IP and UDP."""
SO_TIMESTAMPNS = 35
OUTGOING, TO_OTHERS = 4, 3
"""Of linux/if_packet.h: a packet of this end's own; one for another machine, which no one here receives."""
ETHERNET, IPV4, IP_PROTOCOL_UDP, ETH_P_ALL = 14, b"\x08\0", 17, 3


def tell(t: float, *words: object) -> None:
    """One line, at once: `t` in s."""
    sys.stdout.write(f"{t:.6f} {' '.join(map(str, words))}\n")
    sys.stdout.flush()


def stamped(sock: socket.socket, size: int = 65536) -> tuple[bytes, Any, float]:
    """One packet: its bytes, the sender's address, and when the kernel saw it (s)."""
    data, ancillary, _, address = sock.recvmsg(size, 64)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", content[:16])
            return data, address, seconds + nanoseconds / 1e9
    return data, address, time.time()


class Wire:
    """The device `wire`, and what this end has put on it."""

    def __init__(self, inner: str) -> None:
        self.inner = socket.inet_aton(inner)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.bind(("wire", ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.out.bind(("wire", 0))
        self.peer = b""
        self.sent: dict[str, list[bytes]] = {"esp": [], "ike": []}

    def look(self) -> None:
        """Tell of one packet."""
        frame, address, t = stamped(self.sock)
        if address[2] == TO_OTHERS:
            return
        way = "out" if address[2] == OUTGOING else "in"
        if way == "in":
            self.peer = frame[6:12]
        if frame[12:14] != IPV4:
            return
        packet = frame[ETHERNET:]
        header = (packet[0] & 15) * 4
        if self.inner in (packet[12:16], packet[16:20]):
            tell(t, way, "clear", len(packet))
            return
        if packet[9] != IP_PROTOCOL_UDP:
            return
        ports = struct.unpack("!HH", packet[header : header + 4])
        payload = packet[header + 8 : header + struct.unpack("!H", packet[header + 4 : header + 6])[0]]
        kind, words = described(ports, payload)
        if kind:
            if way == "out":
                self.sent[kind].append(frame)
            tell(t, way, kind, *words)

    def inject(self, kind: str, nth: int, altered: bool) -> None:
        """Put a packet on the wire once more."""
        frame = bytearray(self.sent[kind][nth])
        frame[0:6] = self.peer
        header = ETHERNET + (frame[ETHERNET] & 15) * 4
        frame[header + 6 : header + 8] = b"\0\0"  # no checksum: the one that was captured may not have been made yet
        if altered:
            frame[-1] ^= 1
        self.out.send(bytes(frame))


def described(ports: tuple[int, ...], payload: bytes) -> tuple[str, tuple[object, ...]]:
    """The kind of what a UDP packet carries, and the words for it; nothing for what is neither IKE nor ESP."""
    if 4500 in ports:
        if len(payload) < 8:
            return "", ()  # a NAT keepalive
        if payload[:4] != b"\0\0\0\0":
            return "esp", (payload[:4].hex(), struct.unpack("!I", payload[4:8])[0], len(payload))
        payload = payload[4:]
    elif 500 not in ports:
        return "", ()
    return "ike", (payload[:28].hex(), f"{zlib.crc32(payload):08x}", len(payload))


def send(user: socket.socket, peer: str, size: int) -> None:
    """The link's user sends a datagram."""
    tell(time.time(), "user", "sent", size)
    try:
        user.sendto(bytes(size - HEADERS), (peer, PORT))
    except OSError as why:
        tell(time.time(), "user", "refused", size, os.strerror(why.errno or 0).replace(" ", "-"))


def main() -> None:
    """Until stdin ends."""
    inner, peer = sys.argv[1:]
    user = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    user.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    user.bind((inner, PORT))
    wire = Wire(inner)
    tell(time.time(), "ready")
    commands = b""
    watched: list[Any] = [0, wire.sock, user]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if wire.sock in ready:
            wire.look()
        if user in ready:
            data, _, t = stamped(user)
            tell(t, "user", "got", len(data) + HEADERS)
        if 0 in ready:
            more = os.read(0, 65536)
            if not more:
                return
            *lines, commands = (commands + more).split(b"\n")
            for line in lines:
                word, *rest = line.decode().split()
                if word == "send":
                    send(user, peer, int(rest[0]))
                else:
                    wire.inject(rest[0], int(rest[1]), "altered" in rest)


if __name__ == "__main__":
    main()

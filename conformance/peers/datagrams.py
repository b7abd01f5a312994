"""UDP between two namespaces that share nothing else: sockets of ours in either, and a relay that sees all of it.

A socket belongs for good to the namespace of the thread that made it, so a short-lived thread that enters a namespace
is all it takes: programs run in there, and are watched and spoken to from our own event loop.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Final, Literal

from rekeyspec.conformance.peers.space import Space
from rekeyspec.conformance.target import Broken

HEADERS: Final = 28
"""bytes: of IP and UDP, which a tunnel carries with each datagram."""

LOOPBACK: Final = "127.0.0.1"

_CLONE_NEWNET: Final = 0x40000000

Side = Literal["one", "two"]
Address = tuple[str, int]


def socket_in(space: Space, address: str, port: int) -> socket.socket:
    """A UDP socket in this namespace. Raises Broken when there can be none."""
    with ThreadPoolExecutor(1) as thread:  # its thread ends here, so that nothing else ever runs in there
        return thread.submit(_entered, space.pid, address, port).result()


def _entered(pid: int, address: str, port: int) -> socket.socket:
    try:
        namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns failed")
        finally:
            os.close(namespace)
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind((address, port))
    except OSError as why:
        raise Broken(f"no socket on {address} port {port} in its namespace: {why.strerror or why}") from None
    return made


Heard = Callable[[Side, bytes], None]
"""Is told of each datagram, and on which side it came."""


class Relay:
    """Takes what programs on both sides send to it. It passes nothing on by itself: `hand_on` does.

    `addresses` are those of the programs; one that is missing is learned from what the program sends first.
    """

    def __init__(self, sockets: dict[Side, socket.socket], addresses: dict[Side, Address], heard: Heard) -> None:
        self._sockets = sockets
        self._addresses = addresses
        self._heard = heard

    def read(self, side: Side) -> None:
        """Take all that has come on this side."""
        with suppress(BlockingIOError, ConnectionRefusedError):  # refused: nobody listens there any more
            while True:
                data, address = self._sockets[side].recvfrom(65_536)
                self._addresses.setdefault(side, address)
                if address != self._addresses[side]:
                    self._addresses[side] = address  # started anew, from another port
                self._heard(side, data)

    def hand_on(self, side: Side, data: bytes) -> None:
        """Give the program on the other side what came on this one; lost when there is none."""
        other: Side = "two" if side == "one" else "one"
        if other in self._addresses:
            with suppress(OSError):
                self._sockets[other].sendto(data, self._addresses[other])


@contextmanager
def relaying(
    one: tuple[Space, int], two: tuple[Space, int], addresses: dict[Side, Address], heard: Heard
) -> Iterator[Relay]:
    """A relay with a socket on this port of the loopback of either namespace (0: any). Needs a running event loop."""
    loop = asyncio.get_running_loop()
    with socket_in(one[0], LOOPBACK, one[1]) as first, socket_in(two[0], LOOPBACK, two[1]) as second:
        made = Relay({"one": first, "two": second}, dict(addresses), heard)
        loop.add_reader(first, made.read, "one")
        loop.add_reader(second, made.read, "two")
        try:
            yield made
        finally:
            loop.remove_reader(first)
            loop.remove_reader(second)


class User:
    """Who uses a tunnel at one end: sends datagrams of a size to the other end's user, and is told of those that come.
    Sizes are those of the IP packets that go through the tunnel, headers included."""

    def __init__(self, made: socket.socket, other: Address, got: Callable[[int], None]) -> None:
        self._socket = made
        self._other = other
        self._got = got

    def send(self, size: int) -> str:
        """Send so many bytes, at least 28; empty, or why that was refused."""
        try:
            self._socket.sendto(bytes(size - HEADERS), self._other)
        except OSError as why:
            return why.strerror or str(why)
        return ""

    def read(self) -> None:
        """Take all that has come."""
        with suppress(BlockingIOError, ConnectionRefusedError):
            while True:
                self._got(len(self._socket.recv(65_536)) + HEADERS)


@contextmanager
def using(space: Space, own: Address, other: Address, got: Callable[[int], None]) -> Iterator[User]:
    """A user at this address of the tunnel's. Raises Broken when the tunnel is not there."""
    loop = asyncio.get_running_loop()
    with socket_in(space, *own) as made:
        user = User(made, other, got)
        loop.add_reader(made, user.read)
        try:
            yield user
        finally:
            loop.remove_reader(made)

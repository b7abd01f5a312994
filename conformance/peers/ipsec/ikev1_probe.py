"""The second source's own embodiment: the reference, whose heartbeats are IKEv1's (IKE-1). A program of its own.

`python -m rekeyspec.conformance.peers.ipsec.ikev1_probe` reads a line of JSON from stdin: `secret`, the addresses on
the wire `here` and `there`, those in the tunnel `inner` and `other`, and `policy`, the parameters. The reference's
engine is the client of the link: its first negotiation is main mode and a quick mode, its heartbeat a protected quick
mode that nobody can accept, with an SPI of its own, and the reply to it the protected NO_PROPOSAL_CHOSEN. One that
names an SPI is that probe's; one that names none (strongSwan writes zero) is taken for the latest's. When the engine
closes the link, the associations are deleted (IKE-2).

On stdin then `quit`; its end ends the program. On stdout one JSON object a line: `event`, one of the reference's, or
`packet` with its kind, way, length and SPI, each with `t`, ms since the link opened; first `origin`, when that was (s
since 1970). A packet that cannot be read is `ignored`, with the reason.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import socket
import time
from collections.abc import Mapping
from typing import Any, Final, Literal

from rekeyspec.conformance.peers.ipsec.ikev1 import PORT, Answer, Association, Refused
from rekeyspec.conformance.peers.ipsec.isakmp import NO_PROPOSAL_CHOSEN, Malformed
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Do, Event, Message

FLOATING: Final = 4500
MARKER: Final = bytes(4)
"""What tells IKE's messages from ESP's packets there (RFC 3948, 2.2)."""
PROBE, REPLY = "probe", "reply"
NOBODY: Final = bytes(4)


class Probe:
    """One link: the engine, the association below it, and the socket."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.engine = Engine(Policy(**arguments["policy"]), "client")
        self.association = Association(
            arguments["secret"].encode(),
            (arguments["here"], arguments["there"]),
            (arguments["inner"], arguments["other"]),
        )
        self._socks = [_connected(arguments["here"], arguments["there"], port) for port in (PORT, FLOATING)]
        self._start = time.monotonic()
        self._probes: dict[bytes, int] = {}
        self._deadline = NEVER

    def run(self) -> None:
        """Open the link, and play it until stdin ends."""
        _tell(origin=time.time())
        self._start = time.monotonic()
        self._happens("Open")
        poll = select.poll()
        socks = {sock.fileno(): sock for sock in self._socks}
        for fd in (0, *socks):
            poll.register(fd, select.POLLIN)
        while True:
            wait = self._deadline - self._now() if self._deadline < NEVER else 1000
            ready = {fd for fd, _ in poll.poll(max(0, wait))}
            for fd in ready & socks.keys():
                self._read(socks[fd])
            if 0 in ready:
                if not (text := os.read(0, 4096)):
                    return
                if b"quit" in text:
                    self._happens("Shut")
            if self._now() >= self._deadline:
                self._happens("Tick")

    def _now(self) -> int:
        return round((time.monotonic() - self._start) * 1000)

    def _happens(self, do: Do, message: Message | None = None) -> None:
        """Tell the engine, and do what it does."""
        event = Event(self._now(), "client", do, message)
        did, self._deadline = self.engine.step(event)
        if do != "Tick":
            _tell(event=_plain(event))
        for action in did:
            self._act(action)
            _tell(event=_plain(action))

    def _act(self, action: Event) -> None:
        match action.do:
            case "Start":
                self._send("start", self.association.begin())
            case "Finish":
                self._send("finish", self.association.finish())
            case "SendHeartbeat":
                assert action.message is not None
                spi = secrets.token_bytes(4)
                self._probes[spi] = action.message.number
                self._send(PROBE, self.association.probe(spi), spi)
            case "Close":
                for data in self.association.deletes():
                    self._send("delete", data)

    def _send(self, kind: str, data: bytes, spi: bytes = b"") -> None:
        self._packet("out", kind, len(data), spi)
        try:
            floating = self.association.floating
            self._socks[floating].send(MARKER + data if floating else data)
        except ConnectionRefusedError as why:  # an earlier packet's: the other end's port is closed
            _tell(ignored=str(why), t=self._now())

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65536)
        except ConnectionRefusedError as why:
            _tell(ignored=str(why), t=self._now())
            return
        if sock is self._socks[1]:
            if not data.startswith(MARKER):
                return  # a packet of ESP, or a keepalive of NAT traversal
            data = data[len(MARKER) :]
        before = self.association.state
        try:
            out, answer = self.association.take(data)
        except (Malformed, Refused) as why:
            _tell(ignored=str(why), t=self._now())
            return
        for message in out:
            self._send("exchange", message)
        if answer is not None:
            self._answered(answer, len(data))
        elif before == "quick" and self.association.state == "standing":
            self._packet("in", "answer", len(data))
            self._happens("Arrive", Message("answer", 1, negotiation="c1", channel="control"))

    def _answered(self, answer: Answer, length: int) -> None:
        """A protected notification: the reply, if it is the one that IKE-1 waits for."""
        said = answer.said
        self._packet("in", REPLY if said.type == NO_PROPOSAL_CHOSEN else f"notification-{said.type}", length, said.spi)
        if said.type != NO_PROPOSAL_CHOSEN or not self._probes:
            return
        named = said.spi not in (b"", NOBODY)
        number = self._probes.get(said.spi, 0) if named else max(self._probes.values())
        if number:
            self._happens("Arrive", Message("reply", 1, number, channel="control"))

    def _packet(self, way: Literal["in", "out"], kind: str, length: int, spi: bytes = b"") -> None:
        _tell(packet=kind, way=way, bytes=length, spi=spi.hex(), t=self._now())


def _line() -> bytes:
    """The first line of stdin, and nothing of what follows it."""
    text = b""
    while not text.endswith(b"\n") and (more := os.read(0, 1)):
        text += more
    return text


def _connected(here: str, there: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((here, port))
    sock.connect((there, port))
    return sock


def _plain(event: Event) -> dict[str, object]:
    return {**event._asdict(), "message": event.message._asdict() if event.message else None}


def _tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    Probe(json.loads(_line())).run()

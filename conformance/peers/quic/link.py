"""Two aioquic connections in one process, on a wire that can lose, keep back, alter and repeat, and a clock of ours.

aioquic takes the time and the datagrams as arguments, so that nothing here waits and nothing depends on how busy the
machine is: what an experiment shows is what the library does, to the millisecond. The client is under test, and not
touched; what is withheld from it is withheld on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.logger import QuicLogger, QuicLoggerTrace

from rekeyspec.conformance.peers.quic.log import ALTERED, DROPPED, REPLAYED, Line, Who

End = Literal["client", "server"]

DELAY: Final = 0.001
"""How long (s) a datagram travels."""

STEPS: Final = 20_000
"""How many times time may go on in one run before it is called endless."""

_ADDRESS: Final[Mapping[End, tuple[str, int]]] = {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}
_OTHER: Final[Mapping[End, End]] = {"client": "server", "server": "client"}


class Endless(RuntimeError):
    """The two ends go on for ever without time passing."""


class Trace(QuicLoggerTrace):
    """An end's own log, of which each entry is heard as it is made."""

    def __init__(self, hear: Callable[[str, dict[str, Any]], None], *, is_client: bool, odcid: bytes) -> None:
        super().__init__(is_client=is_client, odcid=odcid)
        self._hear = hear

    def log_event(self, *, category: str, event: str, data: dict[str, Any]) -> None:
        """As QuicLoggerTrace's."""
        super().log_event(category=category, event=event, data=data)
        self._hear(event, data)


class Logger(QuicLogger):
    """Makes the log of one end."""

    def __init__(self, hear: Callable[[str, dict[str, Any]], None]) -> None:
        super().__init__()
        self._hear = hear

    def start_trace(self, is_client: bool, odcid: bytes) -> QuicLoggerTrace:
        """As QuicLogger's."""
        trace = Trace(self._hear, is_client=is_client, odcid=odcid)
        self._traces.append(trace)
        return trace


class Packet(NamedTuple):
    """A 1-RTT packet, as its sender logged it."""

    number: int
    generation: int
    frames: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Datagram:
    """On its way to `to`; `packets` is what its sender says is in it."""

    due: float
    to: End
    data: bytes
    packets: tuple[Packet, ...]
    note: str = ""


Way = Callable[[Datagram], Datagram | None]
"""What the wire does to a datagram: another in its place, itself, or nothing where it is lost."""


class Link:
    """Both ends, the wire and the clock. `lines` is what was seen; `way` is what the wire does."""

    def __init__(self, client: QuicConfiguration, server: QuicConfiguration) -> None:
        self.now = 0.0
        self.lines: list[Line] = []
        self.way: Way = lambda datagram: datagram
        self.last: dict[End, Datagram] = {}
        """The latest datagram that each end received."""
        self._sent: dict[End, list[Packet]] = {"client": [], "server": []}
        self._generations: dict[End, int] = {"client": 1, "server": 1}
        self._refused = ""
        self._flying: list[Datagram] = []
        self._stream: dict[End, int] = {}
        client.quic_logger = Logger(lambda event, data: self._heard("client", event, data))
        server.quic_logger = Logger(lambda event, data: self._heard("server", event, data))
        first = QuicConnection(configuration=client)
        self.ends: dict[End, QuicConnection] = {
            "client": first,
            "server": QuicConnection(
                configuration=server,
                original_destination_connection_id=first.original_destination_connection_id,
            ),
        }

    # What is seen.

    def note(self, who: Who, what: str, bytes: int = 0, packet: Packet | None = None, note: str = "") -> None:
        """Log one line now; `packet` is that in which the frame is."""
        number, generation = (packet.number, packet.generation) if packet else (0, 0)
        self.lines.append(Line(round(self.now * 1000), who, what, bytes, number, generation, note))

    def _heard(self, end: End, event: str, data: dict[str, Any]) -> None:
        if event == "key_updated" and data["key_type"] == "client_1rtt_secret" and data["trigger"] != "tls":
            self._generations[end] += 1
        elif event == "packet_dropped" and end == "client":
            self._refused = data["trigger"]
        elif event == "packet_sent" and data["header"]["packet_type"] == "1RTT":
            number = data["header"]["packet_number"]
            self._sent[end].append(Packet(number, self._generations[end], tuple(data["frames"])))
        elif event == "packet_sent" and end == "client" and not self.lines:
            self.note("client", "HELLO")

    def _frames(self, who: Who, packet: Packet, note: str) -> None:
        self.note(who, "KEY", packet=packet, note=note)
        for frame in packet.frames:
            match frame["frame_type"]:
                case "stream":
                    self.note(who, "STREAM", frame["offset"] + frame["length"], packet, note)
                case "ping":
                    self.note(who, "PING", packet=packet, note=note)
                case "connection_close":
                    self.note(who, "CLOSE", packet=packet, note=note)
                case "ack":
                    for low, high in frame["acked_ranges"]:
                        for number in range(low, high + 1):
                            self.note(who, "ACK", packet=packet._replace(number=number), note=note)

    # How time goes on.

    def connect(self) -> None:
        """The client begins."""
        self.ends["client"].connect(_ADDRESS["server"], now=self.now)
        self._settle()

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        until = self.now + seconds
        for _ in range(STEPS):
            self._settle()
            soon = self._soon()
            if soon is None or soon > until:
                self.now = until
                return
            self.now = max(self.now, soon)
            self._arrive()
            for end in self.ends.values():
                timer = end.get_timer()
                if timer is not None and timer <= self.now:
                    end.handle_timer(now=self.now)
        raise Endless(f"after {STEPS} steps {until - self.now:g} s are left")

    def _soon(self) -> float | None:
        times = [datagram.due for datagram in self._flying]
        times += [timer for end in self.ends.values() if (timer := end.get_timer()) is not None]
        return min(times, default=None)

    def _settle(self) -> None:
        """What both ends have to send goes out, and what they have to say is heard."""
        for name, end in self.ends.items():
            self._events(name, end)
            if name == "server" and name not in self.last:
                continue  # it does not know yet where to send
            for data, _ in end.datagrams_to_send(now=self.now):
                self._depart(name, data)

    def _depart(self, end: End, data: bytes) -> None:
        packets, self._sent[end] = tuple(self._sent[end]), []
        if end == "client":
            for packet in packets:
                self._frames("client", packet, "")
        datagram = self.way(Datagram(self.now + DELAY, _OTHER[end], data, packets))
        if datagram is not None:
            self._flying.append(datagram)

    def _arrive(self) -> None:
        due = [datagram for datagram in self._flying if datagram.due <= self.now]
        self._flying = [datagram for datagram in self._flying if datagram.due > self.now]
        for datagram in due:
            self.deliver(datagram)

    def deliver(self, datagram: Datagram) -> None:
        """Hand it to the end that it is for, now."""
        self._refused = ""
        self.ends[datagram.to].receive_datagram(datagram.data, _ADDRESS[_OTHER[datagram.to]], now=self.now)
        self.last[datagram.to] = datagram
        if datagram.to == "client":
            for packet in datagram.packets:
                note = datagram.note or (DROPPED if self._refused == DROPPED else "")
                self._frames("server", packet, note)
        self._events(datagram.to, self.ends[datagram.to])

    def _events(self, name: End, end: QuicConnection) -> None:
        while (event := end.next_event()) is not None:
            if name == "client":
                self._happened(event)

    def _happened(self, event: events.QuicEvent) -> None:
        match event:
            case events.HandshakeCompleted():
                self.note("client", "DONE")
            case events.StreamDataReceived(data=data):
                self.note("user", "GOT", len(data))
            case events.ConnectionTerminated(reason_phrase=reason):
                self.note("link", "ENDED", note=reason)

    # What users do.

    def write_often(self, end: End, count: int, size: int, pause: float = 0.05) -> None:
        """The end's user sends messages of `size` bytes, `pause` s apart."""
        for _ in range(count):
            self.write(end, size)
            self.run(pause)

    def write(self, end: End, size: int) -> None:
        """The end's user sends so many bytes, on a stream of its own."""
        connection = self.ends[end]
        if end not in self._stream:
            self._stream[end] = connection.get_next_available_stream_id()
        self.note("user" if end == "client" else "server", "WRITE" if end == "client" else "SEND", size)
        connection.send_stream_data(self._stream[end], bytes(size))
        self._settle()

    def ping(self, end: End) -> None:
        """The end's user asks for a sign of life."""
        self.note("user" if end == "client" else "server", "BEAT")
        self.ends[end].send_ping(len(self.lines))
        self._settle()

    def renew(self, end: End) -> None:
        """The end's user asks for new keys, and for a packet under them, which says nothing else."""
        self.ends[end].request_key_update()
        self.ends[end].send_ping(0)
        self._settle()

    def quit(self) -> None:
        """The client's user ends the link."""
        self.note("user", "QUIT")
        self.ends["client"].close()
        self._settle()


def altered(datagram: Datagram) -> Datagram:
    """The same with its last bit changed."""
    data = datagram.data[:-1] + bytes((datagram.data[-1] ^ 1,))
    return Datagram(datagram.due, datagram.to, data, datagram.packets, ALTERED)


def replayed(datagram: Datagram) -> Datagram:
    """The same once more."""
    return Datagram(datagram.due, datagram.to, datagram.data, datagram.packets, REPLAYED)


def configured(directory: Path, idle: float, believed: str) -> tuple[QuicConfiguration, QuicConfiguration]:
    """Both ends' configuration: an idle timeout (s) of the client, and the file of the authority that it believes."""
    client = QuicConfiguration(is_client=True, alpn_protocols=["x"], idle_timeout=idle, server_name="localhost")
    server = QuicConfiguration(is_client=False, alpn_protocols=["x"], idle_timeout=60.0)
    client.load_verify_locations(cafile=str(directory / believed))
    server.load_cert_chain(str(directory / "server.pem"), str(directory / "server.key"))
    return client, server

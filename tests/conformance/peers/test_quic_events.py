"""Packet logs of QUIC in, events out: no library, no clock."""

from __future__ import annotations

from rekeyspec.conformance.peers.quic.events import translate
from rekeyspec.conformance.peers.quic.log import ALTERED, DROPPED, REPLAYED, Line, Who
from rekeyspec.reference.vocabulary import Message

OPENED = [Line(0, "client", "HELLO"), Line(2, "client", "DONE")]


def did(*lines: Line) -> list[tuple[str, Message | None]]:
    """What follows the handshake."""
    return [(e.do, e.message) for e in translate([*OPENED, *lines])][4:]


def packet(who: Who, number: int, generation: int, *frames: tuple[str, int], note: str = "") -> list[Line]:
    """A packet with its frames, each with its `bytes`."""
    return [
        Line(9, who, what, size, number, generation, note) for what, size in [("KEY", 0), *frames]
    ]  # fmt: skip


def ack(who: Who, number: int, generation: int = 1) -> Line:
    return Line(9, who, "ACK", 0, number, generation)


def negotiating(kind: str, name: str) -> Message:
    return Message(kind, int(name[1:]), negotiation=name)  # type: ignore[arg-type]


def test_the_handshake() -> None:
    assert [(e.t, e.do) for e in translate(OPENED)] == [(0, "Open"), (0, "Start"), (2, "Arrive"), (2, "Finish")]


def test_a_stranger_is_refused_and_nothing_is_told_of_the_end() -> None:
    lines = [OPENED[0], Line(0, "link", "STRANGER"), Line(5, "link", "ENDED"), Line(9, "link", "END")]
    events = translate(lines)
    assert [e.do for e in events] == ["Open", "Start", "Arrive", "Tick"]
    assert events[2].message == negotiating("answer", "c1")._replace(sealed_by="nobody")


def test_the_client_updates_its_keys_and_sends_at_once() -> None:
    lines = [Line(8, "user", "WRITE", 30), *packet("client", 5, 2, ("STREAM", 30)), *packet("server", 4, 2)]
    assert did(*lines) == [
        ("Offer", None),
        ("Start", negotiating("start", "c2")),
        ("SendData", Message("data", 2, 1, bytes=30)),
        ("Arrive", negotiating("answer", "c2")),
        ("Finish", negotiating("finish", "c2")),
    ]


def test_the_server_updates_and_the_clients_next_packet_is_the_answer() -> None:
    lines = [*packet("server", 4, 2), *packet("client", 5, 2)]
    assert did(*lines) == [
        ("Arrive", negotiating("start", "s2")),
        ("Answer", negotiating("answer", "s2")),
        ("Arrive", negotiating("finish", "s2")),
    ]


def test_a_message_leaves_with_its_last_byte_and_what_is_sent_again_is_not_told() -> None:
    lines = [
        Line(8, "user", "WRITE", 30),
        *packet("client", 5, 1, ("STREAM", 20)),
        *packet("client", 6, 1, ("STREAM", 30)),
    ]
    assert did(*lines, *packet("client", 7, 1, ("STREAM", 30)))[1:] == [("SendData", Message("data", 1, 1, bytes=30))]


def test_what_could_not_be_opened_is_discarded_and_comes_again() -> None:
    lines = [Line(8, "server", "SEND", 30), *packet("server", 4, 1, ("STREAM", 30), note=DROPPED)]
    again = [*packet("server", 5, 1, ("STREAM", 30)), Line(9, "user", "GOT", 30)]
    data = Message("data", 1, 1, bytes=30)
    assert did(*lines, *again) == [("Arrive", data), ("Discard", data), ("Arrive", data), ("Deliver", data)]


def test_only_a_users_ping_is_a_heartbeat_and_the_first_ack_its_reply() -> None:
    lines = [Line(8, "user", "BEAT"), *packet("client", 5, 1, ("PING", 0)), *packet("client", 6, 1, ("PING", 0))]
    assert did(*lines, ack("server", 6), ack("server", 5), ack("server", 5)) == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
        ("Arrive", Message("reply", 1, 1)),
    ]


def test_the_servers_heartbeats_altered_and_replayed() -> None:
    beat = Line(8, "server", "BEAT")
    lines = [
        beat,
        *packet("server", 4, 1, ("PING", 0), note=ALTERED),
        *packet("server", 5, 1, ("PING", 0)),
        ack("client", 5),
        *packet("server", 5, 1, ("PING", 0), note=REPLAYED),
    ]
    assert did(*lines) == [
        ("Arrive", Message("heartbeat", 1, 1, sealed_by="nobody")),
        ("Arrive", Message("heartbeat", 1, 1)),
        ("SendReply", Message("reply", 1, 1)),
        ("Arrive", Message("heartbeat", 1, 1)),
    ]


def test_the_end() -> None:
    close = Line(9, "client", "CLOSE")
    assert did(Line(8, "user", "QUIT"), close, Line(9, "link", "ENDED"), Line(9, "link", "END")) == [
        ("Shut", None),
        ("Close", Message("close", 1)),
        ("Tick", None),
    ]
    assert did(Line(9, "link", "ENDED"))[-1] == ("Close", None)

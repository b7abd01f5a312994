"""Packets' headers of a WireGuard link in, events out: no network, no clock."""

from __future__ import annotations

from rekeyspec.conformance.peers.wireguard.events import translate
from rekeyspec.conformance.peers.wireguard.log import EMPTY, MUTED, Line, Who, header, said
from rekeyspec.reference.vocabulary import Event, Message

Short = (
    tuple[Who, str] | tuple[Who, str, int, int] | tuple[Who, str, int, int, str] | tuple[Who, str, int, int, str, int]
)
"""who, what, key, bytes, note, answers"""


def log(*lines: Short) -> list[Line]:
    return [Line(float(t), *line) for t, line in enumerate(lines)]


def did(events: list[Event]) -> list[tuple[str, Message | None]]:
    return [(e.do, e.message) for e in events]


OURS, THEIRS = 7, 9
"""The indices of the first key, at the client and at the server."""

UP: list[Short] = [
    ("client", "WRITE", 0, 64),
    ("client", "INITIATION", OURS, 148),
    ("server", "RESPONSE", THEIRS, 92, "", OURS),
    ("client", "DATA", THEIRS, 64 + EMPTY),
]


def later(*lines: Short) -> list[tuple[str, Message | None]]:
    """What these lines say, after those of a link that has come up."""
    return did(translate(log(*UP, *lines)))[6:]


def test_headers() -> None:
    assert header(bytes([1, 0, 0, 0, 7, 0, 0, 0]) + bytes(140)) == ("INITIATION", 7, 0)
    assert header(bytes([2, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0]) + bytes(80)) == ("RESPONSE", 9, 7)
    assert header(bytes([4, 0, 0, 0, 0, 1, 0, 0]) + bytes(24)) == ("DATA", 256, 0)
    assert header(bytes([5]) + bytes(31)) == ("TYPE_5", 0, 0)


def test_the_logs_key_words() -> None:
    assert said("DEBUG: (wg0) peer(goda) - Handshake did not complete after 20 attempts, giving up") == "GAVE_UP"
    assert said("DEBUG: (wg0) 2026/11/24 03:46:21 Device closing") == "ENDED"
    assert said("DEBUG: (wg0) peer(goda) - Handshake did not complete after 5 seconds, retrying (try 2)") == ""


def test_what_the_user_offers_opens_the_link_and_waits_for_the_first_handshake() -> None:
    assert did(translate(log(*UP))) == [
        ("Open", None),
        ("Offer", None),
        ("Start", Message("start", 1, negotiation="c1")),
        ("Arrive", Message("answer", 1, negotiation="c1")),
        ("Finish", Message("finish", 1, negotiation="c1")),
        ("SendData", Message("data", 1, 1, bytes=64)),
    ]


def test_an_initiation_that_is_repeated_is_one_negotiation() -> None:
    assert later(
        ("client", "INITIATION", 17, 148, MUTED),
        ("client", "INITIATION", 18, 148),
        ("server", "RESPONSE", 30, 92, "", 16),
        ("server", "RESPONSE", 31, 92, "", 18),
        ("client", "DATA", 31, EMPTY),
        ("client", "DATA", 31, 96 + EMPTY),
    ) == [
        ("Start", Message("start", 2, negotiation="c2")),
        ("Arrive", Message("answer", 2, negotiation="c2")),
        ("Finish", Message("finish", 2, negotiation="c2")),
        ("SendData", Message("data", 2, 2, bytes=96)),
    ]


def test_a_handshake_that_the_server_begins() -> None:
    assert later(
        ("server", "INITIATION", 40, 148),
        ("client", "RESPONSE", 41, 92, "", 40),
        ("client", "DATA", THEIRS, 96 + EMPTY),
        ("server", "DATA", 41, 80 + EMPTY),
        ("client", "GOT", 0, 80),
        ("client", "DATA", 40, 96 + EMPTY),
    ) == [
        ("Arrive", Message("start", 2, negotiation="s2")),
        ("Answer", Message("answer", 2, negotiation="s2")),
        ("SendData", Message("data", 1, 2, bytes=96)),
        ("Arrive", Message("finish", 2, negotiation="s2")),
        ("Arrive", Message("data", 2, 1, bytes=80)),
        ("Deliver", Message("data", 2, 1, bytes=80)),
        ("SendData", Message("data", 2, 3, bytes=96)),
    ]


def test_where_both_begin_and_no_key_comes_of_it_the_next_initiation_goes_on_with_the_same() -> None:
    assert later(
        ("client", "INITIATION", 50, 148),
        ("server", "INITIATION", 60, 148),
        ("client", "RESPONSE", 51, 92, "", 60),
        ("server", "INITIATION", 62, 148),
        ("client", "RESPONSE", 53, 92, "", 62),
        ("server", "DATA", 53, 80 + EMPTY),
    ) == [
        ("Start", Message("start", 2, negotiation="c2")),
        ("Arrive", Message("start", 2, negotiation="s2")),
        ("Answer", Message("answer", 2, negotiation="s2")),
        ("Arrive", Message("finish", 2, negotiation="s2")),
        ("Arrive", Message("data", 2, 1, bytes=80)),
    ]


def test_empty_data_is_a_heartbeat() -> None:
    assert later(("client", "DATA", THEIRS, EMPTY), ("server", "DATA", OURS, EMPTY)) == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
        ("Arrive", Message("heartbeat", 1, 1)),
    ]


def test_what_the_server_sent_and_we_withheld_never_came() -> None:
    assert later(("server", "DATA", OURS, 64 + EMPTY, MUTED), ("client", "DATA", THEIRS, EMPTY, MUTED)) == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
    ]


def test_how_it_ends() -> None:
    assert later(("client", "QUIT"), ("client", "ENDED"), ("link", "END")) == [("Shut", None), ("Close", None)]
    assert translate(log(*UP, ("client", "GAVE_UP")))[-1].reason == "GAVE_UP"
    assert later(("link", "END")) == [("Tick", None)]

"""Packets' headers and an OpenVPN log's lines in, events out: no network, no clock."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.peers.openvpn.events import translate
from rekeyspec.conformance.peers.openvpn.log import (
    ALTERED,
    BEGAN,
    EXIT,
    MUTED,
    OVERHEAD,
    PING,
    REPLAYED,
    Line,
    Who,
    header,
    said,
)
from rekeyspec.reference.vocabulary import Event, Message, Role

Short = tuple[Who, str] | tuple[Who, str, int] | tuple[Who, str, int, int] | tuple[Who, str, int, int, str]
"""who, what, key, bytes, note"""


def log(*lines: Short) -> list[Line]:
    return [Line(float(t), *line) for t, line in enumerate(lines)]


def did(events: list[Event]) -> list[tuple[str, Message | None]]:
    return [(e.do, e.message) for e in events]


def later(lines: list[Short], end: Role = "client") -> list[tuple[str, Message | None]]:
    """What these lines say, after those of a link that has come up."""
    return did(translate(log(*UP, *lines), end))[4:]


UP: list[Short] = [
    ("client", "HARD_RESET"),
    ("server", "HARD_RESET"),
    ("client", "CONTROL"),
    ("server", "CONTROL"),
    ("server", "KEYS"),
    ("client", "KEYS"),
]


def sized(size: int) -> int:
    return size + OVERHEAD


@pytest.mark.parametrize(
    ("byte", "kind"),
    [
        (0x38, ("HARD_RESET", 0)),
        (0x40, ("HARD_RESET", 0)),
        (0x1A, ("SOFT_RESET", 2)),
        (0x21, ("CONTROL", 1)),
        (0x2F, ("ACK", 7)),
        (0x30, ("DATA", 0)),
        (0x4B, ("DATA", 3)),
        (0xF8, ("OPCODE_31", 0)),
    ],
)
def test_a_packets_first_byte_is_its_kind_and_its_key(byte: int, kind: tuple[str, int]) -> None:
    assert header(bytes([byte, 1, 2, 3])) == kind


def test_the_logs_key_words() -> None:
    cipher = "Outgoing Data Channel: Cipher 'AES-256-GCM' initialized with 256 bit key"
    assert said(cipher, "client") == ("KEYS", "")
    assert said(f"client/127.0.0.1:43712 {cipher}", "server") == ("KEYS", "")
    exited = "SIGTERM[soft,ping-exit] received, process exiting"
    assert said(exited, "client") == ("ENDED", "SIGTERM[soft,ping-exit]")
    assert said("SIGUSR1[soft,tls-error] received, process restarting", "client") == (
        "ENDED",
        "SIGUSR1[soft,tls-error]",
    )
    instance = "client/127.0.0.1:53805 SIGTERM[soft,ping-exit] received, client-instance exiting"
    assert said(instance, "server") == ("ENDED", "SIGTERM[soft,ping-exit]")
    assert said("event_wait : Interrupted system call (fd=-1,code=4)", "client") is None


def test_the_first_negotiation_is_the_clients_at_either_end() -> None:
    assert did(translate(log(*UP), "client")) == [
        ("Open", None),
        ("Start", Message("start", 1, negotiation="c1")),
        ("Arrive", Message("answer", 1, negotiation="c1")),
        ("Finish", Message("finish", 1, negotiation="c1")),
    ]
    assert did(translate(log(*UP), "server")) == [
        ("Open", None),
        ("Arrive", Message("start", 1, negotiation="c1")),
        ("Answer", Message("answer", 1, negotiation="c1")),
        ("Arrive", Message("finish", 1, negotiation="c1")),
    ]


CLIENTS: list[Short] = [
    ("client", "SOFT_RESET", 1, 54, BEGAN),
    ("client", "SOFT_RESET", 1, 54, BEGAN),
    ("server", "SOFT_RESET", 1, 66),
    ("client", "CONTROL", 1, 300),
    ("client", "KEYS"),
    ("server", "KEYS"),
]
"""A renegotiation that the client begins, its first packet sent twice."""


def test_a_renegotiation_of_ones_own_and_of_the_others() -> None:
    assert later(CLIENTS) == [
        ("Start", Message("start", 2, negotiation="c2")),
        ("Arrive", Message("answer", 2, negotiation="c2")),
        ("Finish", Message("finish", 2, negotiation="c2")),
    ]
    assert later(CLIENTS, "server") == [
        ("Arrive", Message("start", 2, negotiation="c2")),
        ("Answer", Message("answer", 2, negotiation="c2")),
        ("Arrive", Message("finish", 2, negotiation="c2")),
    ]


CROSSING: list[Short] = [
    ("client", "SOFT_RESET", 1, 54, BEGAN),
    ("server", "SOFT_RESET", 1, 54, BEGAN),
    ("client", "SOFT_RESET", 1, 54, BEGAN),
    ("server", "SOFT_RESET", 1, 54, BEGAN),
    ("client", "ACK", 1, 62),
    ("server", "ACK", 1, 62),
    ("client", "KEYS"),
    ("server", "KEYS"),
]
"""Both send theirs twice."""


def test_where_both_begin_the_clients_is_the_one_that_is_answered() -> None:
    assert later(CROSSING) == [
        ("Start", Message("start", 2, negotiation="c2")),
        ("Arrive", Message("start", 2, negotiation="s2")),
        ("Arrive", Message("answer", 2, negotiation="c2")),
        ("Finish", Message("finish", 2, negotiation="c2")),
    ]
    swapped: list[Short] = [CROSSING[1], CROSSING[0], *CROSSING[2:]]
    assert later(swapped, "server") == [
        ("Start", Message("start", 2, negotiation="s2")),
        ("Arrive", Message("start", 2, negotiation="c2")),
        ("Answer", Message("answer", 2, negotiation="c2")),
        ("Arrive", Message("finish", 2, negotiation="c2")),
    ]


def test_data_bears_the_epoch_of_its_key() -> None:
    mixed: list[Short] = [
        ("client", "DATA", 0, sized(100)),
        *CLIENTS,
        ("server", "DATA", 0, sized(200)),
        ("client", "DATA", 1, sized(300)),
        ("client", "DATA", 5, sized(400)),
    ]
    data = [m for _, m in later(mixed) if m and m.kind == "data"]
    assert data == [
        Message("data", 1, 1, bytes=100),
        Message("data", 1, 1, bytes=200),
        Message("data", 2, 2, bytes=300),
    ]


def test_data_under_the_new_key_shows_that_it_is_there() -> None:
    early: list[Short] = [CLIENTS[0], CLIENTS[2], ("server", "DATA", 1, sized(100)), ("client", "KEYS")]
    assert [do for do, _ in later(early)] == ["Start", "Arrive", "Finish", "Arrive"]


def test_keys_come_round_again() -> None:
    lines: list[Short] = []
    for key in (1, 2, 3, 4, 5, 6, 7, 1):
        lines += [("client", "SOFT_RESET", key, 54, BEGAN), ("client", "KEYS"), ("client", "DATA", key, sized(64))]
    assert [m.epoch for _, m in later(lines) if m and m.kind == "data"] == [2, 3, 4, 5, 6, 7, 8, 9]


def test_pings_are_told_by_their_size_and_have_no_bytes_of_data() -> None:
    assert later([("client", "DATA", 0, PING), ("server", "DATA", 0, PING)]) == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
        ("Arrive", Message("heartbeat", 1, 1)),
    ]


def test_what_is_muted_left_its_end_and_never_came() -> None:
    muted: list[Short] = [("client", "DATA", 0, sized(64), MUTED), ("server", "DATA", 0, sized(64), MUTED)]
    assert [do for do, _ in later(muted)] == ["SendData"]
    assert later(muted, "server")[0][0] == "SendData"
    assert len(later(muted, "server")) == 1


def test_what_we_repeat_or_alter_is_told_as_such() -> None:
    ours: list[Short] = [
        ("server", "DATA", 0, PING),
        ("server", "DATA", 0, PING, REPLAYED),
        ("server", "DATA", 0, PING, ALTERED),
        ("server", "HARD_RESET", 0, 26, REPLAYED),
    ]
    assert [m and (m.kind, m.number, m.sealed_by) for _, m in later(ours)] == [
        ("heartbeat", 1, "peer"),
        ("heartbeat", 1, "peer"),
        ("heartbeat", 2, "nobody"),
        ("answer", 0, "nobody"),
    ]


def test_data_is_delivered_when_the_user_has_it() -> None:
    lines: list[Short] = [
        ("server", "DATA", 0, sized(100)),
        ("server", "DATA", 0, sized(200)),
        ("client", "GOT", 0, 200),
        ("client", "GOT", 0, 999),
        ("server", "GOT", 0, 100),
    ]
    assert [m for do, m in later(lines) if do == "Deliver"] == [Message("data", 1, 2, bytes=200)]


@pytest.mark.parametrize("word", [("CONTROL", 90), ("DATA", EXIT)])
def test_an_end_that_is_announced(word: tuple[str, int]) -> None:
    lines: list[Short] = [("client", "QUIT"), ("client", word[0], 0, word[1]), ("client", "ENDED"), ("link", "END")]
    assert later(lines) == [("Shut", None), ("Close", Message("close", 1))]


def test_an_end_without_a_word() -> None:
    events = translate(log(*UP, ("client", "ENDED", 0, 0, "SIGTERM[soft,ping-exit]")), "client")
    assert events[-1] == Event(6, "client", "Close", reason="SIGTERM[soft,ping-exit]")


def test_a_hard_reset_on_a_link_that_is_up_begins_another() -> None:
    anew: list[Short] = [("client", "HARD_RESET"), ("client", "DATA", 0, sized(64)), ("link", "END")]
    assert later(anew) == [("Tick", None)]


def test_with_two_channels_pings_flow_with_the_data() -> None:
    lines = log(*UP, ("client", "DATA", 0, PING), ("client", "SOFT_RESET", 1, 54, BEGAN))
    assert [e.message and e.message.channel for e in translate(lines, "client", 2)][-2:] == ["data", "control"]


def test_time_never_runs_backwards() -> None:
    lines = [Line(5.0, "client", "HARD_RESET"), Line(3.0, "client", "WRITE", 0, 64)]
    assert [e.t for e in translate(lines, "client")] == [5, 5, 5]

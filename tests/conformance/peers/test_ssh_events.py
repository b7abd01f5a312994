"""Packet logs in, events out: no network, no clock."""

from __future__ import annotations

from rekeyspec.conformance.peers.ssh.events import KEEPALIVE, translate
from rekeyspec.conformance.peers.ssh.log import ALTERED, CROSSED, HELD, MUTED, OLD_KEY, Line, Who
from rekeyspec.reference.vocabulary import Event, Message

Short = tuple[Who, str] | tuple[Who, str, int] | tuple[Who, str, int, str]


def log(*lines: Short) -> list[Line]:
    return [Line(float(t), *line) for t, line in enumerate(lines)]


def did(events: list[Event]) -> list[tuple[str, Message | None]]:
    return [(e.do, e.message) for e in events]


OPENED: list[Short] = [
    ("link", "OPEN"),
    ("server", "KEXINIT"),
    ("client", "KEXINIT"),
    ("server", "NEWKEYS"),
    ("client", "NEWKEYS"),
]
"""The server's KEXINIT is logged first, as it happens when the link opens."""


def test_the_first_exchange_is_the_clients() -> None:
    assert did(translate(log(*OPENED))) == [
        ("Open", None),
        ("Start", Message("start", 1, negotiation="c1")),
        ("Arrive", Message("answer", 1, negotiation="c1")),
        ("Finish", Message("finish", 1, negotiation="c1")),
    ]


def test_a_renegotiation_the_client_begins() -> None:
    later: list[Short] = [
        ("client", "KEXINIT"),
        ("server", "KEXINIT"),
        ("server", "NEWKEYS"),
        ("client", "NEWKEYS"),
        ("client", "CHANNEL_DATA", 7),
    ]
    assert did(translate(log(*OPENED, *later)))[4:] == [
        ("Start", Message("start", 2, negotiation="c2")),
        ("Arrive", Message("answer", 2, negotiation="c2")),
        ("Finish", Message("finish", 2, negotiation="c2")),
        ("SendData", Message("data", 2, 1, bytes=7)),
    ]


def test_a_renegotiation_the_server_begins() -> None:
    later: list[Short] = [
        ("server", "KEXINIT"),
        ("client", "KEXINIT"),
        ("server", "NEWKEYS"),
        ("client", "NEWKEYS"),
        ("server", "CHANNEL_DATA", 9),
    ]
    assert did(translate(log(*OPENED, *later)))[4:] == [
        ("Arrive", Message("start", 2, negotiation="s2")),
        ("Answer", Message("answer", 2, negotiation="s2")),
        ("Arrive", Message("finish", 2, negotiation="s2")),
        ("Arrive", Message("data", 2, 1, bytes=9)),
    ]


def test_data_is_of_its_direction_s_own_epoch() -> None:
    later: list[Short] = [
        ("client", "KEXINIT"),
        ("server", "CHANNEL_DATA", 1),
        ("server", "NEWKEYS"),
        ("server", "CHANNEL_DATA", 2),
        ("client", "CHANNEL_DATA", 3),
        ("client", "NEWKEYS"),
        ("client", "CHANNEL_DATA", 4),
    ]
    data = [m for _, m in did(translate(log(*OPENED, *later))) if m and m.kind == "data"]
    assert data == [
        Message("data", 1, 1, bytes=1),
        Message("data", 2, 2, bytes=2),
        Message("data", 1, 1, bytes=3),
        Message("data", 2, 2, bytes=4),
    ]


def test_heartbeats_are_numbered_and_replies_answer_the_oldest_request() -> None:
    later: list[Short] = [
        ("client", "GLOBAL_REQUEST", 30, "tcpip-forward"),
        ("client", "GLOBAL_REQUEST", 30, KEEPALIVE),
        ("client", "GLOBAL_REQUEST", 30, KEEPALIVE),
        ("server", "REQUEST_SUCCESS"),
        ("server", "REQUEST_FAILURE"),
        ("server", "REQUEST_FAILURE"),
        ("server", "REQUEST_FAILURE"),
    ]
    assert did(translate(log(*OPENED, *later)))[4:] == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
        ("SendHeartbeat", Message("heartbeat", 1, 2)),
        ("Arrive", Message("reply", 1, 1)),
        ("Arrive", Message("reply", 1, 2)),
    ]


def test_a_muted_reply_never_arrives() -> None:
    later: list[Short] = [
        ("client", "GLOBAL_REQUEST", 30, KEEPALIVE),
        ("server", "REQUEST_SUCCESS", 1, MUTED),
        ("client", "GLOBAL_REQUEST", 30, KEEPALIVE),
        ("server", "REQUEST_SUCCESS"),
    ]
    arrived = [m for do, m in did(translate(log(*OPENED, *later))) if do == "Arrive"]
    assert arrived[1:] == [Message("reply", 1, 1)]


def test_the_servers_heartbeats_and_the_clients_replies() -> None:
    later: list[Short] = [("server", "GLOBAL_REQUEST", 30, KEEPALIVE), ("client", "REQUEST_FAILURE")]
    assert did(translate(log(*OPENED, *later)))[4:] == [
        ("Arrive", Message("heartbeat", 1, 1)),
        ("SendReply", Message("reply", 1, 1)),
    ]


def test_data_is_delivered_when_all_of_it_was_handed_on() -> None:
    later: list[Short] = [
        ("server", "CHANNEL_DATA", 10),
        ("server", "CHANNEL_DATA", 10),
        ("user", "GOT", 4),
        ("user", "GOT", 16),
    ]
    delivered = [(e.t, e.message) for e in translate(log(*OPENED, *later)) if e.do == "Deliver"]
    assert delivered == [(8, Message("data", 1, 1, bytes=10)), (8, Message("data", 1, 2, bytes=10))]


def test_what_the_user_does() -> None:
    later: list[Short] = [
        ("user", "WRITE", 5),
        ("client", "CHANNEL_DATA", 5),
        ("user", "QUIT"),
        ("client", "DISCONNECT"),
    ]
    events = translate(log(*OPENED, *later))[4:]
    assert [(e.do, e.bytes) for e in events] == [("Offer", 5), ("SendData", 0), ("Shut", 0), ("Close", 0)]
    assert events[-1].message == Message("close", 1)


def test_a_connection_that_just_ends_is_closed_without_a_word() -> None:
    events = translate(log(*OPENED, ("link", "LOST", 0, "reset"), ("link", "END")))
    assert events[-1] == Event(5, "client", "Close", reason="reset")


def test_after_the_announced_end_nothing_more_is_told() -> None:
    assert did(translate(log(*OPENED, ("client", "DISCONNECT"), ("link", "LOST"))))[-1] == (
        "Close",
        Message("close", 1),
    )


def test_the_end_of_watching_is_time_that_passed() -> None:
    assert translate([*log(*OPENED), Line(900.4, "link", "END")])[-1] == Event(900, "client", "Tick")


def test_what_carries_no_application_data_is_left_out() -> None:
    later: list[Short] = [("client", "IGNORE"), ("client", "USERAUTH_REQUEST"), ("client", "CHANNEL_OPEN", 24)]
    assert len(translate(log(*OPENED, *later))) == 4


def test_time_never_runs_backwards() -> None:
    lines = [Line(5.0, "link", "OPEN"), Line(3.0, "client", "KEXINIT")]
    assert [e.t for e in translate(lines)] == [5, 5]


def test_what_was_said_last_is_not_claimed_where_our_own_writing_broke_the_connection() -> None:
    quitting: list[Short] = [*OPENED, ("user", "QUIT"), ("link", "LOST", 0, "[Errno 32] Broken pipe"), ("link", "END")]
    assert did(translate(log(*quitting)))[-1] == ("Shut", None)
    by_itself: list[Short] = [*OPENED, ("link", "LOST", 0, "[Errno 104] Connection reset by peer")]
    assert did(translate(log(*by_itself)))[-1] == ("Close", None)


SERVED: list[Short] = [
    ("link", "OPEN"),
    ("server", "KEXINIT"),
    ("client", "KEXINIT"),
    ("client", "KEX_ECDH_INIT"),
    ("server", "KEX_ECDH_REPLY"),
    ("client", "NEWKEYS"),
    ("server", "NEWKEYS"),
]
"""The same opening as a client that watches a server sees it."""


def test_at_a_server_too_the_first_exchange_is_the_clients() -> None:
    assert did(translate(log(*SERVED), "server")) == [
        ("Open", None),
        ("Arrive", Message("start", 1, negotiation="c1")),
        ("Answer", Message("answer", 1, negotiation="c1")),
        ("Arrive", Message("finish", 1, negotiation="c1")),
    ]


def test_a_renegotiation_that_a_server_begins_is_in_force_with_its_newkeys() -> None:
    later: list[Short] = [
        ("server", "KEXINIT"),
        ("client", "KEXINIT"),
        ("client", "KEX_ECDH_INIT"),
        ("server", "KEX_ECDH_REPLY"),
        ("server", "NEWKEYS"),
        ("server", "CHANNEL_DATA", 7),
        ("client", "NEWKEYS"),
        ("client", "CHANNEL_DATA", 9),
    ]
    assert did(translate(log(*SERVED, *later), "server"))[4:] == [
        ("Start", Message("start", 2, negotiation="s2")),
        ("Arrive", Message("answer", 2, negotiation="s2")),
        ("Finish", Message("finish", 2, negotiation="s2")),
        ("SendData", Message("data", 2, 1, bytes=7)),
        ("Arrive", Message("data", 2, 1, bytes=9)),
    ]


def test_a_server_that_answers_may_send_once_it_has_the_clients_half() -> None:
    later: list[Short] = [
        ("client", "KEXINIT"),
        ("server", "KEXINIT"),
        ("client", "KEX_ECDH_INIT"),
        ("server", "NEWKEYS"),
        ("server", "CHANNEL_DATA", 7),
    ]
    assert did(translate(log(*SERVED, *later), "server"))[4:] == [
        ("Arrive", Message("start", 2, negotiation="c2")),
        ("Answer", Message("answer", 2, negotiation="c2")),
        ("Arrive", Message("finish", 2, negotiation="c2")),
        ("SendData", Message("data", 2, 1, bytes=7)),
    ]


def test_when_both_start_the_client_goes_on_with_its_own() -> None:
    later: list[Short] = [
        ("server", "KEXINIT", 1, HELD),
        ("client", "KEXINIT"),
        ("server", "KEXINIT", 1, CROSSED),
        ("server", "NEWKEYS"),
        ("client", "NEWKEYS"),
    ]
    assert did(translate(log(*OPENED, *later)))[4:] == [
        ("Start", Message("start", 2, negotiation="c2")),
        ("Arrive", Message("start", 2, negotiation="s2")),
        ("Arrive", Message("answer", 2, negotiation="c2")),
        ("Finish", Message("finish", 2, negotiation="c2")),
    ]


def test_when_both_start_the_server_answers_the_client_if_it_goes_on() -> None:
    later: list[Short] = [
        ("client", "KEXINIT", 1, HELD),
        ("server", "KEXINIT"),
        ("client", "KEXINIT", 1, CROSSED),
        ("client", "KEX_ECDH_INIT"),
        ("server", "KEX_ECDH_REPLY"),
        ("server", "NEWKEYS"),
    ]
    both = [
        ("Start", Message("start", 2, negotiation="s2")),
        ("Arrive", Message("start", 2, negotiation="c2")),
        ("Answer", Message("answer", 2, negotiation="c2")),
        ("Arrive", Message("finish", 2, negotiation="c2")),
    ]
    assert did(translate(log(*SERVED, *later), "server"))[4:] == both
    assert did(translate(log(*SERVED, *later[:4]), "server"))[4:] == both[:2], "nothing shows that it took it"


def test_what_was_joined_or_split_on_its_way_is_cut_alike() -> None:
    later: list[Short] = [
        ("user", "WRITE", 5),
        ("user", "WRITE", 5),
        ("client", "CHANNEL_DATA", 8),
        ("client", "CHANNEL_DATA", 2),
        ("client", "CHANNEL_DATA", 3),
    ]
    events = translate(log(*OPENED, *later))[4:]
    assert [(e.do, e.bytes, e.message and e.message.bytes) for e in events] == [
        ("Offer", 5, None),
        ("Offer", 3, None),
        ("Offer", 2, None),
        ("SendData", 0, 5),
        ("SendData", 0, 3),
        ("SendData", 0, 2),
        ("SendData", 0, 3),
    ]


def test_requests_of_the_channel_and_global_ones_are_answered_apart() -> None:
    later: list[Short] = [
        ("server", "GLOBAL_REQUEST", 1, KEEPALIVE),
        ("server", "CHANNEL_REQUEST", 1, KEEPALIVE),
        ("client", "CHANNEL_FAILURE"),
        ("client", "REQUEST_FAILURE"),
    ]
    assert did(translate(log(*SERVED, *later), "server"))[4:] == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
        ("SendHeartbeat", Message("heartbeat", 1, 2)),
        ("Arrive", Message("reply", 1, 2)),
        ("Arrive", Message("reply", 1, 1)),
    ]


def test_a_heartbeat_that_wants_no_reply_gets_none() -> None:
    later: list[Short] = [
        ("client", "GLOBAL_NOTICE", 1, "keepalive@lag.net"),
        ("client", "GLOBAL_REQUEST", 1, KEEPALIVE),
        ("server", "REQUEST_FAILURE"),
    ]
    assert did(translate(log(*OPENED, *later)))[4:] == [
        ("SendHeartbeat", Message("heartbeat", 1, 1)),
        ("SendHeartbeat", Message("heartbeat", 1, 2)),
        ("Arrive", Message("reply", 1, 2)),
    ]


def test_a_spoilt_heartbeat_is_sealed_by_nobody_and_answered_by_nothing() -> None:
    later: list[Short] = [
        ("server", "GLOBAL_REQUEST", 1, f"{KEEPALIVE} {ALTERED}"),
        ("client", "REQUEST_FAILURE"),
    ]
    forged = ("Arrive", Message("heartbeat", 1, 1, sealed_by="nobody"))
    assert did(translate(log(*OPENED, *later)))[4:] == [forged]


def test_data_under_the_old_key_is_of_the_epoch_before() -> None:
    later: list[Short] = [*OPENED[1:], ("server", "CHANNEL_DATA", 4, OLD_KEY)]
    assert did(translate(log(*OPENED, *later)))[-1] == ("Arrive", Message("data", 1, 1, bytes=4))


def test_a_server_announces_its_end_by_closing_the_channel() -> None:
    closed: list[Short] = [("server", "CHANNEL_CLOSE"), ("link", "LOST")]
    assert did(translate(log(*SERVED, ("user", "QUIT"), *closed), "server"))[4:] == [
        ("Shut", None),
        ("Close", Message("close", 1)),
    ]
    assert did(translate(log(*SERVED, *closed), "server"))[4:] == [("Close", None)], "nobody asked it to"

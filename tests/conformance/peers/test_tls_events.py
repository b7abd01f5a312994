"""Record logs in, events out: no network, no clock."""

from __future__ import annotations

from rekeyspec.conformance.peers.tls.events import Reading, translate
from rekeyspec.conformance.peers.tls.log import CLOSE_NOTIFY, REQUESTED, STRANGER, Line, Who
from rekeyspec.conformance.peers.tls.pieces import pieces
from rekeyspec.reference.vocabulary import Message

Short = tuple[Who, str] | tuple[Who, str, int] | tuple[Who, str, int, str]

HANDSHAKE: list[Short] = [("link", "OPEN"), ("client", "HELLO"), ("server", "HELLO"), ("client", "FINISHED")]
UPDATE: Short = ("client", "KEY_UPDATE", 0, REQUESTED)
ANSWERED: Short = ("server", "KEY_UPDATE")


def log(*lines: Short) -> list[Line]:
    return [Line(float(t), *line) for t, line in enumerate(lines)]


def did(reading: Reading, *lines: Short) -> list[tuple[str, Message | None]]:
    """What follows the handshake."""
    return [(e.do, e.message) for e in translate(log(*HANDSHAKE, *lines), reading)][4:]


def negotiating(kind: str, name: str) -> Message:
    return Message(kind, int(name[1:]), negotiation=name)  # type: ignore[arg-type]


def test_the_handshake() -> None:
    events = translate(log(*HANDSHAKE), "both-ways")
    assert [(e.t, e.do) for e in events] == [(1, "Open"), (1, "Start"), (3, "Arrive"), (3, "Finish")]
    assert events[2].message == negotiating("answer", "c1")


def test_a_strangers_answer_is_sealed_by_nobody_and_breaking_off_is_no_close() -> None:
    lines: list[Short] = [*HANDSHAKE[:2], ("server", "HELLO", 0, STRANGER), ("client", "ALERT"), ("link", "LOST")]
    events = translate(log(*lines, ("link", "END")), "both-ways")
    assert [e.do for e in events] == ["Open", "Start", "Arrive", "Tick"]
    assert events[2].message == negotiating("answer", "c1")._replace(sealed_by="nobody")


def test_a_client_that_is_never_answered_and_gives_up_has_closed() -> None:
    lines: list[Short] = [("link", "OPEN"), ("client", "HELLO"), ("client", "ALERT"), ("link", "LOST", 0, "gone")]
    assert [e.do for e in translate(log(*lines), "both-ways")] == ["Open", "Start", "Close"]


def test_one_way_a_key_update_is_all_of_a_renegotiation() -> None:
    lines: list[Short] = [("user", "WRITE", 9), UPDATE, ("client", "DATA", 9), ANSWERED, ("server", "DATA", 5)]
    assert did("one-way", *lines) == [
        ("Offer", None),
        ("Start", negotiating("start", "c2")),
        ("Arrive", negotiating("answer", "c2")),
        ("Finish", negotiating("finish", "c2")),
        ("SendData", Message("data", 2, 1, bytes=9)),
    ]


def test_both_ways_the_answer_is_awaited_while_each_key_is_its_directions_own() -> None:
    lines: list[Short] = [
        ("user", "WRITE", 9), UPDATE, ("client", "DATA", 9), ("server", "DATA", 5), ANSWERED, ("server", "DATA", 6),
    ]  # fmt: skip
    assert did("both-ways", *lines) == [
        ("Offer", None),
        ("Start", negotiating("start", "c2")),
        ("SendData", Message("data", 2, 1, bytes=9)),
        ("Arrive", Message("data", 1, 1, bytes=5)),
        ("Arrive", negotiating("answer", "c2")),
        ("Finish", negotiating("finish", "c2")),
        ("Arrive", Message("data", 2, 2, bytes=6)),
    ]


def test_the_server_starts_and_the_client_answers() -> None:
    assert did("both-ways", ("server", "KEY_UPDATE", 0, REQUESTED), ("client", "KEY_UPDATE")) == [
        ("Arrive", negotiating("start", "s2")),
        ("Answer", negotiating("answer", "s2")),
        ("Arrive", negotiating("finish", "s2")),
    ]


def test_crossing_key_updates_are_two_renegotiations() -> None:
    lines: list[Short] = [UPDATE, ("server", "KEY_UPDATE", 0, REQUESTED), ("client", "KEY_UPDATE"), ANSWERED]
    assert [do for do, _ in did("both-ways", *lines)] == ["Start", "Arrive", "Answer", "Arrive", "Arrive", "Finish"]


def test_a_renegotiation_of_tls_1_2() -> None:
    lines: list[Short] = [("server", "HELLO_REQUEST"), ("client", "HELLO"), ("client", "CHANGE"), ("server", "CHANGE")]
    assert did("both-ways", *lines, ("user", "WRITE", 3), ("client", "DATA", 3)) == [
        ("Arrive", Message("request", 1)),
        ("Start", negotiating("start", "c2")),
        ("Arrive", negotiating("answer", "c2")),
        ("Finish", negotiating("finish", "c2")),
        ("Offer", None),
        ("SendData", Message("data", 2, 1, bytes=3)),
    ]


def test_data_is_delivered_when_all_of_it_was_handed_on() -> None:
    lines: list[Short] = [("server", "DATA", 10), ("server", "DATA", 10), ("user", "GOT", 4), ("user", "GOT", 16)]
    assert did("both-ways", *lines[:3])[2:] == []
    assert did("both-ways", *lines)[2:] == [
        ("Deliver", Message("data", 1, 1, bytes=10)),
        ("Deliver", Message("data", 1, 2, bytes=10)),
    ]


def test_an_announced_end_is_told_under_the_epoch_in_force_and_once() -> None:
    lines: list[Short] = [UPDATE, ("user", "QUIT"), ("client", "ALERT", 0, CLOSE_NOTIFY), ("link", "LOST")]
    assert did("both-ways", *lines)[1:] == [("Shut", None), ("Close", Message("close", 1))]


def test_other_alerts_say_nothing_and_a_connection_that_just_ends_is_closed() -> None:
    assert did("both-ways", ("client", "ALERT", 0, "user_canceled"), ("link", "LOST")) == [("Close", None)]


def test_a_write_is_one_message_however_many_records_carry_it() -> None:
    lines = log(("user", "WRITE", 30), ("client", "DATA", 20), ("client", "DATA", 10))
    assert pieces(lines) == ({0: [30]}, {2: [30]})


def test_a_new_key_cuts_a_write() -> None:
    lines = log(("user", "WRITE", 30), ("client", "DATA", 20), UPDATE, ("client", "DATA", 10))
    assert pieces(lines) == ({0: [20, 10]}, {1: [20], 3: [10]})


def test_writes_that_became_one_record_are_several_messages() -> None:
    lines = log(("user", "WRITE", 5), ("user", "WRITE", 6), ("client", "DATA", 11))
    assert pieces(lines) == ({0: [5], 1: [6]}, {2: [5, 6]})


def test_what_never_left_is_offered_all_the_same() -> None:
    lines = log(("user", "WRITE", 5), ("client", "DATA", 5), ("user", "WRITE", 6))
    assert pieces(lines) == ({0: [5], 2: [6]}, {1: [5]})

"""What is seen of an IPsec link in, events out: no network, no clock."""

from __future__ import annotations

import pytest

from rekeyspec.conformance.peers.ipsec.events import translate
from rekeyspec.conformance.peers.ipsec.log import Line, Who
from rekeyspec.reference.vocabulary import Event, Message

REKEY = "CREATE_CHILD_SA request [ N(REKEY_SA) SA No TSi TSr ]"
REKEYED = "CREATE_CHILD_SA response [ SA No TSi TSr ]"
DELETE_OLD = "INFORMATIONAL request [ D ] of ESP a1"
BEAT, REPLY = "INFORMATIONAL request [  ]", "INFORMATIONAL response [  ]"


def ike(who: Who, note: str, mid: int = 0, copy: int = 1) -> Line:
    return Line(0.0, who, "IKE", 80, number=copy, mid=mid, note=note)


def esp(who: Who, spi: str, number: int, size: int = 102) -> Line:
    return Line(0.0, who, "ESP", size, spi, number)


def keys(number: int) -> Line:
    """Of the how manyeth CHILD_SA: `a1` comes in, `b1` goes out."""
    return Line(0.0, "link", "KEYS", spi=f"a{number}", note=f"b{number}")


def link(what: str, note: str = "") -> Line:
    return Line(0.0, "link", what, note=note)


def user(what: str, size: int = 102) -> Line:
    return Line(0.0, "user", what, size)


KEYS = [keys(1), keys(2)]
OPENED_V2 = [
    *KEYS,
    link("OPEN"),
    ike("one", "IKE_SA_INIT request [ SA KE No ]"),
    ike("two", "IKE_SA_INIT response [ SA KE No ]"),
    ike("one", "IKE_AUTH request [ IDi IDr AUTH SA TSi TSr ]", 1),
    ike("two", "IKE_AUTH response [ IDr AUTH SA TSi TSr ]", 1),
]
OPENED_V1 = [
    *KEYS,
    link("OPEN"),
    *(ike(who, f"ID_PROT {what} [ x ]") for _ in range(3) for who, what in (("one", "request"), ("two", "response"))),  # type: ignore[arg-type]
    ike("one", "QUICK_MODE request [ HASH SA No ID ID ]", 77),
    ike("two", "QUICK_MODE response [ HASH SA No ID ID ]", 77),
    ike("one", "QUICK_MODE request [ HASH ]", 77),
]


def timed(lines: list[Line]) -> list[Line]:
    return [line._replace(t=float(t)) for t, line in enumerate(lines)]


def later(*lines: Line, opened: list[Line] = OPENED_V2) -> list[Event]:
    """What came of these after the link had been opened."""
    return translate(timed([*opened, *lines]))[len(translate(timed(opened))) :]


def did(events: list[Event]) -> list[tuple[str, Message | None]]:
    return [(e.do, e.message) for e in events]


def message(kind: str, epoch: int = 1, number: int = 0, negotiation: str = "", size: int = 0) -> Message:
    channel = "data" if kind == "data" else "control"
    return Message(kind, epoch, number, negotiation, bytes=size, channel=channel)  # type: ignore[arg-type]


@pytest.mark.parametrize("opened", [OPENED_V2, OPENED_V1], ids=["IKEv2", "IKEv1"])
def test_the_first_negotiation(opened: list[Line]) -> None:
    assert did(translate(opened)) == [
        ("Open", None),
        ("Start", message("start", negotiation="c1")),
        ("Arrive", message("answer", negotiation="c1")),
        ("Finish", message("finish", negotiation="c1")),
    ]


def test_a_renegotiation_that_one_begins() -> None:
    events = later(ike("one", REKEY, 2), ike("two", REKEYED, 2), ike("one", DELETE_OLD, 3), esp("one", "b2", 1))
    assert did(events) == [
        ("Start", message("start", 2, negotiation="c2")),
        ("Arrive", message("answer", 2, negotiation="c2")),
        ("Finish", message("finish", 2, negotiation="c2")),
        ("SendData", message("data", 2, 1, size=102)),
    ]


def test_a_renegotiation_that_two_begins() -> None:
    events = later(ike("two", REKEY), ike("one", REKEYED), ike("two", DELETE_OLD, 1))
    assert did(events) == [
        ("Arrive", message("start", 2, negotiation="s2")),
        ("Answer", message("answer", 2, negotiation="s2")),
        ("Arrive", message("finish", 2, negotiation="s2")),
    ]


def test_what_first_comes_under_the_new_key_finishes_the_negotiation_that_two_began() -> None:
    events = later(ike("two", REKEY), ike("one", REKEYED), esp("two", "a2", 1), ike("two", DELETE_OLD, 1))
    assert did(events)[2:] == [
        ("Arrive", message("finish", 2, negotiation="s2")),
        ("Arrive", message("data", 2, 1, size=102)),
    ]


def test_renegotiations_of_ikev1_are_quick_modes() -> None:
    first, second, third = (f"QUICK_MODE request [ HASH {rest}]" for rest in ("SA No ID ID ", "SA No ID ID ", ""))
    ours = later(ike("one", first, 5), ike("two", second, 5), ike("one", third, 5), opened=OPENED_V1)
    assert [e.do for e in ours] == ["Start", "Arrive", "Finish"]
    theirs = later(ike("two", first, 6), ike("one", second, 6), ike("two", third, 6), opened=OPENED_V1)
    assert [e.do for e in theirs] == ["Arrive", "Answer", "Arrive"]
    again = later(ike("one", first, 5), ike("one", first, 5, copy=2), ike("two", second, 5), opened=OPENED_V1)
    assert [e.do for e in again] == ["Start", "Arrive"]


def test_a_start_without_a_nonce_is_none() -> None:
    assert later(ike("one", "CREATE_CHILD_SA request [ N(REKEY_SA) SA TSi TSr ]", 2)) == []


def test_a_start_that_is_sent_again_is_the_same() -> None:
    assert [e.do for e in later(ike("one", REKEY, 2), ike("one", REKEY, 2, copy=2))] == ["Start"]


def test_the_numbers_of_packets_go_on_from_one_key_to_the_next() -> None:
    rekeyed = (ike("one", REKEY, 2), ike("two", REKEYED, 2), ike("one", DELETE_OLD, 3))
    events = later(esp("one", "b1", 1), esp("one", "b1", 2), *rekeyed, esp("one", "b2", 1), esp("two", "a2", 1))
    data = [m for _, m in did(events) if m and m.kind == "data"]
    assert [(m.epoch, m.number) for m in data] == [(1, 1), (1, 2), (2, 3), (2, 1)]


def test_a_number_that_repeats_under_a_key_repeats_here() -> None:
    data = [m for _, m in did(later(esp("one", "b1", 1), esp("one", "b1", 1))) if m]
    assert [m.number for m in data] == [1, 1]


def test_data_is_delivered_once_for_each_packet_of_that_size() -> None:
    events = later(esp("two", "a1", 1), esp("two", "a1", 2, 1022), user("GOT", 1022), user("GOT"), user("GOT"))
    assert [m for do, m in did(events) if do == "Deliver"] == [
        message("data", number=2, size=1022),
        message("data", number=1, size=102),
    ]


def test_a_late_packet_of_the_old_key_keeps_its_own_number() -> None:
    rekeyed = (ike("two", REKEY), ike("one", REKEYED), ike("two", DELETE_OLD, 1))
    events = later(esp("two", "a1", 2), *rekeyed, esp("two", "a2", 1), esp("two", "a1", 1))
    assert [(m.epoch, m.number) for _, m in did(events) if m and m.kind == "data"] == [(1, 2), (2, 3), (1, 1)]


def test_what_was_forged_is_sealed_by_nobody() -> None:
    [packet] = later(link("FORGED", "esp"), esp("two", "a1", 1), user("GOT"))
    assert packet.message == message("data", number=1, size=102)._replace(sealed_by="nobody")
    [beat] = later(link("FORGED", "ike"), ike("two", "INFORMATIONAL [ ? ]", 4))
    assert beat.message == message("heartbeat", number=1)._replace(sealed_by="nobody")


def test_heartbeats_are_numbered_with_their_repeats_and_a_reply_answers_the_last() -> None:
    events = later(ike("one", BEAT, 2), ike("one", BEAT, 2, copy=2), ike("two", REPLY, 2), ike("one", BEAT, 3))
    assert did(events) == [
        ("SendHeartbeat", message("heartbeat", number=1)),
        ("SendHeartbeat", message("heartbeat", number=2)),
        ("Arrive", message("reply", number=2)),
        ("SendHeartbeat", message("heartbeat", number=3)),
    ]


def test_a_heartbeat_that_two_sends_again_is_the_same() -> None:
    events = later(ike("two", BEAT, 0), ike("one", REPLY, 0), ike("two", BEAT, 0, copy=2), ike("one", REPLY, 0, copy=2))
    assert did(events) == [("Arrive", message("heartbeat", number=1)), ("SendReply", message("reply", number=1))] * 2


def test_heartbeats_of_ikev1() -> None:
    ask, answer = "INFORMATIONAL_V1 request [ HASH N(DPD) ]", "INFORMATIONAL_V1 request [ HASH N(DPD_ACK) ]"
    ours = later(ike("one", ask, 5), ike("two", answer, 6), opened=OPENED_V1)
    assert did(ours) == [("SendHeartbeat", message("heartbeat", number=1)), ("Arrive", message("reply", number=1))]
    theirs = later(ike("two", ask, 7), ike("one", answer, 8), opened=OPENED_V1)
    assert did(theirs) == [("Arrive", message("heartbeat", number=1)), ("SendReply", message("reply", number=1))]


def test_a_reply_to_nothing_is_none() -> None:
    assert later(ike("two", REPLY, 9)) == []


def test_the_end_of_the_link() -> None:
    ended = later(user("QUIT"), ike("one", "INFORMATIONAL request [ D ] of IKE", 4), ike("two", REPLY, 4))
    assert did(ended) == [("Shut", None), ("Close", message("close"))]
    told = later(ike("two", "INFORMATIONAL request [ D ] of IKE", 4), link("DELETED"), ike("one", REPLY, 4))
    assert did(told) == [("Arrive", message("close")), ("Close", None)]
    assert [e.do for e in later(user("QUIT"), link("DELETED"))] == ["Shut"]
    lost = later(link("GAVE UP", "giving up after 2 retransmits"), link("GAVE UP"), link("END"))
    assert [(e.do, e.reason) for e in lost] == [("Close", "giving up after 2 retransmits"), ("Tick", "")]


def test_the_end_of_the_only_key_is_the_links() -> None:
    assert [e.do for e in later(ike("one", DELETE_OLD, 3))] == ["Close"]
    assert later(ike("one", "INFORMATIONAL request [ D ] of ESP a7", 3)) == []


def test_after_the_end_the_user_is_refused_and_packets_still_come() -> None:
    events = later(link("GAVE UP"), user("WRITE"), user("REFUSED"), esp("two", "a1", 1), ike("one", BEAT, 4))
    assert [e.do for e in events] == ["Close", "Offer", "Refuse", "Arrive"]


def test_what_came_before_the_end_was_delivered_before_it() -> None:
    lines = [*OPENED_V2, esp("two", "a1", 1), link("GAVE UP"), user("GOT")]
    assert [e.do for e in translate(lines)][-3:] == ["Arrive", "Deliver", "Close"]
    late = [*lines[:-1], user("GOT")._replace(t=50.0)]
    assert [e.do for e in translate(late)][-3:] == ["Arrive", "Close", "Deliver"]
    after = [*OPENED_V2, link("GAVE UP"), esp("two", "a1", 1), user("GOT")]
    assert [e.do for e in translate(after)][-3:] == ["Close", "Arrive", "Deliver"]


def test_an_authentication_that_failed_has_no_effect() -> None:
    without_keys = OPENED_V2[len(KEYS) :]
    events = translate([*without_keys, ike("one", "INFORMATIONAL request [ N(AUTH_FAILED) ]", 2)])
    assert did(events) == [
        ("Open", None),
        ("Start", message("start", negotiation="c1")),
        ("Arrive", message("answer", negotiation="c1")._replace(sealed_by="nobody")),
    ]


def test_time_never_runs_backwards() -> None:
    lines = [Line(5.0, "link", "OPEN"), Line(3.0, "link", "END")]
    assert [e.t for e in translate(lines)] == [5, 5]

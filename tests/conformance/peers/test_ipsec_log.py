"""The watcher's lines and charon's joined: no network, no clock."""

from __future__ import annotations

import struct

from rekeyspec.conformance.peers.ipsec.log import OVERHEAD, Line, Said, Seen, joined, said, seen

COOKIES = bytes(range(16))


def header(exchange: int, mid: int, *, response: bool = False) -> str:
    return (COOKIES + struct.pack("!BBBBII", 46, 0x20, exchange, 0x20 if response else 0x08, mid, 80)).hex()


def ike(t: float, way: str, exchange: int, mid: int, crc: str = "aa", *, response: bool = False) -> Seen:
    return Seen(t, (way, "ike", header(exchange, mid, response=response), crc, "80"))


def esp(t: float, way: str, spi: str, number: int, size: int) -> Seen:
    return Seen(t, (way, "esp", spi, str(number), str(size + OVERHEAD)))


def notes(wire: list[Seen], *log: str) -> list[str]:
    lines = joined(wire, [Said(float(n), "07", text) for n, text in enumerate(log)], 0.0)
    return [line.note for line in lines if line.what == "IKE"]


def test_lines_are_read_and_what_is_none_is_not() -> None:
    assert said("1795491209.343 07[ENC] parsed INFORMATIONAL request 0 [ ]") == Said(
        1795491209.343, "07", "parsed INFORMATIONAL request 0 [ ]"
    )
    assert said("charon: something else") is None
    assert seen("12.5 out esp c0ffee00 3 136") == Seen(12.5, ("out", "esp", "c0ffee00", "3", "136"))
    assert seen("Traceback (most recent call last):") is None
    assert seen("") is None


def test_a_message_on_the_wire_gets_charons_word_for_what_is_in_it() -> None:
    wire = [ike(1, "out", 36, 2), ike(2, "in", 36, 2, response=True), ike(3, "out", 37, 3), ike(4, "in", 37, 0)]
    assert notes(
        wire,
        "generating CREATE_CHILD_SA request 2 [ N(REKEY_SA) SA No TSi TSr ]",
        "parsed CREATE_CHILD_SA response 2 [ SA No TSi TSr ]",
        "sending DELETE for ESP CHILD_SA with SPI 15894f33",
        "generating INFORMATIONAL request 3 [ D ]",
        "parsed INFORMATIONAL request 0 [ ]",
    ) == [
        "CREATE_CHILD_SA request [ N(REKEY_SA) SA No TSi TSr ]",
        "CREATE_CHILD_SA response [ SA No TSi TSr ]",
        "INFORMATIONAL request [ D ] of ESP 15894f33",
        "INFORMATIONAL request [  ]",
    ]


def test_what_a_delete_that_came_is_of_stands_after_it() -> None:
    wire = [ike(1, "in", 37, 5), ike(2, "in", 37, 6)]
    assert notes(
        wire,
        "parsed INFORMATIONAL request 5 [ D ]",
        "received DELETE for ESP CHILD_SA with SPI 15894f33",
        "parsed INFORMATIONAL request 6 [ D ]",
        "received DELETE for IKE_SA link[1]",
    ) == ["INFORMATIONAL request [ D ] of ESP 15894f33", "INFORMATIONAL request [ D ] of IKE"]


def test_messages_of_one_id_are_told_apart_by_their_order_and_repeats_by_their_sum() -> None:
    wire = [ike(1, "out", 2, 0, "aa"), ike(2, "out", 2, 0, "aa"), ike(3, "out", 2, 0, "bb")]
    log = [Said(0, "01", "generating ID_PROT request 0 [ SA V ]"), Said(1, "01", "generating ID_PROT request 0 [ KE ]")]
    lines = joined(wire, log, 0.0)
    assert [(line.note, line.number) for line in lines] == [
        ("ID_PROT request [ SA V ]", 1),
        ("ID_PROT request [ SA V ]", 2),
        ("ID_PROT request [ KE ]", 1),
    ]


def test_what_charon_could_not_read_has_no_word() -> None:
    assert notes([ike(1, "in", 37, 9)]) == ["INFORMATIONAL [ ? ]"]


def test_keys_come_first_each_child_once() -> None:
    lines = joined(
        [esp(1, "out", "bb", 1, 102)],
        [
            Said(
                5, "01", "inbound CHILD_SA link{2} established with SPIs aa_i bb_o and TS 10.78.0.1/32 === 10.78.0.2/32"
            ),
            Said(
                6,
                "01",
                "outbound CHILD_SA link{2} established with SPIs aa_i bb_o and TS 10.78.0.1/32 === 10.78.0.2/32",
            ),
        ],
        0.0,
    )
    assert lines == [Line(0.0, "link", "KEYS", spi="aa", note="bb"), Line(1000.0, "one", "ESP", 102, "bb", 1)]


def test_the_packet_that_was_the_reason_for_a_message_is_not_put_after_it() -> None:
    wire = [
        esp(0.9, "out", "bb", 1, 102),
        Seen(1.0, ("user", "sent", "102")),
        ike(1.0005, "out", 36, 2),
        esp(1.001, "out", "bb", 2, 102),
    ]
    assert [line.what for line in joined(wire, [], 0.0)] == ["ESP", "WRITE", "ESP", "IKE"]


def test_a_packet_that_was_offered_after_a_message_stays_after_it() -> None:
    wire = [
        esp(0.9, "out", "bb", 1, 102),
        ike(1.0, "out", 36, 2),
        Seen(1.001, ("user", "sent", "102")),
        esp(1.002, "out", "bb", 2, 102),
    ]
    assert [line.what for line in joined(wire, [], 0.0)] == ["ESP", "IKE", "WRITE", "ESP"]


def test_a_packet_under_a_new_key_stays_where_it_is() -> None:
    wire = [
        esp(0.9, "out", "bb", 1, 102),
        Seen(1.0, ("user", "sent", "102")),
        ike(1.0005, "out", 37, 3),
        esp(1.001, "out", "dd", 1, 102),
    ]
    assert [line.what for line in joined(wire, [], 0.0)] == ["ESP", "WRITE", "IKE", "ESP"]


def test_the_beginning_and_the_end_are_charons_words() -> None:
    log = [
        Said(1, "01", "vici initiate CHILD_SA 'link'"),
        Said(2, "02", "vici terminate IKE_SA 'link'"),
        Said(3, "02", "giving up after 2 retransmits"),
        Said(4, "02", "DPD check timed out, enforcing DPD action"),
        Said(5, "02", "deleting IKE_SA link[1] between 10.77.0.1[10.77.0.1]...10.77.0.2[10.77.0.2]"),
    ]
    assert [(line.t, line.who, line.what) for line in joined([], log, 0.0)] == [
        (1000.0, "link", "OPEN"),
        (2000.0, "user", "QUIT"),
        (3000.0, "link", "GAVE UP"),
        (4000.0, "link", "GAVE UP"),
        (5000.0, "link", "DELETED"),
    ]


def test_the_experiments_own_notes_and_what_is_not_sealed() -> None:
    wire = [
        Seen(2, ("link", "forged", "esp")),
        Seen(4, ("out", "clear", "84")),
        Seen(5, ("user", "refused", "102", "Network-is-unreachable")),
    ]
    assert [(line.who, line.what, line.note) for line in joined(wire, [], 0.0)] == [
        ("link", "FORGED", "esp"),
        ("link", "CLEAR", "out"),
        ("user", "REFUSED", "Network-is-unreachable"),
    ]

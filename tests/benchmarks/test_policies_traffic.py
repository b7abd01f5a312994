"""A user's own workload: CSV and packet captures, and what is said of those that cannot be read."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

pytest.importorskip("numpy")

from rekeyspec.benchmarks.policies.traffic import Offer, read
from rekeyspec.conformance.target import BadInput

A, B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])


def tcp(source: bytes, target: bytes, payload: int, options: int = 0) -> bytes:
    segment = struct.pack(">HHIIBBHHH", 5000, 443, 1, 1, (5 + options) << 4, 0, 0, 0, 0) + bytes(4 * options + payload)
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0, source, target) + segment


def udp6(source: int, target: int, payload: int) -> bytes:
    ends = bytes(15) + bytes([source]) + bytes(15) + bytes([target])
    return (
        struct.pack(">IHBB", 6 << 28, 8 + payload, 17, 64)
        + ends
        + struct.pack(">HHHH", 9, 53, 8 + payload, 0)
        + bytes(payload)
    )


FRAMES = {
    1: bytes(12) + b"\x08\x00",
    101: b"",
    12: b"",
    113: bytes(14) + b"\x08\x00",
    276: b"\x08\x00" + bytes(18),
    0: struct.pack("<I", 2),
    108: struct.pack(">I", 2),
}


def pcap(packets: list[tuple[int, int, bytes]], link: int = 1, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    """Seconds, fraction, what was captured after the frame's own header."""
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return head + b"".join(
        struct.pack(order + "4I", s, part, len(FRAMES[link] + one), len(FRAMES[link] + one)) + FRAMES[link] + one
        for s, part, one in packets
    )


TALK = [(100, 0, tcp(A, B, 0)), (100, 250_000, tcp(A, B, 100, 3)), (101, 0, tcp(B, A, 1400)), (101, 500, tcp(A, B, 7))]
HEARD = [Offer(250, "client", 100), Offer(1000, "server", 1400), Offer(1000, "client", 7)]


def written(folder: Path, what: bytes | str, name: str = "mine.pcap") -> Path:
    path = folder / name
    path.write_bytes(what if isinstance(what, bytes) else what.encode())
    return path


@pytest.mark.parametrize("link", FRAMES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_captures_of_every_link_type_in_either_order(link: int, order: str, tmp_path: Path) -> None:
    assert read(written(tmp_path, pcap(TALK, link, order))) == HEARD


@pytest.mark.parametrize("order", ["<", ">"])
def test_nanoseconds(order: str, tmp_path: Path) -> None:
    finer = [(s, part * 1000, one) for s, part, one in TALK]
    assert read(written(tmp_path, pcap(finer, order=order, magic=0xA1B23C4D))) == HEARD


def test_udp_over_ipv6_behind_a_vlan_tag_and_what_is_no_ip(tmp_path: Path) -> None:
    vlan = bytes(12) + b"\x81\x00\x00\x07\x86\xdd"
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    whole = pcap([], 1) + b"".join(
        struct.pack("<4I", s, 0, len(one), len(one)) + one
        for s, one in ((5, arp), (6, vlan + udp6(1, 2, 33)), (8, vlan + udp6(2, 1, 44)))
    )
    assert read(written(tmp_path, whole)) == [Offer(0, "client", 33), Offer(2000, "server", 44)]


def test_a_truncated_capture_of_each_packet_still_has_its_length(tmp_path: Path) -> None:
    short = tcp(A, B, 1400)[:60]
    assert read(written(tmp_path, pcap([(1, 0, short)]))) == [Offer(0, "client", 1400)]


def test_csv(tmp_path: Path) -> None:
    text = "time,bytes,end\n0.0015,10,client\n\n2,1500,server\n2,1,client\n"
    assert read(written(tmp_path, text, "mine.csv")) == [
        Offer(1, "client", 10), Offer(2000, "server", 1500), Offer(2000, "client", 1),
    ]  # fmt: skip
    assert read(written(tmp_path, "\ufefftime, bytes\r\n1,5\r\n", "mine.csv")) == [Offer(1000, "client", 5)]


BAD_CSV = {
    "": ("line 1", "nothing"),
    "time,bytes\n": ("mine.csv", "no message"),
    "1,2\n": ("line 1", "`time,bytes`"),
    "time,bytes\n1,2\n0.5,2\n": ("message 2", "sort the file by time"),
    "time,bytes\n1,-2\n": ("line 2", "'1,-2'"),
    "time,bytes\n-1,2\n": ("line 2", "seconds, bytes"),
    "time,bytes\nnan,2\n": ("line 2", "seconds, bytes"),
    "time,bytes\n1,2,3\n": ("line 2", "seconds, bytes"),
    "time,bytes,end\n1,2,peer\n": ("line 2", "client or server"),
    "time,bytes\n1\n": ("line 2", "seconds, bytes"),
    "time,bytes\n1732400000,2\n": ("mine.csv", "subtract"),
}


@pytest.mark.parametrize("text", BAD_CSV)
def test_csv_that_cannot_be_read(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as said:
        read(written(tmp_path, text, "mine.csv"))
    assert all(part in str(said.value) for part in BAD_CSV[text]), said.value


BAD_PCAP = {
    b"": "no packet capture",
    b"\x0a\x0d\x0d\x0a" + bytes(40): "editcap -F pcap",
    b"time,bytes\n1,2\n" + bytes(20): "no packet capture",
    pcap(TALK, 1).replace(struct.pack("<II", 65535, 1), struct.pack("<II", 65535, 105)): "link type 105",
    pcap(TALK)[:-5]: "packet 4",
    pcap(TALK)[: 24 + 7]: "packet 1",
    pcap([]): "no message",
    pcap([(100, 0, tcp(A, B, 0))]): "no message",
    pcap([TALK[2], TALK[1]]): "sort the file by time",
}


@pytest.mark.parametrize("raw", BAD_PCAP, ids=BAD_PCAP.values())
def test_captures_that_cannot_be_read(raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=BAD_PCAP[raw]):
        read(written(tmp_path, raw))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read(tmp_path / "none.pcap")

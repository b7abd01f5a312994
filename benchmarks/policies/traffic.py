"""A user's own workload: what one link carried, from a CSV file or a packet capture.

CSV: a header `time,bytes` or `time,bytes,end`, then a line for each message: seconds since the link opened, size, and
`client` (the default) or `server`. Captures are classic pcap, in either byte order, in micro- or nanoseconds; what is
taken from them is the payload of every TCP and UDP packet, the client being who sent the first.
"""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple

from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem, shown
from rekeyspec.reference.vocabulary import ROLES, Role

LARGEST: Final = 1 << 30
"""A workload file may have so many bytes."""
LONGEST: Final = 366 * 86_400_000
SUFFIXES: Final = (".csv", ".pcap", ".cap", ".pcapng")

_MAGIC: Final = {b"\xa1\xb2\xc3\xd4": (">", 1_000), b"\xd4\xc3\xb2\xa1": ("<", 1_000),
                 b"\xa1\xb2\x3c\x4d": (">", 1_000_000), b"\x4d\x3c\xb2\xa1": ("<", 1_000_000)}  # fmt: skip
"""Byte order, and how many units of the fraction are a millisecond."""
_NG: Final = b"\x0a\x0d\x0d\x0a"
_LINKS: Final = {0: "null", 1: "Ethernet", 12: "raw IP", 14: "raw IP", 101: "raw IP", 108: "loopback",
                 113: "Linux SLL", 228: "IPv4", 229: "IPv6", 276: "Linux SLL2"}  # fmt: skip
_IP: Final = (0x0800, 0x86DD)


class Offer(NamedTuple):
    """One message: when it is offered (ms), by whom, how large."""

    t: int
    role: Role
    size: int


def read(path: Path) -> list[Offer]:
    """The messages of a file, in order of time. Raises BadInput."""
    try:
        if path.stat().st_size > LARGEST:
            raise problem(str(path), "more than 1 GiB", "a smaller file", "cut it, by time for example")
        raw = path.read_bytes()
    except OSError as why:
        raise problem(str(path), str(why.strerror), "a CSV file or a packet capture", "give its path") from None
    found = _csv(path, raw) if path.suffix == ".csv" else _pcap(path, raw)
    if not found:
        raise problem(str(path), "no message", "at least one", "give a file with data in it")
    last = 0
    for number, one in enumerate(found, 1):
        if one.t < last:
            raise problem(
                f"{path}, message {number}", f"{one.t / 1000:g} s after {last / 1000:g} s", "messages in order of time",
                "sort the file by time",
            )  # fmt: skip
        last = one.t
    if last > LONGEST:
        raise problem(str(path), f"{last / 1000:g} s", "seconds since the link opened, a year at most",
                      "subtract the time of the first message")  # fmt: skip
    return found


def _csv(path: Path, raw: bytes) -> list[Offer]:
    try:
        lines = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        header = [name.strip() for name in next(lines, [])]
        if header not in (["time", "bytes"], ["time", "bytes", "end"]):
            read_ = shown(",".join(header)) if header else "nothing"
            raise problem(f"{path}, line 1", read_, "`time,bytes` or `time,bytes,end`", "name the columns there")
        return [_row(f"{path}, line {number}", row, len(header)) for number, row in enumerate(lines, 2) if row]
    except (UnicodeDecodeError, csv.Error) as why:
        raise problem(str(path), f"no CSV ({why})", "lines of `time,bytes`", "export it as UTF-8 text") from None


def _row(where: str, row: list[str], columns: int) -> Offer:
    expected = "seconds, bytes" + (", client or server" if columns == 3 else "")
    remedy = "write a line as 12.345,1500" + (",client" if columns == 3 else "")
    try:
        time, size = Decimal(row[0].strip()), int(row[1])
    except (ValueError, IndexError, InvalidOperation):
        raise problem(where, shown(",".join(row)), expected, remedy) from None
    role = row[2].strip() if len(row) > 2 else "client"
    sound = time.is_finite() and 0 <= time <= LONGEST and 0 < size <= 1 << 30
    if len(row) != columns or not sound or role not in ROLES:
        raise problem(where, shown(",".join(row)), expected, remedy)
    return Offer(int(time * 1000), "client" if role == "client" else "server", size)


def _pcap(path: Path, raw: bytes) -> list[Offer]:
    if raw[:4] == _NG:
        raise problem(
            str(path), "a pcapng capture", "a classic pcap", f"convert it: editcap -F pcap {path.name} out.pcap"
        )
    if raw[:4] not in _MAGIC or len(raw) < 24:
        raise problem(str(path), "no packet capture", "a .csv file or a classic pcap", "give one")
    order, unit = _MAGIC[raw[:4]]
    kind = struct.unpack_from(order + "I", raw, 20)[0] & 0xFFFF
    if kind not in _LINKS:
        raise problem(
            str(path), f"link type {kind}", ", ".join(dict.fromkeys(_LINKS.values())), "capture on another interface"
        )
    found: list[Offer] = []
    begun: int | None = None
    client = b""
    for ms, packet in _packets(path, raw, order, unit):
        segment = _segment(packet, kind, order)
        if segment is None:
            continue
        source, size = segment
        if begun is None:
            begun, client = ms, source
        if size:
            found.append(Offer(ms - begun, "client" if source == client else "server", size))
    return found


def _packets(path: Path, raw: bytes, order: str, unit: int) -> Iterator[tuple[int, bytes]]:
    at, number = 24, 0
    while at < len(raw):
        number += 1
        if at + 16 > len(raw):
            raise _cut(path, number)
        seconds, fraction, length, _ = struct.unpack_from(order + "4I", raw, at)
        at += 16 + length
        if at > len(raw):
            raise _cut(path, number)
        yield seconds * 1000 + fraction // unit, raw[at - length : at]


def _cut(path: Path, number: int) -> BadInput:
    return problem(f"{path}, packet {number}", "the end of the file in a packet", "whole packets", "capture it again")


def _segment(packet: bytes, kind: int, order: str) -> tuple[bytes, int] | None:
    """Who sent it (the address; the port, where a host talks to itself), and how much payload; None where it is neither
    TCP nor UDP over IP."""
    ip = _network(packet, kind, order)
    if not ip:
        return None
    version = ip[0] >> 4
    if version == 4 and len(ip) >= 20:
        head, total, proto = (ip[0] & 15) * 4, int.from_bytes(ip[2:4]), ip[9]
        ends, first = (ip[12:16], ip[16:20]), int.from_bytes(ip[6:8]) & 0x1FFF == 0
    elif version == 6 and len(ip) >= 40:
        head, total, proto = 40, 40 + int.from_bytes(ip[4:6]), ip[6]
        ends, first = (ip[8:24], ip[24:40]), True
    else:
        return None
    rest = ip[head:]
    if not first or proto not in (6, 17) or len(rest) < (13 if proto == 6 else 8):
        return None
    own = (rest[12] >> 4) * 4 if proto == 6 else 8
    source = ends[0] if ends[0] != ends[1] else rest[:2]
    return source, max((total or len(ip)) - head - own, 0)


def _network(packet: bytes, kind: int, order: str) -> bytes:
    """The IP packet in a frame; empty where there is none."""
    if kind == 1:
        at = 12
        while packet[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        return packet[at + 2 :] if int.from_bytes(packet[at : at + 2]) in _IP else b""
    if kind == 113:
        return packet[16:] if int.from_bytes(packet[14:16]) in _IP else b""
    if kind == 276:
        return packet[20:] if int.from_bytes(packet[:2]) in _IP else b""
    return packet[4:] if kind in (0, 108) else packet

"""ISAKMP's messages as bytes (RFC 2408, with the IPsec DOI's numbers of RFC 2407): headers and chains of payloads.

Only what main mode with a pre-shared key, quick mode and informational exchanges need. What is read comes from the
network: anything that does not fit is `Malformed`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

HEADER: Final = struct.Struct("!8s8sBBBBII")
VERSION: Final = 0x10
ENCRYPTED: Final = 1
"""The header's flag of a message whose payloads are encrypted."""


class Malformed(Exception):
    """Bytes that are no ISAKMP message."""


class Exchange(IntEnum):
    """Types of exchange (RFC 2408, 3.1; RFC 2409, appendix A)."""

    MAIN = 2
    INFORMATIONAL = 5
    QUICK = 32


class Type(IntEnum):
    """Types of payload (RFC 2408, 3.1; RFC 3947, 3.2)."""

    NONE = 0
    SA = 1
    KEY = 4
    ID = 5
    HASH = 8
    NONCE = 10
    NOTIFICATION = 11
    DELETE = 12
    VENDOR = 13
    NAT_ADDRESS = 20


class Header(NamedTuple):
    """The fixed part of a message; `first` is the type of its first payload."""

    initiator: bytes
    responder: bytes
    first: int
    exchange: int
    flags: int
    mid: int


class Payload(NamedTuple):
    """One payload: its type, and its body without the generic header."""

    type: int
    body: bytes


class Transform(NamedTuple):
    """One transform of a proposal: its id in the proposal's protocol, and its attributes."""

    id: int
    attributes: Sequence[tuple[int, int]]


class Notification(NamedTuple):
    """What a notification says (RFC 2408, 3.14)."""

    protocol: int
    type: int
    spi: bytes
    data: bytes = b""


DOI_IPSEC: Final = 1
IDENTITY_ONLY: Final = 1
"""The situation of a security association: all that the IPsec DOI asks for."""
ISAKMP, ESP = 1, 3
"""Protocols (RFC 2407, 4.4.1)."""
NO_PROPOSAL_CHOSEN: Final = 14
"""A type of notification (RFC 2408, 3.14.1)."""
ID_ADDRESS: Final = 1
"""A type of identification: an IPv4 address (RFC 2407, 4.6.2.1)."""


def message(header: Header, payloads: bytes) -> bytes:
    """A message of these payloads, which are encoded (and encrypted) already."""
    h = header
    return HEADER.pack(
        h.initiator, h.responder, h.first, VERSION, h.exchange, h.flags, h.mid, HEADER.size + len(payloads)
    ) + payloads  # fmt: skip


def parsed(data: bytes) -> tuple[Header, bytes]:
    """A message's header and the rest of it. Raises Malformed."""
    if len(data) < HEADER.size:
        raise Malformed(f"{len(data)} bytes are no header, which has {HEADER.size}")
    initiator, responder, first, version, exchange, flags, mid, length = HEADER.unpack_from(data)
    if version != VERSION or length != len(data):
        raise Malformed(f"version {version:#x} and length {length}, of {len(data)} bytes")
    return Header(initiator, responder, first, exchange, flags, mid), data[HEADER.size :]


def chain(payloads: Iterable[Payload]) -> bytes:
    """Payloads one after the other, each with its generic header (RFC 2408, 3.2)."""
    listed = list(payloads)
    following = [p.type for p in listed[1:]] + [Type.NONE]
    return b"".join(
        struct.pack("!BBH", after, 0, 4 + len(p.body)) + p.body for p, after in zip(listed, following, strict=True)
    )


def unchained(first: int, data: bytes) -> list[Payload]:
    """The payloads of a chain whose first has this type; what follows the last is padding. Raises Malformed."""
    found: list[Payload] = []
    kind = first
    while kind != Type.NONE:
        if len(data) < 4:
            raise Malformed(f"a payload of type {kind} is announced and {len(data)} bytes are left")
        after, _, length = struct.unpack_from("!BBH", data)
        if not 4 <= length <= len(data):
            raise Malformed(f"a payload of type {kind} has {length} bytes, and {len(data)} are left")
        found.append(Payload(kind, data[4:length]))
        kind, data = after, data[length:]
    return found


def association(protocol: int, spi: bytes, transforms: Sequence[Transform]) -> Payload:
    """A security association with one proposal (RFC 2408, 3.4 to 3.6)."""
    last = len(transforms)
    encoded = b"".join(_transform(n, t, 3 if n < last else 0) for n, t in enumerate(transforms, 1))
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(spi) + len(encoded), 1, protocol, len(spi), last) + spi + encoded
    return Payload(Type.SA, struct.pack("!II", DOI_IPSEC, IDENTITY_ONLY) + proposal)


def _transform(number: int, transform: Transform, following: int) -> bytes:
    attributes = b"".join(_attribute(kind, value) for kind, value in transform.attributes)
    return struct.pack("!BBHBBH", following, 0, 8 + len(attributes), number, transform.id, 0) + attributes


def _attribute(kind: int, value: int) -> bytes:
    """Short where it fits in two bytes, else with its length (RFC 2408, 3.3)."""
    if value < 1 << 16:
        return struct.pack("!HH", 0x8000 | kind, value)
    return struct.pack("!HHI", kind, 4, value)


def accepted(sa: Payload) -> tuple[int, bytes, Transform]:
    """Protocol, SPI and the one transform of the proposal that was accepted. Raises Malformed."""
    try:
        _, _, length, _, protocol, spi_size, count = struct.unpack_from("!BBHBBBB", sa.body, 8)
        spi = sa.body[16 : 16 + spi_size]
        at = 16 + spi_size
        _, _, size, _, kind, _ = struct.unpack_from("!BBHBBH", sa.body, at)
    except struct.error as why:
        raise Malformed(f"a security association of {len(sa.body)} bytes") from why
    if count != 1 or len(spi) != spi_size or at + size > len(sa.body) or 8 + length > len(sa.body):
        raise Malformed(f"a security association of {len(sa.body)} bytes with {count} transforms")
    return protocol, spi, Transform(kind, _attributes(sa.body[at + 8 : at + size]))


def _attributes(data: bytes) -> list[tuple[int, int]]:
    found = []
    while data:
        if len(data) < 4:
            raise Malformed(f"{len(data)} bytes of an attribute")
        kind, value = struct.unpack_from("!HH", data)
        size = 4 if kind & 0x8000 else 4 + value
        number = value if kind & 0x8000 else int.from_bytes(data[4:size], "big")
        found.append((kind & 0x7FFF, number))
        data = data[size:]
    return found


def address(packed: bytes) -> Payload:
    """The identity of an end: its IPv4 address, any protocol and port."""
    return Payload(Type.ID, struct.pack("!BBH", ID_ADDRESS, 0, 0) + packed)


def notification(payload: Payload) -> Notification:
    """What a notification payload says. Raises Malformed."""
    try:
        _, protocol, spi_size, kind = struct.unpack_from("!IBBH", payload.body)
    except struct.error as why:
        raise Malformed(f"a notification of {len(payload.body)} bytes") from why
    return Notification(protocol, kind, payload.body[8 : 8 + spi_size], payload.body[8 + spi_size :])


def delete(protocol: int, spi: bytes) -> Payload:
    """The notice that a security association is no more (RFC 2408, 3.15)."""
    return Payload(Type.DELETE, struct.pack("!IBBH", DOI_IPSEC, protocol, len(spi), 1) + spi)

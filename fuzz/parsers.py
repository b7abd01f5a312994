"""An input is something to be read: the bytes of a connection in pieces, the body of a frame, or lines of a log.

Whatever is read, a frame is the same however its bytes were cut, what was understood is understood again when it is
written anew, and a line means the same alone and among others. What cannot be read raises what its reader says, and no
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rekeyspec.conformance.audit.reading import BadLine, rows
from rekeyspec.reference.wire.frames import CHANNELS, HEADER, Frame, Frames, Malformed, body, said

LONGEST: Final = 400
"""Of an input, in bytes."""


class Found(AssertionError):
    """Something that must never be."""


def one_input(data: bytes) -> bool:
    """Run one input. Was anything in it understood?"""
    return _READERS[data[0] % len(_READERS)](data[1:]) if data else False


def _connection(data: bytes) -> bool:
    """The first byte says how many bytes come at a time."""
    if not data:
        return False
    step, came = data[0] % 40 + 1, data[1:]
    whole, broken = _frames([came])
    pieces = [came[at : at + step] for at in range(0, len(came), step)]
    again, broken_again = _frames(pieces)
    if (whole, broken) != (again, broken_again):
        raise Found(f"other frames in pieces of {step}: {whole}, {broken}; {again}, {broken_again}")
    given = b"".join(one.header + bytes(one.body) for one in whole)
    if not came.startswith(given):
        raise Found(f"frames that did not come: {whole}")
    return bool(whole)


def _frames(pieces: Iterable[bytes]) -> tuple[list[Frame], bool]:
    frames, found = Frames(), []
    try:
        for piece in pieces:
            for one in frames.feed(piece):
                found.append(one._replace(body=bytes(one.body)))  # noqa: PERF401 -- those before bad ones count too
    except Malformed:
        return found, True
    return found, False


def _body(data: bytes) -> bool:
    """The first byte says what its frame is."""
    form, channel = (data[0] % 3, CHANNELS[data[0] // 3 % 3]) if data else (0, CHANNELS[0])
    inside = data[1:]
    frame = Frame(form, channel, 1, 0, bytes(HEADER.size), inside)
    found = said(frame, inside)
    if found is None:
        return False
    again = said(frame, body(*found))
    if again != found:
        raise Found(f"understood as {found}, and when it was written anew as {again}")
    return True


def _log(data: bytes) -> bool:
    """All lines at once, and each by itself."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    together = list(_read(b"".join(lines), 1))
    alone = [one for number, line in enumerate(lines, 1) for one in _read(line, number)]
    if together != alone:
        raise Found(f"lines mean something else together: {together}, {alone}")
    return any(not isinstance(one, str) for one in together)


def _read(lines: bytes, number: int) -> Iterator[object]:
    for _, row in rows(lines, "log", number):
        if isinstance(row, BadLine):
            yield str(row)
        elif isinstance(row, list):
            yield from row
        else:
            yield row


_READERS: Final = (_connection, _body, _log)

SEEDS: Final = (
    b"\x00\x07" + HEADER.pack(1, 0, 1, 0, 4) + b"body" + HEADER.pack(0, 2, 1, 7, 0) + HEADER.pack(2, 1, 1, 1, 9),
    b"\x00\x00" + HEADER.pack(1, 0, 1, 0, 1 << 20),
    b"\x00\x21" + HEADER.pack(3, 0, 1, 0, 0),
    b"\x01\x01" + bytes([2, 0, 0, 0, 1, *bytes(16), 1, 0, 0, 0, 1, 2, 0, 0, 0, 1]) + b"flight",
    b"\x01\x00" + bytes([12, *bytes(30)]),
    b'\x02{"t":0,"end":"client","do":"Open"}\n{"t":5,"end":"server","do":"Offer","bytes":7}',
    b'\x02{"log":1,"policy":{"idle_period":5}}\n\n{"t":0,"end":"client","do":"Tick"} x',
    b'\x02{"log":2}\n{"log":"x","t":1}\n\xff\n[]\n{"t":1}{"t":2}',
    b'\x02{"log":"x","\xce":1}\n{"log":0,"policy":{},"origin":"\xce"}',
    b'\x02{"t":9,"end":"client","do":"Arrive","message":{"kind":"data","epoch":1,"number":1,"bytes":5}}',
)
"""With what the corpus began."""

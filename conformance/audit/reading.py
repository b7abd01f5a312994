"""From bytes to the rows of a log: whole blocks of lines at a time, since one line at a time costs twice as much.

A block that is not one event a line is gone through line by line, to say which line is bad, or is a header. What is
wrong with a line is one message: where, what was read, what was expected, what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, Self

import msgspec

from rekeyspec.conformance.log import VERSIONS, Header, LoggedEvent
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem, shown

BLOCK: Final = 1 << 17
"""So many bytes are read at a time: enough that what a block costs by itself is little, and still in the cache."""

LONGEST: Final = 1 << 20
"""The longest line, in bytes."""


class BadLine(BadInput):
    """A line that cannot be used: `line` is its number."""

    def __init__(self, name: str, line: int, read: str, expected: str, remedy: str) -> None:
        super().__init__(str(problem(f"{name}:{line}", read, expected, remedy)))
        self.line = line

    @classmethod
    def of(cls, line: int, why: BadInput) -> Self:
        """What is wrong with something on this line."""
        bad = cls("", line, "", "", "")
        bad.args = why.args
        return bad


_EVENTS: Final = msgspec.json.Decoder(LoggedEvent)
_HEADER: Final = msgspec.json.Decoder(Header)
_VERSION: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

Row = LoggedEvent | Header


def blocks(file: BinaryIO) -> Iterator[bytes]:
    """What is in the file, as it comes."""
    read = getattr(file, "read1", file.read)
    while data := read(BLOCK):
        yield data


def rows(lines: bytes, name: str, number: int) -> Iterator[tuple[int, list[LoggedEvent] | Header | BadLine]]:
    """The rows of these whole lines, the first of which has this number: events in one list where nothing else is among
    them. Each comes with the number of its first line; in the place of a bad line comes what is wrong with it."""
    if b'"log"' not in lines and b"}{" not in lines and b"} {" not in lines:
        try:
            events = _EVENTS.decode_lines(lines)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        else:
            if len(events) == lines.count(b"\n"):
                yield number, events
                return
    for at, line in enumerate(lines.split(b"\n"), number):
        if line and not line.isspace():
            try:
                read = _row(line, name, at)
            except BadLine as why:
                yield at, why
            else:
                yield at, read if isinstance(read, Header) else [read]


def _row(line: bytes, name: str, number: int) -> Row:
    try:
        return _EVENTS.decode(line)
    except msgspec.ValidationError as error:
        if _is_header(line):
            return _header(line, name, number)
        read, expected = _cut(line), f"an event ({_plain(error)})"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        read, expected = _cut(line), f"one JSON object ({_plain(error)})"
    raise BadLine(name, number, read, expected, "correct the line, or what writes it: docs/audit.md has the form")


def _is_header(line: bytes) -> bool:
    try:
        return "log" in _VERSION.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _header(line: bytes, name: str, number: int) -> Header:
    try:
        header = _HEADER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        version = bytes(_VERSION.decode(line)["log"])
        if version not in (str(known).encode() for known in VERSIONS):
            expected = f"{' or '.join(f'`{one}`' for one in VERSIONS)}, the versions of the log form"
            raise BadLine(name, number, _cut(b'"log": ' + version), expected, "use a newer rekeyspec") from None
        remedy = "correct it: docs/audit.md has its form"
        raise BadLine(name, number, _cut(line), f"a header ({_plain(error)})", remedy) from None
    if header.log == 0 and (header.hidden or header.continues):
        read = "`hidden` or `continues` with `log` 0"
        raise BadLine(name, number, read, "`log` 1, which has them", "write version 1")
    return header


def too_long(name: str, number: int) -> BadLine:
    """A line without an end."""
    read, expected = f"more than {LONGEST} bytes without the end of a line", "an event or a header on each line"
    return BadLine(name, number, read, expected, "name a log in the form of docs/audit.md")


def _plain(error: Exception) -> str:
    return str(error).replace(" - at `$.", ", at `").replace("JSON is malformed: ", "")


def _cut(line: bytes) -> str:
    return shown(line.decode("utf-8", "backslashreplace").strip())

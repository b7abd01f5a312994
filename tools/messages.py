"""What TLC says with `-tool`: messages with a code, one inside another, and plain lines between them.

    @!@!@STARTMSG 2110:1 @!@!@
    Invariant Small is violated.
    @!@!@ENDMSG 2110 @!@!@

The number after the colon is the severity. An exception is a message around a message, and its inner start stands in
the middle of a line. Plain lines come from the parser (SANY), from Java and from the spec's own Print.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_START: Final = re.compile(r"@!@!@STARTMSG (-?\d+):(\d) @!@!@")
_END: Final = re.compile(r"@!@!@ENDMSG -?\d+ @!@!@")
PLAIN_KEPT: Final = 2000
"""How many plain lines are kept, the last ones: a spec may print without end."""

ERROR: Final = 1
"""The severity of what stops TLC."""


class Code(IntEnum):
    """TLC's own message codes, as far as they are told apart here."""

    GENERAL = 1000
    OUT_OF_MEMORY = 1001
    OUT_OF_MEMORY_INIT = 1002
    STACK_OVERFLOW = 1005
    ASSUMPTION_FALSE = 2104
    NESTED_EXPRESSION = 2103
    INVARIANT_INITIAL = 2107
    PROPERTY_INITIAL = 2108
    INVARIANT = 2110
    ACTION_PROPERTY = 2112
    DEADLOCK = 2114
    TEMPORAL = 2116
    BEHAVIOUR = 2121
    BACK_TO_STATE = 2122
    FINGERPRINT = 2147
    SUCCESS = 2193
    DEPTH = 2194
    STATS = 2199
    PROGRESS = 2200
    COVERAGE_START = 2201
    PROGRESS_SIMULATION = 2209
    STATS_SIMULATION = 2210
    STATE = 2217
    STUTTERING = 2218
    PARSING_FAILED_TOO = 2171
    VERSION = 2262
    GC_ADVICE = 2401
    COVERAGE_ACTION = 2772
    COVERAGE_INIT = 2773
    PARSING_FAILED = 3002
    SERVER_READY = 7000


@dataclass(frozen=True)
class Message:
    """One message: TLC's code, its severity, its text without the messages inside it, and those."""

    code: int
    severity: int
    text: str
    inner: tuple[Message, ...] = ()


@dataclass
class _Open:
    code: int
    severity: int
    lines: list[str]
    inner: list[Message]

    def closed(self) -> Message:
        return Message(self.code, self.severity, "\n".join(self.lines).strip(), tuple(self.inner))


class Stream:
    """Takes lines as they come and gives messages when they are complete."""

    def __init__(self) -> None:
        self.plain: deque[str] = deque(maxlen=PLAIN_KEPT)
        self._open: list[_Open] = []

    def feed(self, line: str) -> Message | None:
        """Take one line, without its end; the outermost message that it completes."""
        start = _START.search(line)
        if start:
            self._text(line[: start.start()])
            self._open.append(_Open(int(start[1]), int(start[2]), [], []))
            return None
        if self._open and _END.search(line):
            return self._close()
        if self._open:
            self._open[-1].lines.append(line)
        else:
            self._text(line)
        return None

    def end(self) -> Message | None:
        """There are no more lines; the message that was cut off."""
        message = None
        while self._open:
            message = self._close()
        return message

    def _text(self, line: str) -> None:
        if self._open:
            self._open[-1].lines.append(line)
        elif line.strip():
            self.plain.append(line)

    def _close(self) -> Message | None:
        message = self._open.pop().closed()
        if self._open:
            self._open[-1].inner.append(message)
            return None
        return message


def read(lines: Iterable[str]) -> tuple[list[Message], list[str]]:
    """The messages and the plain lines of a whole output."""
    stream = Stream()
    found = [message for line in lines if (message := stream.feed(line.rstrip("\r\n")))]
    last = stream.end()
    return [*found, last] if last else found, list(stream.plain)

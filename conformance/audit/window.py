"""What was read last, kept for a while: when an end leaves the rules, the story until then is looked up in it.

Nothing is done for an event that goes well. Of a link that was silent for long there may be nothing left here; its
state, which the divergence shows, says what matters of what came before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec

from rekeyspec.conformance.log import LoggedEvent, event
from rekeyspec.reference.vocabulary import Event, Role

ROOM: Final = 1 << 21
"""So many bytes are kept, or one block."""

TOLD: Final = 40
"""The most events that a story has."""

_EVENTS: Final = msgspec.json.Decoder(LoggedEvent)


class Window:
    """The last blocks of lines."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[int, bytes]] = deque()
        self._size = 0

    def add(self, number: int, lines: bytes) -> None:
        """These lines were read, the first of which has this number."""
        self._blocks.append((number, lines))
        self._size += len(lines)
        while self._size > ROOM and len(self._blocks) > 1:
            self._size -= len(self._blocks.popleft()[1])

    def clear(self) -> None:
        """Lines are counted anew from here."""
        self._blocks.clear()
        self._size = 0

    def before(self, link: str, end: Role, line: int) -> tuple[Event, ...]:
        """The events of a link, at both ends, up to this line: the last of them, and none from before it opened
        (at `end`; the other end opens in the same instant or later)."""
        found: list[Event] = []
        opened: Event | None = None
        for one in self._backwards(line, link.encode()):
            if one.link != link:
                continue
            if len(found) == TOLD or (opened is not None and (one.t < opened.t or one.end == end)):
                break
            found.append(one)
            opened = one if one.do == "Open" and one.end == end else opened
        return tuple(reversed(found))

    def _backwards(self, line: int, name: bytes) -> Iterator[Event]:
        plain = name.isascii() and name.isalnum()  # else it may be written with escapes
        for number, lines in reversed(self._blocks):
            for one in reversed(lines.split(b"\n")[: max(line - number + 1, 0)]):
                if plain and name not in one:
                    continue
                try:
                    yield event(_EVENTS.decode(one))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue  # a header, or an empty line

"""What a sequence diagram is made of. `sequence.py` puts it in its place, `sequence.svg.j2` draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import atan2, degrees
from typing import Literal

TIME_X, CLIENT_X, SERVER_X, WIDTH = 88, 102, 496, 510
"""In the drawing's own units."""
FONT = 15
"""The largest that labels are drawn (on a phone, where the whole drawing is small): what fits then fits always."""
TOP, LINE = 56, 20
INSIDE = SERVER_X - CLIENT_X
"""Between the two lifelines."""

Look = Literal["", "bad", "after", "due"]


@dataclass(frozen=True)
class Arrow:
    """A message. `open` where nobody saw it arrive (or, for one that arrives, nobody saw it sent)."""

    x1: int
    y1: int
    x2: int
    y2: int
    label: str
    look: Look = ""
    open: bool = False

    @property
    def angle(self) -> float:
        """Of its head, in degrees."""
        return round(degrees(atan2(self.y2 - self.y1, self.x2 - self.x1)), 1)

    @property
    def anchor(self) -> tuple[int, str]:
        """Where the label stands: in the middle of a level arrow, of a half one at the lifeline that it has, else near
        the sender, clear of what it crosses."""
        if self.open:
            return (CLIENT_X + 10, "start") if CLIENT_X in (self.x1, self.x2) else (SERVER_X - 10, "end")
        if self.y1 == self.y2:
            return (self.x1 + self.x2) // 2, "middle"
        return (self.x1 + 10, "start") if self.x1 < self.x2 else (self.x1 - 10, "end")


@dataclass(frozen=True)
class Note:
    """What an end does for itself."""

    x: int
    y: int
    text: str
    anchor: str
    look: Look = ""


@dataclass(frozen=True)
class Mark:
    """The first divergence in words; `y` is the upper edge."""

    y: int
    lines: tuple[str, ...]
    """`FONT` high and bold, they are as wide as the box allows."""

    @property
    def height(self) -> int:
        """Of the box around the lines."""
        return LINE * len(self.lines) + 14


@dataclass
class Diagram:
    """Everything in its place. `times` and `gaps` are (y, text)."""

    title: str
    under_test: frozenset[str]
    arrows: list[Arrow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    times: list[tuple[int, str]] = field(default_factory=list)
    gaps: list[tuple[int, str]] = field(default_factory=list)
    mark: Mark | None = None
    height: int = TOP

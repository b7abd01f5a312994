"""How wide text is when it is drawn, so that nothing that is drawn runs over its edge.

No font is sent with a report, so whoever opens it has another. The widths are those of DejaVu Sans, which is wider than
what browsers show where they can choose (as wide as Verdana), so that text in them has some room to spare.
"""

from __future__ import annotations

from typing import Final
from unicodedata import combining, east_asian_width

_REGULAR: Final = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
)  # fmt: skip
_BOLD: Final = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
)  # fmt: skip
"""Of the characters from the space to the tilde, in thousandths of the font's size."""

_OTHER: Final = 900
"""Of any other character: wider than most letters of other alphabets."""
_FULL: Final = 1_100
"""Of one that takes two places at a terminal."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Of text on one line in a font of this size, in the same unit."""
    table = _BOLD if bold else _REGULAR
    return size / 1000 * sum(_of(c, table) for c in text)


def _of(c: str, table: tuple[int, ...]) -> int:
    if " " <= c <= "~":
        return table[ord(c) - 32]
    if combining(c):
        return 0
    return _FULL if east_asian_width(c) in "WF" else _OTHER


def shortened(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as there is room for, with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(text + "…", size, bold=bold) > room:
        text = text[:-1]
    return text + "…"


def wrapped(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in lines that fit, cut between words, and within a word that is alone too wide."""
    lines = [""]
    for word in text.split():
        rest = word
        if lines[-1] and width(f"{lines[-1]} {rest}", size, bold=bold) <= room:
            lines[-1] += f" {rest}"
            continue
        while width(rest, size, bold=bold) > room and len(rest) > 1:
            head = shortened(rest, room, size, bold=bold)[:-1] or rest[0]
            lines.append(head)
            rest = rest[len(head) :]
        lines.append(rest)
    return [line for line in lines if line]

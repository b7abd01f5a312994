"""What surrounds a log that is judged: the story before a line, whom to tell, and how much memory there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rekeyspec.conformance.audit.findings import Finding
from rekeyspec.conformance.audit.resting import MANY
from rekeyspec.reference.vocabulary import Event, Role

FOLLOWED: Final = 20_000
"""So many ends are followed in memory, two to three KB each; the others, silent for longest, are put aside."""


@dataclass(frozen=True)
class Size:
    """How much is held in memory: ends that are followed, and records of others."""

    followed: int = FOLLOWED
    resting: int = MANY


@dataclass
class Hooks:
    """`before` gives what was seen of a link until a line, `told` hears of each divergence that is kept. `part`: see
    `Place`."""

    before: Callable[[str, Role, int], tuple[Event, ...]] = lambda link, end, line: ()
    told: Callable[[Finding], None] = lambda finding: None
    size: Size = Size()
    part: int = 0

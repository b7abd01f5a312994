"""A guard's parts: one labelled condition, tables of them, and what is raised when one is false."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Do, Message

if TYPE_CHECKING:
    from rekeyspec.reference.guards import Rules


class NotEnabled(Exception):
    """An action whose guard is false: the rule of the first false condition, its words, and the other false rules."""

    def __init__(self, rule: str, text: str, also: tuple[str, ...] = ()) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule, self.text, self.also = rule, text, also


class Guard(NamedTuple):
    """One labelled condition: `holds(rules, end, time, message)`. The message is the one taken, or the one sent."""

    rule: str
    text: str
    holds: Callable[[Rules, End, int, Message], bool]


Table = Mapping[Do, tuple[Guard, ...]]

OPEN: Final = Guard("DEAD-5", "the end is not closed", lambda r, s, t, m: s.phase == "open")
ESTABLISHED: Final = Guard("EST-1", "a negotiation has completed", lambda r, s, t, m: s.epoch > 0)

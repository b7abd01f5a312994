"""What came of a log: counts, and of what went wrong the first of each link and rule, as far as there is room.

Everything here is plain data, so that the parts of a log that several processes judged can be put together; and
bounded, whatever the log: of each way in which a rule is broken the first `KEPT` are kept, in the order of the log's
lines, and the others are counted.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event, Role

KEPT: Final = 10
"""So many divergences are kept of each way in which a rule is broken."""

DRAWN: Final = 3
"""Of so many of them what came before is kept too."""

Way = tuple[str, Literal["not-allowed", "not-done"], str]
"""What makes two divergences the same: the rule, the kind of divergence, and what was done, or left undone."""

Unjudged = Literal["begun", "lost", "coarse", "crowded"]

WHY: Final[dict[Unjudged, str]] = {
    "begun": "the log has no Open of it: what came before is not known",
    "lost": "the log has an Open of it again, and does not say how it ended",
    "coarse": "so much is hidden, or the tolerance so wide, that too many states are possible",
    "crowded": "more messages wait there than are followed",
}
"""Why an end is not judged: *inconclusive*, and never a pass."""


@dataclass(frozen=True, order=True)
class Place:
    """Where in a log: the line, and the end. `part` counts how often a file that is followed was begun anew."""

    part: int
    line: int
    link: str
    end: Role

    def __str__(self) -> str:
        anew = f" of part {self.part + 1}" if self.part else ""
        return f"line {self.line}{anew}: {self.of}"

    @property
    def of(self) -> str:
        """Whose line it is."""
        return f"link {self.link}, {self.end}" if self.link else self.end


@dataclass(frozen=True)
class Finding:
    """An end left the rules here. `before` is what was seen of its link until then, the latest events."""

    place: Place
    divergence: Divergence
    before: tuple[Event, ...] = ()

    @property
    def way(self) -> Way:
        """In which way the rule was broken."""
        return way(self.divergence)

    def bare(self) -> Finding:
        """The same without what came before."""
        return Finding(self.place, replace(self.divergence, index=0))


def way(found: Divergence) -> Way:
    """In which way a rule was broken."""
    if found.kind == "not-allowed":
        return found.rule, found.kind, found.did.do if found.did else ""
    return found.rule, found.kind, next((due.do for due in found.due if due.rule == found.rule), "")


@dataclass
class Findings:
    """Of one policy in one stream: what was found so far. A life of an end is what lies between Open and the next."""

    profile: str
    policy: Policy
    tolerance: int = 0
    hidden: frozenset[Do] = frozenset()
    origins: list[str] = field(default_factory=list)
    """Where the logs come from, the first of them."""
    logs: int = 0
    events: int = 0
    """Lines that an end was followed by."""
    unseen: int = 0
    """Lines of ends that were not followed."""
    lives: Counter[str] = field(default_factory=Counter)
    """How many lives of ends got which word."""
    exercised: set[str] = field(default_factory=set)
    weak: tuple[Event, ...] = ()
    """An event that shows a weakness, if one does."""
    divergences: Counter[Way] = field(default_factory=Counter)
    """How many there were."""
    kept: dict[Way, list[Finding]] = field(default_factory=dict)
    """The first of them, one for each end."""
    unjudged: Counter[Unjudged] = field(default_factory=Counter)
    """How many lives were not judged, by the reason."""
    unjudged_first: dict[Unjudged, Place] = field(default_factory=dict)
    spilled: int = 0
    """How often an end was put aside on disk, so that memory was enough."""
    broken_off: str = ""
    """A bad line ended it: all of this is about what came before."""

    def origin(self, text: str) -> None:
        """One more log, from here."""
        self.logs += 1
        if text and text not in self.origins and len(self.origins) < KEPT:
            self.origins.append(text)

    def wants(self, found: Divergence) -> bool:
        """Is there room for what came before this?"""
        return len(self.kept.get(way(found), ())) < DRAWN

    def diverged(self, found: Finding) -> bool:
        """An end left the rules. False where it is one more of those that are only counted."""
        self.lives["conforms"] -= 1
        self.lives["violates"] += 1
        self.divergences[found.way] += 1
        return self._keep(found)

    def _keep(self, found: Finding) -> bool:
        kept = self.kept.setdefault(found.way, [])
        place = found.place
        if any((one.place.link, one.place.end) == (place.link, place.end) for one in kept):
            return False
        if len(kept) >= KEPT and place > kept[-1].place:
            return False
        insort(kept, found, key=lambda one: one.place)
        del kept[KEPT:]
        kept[DRAWN:] = [one.bare() for one in kept[DRAWN:]]
        return True

    def not_judged(self, why: Unjudged, place: Place, *, counted: bool = True) -> None:
        """An end is not judged from here on. Not `counted`: it never was."""
        self.lives["conforms"] -= counted
        self.lives["inconclusive"] += 1
        self.unjudged[why] += 1
        first = self.unjudged_first.get(why)
        if first is None or place < first:
            self.unjudged_first[why] = place

    def add(self, other: Findings) -> None:
        """What another process found in the same logs, at other links."""
        self.events += other.events
        self.unseen += other.unseen
        self.lives += other.lives
        self.exercised |= other.exercised
        self.weak = self.weak or other.weak
        self.divergences += other.divergences
        self.unjudged += other.unjudged
        self.spilled += other.spilled
        self.broken_off = self.broken_off or other.broken_off
        for why, place in other.unjudged_first.items():
            self.unjudged_first[why] = min(place, self.unjudged_first.get(why, place))
        for found in other.kept.values():
            for one in found:
                self._keep(one)


def together(parts: Iterable[list[Findings]]) -> list[Findings]:
    """The findings of several processes that each judged a part of the links of the same streams."""
    first, *others = parts
    for other in others:
        for mine, theirs in zip(first, other, strict=True):
            mine.add(theirs)
    return first

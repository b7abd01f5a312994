"""What is said in the end: verdicts, and the evidence they stand on.

A verdict is about one rule, one target and one policy. *conforms*: the rule's guard was exercised and the rule held.
*violates*: it was asked and did otherwise. *unsupported*: cannot be asked or cannot be seen, stated before the run.
*inconclusive*: asked, not observed, or not the same twice. *broken*: the program or adapter crashed, hung or talked
nonsense. Of several results for one rule the worst counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from rekeyspec.reference.vocabulary import Event

Word = Literal["conforms", "unsupported", "inconclusive", "violates", "broken"]

WORST_LAST: Final[tuple[Word, ...]] = ("unsupported", "conforms", "inconclusive", "violates", "broken")
"""Of several results for one rule the one that stands last here counts: a rule that one trace could exercise is not
unsupported because another could not."""


@dataclass(frozen=True)
class Due:
    """An action that a rule demands, and by when (ms)."""

    rule: str
    do: str
    t: int


@dataclass(frozen=True)
class Divergence:
    """Where a log first leaves the rules. `step` counts the trace's lines from 1 (0: no trace), `index` the log's
    events from 0: the first event that no rule allows, or the one before which something was due."""

    step: int
    index: int
    t: int
    end: str
    rule: str
    kind: Literal["not-allowed", "not-done"]
    did: Event | None
    """What the end did; None where it did nothing, or where it is no one event that is wrong."""
    guard: str
    """The false guard in words, or what was due; where it is no one event that is wrong, what was seen."""
    also: tuple[str, ...] = ()
    """Other rules whose guards were false too."""
    allowed: tuple[str, ...] = ()
    """What the rules allowed instead, in words."""
    due: tuple[Due, ...] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    """What the oracle held to be the end's state."""

    def sentence(self) -> str:
        """The divergence in one line: rule, what was done, why it is wrong."""
        if self.kind == "not-done":
            missed = ", ".join(f"{d.do} (by {d.rule}) at {d.t} ms" for d in self.due)
            return f"{self.rule}: at {self.t} ms the {self.end} had not done what was due: {missed}"
        if self.did is None:
            return f"{self.rule}: seen by {self.t} ms at the {self.end}: {self.guard}"
        did = self.did.do
        return f"{self.rule}: at {self.t} ms the {self.end} did {did}, but this is false: {self.guard}"


@dataclass(frozen=True)
class Trial:
    """What is known of an experiment on a real program besides its case: the question in words, the options that the
    program was given, its version, how often it was performed, how far a time may be off (ms) and which actions are
    hidden, what was `seen` the last time in words with numbers, and which values of the policy's parameters it follows
    (None: by none of those tried does its log conform)."""

    question: str
    settings: str
    version: str
    repetitions: int
    tolerance: int = 0
    hidden: tuple[str, ...] = ()
    seen: str = ""
    follows: Mapping[str, int | str] | None = None


@dataclass(frozen=True)
class Case:
    """One trace or experiment on one target: the log that was seen, and what the oracle made of it."""

    target: str
    profile: str
    trace: str
    """The trace's or experiment's name."""
    rules: tuple[str, ...]
    policy: Mapping[str, object]
    log: tuple[Event, ...]
    word: Word
    reason: str = ""
    divergence: Divergence | None = None
    exercised: frozenset[str] = frozenset()
    replay: str = ""
    """The command that shows it again; empty where nothing can."""
    evidence: str = ""
    """Where the log was saved, if it was."""
    trial: Trial | None = None
    """Of an experiment on a real program."""


@dataclass(frozen=True)
class Verdict:
    """One cell of the matrix. Field for field the entry of the JSON report."""

    target: str
    profile: str
    rule: str
    verdict: Word
    reason: str
    trace: str
    step: int
    detail: str
    replay: str
    weakness: str = ""
    """What is weaker than it could be, although the rule held; empty where nothing is."""


def worst(words: Iterable[Word]) -> Word:
    """The word that counts of several for one rule. Raises ValueError when there is none."""
    return max(words, key=WORST_LAST.index)

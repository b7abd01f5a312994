"""What is no pass and no violation, by its reason: a program that crashed once is one story, not as many as the trace
has rules, nor as many as there are profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rekeyspec.conformance.verdict import Verdict


@dataclass
class Reason:
    """Why rules of a target got their word (or their weakness), and what shows it again."""

    target: str
    text: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def rules(self) -> list[str]:
        """Each once, in the order of the verdicts."""
        return list(dict.fromkeys(verdict.rule for verdict in self.verdicts))

    @property
    def profiles(self) -> list[str]:
        """Each once, in the order of the verdicts."""
        return list(dict.fromkeys(verdict.profile for verdict in self.verdicts))

    @property
    def replay(self) -> str:
        """The first command that shows it; empty where none does."""
        return next((verdict.replay for verdict in self.verdicts if verdict.replay), "")

    @property
    def traces(self) -> list[str]:
        """Each once, in the order of the verdicts; none where it was stated before the run."""
        return list(dict.fromkeys(verdict.trace for verdict in self.verdicts if verdict.trace))

    @property
    def trace(self) -> str:
        """Where it was first seen; empty where it was stated before the run."""
        return next(iter(self.traces), "")


def reasons(verdicts: Sequence[Verdict], *, weak: bool = False) -> list[Reason]:
    """These verdicts by target and reason (by weakness, where that is asked for), in their order."""
    found: dict[tuple[str, str], Reason] = {}
    for verdict in verdicts:
        text = verdict.weakness if weak else verdict.reason
        found.setdefault((verdict.target, text), Reason(verdict.target, text)).verdicts.append(verdict)
    return list(found.values())

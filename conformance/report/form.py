"""The JSON report's form: the structures below are it, and `report.schema.json` is made from them.

Version 2 has what version 1 had, and with it the violations, each once with its shortest story in full, the numbers of
cases, what was left out, and the coverage where that was asked for. Version 3 has besides what is known of real
programs: when they ran, which they were, and each experiment. What reads a report (`reading.py`) takes all three.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from rekeyspec.conformance.log import LoggedEvent

VERSION: Final = 3
READ: Final = (1, 2, 3)
"""The versions that are read."""

Values = dict[str, int | str]
Word = Literal["conforms", "violates", "unsupported", "inconclusive", "broken"]
Count = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1)]


class VerdictForm(msgspec.Struct, kw_only=True):
    """One word on one rule of one target under one policy. Every field is written, whatever its value."""

    target: Name
    profile: str
    rule: Name
    verdict: Word
    reason: Annotated[str, Meta(description="Why it is not conforms; empty where it is.")]
    trace: Annotated[str, Meta(description="The trace or experiment it stands on; empty: stated before the run.")]
    step: Annotated[int, Meta(ge=0, description="The trace's line that left the rules, from 1; 0: none.")]
    detail: Annotated[str, Meta(description="The divergence in one sentence, or the evidence.")]
    replay: Annotated[str, Meta(description="The command that shows it again; empty where nothing can.")]
    weakness: Annotated[
        str, Meta(description="What is weaker than it could be, although the rule held; mostly empty.")
    ] = ""


class DueForm(msgspec.Struct, kw_only=True):
    """An action that a rule demands, and by when (ms)."""

    rule: str
    do: str
    t: int


class SideForm(msgspec.Struct, kw_only=True):
    """The state of one end just before the divergence, as far as it differs from that of a fresh end."""

    end: str
    how: Annotated[str, Meta(description="Who holds so: the rules, or an honest peer.")]
    state: dict[str, Any]


class StoryForm(msgspec.Struct, kw_only=True):
    """The shortest case that shows a violation."""

    profile: str
    trace: str
    replay: str
    changes: Annotated[Values, Meta(description="Parameters that had other values here than the profile's.")]
    step: Annotated[int, Meta(ge=0)] = 0
    index: Annotated[int, Meta(ge=0, description="The event that diverges, or before which something was due.")] = 0
    t: int = 0
    end: str = ""
    guard: str = ""
    also: list[str] = []
    allowed: list[str] = []
    due: list[DueForm] = []
    sides: list[SideForm] = []
    log: Annotated[list[LoggedEvent], Meta(description="Empty where the story is told in words only.")] = []
    skipped: Annotated[int, Meta(ge=0, description="So many events of the log, its first, are left out.")] = 0
    evidence: str = ""


class ViolationForm(msgspec.Struct, kw_only=True):
    """One way in which a target breaks a rule."""

    target: Name
    rule: Name
    kind: Annotated[
        Literal["not-allowed", "not-done", "observed"],
        Meta(description="It did what no rule allows, did not do what a rule demands, or an experiment says so."),
    ]
    do: Annotated[str, Meta(description="What it did, or left undone; empty where nothing says.")]
    cases: Annotated[int, Meta(ge=1, description="How many cases show it.")]
    profiles: Annotated[dict[str, int], Meta(description="Profile -> how many of them.")]
    happened: Annotated[str, Meta(description="In words, for somebody who does not know the rule.")]
    culprit: Annotated[str, Meta(description="Of two implementations, the one that did it, and its role.")] = ""
    others: Annotated[list[str], Meta(description="Other traces that show it, the first few.")] = []
    example: StoryForm | None = None


class OccasionForm(msgspec.Struct, kw_only=True):
    """When and where real programs ran."""

    date: Annotated[str, Meta(description="The day, as 2026-01-31.")]
    machine: str
    repetitions: Annotated[int, Meta(ge=1, description="How often each experiment was performed.")]


class ProgramForm(msgspec.Struct, kw_only=True):
    """A real program."""

    target: Name
    title: str
    version: Annotated[str, Meta(description="Empty where it is missing.")]
    watched: Annotated[str, Meta(description="How it is watched.")]
    manual: Annotated[str, Meta(description="Where its manual is found.")]
    missing: Annotated[list[str], Meta(description="What this machine lacks for it.")]


class BrokenForm(msgspec.Struct, kw_only=True):
    """Where an experiment first left the rules. Times are ms."""

    rule: Name
    also: list[str]
    kind: Literal["not-allowed", "not-done"]
    index: Annotated[int, Meta(ge=0, description="The event of the whole log that diverges.")]
    t: int
    end: str
    guard: str
    due: list[DueForm]
    sentence: str


class ExperimentForm(msgspec.Struct, kw_only=True):
    """One experiment on a real program, after all its performances."""

    target: Name
    name: Name
    question: str
    rules: Annotated[list[str], Meta(description="The rules that it asks.")]
    word: Word
    reason: str
    seen: Annotated[str, Meta(description="What was seen the last time, in words with numbers.")]
    settings: Annotated[str, Meta(description="The options that the program was given.")]
    policy: Annotated[Values, Meta(description="What that is as a policy: the parameters that differ from defaults.")]
    tolerance: Annotated[int, Meta(ge=0, description="How far a time may be off, ms.")]
    hidden: Annotated[list[str], Meta(description="Actions that are done there and not seen.")]
    repetitions: Annotated[int, Meta(ge=1)]
    exercised: Annotated[list[str], Meta(description="The rules that it put to the test each time.")]
    follows: Annotated[
        Values | None, Meta(description="The policy's parameters as the program follows them; null: no value fits.")
    ]
    evidence: Annotated[str, Meta(description="Where the log of the last performance was saved.")]
    broken: BrokenForm | None = None
    log: Annotated[list[LoggedEvent], Meta(description="Empty where the report would be too large.")] = []
    skipped: Annotated[int, Meta(ge=0, description="So many events of the log, its first, are left out.")] = 0


class ReportForm(msgspec.Struct, kw_only=True):
    """The whole document."""

    schema: Annotated[Literal[3], Meta(description="The version of this form.")]
    tool: Annotated[str, Meta(description="The version of rekeyspec that judged.")]
    policies: Annotated[
        dict[str, Values],
        Meta(description="Profile -> the parameters it was judged by. Times are ms, sizes bytes, 0 is never."),
    ]
    changes: Annotated[
        dict[str, dict[str, Values]],
        Meta(description="Profile -> trace -> the parameters in which that trace was judged by other values."),
    ]
    totals: Annotated[dict[str, dict[Word, Count]], Meta(description="Target -> word -> how many cases ended so.")]
    verdicts: list[VerdictForm]
    violations: list[ViolationForm]
    left_out: Annotated[
        dict[str, Count], Meta(description="What is not in the report, and how many of it; empty: everything is.")
    ]
    coverage: Annotated[
        list[dict[str, Any]], Meta(description="What each target's cases have exercised; empty: it was not asked for.")
    ] = []
    occasion: OccasionForm | None = None
    programs: list[ProgramForm] = []
    experiments: list[ExperimentForm] = []


def schema() -> dict[str, Any]:
    """The JSON Schema of a report. Strict in what is there, so that a report with more is a later version."""
    (top,), parts = msgspec.json.schema_components([ReportForm], ref_template="#/$defs/{name}")
    for part in parts.values():
        if "properties" in part:
            part["additionalProperties"] = False
    whole = parts.pop(top["$ref"].rpartition("/")[2])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "rekeyspec report, version 3"}
    return head | {name: value for name, value in whole.items() if name != "title"} | {"$defs": parts}

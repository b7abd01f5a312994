"""What has come of a job, as small as a report can do with it.

Cases that say the same of the same rules are one entry, with their number; the first of them stands for all. So a
hundred thousand that conform take no more room than the ways in which they do. Whole logs are kept of violations only,
and for each way of violating a rule (`report/violations.py`) only the shortest: that is the one which is drawn. Of what
conforms the one event is kept that shows a weakness.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple, get_type_hints
from zlib import crc32

import msgspec

from rekeyspec.conformance.report.violations import ways
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.conformance.weakness import abbreviated, weaknesses
from rekeyspec.reference.state import End

OTHERS: Final = 6
"""How many names of the cases of an entry are kept: as many as a report names, and the one it tells."""


CHECK: Final = 4
"""How many bytes of a check sum stand before what is packed."""


class Sum(msgspec.Struct, array_like=True):
    """Cases that say the same. `case` is the first, without its policy, which is one of the job's."""

    case: Case
    policy: int
    times: int = 1
    asked: int = 1
    """As how many it counts where a verdict says in how many traces a rule was exercised: a search is one."""
    others: list[str] = []
    """Traces, by name: the first few."""


class Sort(NamedTuple):
    """What makes two cases show the same: the way in which a rule is violated, or that the target broke."""

    target: str
    profile: str
    rule: str
    kind: str
    do: str


class Example(msgspec.Struct, array_like=True):
    """A case with its whole log, the shortest of its sort in this job. `story` is the trace that tells it, in YAML,
    where a search made it."""

    sort: Sort
    case: Case
    story: str = ""

    @property
    def length(self) -> tuple[int, int, str]:
        """What is read sooner is shorter; what is as long is told apart by name, so that the order is nothing."""
        case = self.case
        return case.divergence.index if case.divergence else len(case.log), len(case.log), case.trace


def sorts(case: Case, story: str = "") -> Iterator[Sort]:
    """What this case is an example of: of what a report draws, and of what only its story can show again."""
    for way in ways(case):
        yield Sort(way.target, case.profile, way.rule, way.kind, way.do)
    if case.word == "broken" and story:
        yield Sort(case.target, case.profile, "", "broken", "")


class Done(msgspec.Struct):
    """A job that is done."""

    job: int
    unsupported: dict[str, str] | None = None
    """The rules that the target stated as unsupported; None where it did not come to that."""
    policies: list[dict[str, Any]] = []
    sums: list[Sum] = []
    examples: list[Example] = []
    trouble: str = ""
    """Why the target, or the suite, could not be used."""
    remarks: list[str] = []
    """What is to be said beside the verdicts."""
    tried: int = 0
    """How many cases were put to the target."""
    row: int = 0
    """How many of them, at the end, broke in a row."""
    halted: bool = False
    """The target was given up."""
    skipped: bool = False
    """Nothing was put to it, since it had been given up before."""

    def cases(self) -> Iterator[tuple[Case, Sum]]:
        """The cases that stand for the others, whole but for their logs, in order."""
        for entry in self.sums:
            yield replace(entry.case, policy=self.policies[entry.policy]), entry

    def count(self, word: str) -> int:
        """How many of its cases ended so."""
        return sum(entry.times for entry in self.sums if entry.case.word == word)


class Sheet:
    """Gathers the cases of one job, in their order."""

    def __init__(self, job: int) -> None:
        self._done = Done(job)
        self._sums: dict[tuple[object, ...], Sum] = {}
        self._policies: dict[tuple[object, ...], int] = {}
        self._examples: dict[Sort, Example] = {}

    def add(self, case: Case, times: int = 1, asked: int = 1, story: str = "") -> None:
        """One more case, or so many alike."""
        self._count(case, times, asked, [case.trace])
        for sort in sorts(case, story):
            self._keep(Example(sort, case, story))

    def join(self, other: Done) -> None:
        """What has come of a part of the job."""
        for case, entry in other.cases():
            self._count(case, entry.times, entry.asked, entry.others)
        for example in other.examples:
            self._keep(example)
        self._done.remarks += other.remarks

    def _count(self, case: Case, times: int, asked: int, names: list[str]) -> None:
        found = self._sums.get(key := _key(case))
        if found is None:
            found = self._sums[key] = Sum(_light(case), self._policy(case.policy), 0, 0, [])
        found.times, found.asked = found.times + times, found.asked + asked
        found.others += [name for name in names if name not in found.others][: OTHERS - len(found.others)]

    def _keep(self, example: Example) -> None:
        if example.sort not in self._examples or example.length < self._examples[example.sort].length:
            self._examples[example.sort] = example

    def remark(self, text: str) -> None:
        """Something to be said beside the verdicts."""
        self._done.remarks.append(text)

    def done(self, **fields: object) -> Done:
        """All of it, with these fields."""
        self._done.sums, self._done.examples = list(self._sums.values()), list(self._examples.values())
        return msgspec.structs.replace(self._done, **fields)

    def _policy(self, policy: Mapping[str, object]) -> int:
        key = tuple(policy.items())
        if key not in self._policies:
            self._policies[key] = len(self._policies)
            self._done.policies.append(dict(policy))
        return self._policies[key]


def _key(case: Case) -> tuple[object, ...]:
    """What a verdict, and a report of violations, can tell two cases by."""
    said = (case.profile, case.word, case.rules, case.exercised)
    if case.word == "violates":
        return (*said, *ways(case), case.divergence.also if case.divergence else case.trace)
    if case.word == "unsupported":
        return (*said, case.reason)
    return (*said, *sorted(weaknesses(case))) if case.word == "conforms" else said


def _light(case: Case) -> Case:
    """The case without its policy, its log but for what shows a weakness, and the state that its divergence saw."""
    showing = next((event for event in case.log if abbreviated([event])), None)
    divergence = replace(case.divergence, state={}) if case.divergence else None
    return replace(case, policy={}, log=(showing,) if showing else (), divergence=divergence)


def packed(part: Done | Example) -> bytes:
    """As bytes, with a sum by which they are seen to be whole."""
    raw = msgspec.msgpack.encode(part)
    return crc32(raw).to_bytes(CHECK) + raw


def unpacked_done(raw: bytes) -> Done:
    """The same again. Raises msgspec.DecodeError for other bytes."""
    return msgspec.msgpack.decode(_whole(raw), type=Done)


def unpacked_example(raw: bytes) -> Example:
    """The same again, with the parts of the state that its divergence saw. Raises msgspec.DecodeError."""
    example = msgspec.msgpack.decode(_whole(raw), type=Example)
    divergence = example.case.divergence
    if divergence is not None:
        example.case = replace(example.case, divergence=replace(divergence, state=_state(divergence)))
    return example


def _whole(raw: bytes) -> bytes:
    if crc32(raw[CHECK:]).to_bytes(CHECK) != raw[:CHECK]:
        raise msgspec.DecodeError("its check sum is wrong")
    return raw[CHECK:]


def _state(divergence: Divergence) -> dict[str, object]:
    hints = _state_hints()
    return {
        name: msgspec.convert(value, hints[name]) if name in hints else value
        for name, value in divergence.state.items()
    }


@cache
def _state_hints() -> dict[str, Any]:
    return get_type_hints(End)

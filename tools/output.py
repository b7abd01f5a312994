"""What a run of TLC came to, read from its messages: the verdict, the figures, the counterexample, the coverage.

A violated property is a result; a spec or cfg that TLC cannot work with is a Failure, with TLC's own message code and
the place in the spec. Of several errors the first counts: what TLC says after it is about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from rekeyspec.tools import places
from rekeyspec.tools.messages import ERROR, Code, Message, read
from rekeyspec.tools.places import Place
from rekeyspec.tools.values import Value, parse

Kind = Literal["ok", "invariant", "property", "temporal", "deadlock"]

INITIAL: Final = "Initial predicate"
"""What stands in the place of an action at the first state."""

_STATE: Final = re.compile(r"\A(\d+): <(Initial predicate|\w+)(.*?)>$\n?", re.MULTILINE)
_VARIABLE: Final = re.compile(r"^(?:/\\ )?(\w+) = ", re.MULTILINE)
_BACK: Final = re.compile(r"\A(\d+): Back to state")
_ACTION_COVERAGE: Final = re.compile(r"<(\w+) (.*)>: ([\d,]+):([\d,]+)")
_COUNTED: Final = {  # in a simulation -1 stands for what is not counted
    "generated": re.compile(r"(?<![-\d,])([\d,]+) states generated"),
    "distinct": re.compile(r"(?<![-\d,])([\d,]+) distinct states"),
    "queued": re.compile(r"(?<![-\d,])([\d,]+) states left"),
}
_JAVA_OPERATOR: Final = re.compile(r"overridden by the Java method public static \S+ tlc2\.module\.(\w+)\.(\w+)\(.*?\)")
_JAVA_VALUE: Final = re.compile(r"tlc2\.value\.impl\.(\w+)Value")
_NAMED: Final[Mapping[int, tuple[Kind, re.Pattern[str]]]] = {
    Code.INVARIANT: ("invariant", re.compile(r"Invariant (.+?) is violated")),
    Code.INVARIANT_INITIAL: ("invariant", re.compile(r"Invariant (.+?) is violated")),
    Code.ACTION_PROPERTY: ("property", re.compile(r"Action property (.+?) is violated")),
    Code.PROPERTY_INITIAL: ("property", re.compile(r"Property (.+?) is violated")),
    Code.TEMPORAL: ("temporal", re.compile(r"()Temporal properties were violated")),  # which ones TLC does not say
    Code.DEADLOCK: ("deadlock", re.compile(r"()Deadlock reached")),
}


@dataclass(frozen=True)
class Verdict:
    """What TLC found. `name` is the violated property's; empty for deadlock, and for temporal, as TLC does not say.

    `code` is that of the message that says so; 0 where a simulation ended well, of which no message says anything.
    """

    kind: Kind
    name: str = ""
    code: int = field(default=0, compare=False)


@dataclass(frozen=True)
class State:
    """One state of a behaviour and the action that led to it; `variables` are TLA+ text."""

    number: int
    action: str
    place: Place | None
    variables: Mapping[str, str]

    def values(self) -> dict[str, Value]:
        """The variables as data. Raises `values.NotAValue` for what TLC prints only where a spec makes it."""
        return {name: parse(text) for name, text in self.variables.items()}


@dataclass(frozen=True)
class Behaviour:
    """States in order. After the last one it goes on at state number `back_to`, or stays as it is, or is not said."""

    states: tuple[State, ...]
    back_to: int = 0
    stutters: bool = False


@dataclass(frozen=True)
class ActionCoverage:
    """How often an action was taken, and how many states it was the first to find."""

    action: str
    place: Place | None
    distinct: int
    taken: int


@dataclass(frozen=True)
class Failure:
    """Why TLC could not check: its message code (0: it said none), the message, and where in which file."""

    code: int
    text: str
    file: Path | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Figures:
    """Totals. None is what TLC did not say."""

    generated: int | None = None
    distinct: int | None = None
    queued: int | None = None
    depth: int | None = None


@dataclass(frozen=True)
class Output:
    """All that is read from one run. Of `verdict` and `failure` one is there; neither, where the output was cut off."""

    verdict: Verdict | None
    failure: Failure | None
    figures: Figures
    behaviour: Behaviour | None
    coverage: tuple[ActionCoverage, ...] = ()
    warnings: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    """Properties of the cfg of which not every kind was looked at."""
    printed: tuple[str, ...] = field(default=(), repr=False)
    """The plain lines: what the spec printed among what SANY and Java did."""


def understand(lines: Iterable[str], *, simulation: bool = False) -> Output:
    """Read a whole output. Of a simulation no message says that it ended well, so no error is its good end."""
    return assemble(*read(lines), simulation=simulation)


def assemble(messages: Sequence[Message], plain: Sequence[str], *, simulation: bool = False) -> Output:
    """The same from messages that were read already."""
    verdict, failure = _judgement(messages, plain, simulation)
    warnings = tuple(m.text for m in messages if m.severity == 3 and m.code != Code.GC_ADVICE)
    behaviour = _behaviour(messages)
    return Output(verdict, failure, figures(messages), behaviour, _coverage(messages), warnings, printed=tuple(plain))


def _judgement(
    messages: Sequence[Message], plain: Sequence[str], simulation: bool
) -> tuple[Verdict | None, Failure | None]:
    for number, message in enumerate(messages):
        if message.code in _NAMED:
            kind, pattern = _NAMED[message.code]
            named = pattern.search(message.text)
            return Verdict(kind, named[1] if named else "", message.code), None
        if message.severity in (ERROR, 2):  # 2: a bug in TLC, by its own account
            return None, _failure(messages[number:], plain)
        if message.code == Code.SUCCESS:
            return Verdict("ok", code=message.code), None
    ended = simulation and any(m.code in (Code.PROGRESS_SIMULATION, Code.STATS_SIMULATION) for m in messages)
    return (Verdict("ok"), None) if ended else (None, None)


def _failure(messages: Sequence[Message], plain: Sequence[str]) -> Failure:
    first = messages[0]
    if first.code in (Code.PARSING_FAILED, Code.PARSING_FAILED_TOO):
        wrong = places.fault(plain)
        more = f" (and {wrong.more} more)" if wrong.more > 0 else ""
        return Failure(first.code, wrong.text + more, wrong.file, wrong.place)
    said = _innermost(first)
    where = places.place(said.text)
    for message in messages[1:]:
        if where is None and message.code in (Code.NESTED_EXPRESSION, Code.FINGERPRINT):
            where = places.place(message.text)
    file = places.parsed_files(plain).get(where.module) if where else None
    return Failure(said.code, _essence(said.text), file, where)


def _innermost(message: Message) -> Message:
    return _innermost(message.inner[0]) if message.inner else message


def _essence(text: str) -> str:
    """The message without the words that TLC puts around every exception, and without Java's stack."""
    _, found, after = text.partition("The exception was a ")
    lines = (after if found else text).splitlines()
    said = " ".join(line.strip() for line in lines if line.strip() and not line.startswith("\tat "))
    kind, _, rest = said.partition(" : ")
    said = rest if found and rest and "Error" not in kind else said
    return _JAVA_VALUE.sub(r"\1", _JAVA_OPERATOR.sub(r"\1!\2", said))


def figures(messages: Sequence[Message]) -> Figures:
    """The last figures said so far: for the progress of a run as well as for its end."""
    found: dict[str, int] = {}
    for message in messages:
        if message.code in (Code.STATS, Code.PROGRESS, Code.PROGRESS_SIMULATION, Code.STATS_SIMULATION):
            for name, number in _COUNTED.items():
                if said := number.search(message.text):
                    found[name] = _number(said[1])
        elif message.code == Code.DEPTH:
            found["depth"] = _number(re.sub(r"[^\d]", "", message.text))
    return Figures(**found)


def _number(text: str) -> int:
    return int(text.replace(",", "") or 0)


def _behaviour(messages: Sequence[Message]) -> Behaviour | None:
    states: list[State] = []
    back_to, stutters = 0, False
    for message in messages:
        if message.code == Code.STATE:
            states.append(_state(message.text))
        elif message.code == Code.STUTTERING:
            stutters = True
        elif message.code == Code.BACK_TO_STATE and (back := _BACK.match(message.text)):
            back_to = int(back[1])
        elif message.code in (Code.INVARIANT_INITIAL, Code.PROPERTY_INITIAL):
            _, _, text = message.text.partition("\n")
            states.append(State(1, INITIAL, None, variables(text)))
    return Behaviour(tuple(states), back_to, stutters) if states else None


def _state(text: str) -> State:
    head = _STATE.match(text)
    if head is None:
        return State(0, "", None, variables(text))
    return State(int(head[1]), head[2], places.place(head[3]), variables(text[head.end() :]))


def variables(text: str) -> dict[str, str]:
    """The variables of a state as TLC prints it, by name, each as TLA+ text."""
    starts = list(_VARIABLE.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start[1]: text[start.end() : end].strip() for start, end in zip(starts, ends, strict=True)}


def _coverage(messages: Sequence[Message]) -> tuple[ActionCoverage, ...]:
    found: list[ActionCoverage] = []
    for message in messages:
        if message.code == Code.COVERAGE_START:
            found.clear()  # it is said over and over, with growing numbers
        elif message.code in (Code.COVERAGE_ACTION, Code.COVERAGE_INIT):
            said = _ACTION_COVERAGE.match(message.text)
            if said:
                where = places.place(said[2])
                found.append(ActionCoverage(said[1], where, _number(said[3]), _number(said[4])))
    return tuple(found)

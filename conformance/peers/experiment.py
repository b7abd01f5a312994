"""What is asked of a real program, and what becomes of it. Nothing here knows which program.

An experiment provokes one behaviour under one policy and is watched in real time. Performing it gives the events of the
end under test, which the oracle judges as it judges any log, with a tolerance. A verdict is not believed at once:

- Each experiment is performed several times, side by side. What they say must be the same, or it is inconclusive, and
  a rule counts as exercised only where it was in each of them.
- A run in which this machine stalled for longer than the tolerance says nothing about the program; it is done again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, NamedTuple, TypeVar

from rekeyspec.conformance.peers.evidence import Row, keep_files, save
from rekeyspec.conformance.peers.judging import Question, judged_by
from rekeyspec.conformance.peers.questions import question
from rekeyspec.conformance.target import Broken
from rekeyspec.conformance.verdict import Case, Divergence, Trial, Word
from rekeyspec.reference.conditions import Margin
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event, Role


def own(target: str) -> str:
    """What a peer's policies are called in reports: each experiment has its own, which the program is configured to."""
    return f"{target.removeprefix('peer:')}'s own"


REPETITIONS: Final = 3
"""How often an experiment is performed before what it says counts."""

ATTEMPTS: Final = 3
"""How often one performance is tried while the machine stalls."""

BEAT: Final = 0.01
"""How often (s) it is looked whether the machine stalls."""

Provocation = TypeVar("Provocation")


class Observed(NamedTuple):
    """What one run gave: the events at the end under test, the raw log that they were read from, and files to keep
    beside them, by name (the program's own log, a capture)."""

    events: tuple[Event, ...]
    raw: tuple[Row, ...]
    files: Mapping[str, str | bytes] = {}


class Failed(Broken):
    """A program that died, hung, never connected, or said what could not be read; with its files to keep, by name."""

    def __init__(self, text: str, files: Mapping[str, str | bytes] | None = None) -> None:
        super().__init__(text)
        self.files = dict(files or {})


@dataclass(frozen=True)
class Experiment(Generic[Provocation]):
    """One question to a program, at one setting. `rules` are those it asks; `policy` is what the program is configured
    to, as near as its options come. `provocation` is for whoever performs it.
    """

    name: str
    """`QUESTION` or `QUESTION.SETTING`, the question one of `questions.QUESTIONS`."""
    rules: tuple[str, ...]
    policy: Policy
    provocation: Provocation
    observe: Callable[[Sequence[Event]], str]
    """What was seen, in words with numbers."""
    manual: str = ""
    """The word of the program's own manual, for a violation: what it says it does, or that it has no such thing."""
    settings: str = ""
    """The options that the program was given for it, as its user would give them."""
    margin: Margin = field(default=Margin(ms=120))
    stands_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the oracle sees and what that shows: the keeping or breaking of a rule is, as this experiment is built, that
    of these rules. (Where only bytes that came could reach the limit, passing it shows that those were not counted.)"""
    shows: Mapping[str, Callable[[Sequence[Event]], bool]] = field(default_factory=dict)
    """Rules without an obligation of their own, and how it is seen in the log that they were exercised."""
    breaks: Mapping[str, Callable[[Sequence[Event]], str]] = field(default_factory=dict)
    """Rules that the oracle cannot judge from events alone, and what is seen to be otherwise: a sentence, or nothing.
    Looked at only where the oracle finds no violation."""
    follow: tuple[str, ...] = ()
    """The policy's parameters that this experiment tells apart: see `follow`."""
    end: Role = "client"
    hidden: frozenset[Do] = frozenset()

    @property
    def question(self) -> str:
        """What is asked, in words."""
        return question(self.name)


Perform = Callable[[Experiment[Provocation]], Awaitable[Observed]]
"""Runs an experiment once. Raises Broken, best as `Failed`, when the program crashed, hung or talked nonsense."""

Done = Callable[[], None]


@dataclass(frozen=True)
class Laboratory(Generic[Provocation]):
    """Where experiments on one target are performed, side by side since they mostly wait: at most as many at once as
    `running` allows, of all who share it."""

    target: str
    version: str
    perform: Perform[Provocation]
    evidence: Path
    """The directory of this target's evidence."""
    repetitions: int = REPETITIONS
    running: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(16))
    judges: Executor | None = None
    """Processes that judge; None judges here, while nobody looks after the programs."""
    done: Done = lambda: None
    """Is called when an experiment is."""

    async def cases(self, experiments: Sequence[Experiment[Provocation]]) -> list[Case]:
        """At least one case per experiment, in their order; a violation that shows several rules broken gives one for
        each. BadInput when evidence cannot be saved.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._case(e)) for e in experiments]
        except ExceptionGroup as several:
            raise several.exceptions[0] from None  # one message is enough: each experiment has the same to say
        return [case for e, task in zip(experiments, tasks, strict=True) for case in by_cause(e, task.result())]

    async def _case(self, e: Experiment[Provocation]) -> Case:
        places = [self.evidence / e.name / str(n) for n in range(1, self.repetitions + 1)]
        runs = await asyncio.gather(*(self._undisturbed(e, place) for place in places))
        self.done()
        return settled(runs, e.stands_for)

    async def _undisturbed(self, e: Experiment[Provocation], directory: Path) -> Case:
        stall = Stall()
        for _ in range(ATTEMPTS):
            stall = Stall()
            async with self.running, measuring(stall):
                try:
                    seen: Observed | Broken = await self.perform(e)
                except Broken as fault:
                    seen = fault
            if stall.longest <= e.margin.ms:
                return await self._judged(e, seen, directory)
        return replace(self._plain(e), word="inconclusive", reason=stall.sentence(e.margin.ms))

    def _plain(self, e: Experiment[Provocation]) -> Case:
        """A case of which nothing was seen."""
        trial = Trial(
            e.question, e.settings, self.version, self.repetitions, e.margin.ms, tuple(sorted(e.hidden))
        )  # fmt: skip
        return Case(
            self.target, own(self.target), e.name, e.rules, asdict(e.policy), (), "broken",
            replay=f"rekeyspec check {self.target} --only {e.name}", trial=trial,
        )  # fmt: skip

    async def _judged(self, e: Experiment[Provocation], seen: Observed | Broken, directory: Path) -> Case:
        case = self._plain(e)
        assert case.trial is not None
        if isinstance(seen, Broken):
            kept = keep_files(directory, seen.files) if isinstance(seen, Failed) else ""
            return replace(case, reason=str(seen), evidence=kept)
        origin = f"{self.target} {self.version}: {e.name}"
        log = save(directory, e.policy, origin, e.margin.ms, seen.events, seen.raw, e.hidden)
        keep_files(directory, seen.files)
        asked = Question(e.policy, e.end, seen.events, e.margin, e.hidden, e.follow)
        divergence, exercised, follows = await judged_by(self.judges, asked)
        if divergence is None:
            exercised |= shown(e, seen.events, exercised)
            divergence = otherwise(e, seen.events)
        return replace(
            case, log=seen.events, word=word(divergence, exercised, e.rules), reason=reason(e, seen.events, divergence),
            divergence=divergence, exercised=exercised, evidence=str(log),
            trial=replace(case.trial, seen=e.observe(seen.events), follows=follows),
        )  # fmt: skip


def word(divergence: Divergence | None, exercised: frozenset[str], asked: Sequence[str]) -> Word:
    """*conforms* only where something that was asked has been exercised."""
    if divergence is not None:
        return "violates"
    return "conforms" if exercised.intersection(asked) else "inconclusive"


def shown(e: Experiment[Provocation], events: Sequence[Event], exercised: frozenset[str]) -> frozenset[str]:
    """The rules that this log shows to be kept besides those that the oracle names."""
    meant = {rule for effect in exercised for rule in e.stands_for.get(effect, ())}
    return frozenset(meant | {rule for rule, seen in e.shows.items() if seen(events)})


def by_cause(e: Experiment[Provocation], case: Case) -> list[Case]:
    """The case, once for each rule that its divergence shows to be broken."""
    found = case.divergence
    if found is None or found.rule not in e.stands_for:
        return [case]
    causes = e.stands_for[found.rule]
    others = [rule for rule in dict.fromkeys((found.rule, *found.also)) if rule not in causes]
    blamed = [replace(found, rule=rule, also=(*(c for c in causes if c != rule), *others)) for rule in causes]
    exercised = case.exercised - {found.rule, *causes}
    return [replace(case, divergence=one, exercised=exercised) for one in blamed]


def otherwise(e: Experiment[Provocation], events: Sequence[Event]) -> Divergence | None:
    """Where the experiment itself sees a rule broken that the oracle cannot judge."""
    for rule, sees in e.breaks.items():
        if sentence := sees(events):
            last = len(events) - 1
            return Divergence(0, last, events[last].t if events else 0, e.end, rule, "not-allowed", None, sentence)
    return None


def reason(e: Experiment[Provocation], events: Sequence[Event], divergence: Divergence | None) -> str:
    """What was seen, and beside a violation the manual's word."""
    seen = e.observe(events)
    return f"{seen}; its manual: {e.manual}" if divergence is not None and e.manual else seen


def settled(runs: Sequence[Case], stands_for: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> Case:
    """What is believed of several runs of one experiment: the last one, if all say the same. What only some of them
    exercised, or followed, does not count. Rules that stand for the same one are the same."""
    last = runs[-1]
    if len({(case.word, stands_for.get(_broken_rule(case), (_broken_rule(case),))) for case in runs}) > 1:
        told = "; ".join(f"{case.word} ({_broken_rule(case) or case.reason})" for case in runs)
        return replace(last, word="inconclusive", reason=f"not the same {len(runs)} times: {told}", divergence=None)
    exercised = frozenset.intersection(*(case.exercised for case in runs))
    if last.word == "conforms" and not exercised.intersection(last.rules):
        return replace(last, word="inconclusive", exercised=exercised, reason=f"not each time: {last.reason}")
    trial = last.trial
    if trial is not None and len({_plain(case) for case in runs}) > 1:
        trial = replace(trial, follows=None)
    return replace(last, exercised=exercised, trial=trial)


def _plain(case: Case) -> str:
    return repr(case.trial.follows if case.trial else None)


def _broken_rule(case: Case) -> str:
    return case.divergence.rule if case.divergence else ""


@dataclass
class Stall:
    """The longest time (ms) that this process was not run when it should have been."""

    longest: int = 0

    def sentence(self, tolerance: int) -> str:
        """Why nothing is said: `tolerance` (ms) was exceeded each time."""
        return (
            f"in each of {ATTEMPTS} runs this machine stood still for longer than the tolerance of {tolerance} ms, the "
            f"last time for {self.longest} ms; run it where less else is running"
        )


@asynccontextmanager
async def measuring(stall: Stall) -> AsyncIterator[None]:
    """Watch for stalls of this machine while the body runs."""

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(BEAT)
            late = time.monotonic() - before - BEAT
            stall.longest = max(stall.longest, round(late * 1000))

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()

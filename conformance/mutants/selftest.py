"""What the suite is worth: every mutant caught, and no alarm where nothing is wrong.

The work is cut into parts that know nothing of each other, so that several processes may share it; the result does not
depend on how many. A part that ends badly is a trouble of its own, and costs the others nothing.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.explore.search import Effort, explore
from rekeyspec.conformance.mutants.catching import FEW, Caught, caught
from rekeyspec.conformance.mutants.tables import catalogue
from rekeyspec.conformance.suite import by_hand, tours
from rekeyspec.conformance.target import BadInput, Broken

BATCH: Final = 12
"""How many mutants one part has."""
CHUNK: Final = 2500
"""How many interleavings one part tries."""
ENOUGH: Final = 0.9
"""What share of the mutants must be caught in few steps."""

Progress = Callable[[str, int, int], None]
"""Is told what is done, how much of it, and of how much."""


@dataclass(frozen=True)
class Quiet:
    """What a search of something that should be right came to: interleavings, their lines, and its alarms, each as the
    YAML of a trace."""

    target: str
    examples: int
    steps: int
    alarms: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """Lines of an interleaving."""
        return self.steps / self.examples if self.examples else 0.0


@dataclass(frozen=True)
class Selftest:
    """Everything."""

    caught: Sequence[Caught]
    quiet: Sequence[Quiet]
    troubles: Sequence[str] = ()

    @property
    def missed(self) -> list[Caught]:
        """The mutants that no trace catches."""
        return [one for one in self.caught if not one.trace]

    @property
    def few(self) -> float:
        """The share of all mutants that is caught in few steps."""
        return sum(bool(one.trace) and one.steps <= FEW for one in self.caught) / len(self.caught) if self.caught else 1

    @property
    def exit_code(self) -> int:
        """0: all caught, most of them soon, and no alarm; 1: not so; 2: a part of it could not be done."""
        if self.troubles:
            return 2
        return int(bool(self.missed) or self.few < ENOUGH or any(one.alarms for one in self.quiet))

    def lines(self) -> Iterator[str]:
        """What is to be said, the figures last."""
        for one in self.caught:
            yield f"{one.mutant}: " + (f"{one.trace}, step {one.steps}, {one.rule}" if one.trace else "missed")
        for part in self.quiet:
            for alarm in part.alarms:
                yield f"{part.target}: an alarm:\n{alarm}"
        most = max((one.steps for one in self.caught), default=0)
        hit = len(self.caught) - len(self.missed)
        figures = [f"{len(self.caught)} mutants: {hit} caught, {self.few:.1%} in at most {FEW} steps, all in {most}"]
        figures += [
            f"{part.target}: {part.examples:,} interleavings, {part.mean:.1f} steps each, {len(part.alarms)} alarms"
            for part in self.quiet
        ]
        yield "; ".join(figures)

    def as_data(self) -> Mapping[str, Any]:
        """The same as JSON has it."""
        return {
            "selftest": 1,
            "caught": [one._asdict() for one in self.caught],
            "quiet": [asdict(part) for part in self.quiet],
            "troubles": list(self.troubles),
            "few": self.few,
        }


Part = tuple[str, Callable[[], Any]]


def selftest(searches: Mapping[str, int], seed: int, jobs: int, progress: Progress, sample: int = 0) -> Selftest:
    """All of it: every mutant (or so many, evenly over the list), and for each target so many interleavings. `jobs` is
    how many processes. Raises BadInput for a target that cannot be used."""
    for text in searches:
        with target_named(text):
            pass
    names = list(catalogue())
    names = names[:: max(len(names) // sample, 1)] if sample else names
    parts: list[Part] = [
        ("mutants", partial(_catch, names[start : start + BATCH])) for start in range(0, len(names), BATCH)
    ]
    for text, examples in searches.items():
        for number, start in enumerate(range(0, examples, CHUNK)):
            parts.append((text, partial(_search, text, min(CHUNK, examples - start), seed * 1000 + number)))
    done, troubles = _all(parts, jobs, progress)
    hit = [one for (what, _), found in zip(parts, done, strict=True) if what == "mutants" for one in found or ()]
    quiet = []
    for text in searches:
        found = [one for (what, _), one in zip(parts, done, strict=True) if what == text and one is not None]
        alarms = tuple(alarm for _, _, its in found for alarm in its)
        quiet.append(Quiet(text, sum(one[0] for one in found), sum(one[1] for one in found), alarms))
    return Selftest(hit, quiet, troubles)


def _all(parts: Sequence[Part], jobs: int, progress: Progress) -> tuple[list[Any], list[str]]:
    """What came of each part, None where it could not be done, and why."""
    if jobs == 1:
        return _one_by_one(parts, progress)
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        try:
            return _shared(pool, parts, progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_by_one(parts: Sequence[Part], progress: Progress) -> tuple[list[Any], list[str]]:
    done: list[Any] = []
    troubles: list[str] = []
    for what, part in parts:
        try:
            done.append(part())
        except (BadInput, Broken) as why:
            done.append(None)
            troubles.append(f"{what}: {why}")
        progress("selftest", len(done), len(parts))
    return done, troubles


def _shared(pool: Executor, parts: Sequence[Part], progress: Progress) -> tuple[list[Any], list[str]]:
    futures = {pool.submit(part): number for number, (_, part) in enumerate(parts)}
    done: list[Any] = [None] * len(parts)
    troubles: dict[int, str] = {}
    for count, future in enumerate(as_completed(futures), 1):
        number = futures[future]
        try:
            done[number] = future.result()
        except (BadInput, Broken) as why:
            troubles[number] = f"{parts[number][0]}: {why}"
        except BrokenProcessPool:
            troubles[number] = f"{parts[number][0]}: its process ended; run it again with fewer jobs"
        progress("selftest", count, len(parts))
    return done, [troubles[number] for number in sorted(troubles)]


def _catch(names: Sequence[str]) -> list[Caught]:
    known, suites = catalogue(), [by_hand(None, None), tours(None)[0]]
    return [caught(known[name], suites) for name in names]


def _search(text: str, examples: int, seed: int) -> tuple[int, int, tuple[str, ...]]:
    with target_named(text) as target:
        found = explore(target, Effort(examples, seed))
    return found.examples, found.steps, tuple(failure.text for failure in found.failures)

"""How long a large report takes to write, and how large each form is: `python -m rekeyspec.benchmarks.reports`.

The run is made up: 20 targets, 50 rules, 6 policies, 100,000 cases of which 20,000 violate a rule, in thousands of ways
that no real run would have. Logs are pieces of a real one. Seconds are CPU seconds of this process, once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from random import Random

from rich.console import Console

from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.badge import badges
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.report.html import as_html
from rekeyspec.conformance.report.json_form import as_json
from rekeyspec.conformance.report.junit import as_junit
from rekeyspec.conformance.report.keep import LIMIT, SUMMARY_LIMIT
from rekeyspec.conformance.report.markdown import as_markdown
from rekeyspec.conformance.report.terminal import show
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.rulebook import Rule, rules, sources
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.verdict import Case, Divergence, Due
from rekeyspec.reference.vocabulary import VISIBLE, Event


@dataclass(frozen=True)
class Size:
    """Of a made-up run."""

    targets: int = 20
    rules: int = 50
    cases: int = 100_000
    violating: int = 20_000


def made_up(size: Size = Size(), seed: int = 1) -> Report:
    """A report on a run of this size. The same for the same seed."""
    book = _book(size.rules)
    cases = list(_cases(size, book, Random(seed)))  # noqa: S311  (nothing secret)
    targets = {target: {"IKE-1": "it speaks no ISAKMP"} for target in _targets(size)}
    return Report(verdicts(cases, targets, list(book)), cases, book, "0", sources())


def _book(count: int) -> dict[str, Rule]:
    """The rule book, and rules like its own until there are enough."""
    book = dict(list(rules().items())[:count])
    pattern = next(iter(book.values()))
    for number in range(count - len(book)):
        book[f"NEW-{number + 1}"] = replace(pattern, id=f"NEW-{number + 1}", group="NEW")
    return book


def _targets(size: Size) -> list[str]:
    return [f"exec:python implementations/number-{n:02}/adapter-{n:02}.py" for n in range(1, size.targets + 1)]


def _cases(size: Size, book: dict[str, Rule], random: Random) -> Iterator[Case]:
    logs, names, targets = _logs(), list(book), _targets(size)
    policies = {name: policy.plain() for name, policy in profiles().items()}
    violating = set(random.sample(range(size.cases), size.violating))
    for number in range(size.cases):
        target, profile = targets[number % len(targets)], random.choice(list(policies))
        trace, log = f"explore-{number:06}", random.choice(logs)
        asked = tuple(random.sample(names, 3))
        again = f"rekeyspec replay traces/{trace}.yaml '{target}' --profile {profile}"
        seen = frozenset(asked)
        held = Case(target, profile, trace, asked, policies[profile], log, "conforms", "", None, seen, again)
        yield _violated(held, names, random) if number in violating else held


def _violated(case: Case, names: Sequence[str], random: Random) -> Case:
    rule, also, index = random.choice(names), random.choice(names), random.randrange(3, len(case.log))
    event, kind = case.log[index], random.choice(("not-allowed", "not-done"))
    do, due = random.choice(VISIBLE[:6]), Due(rule, random.choice(VISIBLE[:6]), event.t)
    did = event._replace(do=do) if kind == "not-allowed" else None
    found = Divergence(
        5, index, event.t, event.end, rule, "not-allowed" if did else "not-done", did,
        "the bytes under this key are within the limit", (also,), ("Start", "let time pass until 600000 ms"), (due,),
        {"role": event.end, "phase": "open", "epoch": 2, "count": 4711, "in_force_at": 20, "next_beat": 600_000},
    )  # fmt: skip
    return replace(case, word="violates", divergence=found, reason=found.sentence())


def _logs() -> list[tuple[Event, ...]]:
    """Pieces of what the reference does in the hand-written traces."""
    told = [replay(one, policy_of(one), ReferenceTarget()).log for one in stories().values()]
    return [log for log in told if len(log) > 8 and not log[0].link]


def forms() -> dict[str, tuple[Callable[[Report], str], int]]:
    """Each form with what makes it, and the largest that it may be, in bytes."""
    return {
        "JSON": (as_json, LIMIT),
        "JUnit": (as_junit, LIMIT),
        "HTML": (as_html, LIMIT),
        "Markdown": (as_markdown, SUMMARY_LIMIT),
        "terminal": (_printed, LIMIT),
        "badges": (lambda report: "".join(badges(report).values()), LIMIT),
    }


def _printed(report: Report) -> str:
    console = Console(file=StringIO(), width=100, force_terminal=False)
    show(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def main() -> None:
    """Print the figures."""
    size = Size()
    begun = time.process_time()
    report = made_up(size)
    made = time.process_time() - begun
    sys.stdout.write(
        f"{size.targets} targets, {size.rules} rules, {size.cases:,} cases, {size.violating:,} of them violate; "
        f"{len(report.verdicts):,} verdicts, made up and judged in {made:.1f} s\n"
    )
    begun = time.process_time()
    ways = len(report.violations)
    sys.stdout.write(f"{'violations gathered':<20} {time.process_time() - begun:6.2f} s  {ways:,} ways\n")
    for name, (form, limit) in forms().items():
        begun = time.process_time()
        written = len(form(report).encode())
        took = time.process_time() - begun
        sys.stdout.write(f"{name:<20} {took:6.2f} s  {written:10,} bytes (bound: {limit:,})\n")


if __name__ == "__main__":
    main()

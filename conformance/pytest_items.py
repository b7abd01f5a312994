"""The tests that the pytest plugin collects: one for each target, trace and rule that the trace cites.

A trace is told when the first of its rules is asked, and what came of it serves them all. A target is started by its
first trace, once in a session (with xdist: once in each worker), and reaped when the session ends, however it ends. As
in a check, a target that is broken several times in a row is not asked again.

What a test says is the verdict on its rule by that trace alone, so one trace that comes to no end is a skip here even
where another trace settles the rule. A violation of a rule that its trace does not cite is nobody's test; then those
fail that the trace would have had to show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.check import PATIENCE, lacking, not_run, tell, to_tell
from rekeyspec.conformance.report.contents import printable
from rekeyspec.conformance.report.story import told as story
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.suite import Told
from rekeyspec.conformance.target import BadInput, Broken, pairs
from rekeyspec.conformance.unjudged import UNJUDGED
from rekeyspec.conformance.verdict import Case, Verdict, Word

PLACE = "rekeyspec"
"""What stands where other tests have their file."""


class Judging:
    """The plugin where targets were named: adds their tests to what pytest found."""

    def __init__(self, targets: Sequence[str], profile: str | None, suites: Sequence[str]) -> None:
        self._targets, self._profile, self._suites = targets, profile, suites
        self._opened = ExitStack()

    def pytest_report_header(self) -> str:
        """What is judged, and by what."""
        by = [f"profile {self._profile}"] if self._profile else []
        by += [f"suite {one}" for one in self._suites]
        return f"rekeyspec: {', '.join(self._targets)}" + (f"; {', '.join(by)}" if by else "")

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """To what the session has found, one more collector for each target."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            try:
                report.result = [*(report.result or ()), *self._collectors(collector)]
            except BadInput as why:
                raise pytest.UsageError(str(why)) from None
        return report

    def _collectors(self, session: pytest.Session) -> Iterator[TargetCollector]:
        traces, _ = to_tell(self._profile, self._suites)
        for text in self._targets:
            teller = Teller(text, self._opened)
            told = [one for one in traces if one.trace.end == "both"] if teller.pair else traces
            yield TargetCollector.from_parent(
                session,
                name=text,
                nodeid=f"{PLACE}::{text}",
                path=session.path,
                tests=(teller, named(told, self._profile)),
            )

    def pytest_unconfigure(self) -> None:
        """Whatever was started is reaped."""
        self._opened.close()


def named(traces: Sequence[Told], profile: str | None) -> list[tuple[str, Told]]:
    """The traces with the names they have in brackets; where one is told under a second policy, that is named too."""
    found = []
    seen: Counter[str] = Counter()
    for told in traces:
        second = profile is None and "--profile" in told.again
        name = f"{told.trace.name}:{told.profile}" if second else told.trace.name
        seen[name] += 1
        found.append((name if seen[name] == 1 else f"{name}:{seen[name]}", told))
    return found


class Outcome(NamedTuple):
    """What a trace says of one rule: the word, why in a line, and the whole story where there is one to be told."""

    word: Word
    reason: str
    story: str = ""


class Teller:
    """One target, and what came of each trace that was told to it. Raises BadInput for a target that is none."""

    def __init__(self, text: str, opened: ExitStack) -> None:
        if text.startswith("peer:"):
            raise BadInput(
                f"--rekeyspec-target: read {text!r}, expected a target that traces can be told to; real programs are "
                f"watched in real time: run `rekeyspec check {text}`"
            )
        self._text, self._opened = text, opened
        self._target = target_named(text)
        self.pair = pairs(self._target)
        """Is it two implementations, which are told only what has two ends?"""
        self._greeted = False
        self._silent = ""
        self._trouble = 0
        self._found: dict[int, dict[str, Outcome]] = {}

    def outcome(self, told: Told, rule: str) -> Outcome:
        """What this trace, which is told once, says of a rule that it cites."""
        if id(told) not in self._found:
            self._found[id(told)] = self._outcomes(self._case(told), told.trace.rules)
        return self._found[id(told)][rule]

    def _case(self, told: Told) -> Case:
        if not self._greeted:
            self._greet()
        if self._silent:
            return not_run(told, self._target.name, "broken", self._silent)
        if lacks := lacking(told.trace, told.policy, self._target.unsupported):
            return not_run(told, self._target.name, "unsupported", f"stated: {lacks}")
        if self._trouble >= PATIENCE:
            reason = f"not tried: the target was broken {PATIENCE} times in a row"
            return not_run(told, self._target.name, "broken", reason)
        case = tell(told, self._target, self._text)
        self._trouble = self._trouble + 1 if case.word == "broken" else 0
        return case

    def _greet(self) -> None:
        self._greeted = True
        try:
            self._opened.enter_context(self._target)
        except (Broken, BadInput) as why:
            self._silent = str(why)

    def _outcomes(self, case: Case, cited: Sequence[str]) -> dict[str, Outcome]:
        stated = UNJUDGED | dict(self._target.unsupported)
        by_rule = {one.rule: one for one in verdicts([case], {case.target: stated}, cited)}
        blamed = any(by_rule[rule].verdict in ("violates", "broken") for rule in cited)
        if case.word != "violates" or blamed:
            return {rule: _outcome(by_rule[rule], case) for rule in cited}
        # The rule that was broken is not among those cited, so those fail that the trace was to show.
        short = [rule for rule in cited if by_rule[rule].verdict != "conforms"] or cited
        whole = Outcome("violates", case.reason, "\n".join(story(case)))
        return {rule: whole if rule in short else _outcome(by_rule[rule], case) for rule in cited}


def _outcome(verdict: Verdict, case: Case) -> Outcome:
    if verdict.verdict == "violates":
        return Outcome("violates", printable(verdict.detail or verdict.reason), "\n".join(story(case)))
    if verdict.verdict == "broken":
        again = f"again: {case.replay}" if case.replay else ""
        return Outcome("broken", printable(verdict.reason), printable(again))
    return Outcome(verdict.verdict, printable(verdict.reason))


class NotConforming(Exception):
    """A test's failure: the rule was violated, or the target is broken."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.word}: {outcome.reason}")
        self.outcome = outcome


class Shown(TerminalRepr):
    """How a failure is shown: in one line for summaries, and whole."""

    def __init__(self, failure: NotConforming, path: Path) -> None:
        self.reprcrash = ReprFileLocation(str(path), 0, str(failure))
        self._text = "\n".join(part for part in (str(failure), failure.outcome.story) if part)

    def toterminal(self, tw: TerminalWriter) -> None:
        """The whole of it."""
        for line in self._text.split("\n"):
            tw.line(line)


class TargetCollector(pytest.Collector):
    """Everything that is asked of one target."""

    def __init__(
        self, *, tests: tuple[Teller, list[tuple[str, Told]]], **rest: Any
    ) -> None:  # what from_parent passes on
        super().__init__(**rest)
        self._teller, self._traces = tests

    def collect(self) -> Iterator[RuleItem]:
        """One test for each rule of each trace."""
        for name, told in self._traces:
            for rule in told.trace.rules:
                yield RuleItem.from_parent(self, name=f"{rule}[{name}]", asks=(self._teller, told, rule))


class RuleItem(pytest.Item):
    """One rule, asked by one trace."""

    def __init__(self, *, asks: tuple[Teller, Told, str], **rest: Any) -> None:  # what from_parent passes on
        super().__init__(**rest)
        self._teller, self._told, self._rule = asks
        self.add_marker("rekeyspec")

    def runtest(self) -> None:
        """Passes when the rule was put to the test and held; skips when nothing firm can be said."""
        outcome = self._teller.outcome(self._told, self._rule)
        if outcome.word in ("violates", "broken"):
            raise NotConforming(outcome)
        if outcome.word != "conforms":
            pytest.skip(f"{outcome.word}: {outcome.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str | TerminalRepr:
        """The story of a failure; of a bug of ours the traceback."""
        if isinstance(excinfo.value, NotConforming):
            return Shown(excinfo.value, self.path)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it stands: in no file, so by its name."""
        return self.path, None, self.name

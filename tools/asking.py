"""Asking TLC many small questions, several at a time; whoever interrupts ends them all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from rekeyspec.tools.checker import Tlc, check
from rekeyspec.tools.output import Output
from rekeyspec.tools.scenario import Scenario

T = TypeVar("T")
R = TypeVar("R")

JOBS = 2
TIMEOUT = 300.0
"""Seconds for one question."""


@dataclass(frozen=True)
class Asker:
    """A TLC that answers scenarios until it is stopped."""

    tlc: Tlc
    timeout: float = TIMEOUT
    stopped: threading.Event = field(default_factory=threading.Event)

    def ask(self, scenario: Scenario, *, coverage: bool = False) -> Output:
        """What TLC finds. Raises ModelError where it cannot check, and Cancelled once this is stopped."""
        with scenario.run(coverage=coverage) as run:
            return check(run, self.tlc, timeout=self.timeout, cancelled=self.stopped.is_set)

    def holds(self, scenario: Scenario) -> bool:
        """Does the property hold?"""
        verdict = self.ask(scenario).verdict
        return verdict is not None and verdict.kind == "ok"

    def each(self, work: Callable[[T], R], items: Sequence[T], jobs: int = JOBS) -> list[R]:
        """The results of `work` on every item, `jobs` at a time, in the order of the items. What is raised ends all."""
        with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="tlc") as pool:
            futures = [pool.submit(work, item) for item in items]
            try:
                return [future.result() for future in futures]
            except BaseException:
                self.stopped.set()
                pool.shutdown(cancel_futures=True)
                raise

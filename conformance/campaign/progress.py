"""How far a campaign has come, on stderr: how much is done, how fast, how long it will take, what was found so far.

At a terminal a bar; elsewhere a line now and then, and one at the end. Its clock is given to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

EVERY: Final = 10.0
"""How often (s) a line is written where there is no terminal."""


class Watched:
    """A context manager that a campaign tells how far it has come. `clock` says the time in seconds."""

    def __init__(self, clock: Callable[[], float], console: Console | None = None) -> None:
        self._clock = clock
        self._console = console or Console(stderr=True)
        columns = (TextColumn("campaign"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("campaign", total=None, said="")
        self._total = self._done = self._before = self._violations = 0
        self._began = self._line = clock()

    def begin(self, total: int, done: int, violations: int) -> None:
        """So many cases there are, so many of them were done before, with so many violations."""
        self._total, self._done, self._before, self._violations = total, done, done, violations
        self._began = self._line = self._clock()
        if done:
            self._say(f"campaign: {done:,} of {total:,} cases were done before")
        self._show()

    def advance(self, cases: int, violations: int) -> None:
        """So many more are done."""
        self._done += cases
        self._violations += violations
        self._show()

    @property
    def said(self) -> str:
        """Rate, time left, and violations, in words."""
        took, cases = self._clock() - self._began, self._done - self._before
        words = [f"{self._violations:,} violation{'' if self._violations == 1 else 's'}"]
        if cases and took > 0:
            left = took / cases * (self._total - self._done)
            words = [f"{cases / took:,.0f} cases/s", f"{_lasting(left)} left", *words]
        return ", ".join(words)

    def _show(self) -> None:
        self._bar.update(self._task, total=self._total, completed=self._done, said=self.said)
        now = self._clock()
        if now - self._line >= EVERY or (self._done >= self._total and self._done > self._before):
            self._line = now
            self._say(f"campaign: {self._done:,} of {self._total:,} cases, {self.said}")

    def _say(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()


def _lasting(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""How far a check has come, on stderr: a bar at a terminal, a line per target elsewhere."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class ProgressLine:
    """A context manager to call with the target, how many cases are done, and how many there are."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, target: str, done: int, total: int) -> None:
        """So many cases of this target are done."""
        if target not in self._tasks:
            self._tasks[target] = self._bar.add_task(target, total=total)
        self._bar.update(self._tasks[target], completed=done)
        if done == total and not self._console.is_terminal:
            self._console.print(f"{target}: {total} cases", markup=False, highlight=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

"""How much of a file is judged, on stderr: a bar at a terminal, nothing elsewhere."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bar:
    """A context manager to call with the stream, how many of its bytes are judged, and how many there are."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stream: str, done: int, total: int) -> None:
        """So many bytes of this stream are judged."""
        if stream not in self._tasks:
            self._tasks[stream] = self._bar.add_task(stream, total=total or None)
        self._bar.update(self._tasks[stream], completed=done)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

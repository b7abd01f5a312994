"""A child process in a group of its own, read line by line, and always reaped with its children.

Its time is real, its output is bounded only by who takes the lines. The group is killed before the child is reaped,
since from then on its number may belong to somebody else.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal, Self

Stream = Literal["out", "err"]

_LOOK: Final = 0.1
"""How often the end, the time and the wish to stop are looked at, in seconds."""
_LONGEST_LINE: Final = 1 << 24
_BLOCKS_LEFT: Final = 1000


@dataclass(frozen=True)
class Ended:
    """How it ended. `code` is the exit code, or minus the signal; `why` says whether we ended it."""

    code: int
    why: Literal["exit", "timeout", "cancelled"]


def follow(
    command: Sequence[str],
    *,
    folder: Path,
    take: Callable[[Stream, str], None],
    timeout: float,
    cancelled: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run it in `folder`, give every line it writes to `take`, and end it after `timeout` seconds or when `cancelled`.

    Raises OSError when it cannot be started. Whatever is raised meanwhile, nothing of it is left running.
    """
    deadline = time.monotonic() + timeout
    why: Literal["exit", "timeout", "cancelled"] = "exit"
    with _started(command, folder) as child, _Lines(child, take) as lines:
        try:
            while not _is_over(child.pid):
                if cancelled() or time.monotonic() > deadline:
                    why = "cancelled" if cancelled() else "timeout"
                    break
                lines.read(_LOOK)
        finally:
            _kill_group(child.pid)
            code = child.wait()
        lines.rest()
    return Ended(code, why)


def _started(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
    )


def _is_over(pid: int) -> bool:
    """Has it ended? It is not reaped by the question."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the second is macOS's word for a group of zombies
        os.killpg(pid, signal.SIGKILL)


class _Lines:
    """The lines that a child writes, as they come. A context manager: the child closes its pipes, this its selector."""

    def __init__(self, child: subprocess.Popen[bytes], take: Callable[[Stream, str], None]) -> None:
        self.take = take
        self.begun: dict[Stream, bytes] = {"out": b"", "err": b""}
        self.selector = selectors.DefaultSelector()
        pipes: tuple[tuple[IO[bytes] | None, Stream], ...] = ((child.stdout, "out"), (child.stderr, "err"))
        for pipe, name in pipes:
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self.selector.register(pipe, selectors.EVENT_READ, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.selector.close()

    def read(self, seconds: float) -> bool:
        """Give on what comes within this time; was there anything?"""
        if not self.selector.get_map():
            time.sleep(seconds)  # both pipes are closed and the process goes on
            return False
        ready = self.selector.select(seconds)
        for key, _ in ready:
            block = os.read(key.fd, 1 << 16)
            self._split(key.data, block)
            if not block:
                self.selector.unregister(key.fileobj)
        return bool(ready)

    def rest(self) -> None:
        """Give on what is still in the pipes, but wait for no more: whoever left the group may hold them open."""
        for _ in range(_BLOCKS_LEFT):
            if not self.read(0):
                break
        for name in self.begun:
            self._split(name, b"")

    def _split(self, name: Stream, block: bytes) -> None:
        *whole, begun = (self.begun[name] + block).split(b"\n")
        if len(begun) > _LONGEST_LINE or (begun and not block):
            whole, begun = [*whole, begun], b""
        self.begun[name] = begun
        for line in whole:
            self.take(name, line.decode("utf-8", "replace").rstrip("\r"))

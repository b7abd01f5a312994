"""A check by TLC's own server and workers, each a Java process, on this machine and on whichever others join.

The server keeps the states and gives them out; a worker needs a Java, the same jar and the server's name, and gets the
modules from the server. They speak Java's RMI, which asks nobody who he is: whoever reaches the port may join.

What the server does not do: it checks no liveness, and of a violation it shows the last step and does not say what is
violated. So what ends badly is done again by one TLC here, and what ends well names the properties of the cfg: TLC says
nowhere which of them are about whole behaviours.
"""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from rekeyspec.tools import cfg
from rekeyspec.tools.checker import Cancelled, Tlc, check, killer, must_exist, reached, started
from rekeyspec.tools.cluster import LOOPBACK, Cluster, server_command, worker_command
from rekeyspec.tools.command import TlcRun, cfg_path, cfg_text
from rekeyspec.tools.messages import ERROR, Code, Message
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Figures, Output
from rekeyspec.tools.process import Ended, follow
from rekeyspec.tools.said import Said

_FOR_EVER: Final = 1e9


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        return int(taken.getsockname()[1])


def check_distributed(
    run: TlcRun,
    tlc: Tlc,
    *,
    cluster: Cluster,
    timeout: float = 3600,
    progress: Callable[[Figures], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Output:
    """As `checker.check`, with the same errors; `unchecked` of the output has what was not looked at in full. The depth
    of the graph is not known."""
    must_exist(run)
    deadline = time.monotonic() + timeout
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        words = server_command(run, cluster, java=tlc.java, jar=tlc.jar, scratch=folder)
        if run.own_cfg:
            cfg_path(run, folder).write_text(cfg_text(run, run.cfg.read_text("utf-8", "replace")), "utf-8")
        with _Workers(run, tlc, cluster, folder) as workers:
            said = Said(progress, workers.hear)
            ended = started(words, run, said, timeout=timeout, cancelled=lambda: cancelled() or workers.lost())
    if ended.why == "cancelled" and cancelled():
        raise Cancelled
    output = said.output()
    if ended == Ended(0, "exit") and output.verdict and output.verdict.kind == "ok":
        # Workers race, and TLC then tells the level of whichever state came last for the depth.
        figures = replace(output.figures, depth=None)
        unchecked = tuple(cfg.properties(run.cfg.read_text("utf-8", "replace")))
        return replace(output, figures=figures, unchecked=unchecked)
    if trouble := _trouble(run, ended, output, said, workers, timeout):
        raise ModelError(trouble)
    left = deadline - time.monotonic()
    return _again(run, tlc, check(run, tlc, timeout=max(left, 1), progress=progress, cancelled=cancelled))


def _trouble(run: TlcRun, ended: Ended, output: Output, said: Said, workers: _Workers, timeout: float) -> str:
    """Why there is nothing to be done again, if there is not."""
    if ended.why == "timeout":
        within = f"expected an end within {timeout:g} s"
        return f"{run.cfg}: TLC's server was stopped {reached(output)}, {within}; bound the model further"
    if ended.why == "cancelled":
        return (
            f"{run.cfg}: TLC's workers ended {reached(output)}: {workers.last}; run it again, or without --distributed"
        )
    if signalled := killer(ended.code):
        return f"{run.cfg}: TLC's server was killed by {signalled} {reached(output)}; run it again"
    if not any(message.code == Code.BEHAVIOUR or message.severity in (ERROR, 2) for message in said.messages):
        first = next(iter(said.errors), f"exit code {ended.code}")
        return f"{run.cfg}: TLC's server ended without a result {reached(output)}: {first}; run it again by itself"
    return ""


def _again(run: TlcRun, tlc: Tlc, output: Output) -> Output:
    if output.verdict and output.verdict.kind == "ok":
        read = "TLC's server stopped at an error, and one TLC by itself found none"
        raise ModelError(f"{run.cfg}: {read}; take the jar {tlc.jar} from somewhere else")
    return output


class _Workers:
    """The workers of this machine, started when the server is ready. A context manager: none is left running."""

    def __init__(self, run: TlcRun, tlc: Tlc, cluster: Cluster, scratch: Path) -> None:
        self.run, self.tlc, self.cluster, self.scratch = replace(run, size="small"), tlc, cluster, scratch
        self.stop = threading.Event()
        self.pool = ThreadPoolExecutor(max_workers=max(cluster.workers, 1), thread_name_prefix="tlc-worker")
        self.futures: list[Future[Ended]] = []
        self.last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop.set()
        self.pool.shutdown()

    def hear(self, message: Message) -> None:
        """Start them, when that is the message for it."""
        if message.code == Code.SERVER_READY:
            self.futures = [self.pool.submit(self._follow, number) for number in range(self.cluster.workers)]

    def lost(self) -> bool:
        """Have all of them ended, and none well? Those that are done end a little before the server."""
        return bool(self.futures) and all(future.done() and future.result().code != 0 for future in self.futures)

    def _follow(self, number: int) -> Ended:
        folder = self.scratch / f"worker-{number}"  # it leaves modules wherever it is
        folder.mkdir()
        words = worker_command(self.run, self.cluster, java=self.tlc.java, jar=self.tlc.jar, scratch=folder)
        ended = follow(words, folder=folder, take=self._take, timeout=_FOR_EVER, cancelled=self.stop.is_set)
        if signalled := killer(ended.code):
            self.last = f"killed by {signalled}"
        return ended

    def _take(self, _: str, line: str) -> None:
        self.last = line.strip() or self.last

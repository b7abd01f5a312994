"""Who does the work: this process, a pool of others, or (`cluster.py`) those of a cluster. All through the interface of
`concurrent.futures.Executor`, and all doing the same, so that what comes out is the same.

A pool's processes are started afresh (`spawn`): a fork would copy locks, threads and open files of ours. What each does
when it is to end, it knows itself (`worker.py`).
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Any, Final, Protocol, Self

from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import Job
from rekeyspec.conformance.campaign.work import work
from rekeyspec.conformance.campaign.worker import perform, settle
from rekeyspec.conformance.yamlfile import problem

AHEAD: Final = 2
"""How many jobs each worker has, with the one that it does: so that none waits for this process."""
GRACE: Final = 6.0
"""How long (s) a worker may take to end what it has under way: longer than its adapters' keepers take."""


class Lost(Exception):
    """Nobody is there any more to do the work. The text says why."""


class Crew(Protocol):
    """Does jobs. A context manager: leaving it, however that comes about, leaves no process behind."""

    width: int
    """How many jobs it can have at a time."""
    hardy: bool
    """May a job that two workers died of be done case by case, at the price of more of them?"""
    executor: Executor
    """Those who do the work, for other work than jobs. A pool's are new ones after `mend`."""

    def submit(self, job: Job) -> Future[Done]:
        """Do this job, when its turn comes."""
        ...

    def died(self, wrong: BaseException) -> bool:
        """Does this, which a job ended in, say that its worker is dead? Raises Lost where all are."""
        ...

    def mend(self, *, one: bool = False) -> None:
        """Start whoever died anew; but only `one`, where jobs are to be done one at a time. What was submitted before
        is forgotten."""
        ...

    def check(self) -> None:
        """Raises Lost where there is nobody left who could ever finish; may take a moment."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Here(Executor):
    """An executor that does the work in this process, at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it, and return the future that has come about."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as wrong:  # noqa: BLE001  (it is the caller's to look at)
            future.set_exception(wrong)
        return future


class Alone:
    """The process that we are. What ends a target ends the campaign, which then goes on from its journal."""

    width = 1
    hardy = True

    def __init__(self) -> None:
        self.executor: Executor = Here()

    def submit(self, job: Job) -> Future[Done]:
        """Do it now."""
        return self.executor.submit(work, job)

    def died(self, wrong: BaseException) -> bool:
        """Never: nobody would be here to ask."""
        return False

    def mend(self, *, one: bool = False) -> None:
        """Nothing can be amiss."""

    def check(self) -> None:
        """We are here."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing was started."""


class Pool:
    """So many processes on this machine."""

    hardy = True

    def __init__(self, workers: int) -> None:
        self.width = AHEAD * workers
        self._workers = workers
        self._others: set[int | None] = set()

    def submit(self, job: Job) -> Future[Done]:
        """To whoever is free first."""
        try:
            return self.executor.submit(perform, job)
        except BrokenExecutor as wrong:  # it broke since we last looked
            future: Future[Done] = Future()
            future.set_exception(wrong)
            return future

    def died(self, wrong: BaseException) -> bool:
        """A pool that has lost one process gives up all that it was to do."""
        return isinstance(wrong, BrokenExecutor)

    def mend(self, *, one: bool = False) -> None:
        """A new pool."""
        self._end()
        self._begin(1 if one else self._workers)

    def check(self) -> None:
        """A dead process is noticed without being asked for."""

    def __enter__(self) -> Self:
        self._others = {process.pid for process in multiprocessing.active_children()}
        self._begin(self._workers)
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()

    def _begin(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.executor: Executor = ProcessPoolExecutor(workers, context, initializer=settle)

    def _end(self) -> None:
        """End them: by asking, and who does not go in time without asking. Their keepers see to the adapters."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        left = [process for process in multiprocessing.active_children() if process.pid not in self._others]
        for process in left:
            process.terminate()
        _await(left, GRACE)
        for process in left:
            if process.is_alive():
                process.kill()
        _await(left, GRACE)
        self.executor.shutdown(wait=True)


def _await(processes: list[BaseProcess], seconds: float) -> None:
    until = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def crew(workers: int | None, address: str | None) -> Crew:
    """Who does the work: a cluster's workers; or so many of this machine, None for one a processor. Raises BadInput."""
    if address is None:
        workers = workers or processors()
        return Alone() if workers == 1 else Pool(workers)
    if workers is not None:
        read = f"-j {workers} besides"
        raise problem(f"--cluster {address}", read, "one of the two", "a cluster has as many workers as it has")
    from rekeyspec.conformance.campaign.cluster import Cluster  # noqa: PLC0415  (needs an extra)

    return Cluster(address)

"""A cluster's workers, by the address of its scheduler: Dask's, through its own Executor. Needs the extra `cluster`.

Whatever is waited for here is waited for so long and no longer: a scheduler that cannot be reached, workers that do
not come, a cluster that has gone. Of a worker that died the scheduler tells, after it has tried its jobs on others."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError, Executor, Future
from importlib import import_module
from typing import Any, Final, NoReturn, Self

from rekeyspec import __version__
from rekeyspec.conformance.campaign.crew import AHEAD, Lost
from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import Job
from rekeyspec.conformance.campaign.patience import CLOCK
from rekeyspec.conformance.campaign.work import work
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem

CONNECT: Final = 10.0
"""How long (s) a scheduler may take to answer, and a first worker to be there."""
ABSENT: Final = 20.0
"""How long (s) there may be no worker at all before the cluster is said to be gone."""


class Cluster:
    """The workers of the cluster whose scheduler has this address. They are others' too, and a nanny that has started
    its worker anew too often gives up: a job that they die of is broken as a whole."""

    hardy = False

    def __init__(self, address: str) -> None:
        self.address = address
        self.width = AHEAD
        self._seen = 0.0
        """When somebody was last known to be at work."""
        self._dask: Any  # it says no types, and may not be there
        self._client: Any
        self.executor: Executor

    def submit(self, job: Job) -> Future[Done]:
        """To whichever worker the scheduler chooses."""
        self._seen = CLOCK()  # where there is room for a job, another has come back
        return self.executor.submit(work, job)

    def died(self, wrong: BaseException) -> bool:
        """One worker after the other that was given this job; or none is left to ask."""
        if isinstance(wrong, self._dask.KilledWorker):
            return True
        if isinstance(wrong, CancelledError | OSError):
            raise Lost(self._gone(str(wrong) or "what it was doing was cancelled"))
        if isinstance(wrong, ImportError | AttributeError) or "deserializ" in str(wrong):
            self._refuse(f"what cannot do the work ({_said(wrong)})", "rekeyspec there too", _INSTALL)
        return False

    def mend(self, *, one: bool = False) -> None:
        """The cluster's own nannies see to that."""

    def check(self) -> None:
        """Is there a scheduler, and a worker?"""
        if self._client.status in ("closed", "closing"):
            raise Lost(self._gone("the connection was lost"))
        try:
            there = bool(self._client.nthreads()) if self._client.status == "running" else False
        except Exception as wrong:
            raise Lost(self._gone(_said(wrong))) from wrong
        if there:
            self._seen = CLOCK()
        elif CLOCK() - self._seen > ABSENT:
            raise Lost(self._gone(f"it has had no worker for {ABSENT:g} s"))

    def _gone(self, why: str) -> str:
        return f"--cluster {self.address}: the cluster is gone ({why})"

    def __enter__(self) -> Self:
        try:
            self._dask = import_module("distributed")
        except ImportError:
            raise BadInput("--cluster needs Dask: pip install 'rekeyspec[cluster]'") from None
        try:
            self._dask.comm.resolve_address(
                self.address
            )  # a client that was made for no address at all would not go quietly
            self._client = self._dask.Client(self.address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError) as wrong:
            remedy = "see that it runs, and give the address that it prints, as in tcp://10.0.0.1:8786"
            self._refuse(f"nothing in {CONNECT:g} s ({_said(wrong)})", "a Dask scheduler", remedy)
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError:
            self.__exit__()
            remedy = f"start one with `dask worker {self.address}`"
            self._refuse(f"a scheduler without workers in {CONNECT:g} s", "one worker or more", remedy)
        self.width = AHEAD * max(1, sum(self._client.nthreads().values()))
        self.executor = self._client.get_executor(pure=False)
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is said here
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close(timeout=CONNECT)

    def _refuse(self, read: str, expected: str, remedy: str) -> NoReturn:
        raise problem(f"--cluster {self.address}", read, expected, remedy) from None


_INSTALL: Final = f"install rekeyspec {__version__} for the scheduler and every worker"


def _said(wrong: BaseException) -> str:
    text: Any = str(wrong).strip().splitlines()
    return f"{type(wrong).__name__}: {text[0]}" if text else type(wrong).__name__

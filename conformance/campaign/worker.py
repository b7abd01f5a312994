"""A pool's worker, seen from inside: it does jobs, and knows when to end.

It ends what it has under way when it is told to (SIGTERM), and at once when the process that started it is gone,
however that went; the programs that it runs have keepers of their own (`adapters/keeper.py`). A terminal's Ctrl-C
reaches all processes; what comes of it is the first one's to say.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final

from rekeyspec.conformance.campaign.done import Done
from rekeyspec.conformance.campaign.jobs import Job
from rekeyspec.conformance.campaign.work import work
from rekeyspec.conformance.orphan import follow

STUCK: Final = 60.0
"""How long (s) a worker may take beyond the time-outs of all its cases, twice told, before it is ended."""

_busy = False
_ended = False
_lost = threading.Event()


class Ended(BaseException):
    """Raised in a worker that is told to end."""


def settle() -> None:
    """What a worker does first: learn when to end."""
    signal.signal(signal.SIGTERM, _end)
    sys.unraisablehook = _unraisable
    threading.Thread(target=_say_again, daemon=True).start()
    follow()


def _end(_number: int, _frame: FrameType | None) -> None:
    global _ended  # noqa: PLW0603  (a signal has nowhere else to leave a word)
    if not _busy:
        os._exit(0)
    if not _ended:
        _ended = True
        raise Ended


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """What is raised while something is being finalized goes no further, so a word that came just then is lost."""
    if what.exc_type is Ended:
        _lost.set()
    else:
        sys.__unraisablehook__(what)


def _say_again() -> None:
    global _ended  # noqa: PLW0603
    while _lost.wait():
        _lost.clear()
        time.sleep(0.05)  # raised within the hook itself it would be lost for good
        _ended = False
        os.kill(os.getpid(), signal.SIGTERM)


def perform(job: Job) -> Done:
    """Work, in a process that can be ended: what was started is closed before it goes. A target that holds on to the
    interpreter beyond all time-outs takes the process with it."""
    global _busy  # noqa: PLW0603
    bound = 2 * job.cases * job.limits.case_timeout + STUCK
    try:
        _busy = True
        with Path(os.devnull).open("w", encoding="ascii") as nowhere:
            faulthandler.dump_traceback_later(bound, exit=True, file=nowhere)
            try:
                return work(job)
            finally:
                faulthandler.cancel_dump_traceback_later()
    except Ended:
        os._exit(0)
    finally:
        _busy = False

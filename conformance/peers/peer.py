"""A real program as a target: what one file in `programs/` says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from rekeyspec.conformance.peers.experiment import Experiment, Perform, own
from rekeyspec.conformance.peers.need import Need, unmet
from rekeyspec.conformance.report.world import Program
from rekeyspec.conformance.rulebook import rules

P = TypeVar("P")


@dataclass(frozen=True)
class Setting:
    """What a peer's stage is given. `private` is a temporary directory of its own, for keys and configuration, which is
    removed with all that is in it. Hold `starting` while a program starts: starting one costs more than running it, and
    would disturb the clocks of the others."""

    private: Path
    starting: asyncio.Semaphore


@dataclass(frozen=True)
class Peer(Generic[P]):
    """A program. Its module must import where the program is missing: what needs it is imported in the functions."""

    name: str
    """As in `peer:NAME`; the file's name with `-` for `_`."""
    title: str
    """What people call it, with its role: `OpenSSH client`."""
    watched: str
    """How it is watched, in one sentence."""
    needs: Sequence[Need]
    version: Callable[[], str]
    """The version found. Asked only where nothing is missing."""
    experiments: Callable[[], Sequence[Experiment[P]]]
    stage: Callable[[Setting], AbstractAsyncContextManager[Perform[P]]]
    """Where its experiments are performed; leaving it leaves nothing behind."""
    not_asked: Mapping[str, str]
    """Rules that it cannot be asked (`stated: ...`), or whose keeping cannot be seen (`not-observable: ...`)."""
    manual: str = ""
    """Where its manual is found."""
    slow: str = ""
    """Why it takes long; such a peer is judged only by name, not by `peer:all`."""

    @property
    def target(self) -> str:
        """Its name in reports."""
        return f"peer:{self.name}"

    @property
    def profile(self) -> str:
        """What its policies are called in reports: each experiment has one of its own, which the program is configured
        to."""
        return own(self.target)

    def program(self) -> Program:
        """What a report says of it."""
        missing = self.missing()
        version = "" if missing else self.version()
        return Program(self.target, self.title, version, self.watched, self.manual, missing)

    def missing(self) -> list[str]:
        """What of its needs this machine does not have; empty where it can be run."""
        return unmet(self.needs)

    def unsupported(self) -> dict[str, str]:
        """Rules that it cannot be asked, or whose keeping cannot be seen, each with the reason; every rule, where the
        program is missing. Stated before any run."""
        missing = self.missing()
        return dict.fromkeys(rules(), "; ".join(missing)) if missing else dict(self.not_asked)

"""What was found and is kept: a folder of traces, which the next search tells first.

A file is named like its trace. What is in it already is not written again, and no file is ever written over: another
trace of the same name gets a number.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from rekeyspec.conformance import trace as form
from rekeyspec.conformance.check import lacking, not_run
from rekeyspec.conformance.explore.fault import Fault, of_case
from rekeyspec.conformance.explore.found import Failure
from rekeyspec.conformance.explore.text import text
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.output import check_writable, write_whole
from rekeyspec.conformance.suite import Told, policy_of
from rekeyspec.conformance.target import Target
from rekeyspec.conformance.verdict import Case
from rekeyspec.conformance.yamlfile import problem

FOLDER: Final = Path("rekeyspec-found")
"""Where traces are kept unless the caller says otherwise."""


@dataclass(frozen=True)
class Kept:
    """A trace that was kept, told again: its file, its case, and how it failed, if it still does."""

    path: Path
    case: Case
    fault: Fault | None

    @property
    def still(self) -> str:
        """What became of it."""
        if self.fault is not None:
            return "still fails"
        return "not put" if self.case.word == "unsupported" else "fails no more"


def told_again(folder: Path, target: Target, named: str) -> list[Kept]:
    """Every trace in the folder told to the target, which was `named` so, in the order of their names. Raises BadInput
    for a file that is no trace."""
    return [_told(path, target, named) for path in sorted(folder.glob("*.yaml"))] if folder.is_dir() else []


def _told(path: Path, target: Target, named: str) -> Kept:
    trace = form.read(path)
    policy = policy_of(trace)
    lacks = lacking(trace, policy, target.unsupported)
    if lacks:
        told = Told(trace, policy, trace.profile, ())
        return Kept(path, not_run(told, target.name, "unsupported", f"stated: {lacks}"), None)
    case = replace(replay(trace, policy, target), replay=command(path, named))
    return Kept(path, case, of_case(case, target))


def command(path: Path, named: str) -> str:
    """The command that tells a kept trace to the target of this name."""
    return shlex.join(["rekeyspec", "replay", str(path), named])


def check(folder: Path) -> None:
    """Raise BadInput, before anything is searched, for a folder in which nothing can be kept. Leaves nothing behind."""
    if folder.exists() and not folder.is_dir():
        raise problem(f"--save {folder}", "a file", "a folder, or a name for a new one", "give another path")
    new = not folder.exists()
    check_writable(folder / "found.yaml")
    if new:
        with suppress(OSError):
            folder.rmdir()


def save(folder: Path, failure: Failure, named: str) -> tuple[Path, Failure]:
    """Keep this, which the target of this name showed: its file, and the failure by the name that it has there. Raises
    BadInput where it cannot be written."""
    for number in count(1):
        name = failure.trace.name if number == 1 else f"{failure.trace.name}-{number}"
        trace = msgspec.structs.replace(failure.trace, name=name)
        path, words = folder / f"{name}.yaml", text(trace)
        if not path.exists():
            write_whole(path, words)
        elif path.read_text(encoding="utf-8", errors="replace") != words:
            continue
        return path, Failure(trace, replace(failure.case, trace=name, replay=command(path, named)), words)
    raise AssertionError("there is always another number")

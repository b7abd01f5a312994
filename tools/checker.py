"""One run of TLC from beginning to end: started, followed, ended, cleaned up after, and understood.

All that TLC writes goes into a folder of this run's own, which is removed whatever happens: a spec's folder is never
written to. What stops TLC, in the spec, in the cfg or in the machine, becomes one ModelError in TLA+ terms.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rekeyspec.tools import modelerror
from rekeyspec.tools.command import TlcRun, cfg_path, cfg_text, command
from rekeyspec.tools.jar import find_jar
from rekeyspec.tools.java import find_java
from rekeyspec.tools.messages import Code
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Failure, Figures, Output
from rekeyspec.tools.process import Ended, follow
from rekeyspec.tools.said import Said


class Cancelled(Exception):
    """The run was ended because its caller wanted no more of it."""


@dataclass(frozen=True)
class Tlc:
    """A TLC that can be run."""

    java: Path
    jar: Path


def find_tlc() -> Tlc:
    """The Java runtime and the jar of this machine. Raises BadInput where one is missing."""
    return Tlc(find_java(), find_jar())


def check(
    run: TlcRun,
    tlc: Tlc,
    *,
    timeout: float = 3600,
    progress: Callable[[Figures], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Output:
    """Run TLC and understand what it says; the output has a verdict. `timeout` is in seconds.

    Raises ModelError where TLC could not check, for whatever reason, and Cancelled.
    """
    must_exist(run)
    said = Said(progress)
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-", ignore_cleanup_errors=True) as scratch:
        words = command(run, java=tlc.java, jar=tlc.jar, scratch=Path(scratch))
        if run.own_cfg:
            cfg_path(run, Path(scratch)).write_text(cfg_text(run, run.cfg.read_text("utf-8", "replace")), "utf-8")
        ended = started(words, run, said, timeout=timeout, cancelled=cancelled)
    if ended.why == "cancelled":
        raise Cancelled
    output = said.output(simulation=run.simulate is not None)
    if ended.why == "timeout":
        within = f"expected an end within {timeout:g} s"
        raise ModelError(f"{run.cfg}: TLC was stopped {reached(output)}, {within}; bound the model further")
    return _judged(output, run, tlc, ended, said)


def must_exist(run: TlcRun) -> None:
    """Raise ModelError where the spec or the cfg is no file."""
    for path, what in ((run.spec, "a TLA+ module"), (run.cfg, "a cfg")):
        if not path.is_file():
            raise ModelError(f"{path}: read no such file, expected {what}; correct the path", file=path)


def started(words: Sequence[str], run: TlcRun, said: Said, *, timeout: float, cancelled: Callable[[], bool]) -> Ended:
    """Start it in the folder of the spec and follow it to its end. Raises ModelError where it does not start."""
    try:
        return follow(words, folder=run.spec.parent, take=said.take, timeout=timeout, cancelled=cancelled)
    except OSError as error:
        read = f"{words[0]}: read a program that does not start ({error.strerror})"
        raise ModelError(f"{read}, expected a Java runtime; name another on PATH") from None


def _judged(output: Output, run: TlcRun, tlc: Tlc, ended: Ended, said: Said) -> Output:
    """The output, if it is one and agrees with the way TLC ended."""
    if output.failure:
        raise modelerror.of(output.failure, run, output.printed)
    if signalled := killer(ended.code):
        advice = "where nobody did, the machine was short of memory: run fewer jobs at once, or bound the model further"
        raise ModelError(f"{run.cfg}: TLC was killed by {signalled} {reached(output)}; {advice}")
    first = next(iter(said.errors), f"exit code {ended.code}")
    if not any(message.code == Code.VERSION for message in said.messages):
        remedy = "name another Java on PATH, or another jar"
        raise ModelError(f"{tlc.jar}: TLC did not start under {tlc.java}: {first}; {remedy}")
    if output.verdict is None and (short := next((line for line in said.errors if "OutOfMemoryError" in line), "")):
        raise modelerror.of(Failure(Code.OUT_OF_MEMORY, short), run, output.printed)
    if output.verdict is None or (output.verdict.kind == "ok") != (ended.code == 0):
        raise ModelError(f"{run.cfg}: TLC ended without a result {reached(output)}: {first}; run it again by itself")
    return output


def killer(code: int) -> str:
    """The signal that ended it, if one did: Java turns those that it can catch into an exit code."""
    number = code - 128 if code in (129, 130, 143) else -code
    if number <= 0:
        return ""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def reached(output: Output) -> str:
    """How far it came, in words that follow a verb."""
    return f"after {output.figures.distinct:,} states" if output.figures.distinct else "before the first figures"

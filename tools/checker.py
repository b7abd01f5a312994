"""One run of TLC from beginning to end: started, followed, ended, cleaned up after, and understood.

All that TLC writes goes into a folder of this run's own, which is removed whatever happens: a spec's folder is never
written to. What stops TLC, in the spec, in the cfg or in the machine, becomes one ModelError in TLA+ terms.
"""

from __future__ import annotations

import signal
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rekeyspec.tools import modelerror
from rekeyspec.tools.command import TlcRun, command
from rekeyspec.tools.jar import find_jar
from rekeyspec.tools.java import find_java
from rekeyspec.tools.messages import Code, Message, Stream
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Figures, Output, assemble, figures
from rekeyspec.tools.process import Ended, follow

_REPEATED: Final = frozenset({Code.PROGRESS, Code.PROGRESS_SIMULATION})
"""Messages that come again and again, so that only the last one is kept."""


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
    for path, what in ((run.spec, "a TLA+ module"), (run.cfg, "a cfg")):
        if not path.is_file():
            raise ModelError(f"{path}: read no such file, expected {what}; correct the path", file=path)
    said = _Said(progress)
    with tempfile.TemporaryDirectory(prefix="rekeyspec-tlc-", ignore_cleanup_errors=True) as scratch:
        words = command(run, java=tlc.java, jar=tlc.jar, scratch=Path(scratch))
        try:
            ended = follow(words, folder=run.spec.parent, take=said.take, timeout=timeout, cancelled=cancelled)
        except OSError as error:
            read = f"{tlc.java}: read a program that does not start ({error.strerror})"
            raise ModelError(f"{read}, expected a Java runtime; name another on PATH") from None
    if ended.why == "cancelled":
        raise Cancelled
    output = said.output(run)
    if ended.why == "timeout":
        within = f"expected an end within {timeout:g} s"
        raise ModelError(f"{run.cfg}: TLC was stopped {_reached(output)}, {within}; bound the model further")
    return _judged(output, run, tlc, ended, said)


class _Said:
    """What a run has said so far, as much of it as is needed."""

    def __init__(self, progress: Callable[[Figures], None]) -> None:
        self.stream, self.messages = Stream(), list[Message]()
        self.errors: deque[str] = deque(maxlen=50)
        self.progress = progress

    def take(self, name: str, line: str) -> None:
        if name == "err":
            if line.strip():
                self.errors.append(line.strip())
        elif message := self.stream.feed(line):
            self._keep(message)

    def _keep(self, message: Message) -> None:
        if message.code in _REPEATED:
            self.messages = [kept for kept in self.messages if kept.code != message.code]
            self.progress(figures([message]))
        self.messages.append(message)

    def output(self, run: TlcRun) -> Output:
        last = self.stream.end()
        messages = [*self.messages, last] if last else self.messages
        return assemble(messages, list(self.stream.plain), simulation=run.simulate is not None)


def _judged(output: Output, run: TlcRun, tlc: Tlc, ended: Ended, said: _Said) -> Output:
    """The output, if it is one and agrees with the way TLC ended."""
    if output.failure:
        raise modelerror.of(output.failure, run, output.printed)
    if killer := _killer(ended.code):
        advice = "where nobody did, the machine was short of memory: run fewer jobs at once, or bound the model further"
        raise ModelError(f"{run.cfg}: TLC was killed by {killer} {_reached(output)}; {advice}")
    first = next(iter(said.errors), f"exit code {ended.code}")
    if not any(message.code == Code.VERSION for message in said.messages):
        remedy = "name another Java on PATH, or another jar"
        raise ModelError(f"{tlc.jar}: TLC did not start under {tlc.java}: {first}; {remedy}")
    if output.verdict is None or (output.verdict.kind == "ok") != (ended.code == 0):
        raise ModelError(f"{run.cfg}: TLC ended without a result {_reached(output)}: {first}; run it again by itself")
    return output


def _killer(code: int) -> str:
    """The signal that ended it, if one did: Java turns those that it can catch into an exit code."""
    number = code - 128 if code in (129, 130, 143) else -code
    if number <= 0:
        return ""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _reached(output: Output) -> str:
    return f"after {output.figures.distinct:,} states" if output.figures.distinct else "before the first figures"

"""What stops TLC, as one message in TLA+ terms: the file and the line, why, TLC's own code, what to do.

TLC says where a spec is wrong, but seldom where a cfg is: there the line is found by the names that it uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools import cfg
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.messages import Code
from rekeyspec.tools.output import Failure

CFG_CODES: Final = frozenset({*range(2222, 2244), 2280, 2281, *range(5001, 5007)})
"""TLC's codes for what is wrong in a cfg."""


class ModelError(BadInput):
    """TLC could not check a model.

    `code` is TLC's message code (0: it said none), `file` and `line` where it is (None and 0: unknown), `printed` the
    plain lines until then.
    """

    def __init__(
        self, text: str, *, code: int = 0, file: Path | None = None, line: int = 0, printed: tuple[str, ...] = ()
    ) -> None:
        super().__init__(text)
        self.code, self.file, self.line, self.printed = code, file, line, printed


def of(failure: Failure, run: TlcRun, printed: tuple[str, ...] = ()) -> ModelError:
    """The error that a failure of this run is."""
    code, text, remedy = _in_words(failure)
    file, line, column = _where(run, failure)
    where = ":".join(str(part) for part in (file, line, column) if part)
    said = f"{where}: {text.rstrip('.')} (TLC {code}, model {run.cfg.stem}); {remedy}"
    return ModelError(said, code=code, file=file, line=line, printed=printed)


def _in_words(failure: Failure) -> tuple[int, str, str]:
    if failure.code in (Code.OUT_OF_MEMORY, Code.OUT_OF_MEMORY_INIT) or "OutOfMemoryError" in failure.text:
        return Code.OUT_OF_MEMORY, "TLC ran out of memory here", "bound the model further, or give it more heap"
    if failure.code == Code.STACK_OVERFLOW or "StackOverflowError" in failure.text:
        return Code.STACK_OVERFLOW, "a recursion without an end (stack overflow)", "correct the spec"
    return failure.code, failure.text, "correct the cfg" if failure.code in CFG_CODES else "correct the spec"


def _where(run: TlcRun, failure: Failure) -> tuple[Path, int, int]:
    if failure.code in CFG_CODES:
        return run.cfg, cfg.line_of(failure.text, run.cfg.read_text("utf-8", "replace")), 0
    file = failure.file or run.spec
    own = run.spec.with_name(file.name)
    file = own if own.exists() else file  # as the caller wrote it, not as TLC resolved it
    return (file, failure.place.line, failure.place.column) if failure.place else (file, 0, 0)

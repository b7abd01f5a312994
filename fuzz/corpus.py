"""The corpus that is kept: one file for each harness, an input a line, in hex, so that a change can be read in a diff.

What an input is worth is measured without atheris, by the lines of the fuzzed code that it runs.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

from fuzz.parsers import SEEDS
from fuzz.setups import SETUPS, afresh
from fuzz.stories import STORIES

KEPT: Final = Path(__file__).parent / "corpus"
"""Where it is."""

Line = tuple[str, int, int]
"""A file, and a line of it that comes after another."""


class BadCorpus(ValueError):
    """A file that is no corpus: where, what was read, what was expected."""


def read(path: Path) -> list[bytes]:
    """The inputs in this file. Raises BadCorpus."""
    inputs = []
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        raise BadCorpus(f"{path}: cannot be read ({why}); name a file with one input a line, in hex") from None
    for number, line in enumerate(lines, 1):
        try:
            inputs.append(bytes.fromhex(line))
        except ValueError:
            raise BadCorpus(
                f"{path}:{number}: read {line[:40]!r}, expected an input in hex; correct the line"
            ) from None
    return inputs


def kept(harness: str) -> list[bytes]:
    """All inputs that are kept for a harness, and those that were written by hand."""
    by_hand = list(STORIES.values()) if harness == "link" else list(SEEDS)
    return sorted({*read(KEPT / f"{harness}.hex"), *by_hand}, key=lambda one: (len(one), one))


def write(path: Path, inputs: Iterable[bytes]) -> None:
    """Keep these inputs, the shortest first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [one.hex() for one in sorted(set(inputs), key=lambda one: (len(one), one))]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def lines_of(module: ModuleType) -> set[int]:
    """The lines that can be run in a module's functions; those that are run when it is imported are not counted."""
    assert module.__file__ is not None
    code = compile(Path(module.__file__).read_text(encoding="utf-8"), module.__file__, "exec")
    return set().union(*(_own(one) for one in _functions(code)))


def _functions(code: CodeType) -> Iterable[CodeType]:
    if code.co_flags & inspect.CO_OPTIMIZED:
        yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _functions(one)


def _own(code: CodeType) -> set[int]:
    return {line for _, _, line in code.co_lines() if line is not None and line != code.co_firstlineno}


def traced(run: Callable[[], object], modules: Iterable[ModuleType]) -> set[Line]:
    """The lines of these modules that this runs, each with the one before it. What it raises is of no interest."""
    files = {module.__file__ for module in modules}
    found: set[Line] = set()

    def entered(frame: FrameType, _event: str, _arg: object) -> Callable[..., Any] | None:
        name = frame.f_code.co_filename
        if name not in files:
            return None
        before = frame.f_lineno

        def went(frame: FrameType, event: str, _arg: object) -> Callable[..., Any]:
            nonlocal before
            if event == "line":
                found.add((name, before, frame.f_lineno))
                before = frame.f_lineno
            return went

        return went

    outer = sys.gettrace()
    sys.settrace(entered)
    try:
        with suppress(Exception):
            run()
    finally:
        sys.settrace(outer)
    return found


def share(inputs: Iterable[bytes], run: Callable[[bytes], object], module: ModuleType) -> tuple[float, list[int]]:
    """Which share of the lines of a module's functions these inputs run, and the lines that they do not."""
    every = lines_of(module)
    ran: set[int] = set()
    afresh()
    for one in inputs:
        ran |= {line for _, _, line in traced(lambda one=one: run(one), [module])}  # type: ignore[misc]
    return len(every & ran) / len(every), sorted(every - ran)


def least(inputs: Iterable[bytes], run: Callable[[bytes], object], modules: Iterable[ModuleType]) -> list[bytes]:
    """Of these inputs, those that add something to all before them: a line after another, or a line under a setup. The
    first are those that get past the parser, and of either sort the shortest."""
    known: set[object] = set()
    kept = []
    for one in sorted(set(inputs), key=lambda one: (not run(one), len(one), one)):
        lines = traced(lambda one=one: run(one), modules)  # type: ignore[misc]
        setup = one[0] % len(SETUPS) if one else 0
        adds = {*lines, *((setup, name, line) for name, _, line in lines)} - known
        if adds:
            known |= adds
            kept.append(one)
    return kept

"""Where in a spec something is, as TLC and its parser (SANY) write it in their several ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_RANGE: Final = re.compile(r"[Ll]ine (\d+), col(?:umn)? (\d+) to line (\d+), col(?:umn)? (\d+) (?:of module|in) (\w+)")
_POINT: Final = re.compile(r"line (\d+)(?:, column (\d+))?")
_PARSING: Final = "Parsing file "


@dataclass(frozen=True)
class Place:
    """Lines and columns from 1; 0 is unknown. `module` is empty where only the file is known."""

    module: str
    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True)
class Fault:
    """What SANY will not take: in which file (or module, where no file is known), where, why."""

    file: Path | None
    place: Place
    text: str
    more: int = 0
    """How many errors of the same kind follow."""


def place(text: str) -> Place | None:
    """The last place that `text` names in full: of nested expressions the innermost."""
    found = _RANGE.findall(text)
    if not found:
        return None
    line, column, end_line, end_column, module = found[-1]
    return Place(module, int(line), int(column), int(end_line), int(end_column))


def parsed_files(plain: Iterable[str]) -> dict[str, Path]:
    """Which file each module was read from, by what SANY printed."""
    paths = (Path(line[len(_PARSING) :]) for line in plain if line.startswith(_PARSING))
    return {path.stem: path for path in paths}


def fault(plain: Iterable[str]) -> Fault:
    """The first thing that SANY found wrong, of the plain lines of an output that says that parsing failed."""
    lines = list(plain)
    files = parsed_files(lines)
    file: Path | None = None
    for number, line in enumerate(lines):
        if line.startswith(_PARSING):
            file = Path(line[len(_PARSING) :])
        elif line.startswith("***Parse Error***"):
            return _pointed(file, _until(lines[number + 1 :], "Residual stack trace", "Fatal errors"))
        elif line.startswith("Lexical"):
            return _pointed(file, line)
        elif line.startswith("*** Errors:"):
            return _semantic(lines[number + 1 :], files, int(line.split(":")[1]))
        elif line.startswith("*** Abort messages:"):
            text = _until(lines[number + 1 :], "***").removeprefix("Unknown location ")
            importer = re.search(r"imported in module (\w+)", text)
            return Fault(files.get(importer[1], file) if importer else file, Place("", 0), text)
    return Fault(file, Place("", 0), "no module found: a spec starts with `---- MODULE Name ----`")


def _until(lines: list[str], *ends: str) -> str:
    kept: list[str] = []
    for line in lines:
        if line.startswith(ends):
            break
        kept.append(line.strip())
    return " ".join(kept)


def _pointed(file: Path | None, text: str) -> Fault:
    point = _POINT.search(text)
    line, column = (int(point[1]), int(point[2] or 0)) if point else (0, 0)
    return Fault(file, Place("", line, column), text)


def _semantic(lines: list[str], files: Mapping[str, Path], count: int) -> Fault:
    where = place(lines[0]) if lines else None
    if where is None:
        return Fault(None, Place("", 0), _until(lines, "***", "Semantic", "Fatal"), count - 1)
    return Fault(files.get(where.module), where, _until(lines[1:], "line ", "***", "Semantic", "Fatal"), count - 1)

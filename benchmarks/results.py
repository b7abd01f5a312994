"""What a run of `rekeyspec bench` leaves: one JSON document, tables as CSV, figures as SVG and PNG.

The document says what was run, on what machine, with which versions, settings and seeds, so that a figure can be traced
to the run it is of. Every file is written whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rekeyspec import __version__
from rekeyspec.conformance.report.output import check_directory, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORM: Final = 1
"""The version of the document's form."""
PACKAGES: Final = ("cryptography", "pyopenssl", "numpy", "matplotlib", "distributed")


@dataclass(frozen=True)
class Results:
    """One run. `tables` are lists of rows with the same keys each, of numbers, words, booleans and None."""

    bench: str
    """Which: `cost`, `policies`, `fleet`, `advise`."""
    settings: Mapping[str, Any]
    """All that was asked for, in full: whoever gives the same again gets the same but for the timings."""
    seeds: Sequence[int] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    """What was skipped and why, what was interrupted, what a reader should beware of."""
    complete: bool = True
    """False where it was interrupted: what had been measured is here."""

    def as_json(self) -> str:
        """The document, a row to a line."""
        parts = {
            "form": json.dumps(FORM),
            "bench": json.dumps(self.bench),
            "tool": json.dumps(f"rekeyspec {__version__}"),
            "date": json.dumps(datetime.now(UTC).isoformat(timespec="seconds")),
            "complete": json.dumps(self.complete),
            "machine": json.dumps(machine()),
            "versions": json.dumps(versions()),
            "settings": json.dumps(self.settings),
            "seeds": json.dumps(list(self.seeds)),
            "notes": _lines(self.notes),
            "tables": "{\n"
            + ",\n".join(f"{json.dumps(name)}: {_lines(rows)}" for name, rows in self.tables.items())
            + "\n}",
        }
        return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in parts.items()) + "\n}\n"

    def write(self, folder: Path, figures: Mapping[str, Figure] | None = None) -> list[Path]:
        """Write `BENCH.json`, `BENCH-TABLE.csv` for each table, and each figure as `NAME.svg` and `NAME.png`.

        Gives the files, in that order. Raises BadInput with the path and the remedy.
        """
        check_directory(folder)
        files: dict[Path, str | bytes] = {folder / f"{self.bench}.json": self.as_json()}
        for name, rows in self.tables.items():
            if rows:
                files[folder / f"{self.bench}-{name}.csv"] = as_csv(rows)
        for name, figure in (figures or {}).items():
            for form in ("svg", "png"):
                drawn = io.BytesIO()
                figure.savefig(drawn, format=form, dpi=144, bbox_inches="tight")
                files[folder / f"{name}.{form}"] = drawn.getvalue()
        for path, what in files.items():
            write_whole(path, what)
        return list(files)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV; the columns are the first row's keys, an unknown value is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def machine() -> dict[str, Any]:
    """The processor, how many of them may be used, the memory (bytes), and the operating system."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
    }


def versions() -> dict[str, str]:
    """Python's, OpenSSL's and those of the packages that are installed."""
    found = {"python": platform.python_version(), "implementation": sys.implementation.name}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    try:
        from cryptography.hazmat.backends.openssl.backend import backend  # noqa: PLC0415

        found["openssl"] = backend.openssl_version_text()
    except ImportError:
        pass
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _lines(rows: Sequence[Any]) -> str:
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]" if rows else "[]"

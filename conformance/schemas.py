"""The JSON Schemas that are made from code: `python -m rekeyspec.conformance.schemas` writes them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rekeyspec.conformance import log, trace
from rekeyspec.conformance.policies import policy_schema
from rekeyspec.conformance.report import form

_HERE: Final = Path(__file__).parent

MADE: Final[dict[Path, Callable[[], dict[str, Any]]]] = {
    _HERE / "trace.schema.json": trace.schema,
    _HERE / "log.schema.json": log.schema,
    _HERE / "report" / "report.schema.json": form.schema,
    _HERE.parent / "spec" / "policy.schema.json": policy_schema,
}
"""Each file, and what makes its contents."""


def text(made: dict[str, Any]) -> str:
    """A schema as its file has it."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, make in MADE.items():
        path.write_text(text(make()), encoding="utf-8")

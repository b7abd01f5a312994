"""The process that libFuzzer runs in. `python -m fuzz.child HARNESS FIGURES OPTION...`: FIGURES is the file for its
figures, the options are libFuzzer's. It ends when libFuzzer does."""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from pathlib import Path

import atheris  # type: ignore[import-untyped,unused-ignore]

EVERY = 1 << 14
"""After so many inputs the figures are written, so that they are there however the process ends."""


def main() -> None:
    """Fuzz one harness."""
    _, harness, figures, *options = sys.argv
    for name in BEFORE:
        import_module(name)
    manager = atheris.instrument_imports(include=INSTRUMENTED[harness])
    if harness == "link":
        manager._trace_dataflow = False  # noqa: SLF001 -- its inputs choose and compare nothing; it costs a tenth
    with manager:
        for name in INSTRUMENTED[harness]:
            import_module(name)
    one_input = import_module(f"fuzz.{harness}").one_input
    path, inputs, past = Path(figures), 0, 0
    runs = next(int(one.removeprefix("-runs=")) for one in options if one.startswith("-runs="))

    def counted(data: bytes) -> None:
        nonlocal inputs, past
        inputs += 1
        past += one_input(data)
        if inputs % EVERY == 0 or inputs == runs:
            path.write_text(json.dumps({"inputs": inputs, "past": past}), encoding="ascii")

    gc.freeze()
    gc.set_threshold(20_000)
    atheris.Setup([sys.argv[0], *options], counted)
    atheris.Fuzz()


BEFORE = ("rekeyspec.conformance.oracle", "rekeyspec.reference.engine")
"""Imported before the rest, for whatever is imported then of the package is instrumented, and so is slower: the rules
have been explored elsewhere."""

INSTRUMENTED = {
    "link": [
        "rekeyspec.reference.wire.frames",
        "rekeyspec.reference.wire.seal",
        "rekeyspec.reference.wire.link",
    ],
    "parsers": ["rekeyspec.reference.wire.frames", "rekeyspec.conformance.audit.reading"],
}

if __name__ == "__main__":
    main()

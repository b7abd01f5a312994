"""What is kept of one run: the events that were judged, and the packets that they were read from.

`events.jsonl` is a log in the form that every front shares: a header with the policy and the tolerance, then one event
a line, defaults left out. `packets.jsonl` has the raw lines under the names of their fields. Both are written only when
whole.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from rekeyspec.conformance.log import lines
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Event

Row = Mapping[str, object]


def save(
    directory: Path,
    policy: Policy,
    origin: str,
    tolerance: int,
    events: Sequence[Event],
    raw: Iterable[Row],
    hidden: Collection[Do] = (),
) -> Path:
    """Write both logs into `directory` and return the path of the event log. BadInput when it cannot be written."""
    log = directory / "events.jsonl"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(log, lines(policy, origin, tolerance, events, hidden=hidden))
        _write(directory / "packets.jsonl", map(json.dumps, raw))
    except OSError as error:
        raise BadInput(
            f"{directory}: evidence cannot be written there: {error.strerror}; name a directory that can be written"
        ) from error
    return log


def keep_files(directory: Path, files: Mapping[str, str | bytes]) -> str:
    """Keep files of a run in `directory`, by their names; where they lie. BadInput when they cannot be written."""
    try:
        for name, content in files.items():
            directory.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise BadInput(
            f"{directory}: evidence cannot be written there: {error.strerror}; name a directory that can be written"
        ) from error
    return str(directory) if files else ""


def _write(path: Path, rows: Iterable[str]) -> None:
    whole = path.with_suffix(".part")
    whole.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    whole.replace(path)

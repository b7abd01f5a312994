"""What is kept of one run: the events that were judged, and the packets that they were read from.

`events.jsonl` is a log in the form that every front shares: a header with the policy and the tolerance, then one event
a line, defaults left out. `packets.jsonl` has the raw lines under the names of their fields. Both are written only when
whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message

LOG_VERSION: Final = 0

Row = Mapping[str, object]


def event_row(event: Event) -> Row:
    """One event as a line of a log has it: what is at its default is left out."""
    row = _changed(event, event._field_defaults)
    if event.message is not None:
        row["message"] = _changed(event.message, Message._field_defaults)
    return row


def _changed(record: Event | Message, defaults: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in record._asdict().items() if name not in defaults or value != defaults[name]}


def save(
    directory: Path, policy: Policy, origin: str, tolerance: int, events: Sequence[Event], raw: Iterable[Row]
) -> Path:
    """Write both logs into `directory` and return the path of the event log. BadInput when it cannot be written."""
    header: Row = {"log": LOG_VERSION, "policy": asdict(policy), "origin": origin, "tolerance": tolerance}
    log = directory / "events.jsonl"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(log, [header, *map(event_row, events)])
        _write(directory / "packets.jsonl", raw)
    except OSError as error:
        raise BadInput(
            f"{directory}: evidence cannot be written there: {error.strerror}; name a directory that can be written"
        ) from error
    return log


def _write(path: Path, rows: Iterable[Row]) -> None:
    whole = path.with_suffix(".part")
    whole.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    whole.replace(path)

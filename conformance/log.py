"""The event log: JSON lines, a header and then one event a line, in order of time. The one form that all fronts share.

What is at its default is left out when written. The structures below are the form; `log.schema.json` is made from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Channel, Do, Event, Kind, Message, Role, Seal

VERSION: Final = 0
"""The version of the log form, in every header as `log`."""

Row = Mapping[str, object]
Time = Annotated[int, Meta(ge=0, description="ms")]
Count = Annotated[int, Meta(ge=0)]


class Header(msgspec.Struct, forbid_unknown_fields=True):
    """The first line: the version, the policy that the log is to be judged by, and where it comes from."""

    log: Annotated[int, Meta(description="the version of this form: 0")]
    policy: Annotated[dict[str, int | str], Meta(description="every parameter of policy.schema.json")]
    origin: Annotated[str, Meta(description="what was observed, and with which version")] = ""
    tolerance: Annotated[int, Meta(ge=0, description="how far a time may be off, ms")] = 0


class LoggedMessage(msgspec.Struct, forbid_unknown_fields=True):
    """A message, as far as it was seen."""

    kind: Kind
    epoch: Count = 0
    number: Count = 0
    negotiation: str = ""
    session: str = ""
    bytes: Annotated[int, Meta(ge=0, description="plaintext length")] = 0
    channel: Channel = "single"
    sealed_by: Seal = "peer"


class LoggedEvent(msgspec.Struct, forbid_unknown_fields=True):
    """Every other line: one action at one end."""

    t: Time
    end: Role
    do: Do
    message: LoggedMessage | None = None
    bytes: Annotated[int, Meta(ge=0, description="of Offer")] = 0
    reason: Annotated[str, Meta(description="of Close and Refuse: free text, a rule id where there is one")] = ""
    link: Annotated[str, Meta(description="which link, where a log holds several")] = ""


def lines(policy: Policy, origin: str, tolerance: int, events: Iterable[Event]) -> Iterator[str]:
    """The lines of a log, without their ends."""
    yield json.dumps({"log": VERSION, "policy": policy.plain(), "origin": origin, "tolerance": tolerance})
    for event in events:
        yield json.dumps(row(event))


def row(event: Event) -> Row:
    """One event as a line of a log has it."""
    changed = _changed(event, event._field_defaults)
    if event.message is not None:
        changed["message"] = _changed(event.message, Message._field_defaults)
    return changed


def _changed(record: Event | Message, defaults: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in record._asdict().items() if name not in defaults or value != defaults[name]}


def schema() -> dict[str, Any]:
    """The JSON Schema of one line: the header, or an event."""
    (header, event), parts = msgspec.json.schema_components([Header, LoggedEvent], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rekeyspec event log, version 0: one line",
        "oneOf": [header, event],
        "$defs": parts,
    }

"""The event log: JSON lines, a header and then one event a line, in order of time. The one form that all fronts share.

What is at its default is left out when written. The structures below are the form; `log.schema.json` is made from them.
Version 1 is version 0 with two fields more in the header, `hidden` and `continues`. Both are read; what is written says
1 only where it has one of them, so that whoever reads version 0 alone is told why it cannot read this.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Channel, Do, Event, Kind, Message, Role, Seal, Visible

VERSIONS: Final = (0, 1)
"""The versions of the log form that are read; `log` of every header."""

Row = Mapping[str, object]
Time = Annotated[int, Meta(ge=0, description="ms")]
Count = Annotated[int, Meta(ge=0)]


class Header(msgspec.Struct, forbid_unknown_fields=True):
    """The first line: the version, the policy that the log is to be judged by, and where it comes from."""

    log: Annotated[int, Meta(ge=VERSIONS[0], le=VERSIONS[-1], description="the version of this form: 0 or 1")]
    policy: Annotated[dict[str, int | str], Meta(description="parameters of policy.schema.json; the others by default")]
    origin: Annotated[str, Meta(description="what was observed, and with which version")] = ""
    tolerance: Annotated[int, Meta(ge=0, description="how far a time may be off, ms")] = 0
    hidden: Annotated[list[Visible], Meta(description="actions that are done and not logged; with version 1")] = []
    continues: Annotated[
        bool, Meta(description="the log before this header in the same stream goes on; with version 1")
    ] = False


class LoggedMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message, as far as it was seen."""

    kind: Kind
    epoch: Count = 0
    number: Count = 0
    negotiation: str = ""
    session: str = ""
    bytes: Annotated[int, Meta(ge=0, description="plaintext length")] = 0
    channel: Channel = "single"
    sealed_by: Seal = "peer"


class LoggedEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Every other line: one action at one end."""

    t: Time
    end: Role
    do: Do
    message: LoggedMessage | None = None
    bytes: Annotated[int, Meta(ge=0, description="of Offer")] = 0
    reason: Annotated[str, Meta(description="of Close and Refuse: free text, a rule id where there is one")] = ""
    link: Annotated[str, Meta(description="which link, where a log holds several")] = ""


def lines(
    policy: Policy, origin: str, tolerance: int, events: Iterable[Event], hidden: Collection[Do] = ()
) -> Iterator[str]:
    """The lines of a log, without their ends."""
    header = {"log": 1 if hidden else 0, "policy": policy.plain(), "origin": origin, "tolerance": tolerance}
    yield json.dumps(header | ({"hidden": sorted(hidden)} if hidden else {}))
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


def event(logged: LoggedEvent) -> Event:
    """The event that a line of a log stands for."""
    m = logged.message
    message = None if m is None else message_of(m)
    return Event(logged.t, logged.end, logged.do, message, logged.bytes, logged.reason, logged.link)


def message_of(m: LoggedMessage) -> Message:
    """The message of a line."""
    return Message(m.kind, m.epoch, m.number, m.negotiation, m.session, m.bytes, m.channel, m.sealed_by)


def schema() -> dict[str, Any]:
    """The JSON Schema of one line: the header, or an event."""
    (header, event), parts = msgspec.json.schema_components([Header, LoggedEvent], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rekeyspec event log, version 1: one line",
        "oneOf": [header, event],
        "$defs": parts,
    }

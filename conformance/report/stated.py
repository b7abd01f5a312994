"""A state for people: what each part is, and its value in words. Times are as `clock` has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rekeyspec.conformance.report.sides import Side
from rekeyspec.conformance.report.words import clock, label
from rekeyspec.reference.state import NONE, Negotiation, Queued, Series
from rekeyspec.reference.vocabulary import NEVER, Message

PARTS: Final[Mapping[str, str]] = {
    "limit": "byte limit in force",
    "phase": "of the link, at this end",
    "t": "time of the latest event",
    "inbox": "arrived, and not yet taken",
    "epoch": "the key in force, by number; 0 before the first",
    "in_force_at": "since when that key is in force",
    "count": "bytes under that key, both ways",
    "reached": "a message of its own reached the byte limit",
    "marked_sent": "it sent a heartbeat under that key",
    "marked_accepted": "it accepted a heartbeat under that key",
    "idle_rejects": "that key was idle so long that nothing is delivered under it",
    "bytes_noticed": "it gave notice of bytes",
    "idle_noticed": "notice of idleness was given or taken",
    "active_at": "idle time counts from here",
    "next_beat": "its next first heartbeat is due",
    "expected_at": "the other end's next heartbeat is expected",
    "beat_number": "the number of its latest heartbeat",
    "beat_seen": "the highest number of a heartbeat that it accepted",
    "series": "heartbeats that wait for a reply",
    "negotiation": "in progress",
    "awaiting_since": "since when a negotiation is requested, awaited or started",
    "requesting": "it sent a request, and no start has come",
    "requested": "the other end asks it to start",
    "suspect_since": "since when a heartbeat is missing, and only a new key is trusted",
    "old_until": "until when the earlier key may still bring data",
    "old_rejects": "nothing more is delivered under the earlier key",
    "session": "may be resumed",
    "session_at": "since when that session is held",
    "queue": "offered by its user, and not yet sent",
    "sent_number": "the number of its latest data",
    "delivered_number": "the number of the latest data that it delivered",
    "refusal": "why it must refuse",
    "ending": "the rule by which it must end the link",
}
"""Every part of a state but the role."""

_TIMES: Final = frozenset(
    ("t", "in_force_at", "active_at", "next_beat", "expected_at", "awaiting_since", "suspect_since", "old_until",
     "session_at")
)  # fmt: skip
_BYTES: Final = frozenset(("limit", "count"))
_CERTAIN: Final = ("no", "it may be read either way", "yes")


class Row(NamedTuple):
    """A part of the state: its name, what it is, and its value at each side."""

    name: str
    about: str
    values: tuple[str, ...]


def rows(both: Sequence[Side]) -> Iterator[Row]:
    """The parts that one side at least has something to say of, each with its value at each (`-`: as before the link
    opened)."""
    flat = [dict(_flat(side.state)) for side in both]
    known = [name for name in PARTS if any(name in one for one in flat)]
    for name in dict.fromkeys([*known, *(name for one in flat for name in one)]):
        values = tuple(valued(name, one[name]) if name in one else "-" for one in flat)
        yield Row(name, PARTS.get(name, ""), values)


def valued(name: str, value: object) -> str:
    """The value of one part, in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name == "idle_rejects" and 0 <= value < len(_CERTAIN):
            return _CERTAIN[value]
        case int() if name in _TIMES:
            return "never" if value == NEVER else "none" if value == NONE else clock(value)
        case int() if name in _BYTES:
            return f"{value:,} B" if value else "none"
        case Message():
            return label(None, value)
        case Queued():
            return f"{value.bytes:,} B" + (" (offered after idleness)" if value.idle else "")
        case Series(first, last, at, doubtful):
            said = (f"{first}" if first == last else f"{first} to {last}") + f", the latest sent at {clock(at)}"
            return said + (", perhaps answered" if doubtful else "")
        case Negotiation(name_, epoch, mine):
            return f"{name_} for epoch {epoch}, started by " + ("this end" if mine else "the other end")
        case tuple() | list():
            return ", ".join(valued("", one) for one in value) or "nothing"
        case None:
            return "none"
    return "never" if value == NEVER else str(value)


def _flat(state: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """A state's parts by name; those of a part that has parts itself are named `part.name`."""
    for name, value in state.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

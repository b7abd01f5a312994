"""What the spec remembers of an end, and says in a message, as TLC prints it: records with the spec's own names.

The fields are those of `Blank` and of `Message` in `spec/Link.tla`, neither more nor less: a field that is new there is
reported as foreign here, so that it is not forgotten in `abstraction`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeVar

from rekeyspec.reference.state import NONE, Certainty
from rekeyspec.reference.vocabulary import Channel, Kind, Seal


class Foreign(ValueError):
    """A value that is none of our spec's: a field is missing, or not known here. The text says which."""


class Beats(NamedTuple):
    """`series` of the spec: the outstanding heartbeats; none where `last` is 0."""

    first: int
    last: int
    last_at: int
    doubtful: bool = False


class Item(NamedTuple):
    """One element of the spec's `queue`. `epoch` is 0 where it was offered without idleness: nobody asks for it
    then."""

    bytes: int
    epoch: int
    idle: Certainty


QUIET: Final = Beats(0, 0, 0)


class Record(NamedTuple):
    """What an end remembers."""

    phase: Literal["fresh", "open", "closed"] = "fresh"
    limit: int = 0
    epoch: int = 0
    in_force_at: int = 0
    count: int = 0  # type: ignore[assignment]  # a tuple's method, which nobody calls on a record
    reached: bool = False
    bytes_noticed: bool = False
    idle_noticed: bool = False
    marked_sent: bool = False
    marked_accepted: bool = False
    idle_rejects: Certainty = 0
    active_at: int = 0
    next_beat: int = 0
    expected_at: int = 0
    beat_number: int = 0
    beat_seen: int = 0
    series: Beats = QUIET
    negotiation: Literal["none", "mine", "theirs"] = "none"
    offered: int = 0
    awaiting_since: int = NONE
    requesting: bool = False
    requested: bool = False
    suspect_since: int = NONE
    old_until: int = NONE
    old_rejects: bool = False
    session: int = 0
    session_at: int = 0
    queue: tuple[Item, ...] = ()
    sent_number: int = 0
    delivered_number: int = 0
    refusal: str = ""
    ending: str = ""


class Said(NamedTuple):
    """A message as the spec writes it. `age` is for how many ticks it has been under way."""

    kind: Kind
    epoch: int
    number: int
    bytes: int
    session: int
    channel: Channel
    seal: Seal
    age: int = 0


_Read = TypeVar("_Read", Record, Said)
_NESTED: Final[Mapping[str, Any]] = {"series": Beats, "queue": Item}


def read(kind: type[_Read], value: object) -> _Read:
    """A record of the spec as TLC printed it. Raises Foreign where its fields are not those of `kind`."""
    found: _Read = _read(kind, value)
    return found


def _read(kind: Any, value: object) -> Any:
    if not isinstance(value, Mapping):
        raise Foreign(f"read {value!r}, expected a record with {', '.join(kind._fields)}")
    known, found = set(kind._fields), {str(name) for name in value}
    if known != found:
        extra, missing = ", ".join(sorted(found - known)) or "none", ", ".join(sorted(known - found)) or "none"
        raise Foreign(f"read a record with other fields than {kind.__name__}: unknown {extra}; missing {missing}")
    return kind(**{name: _field(name, one) for name, one in value.items()})


def _field(name: str, value: Any) -> Any:
    kind = _NESTED.get(name)
    if kind is None:
        return value
    return tuple(_read(kind, one) for one in value) if name == "queue" else _read(kind, value)

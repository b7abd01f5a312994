"""What an end remembers.

One frozen record per end; `but` makes the next one. Nothing in it knows the profile, the network or the other end. A
time that lies in the future is a deadline, one in the past an instant; `NONE` stands for "not" in fields of either
sort.

What can be computed from these fields and the policy is not kept: how many heartbeats a series has (its numbers), how
much is queued, whether a reply is overdue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Self

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Message, Role

NONE: Final = -1

FULL: Final = "links_per_user"
"""Why a gateway refuses a link (GATE-1): `refusal` of the end that it does not admit."""

Certainty = Literal[0, 1, 2]
"""Whether a condition on time holds: no, it may be read either way (the very instant, or within the tolerance), yes."""


class Queued(NamedTuple):
    """One message that the user offered. `idle` says whether IDLE-1 forbids it the epoch in which it was offered."""

    bytes: int
    epoch: int
    idle: Certainty


class Series(NamedTuple):
    """The outstanding heartbeat and its repeats (DEAD-1): their numbers, and when the latest left (ms). `doubtful`: a
    reply came at the very instant at which their time was over, and nothing shows which came first (DEAD-2)."""

    first: int
    last: int
    last_at: int
    doubtful: bool = False


class Negotiation(NamedTuple):
    """A negotiation in progress: its id, the epoch it is for, whether this end started it, and the session that this
    end offered in its start or agreed to in its answer (CACHE-1; empty: none)."""

    id: str
    epoch: int
    mine: bool
    session: str = ""


@dataclass(frozen=True)
class End:
    """One end of one link."""

    role: Role
    limit: int
    """The byte limit in force (BYTE-3), which may be the peer's (`limit_from`); 0 is never."""
    phase: Literal["fresh", "open", "closed"] = "fresh"
    t: int = 0
    """The time of the latest event (ms)."""
    inbox: tuple[Message, ...] = ()
    """What arrived and is not yet taken."""

    epoch: int = 0
    """The epoch in force; 0 before the first negotiation is complete."""
    in_force_at: int = 0
    count: int = 0
    """Bytes under this epoch, sent and received (BYTE-1)."""
    reached: bool = False
    """A message of this end's own reached the limit (BYTE-5)."""
    marked_sent: bool = False
    marked_accepted: bool = False
    """The epoch is marked: a heartbeat was sent, was accepted."""
    idle_rejects: Certainty = 0
    """The idleness that `reject_trigger` asks for has been seen under this epoch (IDLE-3)."""

    bytes_noticed: bool = False
    """Notice of bytes was sent since the latest delivery under this epoch (REKEY-6)."""
    idle_noticed: bool = False
    """Notice of idleness was sent, or accepted, since the latest activity under this epoch (REKEY-6)."""

    active_at: int = 0
    """Idle time counts from here."""
    next_beat: int = 0
    """When the next first heartbeat is due (HB-1, HB-2)."""
    expected_at: int = 0
    """When the peer's next heartbeat is expected (DEAD-3)."""
    beat_number: int = 0
    beat_seen: int = 0
    """The highest number of a heartbeat sent, accepted."""
    series: Series | None = None

    negotiation: Negotiation | None = None
    awaiting_since: int = NONE
    """Since when a (re)negotiation is requested, awaited or started (EST-4)."""
    requesting: bool = False
    """This end sent a request that has not been answered by a start."""
    requested: bool = False
    """The peer asks this end to start (REKEY-4)."""
    suspect_since: int = NONE
    """Since when a heartbeat is overdue and only a new key will do (DEAD-3)."""

    old_until: int = NONE
    """Until when the data channel may still carry the previous epoch (REKEY-2)."""
    old_rejects: bool = False
    """Nothing more may be delivered under the previous epoch."""

    session: str = ""
    """The session that may be resumed: the id of the negotiation that made it (CACHE-1)."""
    session_at: int = 0
    """When it came into force here."""

    queue: tuple[Queued, ...] = ()
    sent_number: int = 0
    delivered_number: int = 0

    refusal: str = ""
    """Why the latest offer, or the link, must be refused."""
    ending: str = ""
    """The rule by which this end must close."""

    def but(self, **changes: object) -> Self:
        """The same end with these fields changed. (`dataclasses.replace` costs several times as much, and this is the
        innermost call of the whole project.)"""
        new = _new(type(self))
        _fill(new, self.__dict__ | changes)
        return new

    @property
    def peer(self) -> Role:
        """The role of the other end."""
        return "server" if self.role == "client" else "client"

    @property
    def marked(self) -> bool:
        """The epoch is marked here."""
        return self.marked_sent or self.marked_accepted


_new = object.__new__
_fill = End.__dict__["__dict__"].__set__  # past the frozen dataclass's own setattr, on an object nobody has seen yet


def fresh(policy: Policy, role: Role) -> End:
    """An end before its link opens."""
    return End(role, policy.limit)


def closed(policy: Policy, role: Role, t: int) -> End:
    """An end that closed at `t`, or before: all that it remembers is that it is closed (DEAD-5)."""
    return End(role, policy.limit, phase="closed", t=t)

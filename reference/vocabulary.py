"""What is said: messages between the two ends, and events at one end.

An event is at once the argument of `step`, a line of a trace and a line of a log, so that no table translates between
them. Names are those of the TLA+ actions, letter for letter. Both types are tuples: immutable, comparable, cheap.

Left out: what the bytes are. The rules speak of how many and under which key.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Role = Literal["client", "server"]
Kind = Literal["request", "start", "answer", "finish", "data", "heartbeat", "reply", "notice", "close"]
Channel = Literal["single", "control", "data"]
Seal = Literal["peer", "adversary", "nobody"]

ROLES: Final[tuple[Role, Role]] = ("client", "server")
KINDS: Final[tuple[Kind, ...]] = (
    "request", "start", "answer", "finish", "data", "heartbeat", "reply", "notice", "close",
)  # fmt: skip

Environment = Literal["Open", "Offer", "Arrive", "Tick", "Shut"]
Visible = Literal[
    "Start", "Answer", "Finish", "Request", "SendData", "SendHeartbeat", "SendReply", "SendNotice",
    "Deliver", "Reject", "Discard", "RefuseStart", "Suspect", "Refuse", "Close",
]  # fmt: skip
Silent = Literal["Establish", "AcceptReply", "AcceptRequest", "AcceptNotice", "Ignore"]
Do = Environment | Visible | Silent

ENVIRONMENT: Final[tuple[Environment, ...]] = ("Open", "Offer", "Arrive", "Tick", "Shut")
VISIBLE: Final[tuple[Visible, ...]] = (
    "Start", "Answer", "Finish", "Request", "SendData", "SendHeartbeat", "SendReply", "SendNotice",
    "Deliver", "Reject", "Discard", "RefuseStart", "Suspect", "Refuse", "Close",
)  # fmt: skip
SILENT: Final[tuple[Silent, ...]] = ("Establish", "AcceptReply", "AcceptRequest", "AcceptNotice", "Ignore")

NEVER: Final = 1 << 62
"""A deadline that does not come, in ms."""


class Message(NamedTuple):
    """What travels. Fields that a kind does not use keep their default.

    `epoch` is the key's that protects it, or for start, answer and finish the one they negotiate. `bytes` is the
    plaintext length of data (BYTE-1), or the count of which a notice tells (REKEY-6). `sealed_by` is who protected it:
    the end that receives it cannot tell `adversary` from `peer`.
    """

    kind: Kind
    epoch: int = 0
    number: int = 0
    negotiation: str = ""
    session: str = ""
    bytes: int = 0
    channel: Channel = "single"
    sealed_by: Seal = "peer"


class Event(NamedTuple):
    """One action at one end at one time (`t`, integer ms). `bytes` is for Offer, `reason` for Close and Refuse."""

    t: int
    end: Role
    do: Do
    message: Message | None = None
    bytes: int = 0
    reason: str = ""
    link: str = ""

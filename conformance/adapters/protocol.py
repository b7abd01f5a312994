"""The adapter protocol, version 1, as types.

What these types do not name is refused, so that a misspelt field is a message and not a default. The same is said for
other languages in `protocol.schema.json`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

import msgspec

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Channel, Environment, Kind, Role, Visible

VERSION: Final = 1

Feature = Literal["gateway", "opaque", "real-clock"]
FEATURES: Final[tuple[Feature, ...]] = get_args(Feature)
"""What an adapter may state beyond what every adapter does. Without the word nothing of it is asked or sent."""

Count = Annotated[int, msgspec.Meta(ge=0, le=NEVER)]
RuleId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+-[0-9]+$")]

MESSAGE_OF: Final[Mapping[Visible, Kind | None]] = {
    "Start": "start", "Answer": "answer", "Finish": "finish", "Request": "request", "SendData": "data",
    "SendHeartbeat": "heartbeat", "SendReply": "reply", "SendNotice": "notice", "Deliver": "data", "Reject": "data",
    "Discard": "data", "RefuseStart": "start", "Suspect": None, "Refuse": None, "Close": "close",
}  # fmt: skip
"""The message that an action carries: what it sends, or what it took. Close may go without one."""
GIVES_REASON: Final = frozenset({"Close", "Refuse"})


class WireMessage(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A message, its fields at their default left out."""

    kind: Kind
    epoch: Count = 0
    number: Count = 0
    negotiation: str = ""
    session: str = ""
    bytes: Count = 0
    channel: Channel = "single"
    sealed_by: Literal["peer", "nobody"] = "peer"
    opaque: str = ""
    """Bytes for its own other end, of an adapter that stated the feature."""


class WireEvent(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What the harness tells an end."""

    t: Count
    do: Environment
    message: WireMessage | None = None
    bytes: Count = 0


class Action(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One thing that an end did. `t` (ms since its first Open): when, by its own clock, of an adapter that stated
    `real-clock`."""

    do: Visible
    message: WireMessage | None = None
    reason: str = ""
    t: Count | None = None


class Request(msgspec.Struct, tag_field="cmd", tag=str.lower):
    """One line to the adapter; `cmd` names it."""


class Hello(Request):
    """The first request, once."""

    protocol: int


class Open(Request, omit_defaults=True):
    """Opens an end under this number, with every parameter of its policy."""

    id: int
    end: Role
    policy: Policy
    gateway: int | None = None
    """Ends of one number stand on one gateway (GATE-1); none: this end is alone."""
    user: str = ""
    """Whose link it is, on a gateway."""


class Step(Request):
    """Gives an end one event."""

    id: int
    event: WireEvent


class Run(Request):
    """Gives an end many events."""

    id: int
    events: list[WireEvent]


class Close(Request):
    """An end is not needed any more."""

    id: int


class Introduction(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to hello. `unsupported` says which rules it does not have, and why; `features` what it can do that not
    every adapter can; `tolerance` (ms), with `real-clock`, by how much the times that it says may be off."""

    protocol: int
    name: Annotated[str, msgspec.Meta(min_length=1)]
    version: str = ""
    unsupported: dict[RuleId, str] = {}
    features: list[Feature] = []
    tolerance: Count = 0


class Done(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to open and close."""

    id: int


class Result(msgspec.Struct, forbid_unknown_fields=True):
    """What one event led to."""

    did: list[Action]
    deadline: Count | None


class StepDone(Result, forbid_unknown_fields=True):
    """The answer to step."""

    id: int


class RunDone(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to run: a result for each event."""

    id: int
    replies: list[Result]


class Version(msgspec.Struct):
    """All that is read of an introduction before its version is known to be ours."""

    protocol: int


EXPECTED: Final[Mapping[type, str]] = {
    Introduction: '{"protocol":1,"name":"...","version":"...","unsupported":{"RULE-1":"why"},"features":[]}',
    Done: '{"id":...}',
    StepDone: '{"id":...,"did":[{"do":...,"message":{...}}],"deadline":ms or null}',
    RunDone: '{"id":...,"replies":[{"did":[...],"deadline":ms or null}, one for each event]}',
    Result: '{"did": [{"do": ..., "message": {...}}], "deadline": ms or None}',
}

"""What a sent message must look like: for every sending action, the one message the rules foretell.

Epochs, numbers and negotiation ids are determined (docs/design.md, "Event, message, log"), so that a whole trace can be
written down before it is run, in any language. FORM names the rule that a wrong field breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rekeyspec.reference.guards import NotEnabled, Rules
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Do, Kind, Message

SENDS: Final[Mapping[Do, Kind]] = {
    "Start": "start",
    "Answer": "answer",
    "Finish": "finish",
    "Request": "request",
    "SendData": "data",
    "SendHeartbeat": "heartbeat",
    "SendReply": "reply",
    "Close": "close",
}
"""The kind of message that each sending action sends."""

FORM: Final[Mapping[str, str]] = {
    "epoch": "REKEY-1",
    "number": "LIM-3",
    "negotiation": "EST-3",
    "bytes": "FLOW-1",
    "channel": "CHAN-1",
    "sealed_by": "AUTH-1",
}
"""The rule that a wrong field breaks, but for those in FORM_OF."""

FORM_OF: Final[Mapping[tuple[Kind, str], str]] = {
    ("start", "epoch"): "EST-3",
    ("answer", "epoch"): "EST-3",
    ("finish", "epoch"): "EST-3",
    ("start", "bytes"): "BYTE-3",
    ("heartbeat", "epoch"): "HB-3",
    ("reply", "epoch"): "HB-3",
    ("reply", "number"): "HB-3",
    ("heartbeat", "sealed_by"): "HB-5",
    ("reply", "sealed_by"): "HB-5",
    ("heartbeat", "bytes"): "HB-4",
    ("reply", "bytes"): "HB-4",
}


CONTROL_BYTES: Final = 32
"""What the reference counts for a control message where those count (BYTE-2); an implementation may send another
size."""


def outbound(r: Rules, s: End, do: Do, taken: Message | None = None) -> Message:
    """The message that this action must send; `taken` is the one it answers. Raises KeyError for an action that sends
    none."""
    p = r.policy
    kind = SENDS[do]
    channel = p.channel(kind)
    match kind:
        case "data":
            return Message(kind, s.epoch, s.sent_number + 1, bytes=s.queue[0].bytes, channel=channel)
        case "heartbeat" | "reply":
            number = taken.number if taken else s.beat_number + 1
            seal = "nobody" if p.heartbeat_protection == "clear" else "peer"
            size = CONTROL_BYTES if p.byte_counts == "data+control" else 0
            return Message(kind, s.epoch, number, bytes=size, channel=channel, sealed_by=seal)  # type: ignore[arg-type]
        case "start":
            epoch = s.epoch + 1
            carried = p.limit if s.epoch == 0 and p.limit_from == "initiator" else 0
            return Message(kind, epoch, negotiation=f"{s.role[0]}{epoch}", bytes=carried, channel=channel)
        case "answer" | "finish":
            assert taken is not None
            return Message(kind, taken.epoch, negotiation=taken.negotiation, channel=channel)
        case _:
            return Message(kind, s.epoch, channel=channel)


def check_form(r: Rules, s: End, do: Do, sent: Message | None, taken: Message | None) -> None:
    """Raise NotEnabled unless the sent message is the foretold one. Session ids are the implementation's own, and so is
    the size of control messages where they count (BYTE-2)."""
    expected = outbound(r, s, do, taken)
    if sent == expected:
        return
    if sent is None:
        raise NotEnabled("FLOW-1", f"{do} carries the {expected.kind} that was sent")
    if sent.kind != expected.kind:
        raise NotEnabled("FLOW-1", f"{do} sends a {expected.kind}, not a {sent.kind}")
    free = {"session"} | ({"bytes"} if r.policy.byte_counts == "data+control" and sent.kind != "data" else set())
    for field in Message._fields[1:]:
        was, right = getattr(sent, field), getattr(expected, field)
        if was != right and field not in free:
            rule = FORM_OF.get((sent.kind, field)) or FORM[field]
            raise NotEnabled(rule, f"the {field} of this {sent.kind} is {right!r}, and not {was!r}")

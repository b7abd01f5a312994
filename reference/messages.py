"""What a sent message must look like: for every sending action, the one message the rules foretell.

Epochs, numbers and negotiation ids are determined (docs/design.md, "Event, message, log"), so that a whole trace can be
written down before it is run, in any language. FORM names the rule that a wrong field breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rekeyspec.reference.conditions import idle_notice_at, new_session, notices_bytes, resumable, since
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
    "SendNotice": "notice",
    "Close": "close",
}
"""The kind of message that each sending action sends."""

FORM: Final[Mapping[str, str]] = {
    "epoch": "REKEY-1",
    "number": "LIM-3",
    "negotiation": "EST-3",
    "session": "CACHE-1",
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
    ("notice", "bytes"): "REKEY-6",
}


_tuple = tuple.__new__  # past the named tuples' own, which only calls it

CONTROL_BYTES: Final = 32
"""What the reference counts for a control message where those count (BYTE-2); an implementation may send another
size."""


def next_data(r: Rules, s: End) -> Message:
    """The message of data that leaves next here: what waits first, which there must be."""
    number, size = s.sent_number + 1, s.queue[0].bytes
    return _tuple(Message, ("data", s.epoch, number, "", "", size, r.policy.data_channel, "peer"))


def outbound(r: Rules, s: End, do: Do, taken: Message | None = None) -> Message:
    """The message that this action must send; `taken` is the one it answers. Where there is a choice, the first of
    `foretold`. Raises KeyError for an action that sends none."""
    if do == "SendData":
        return next_data(r, s)
    p = r.policy
    kind = SENDS[do]
    channel = p.channel(kind)
    match kind:
        case "heartbeat" | "reply":
            number = taken.number if taken else s.beat_number + 1
            seal = "nobody" if p.heartbeat_protection == "clear" else "peer"
            size = CONTROL_BYTES if p.byte_counts == "data+control" else 0
            return Message(kind, s.epoch, number, bytes=size, channel=channel, sealed_by=seal)  # type: ignore[arg-type]
        case "start":
            epoch = s.epoch + 1
            carried = p.limit if s.epoch == 0 and p.limit_from == "initiator" else 0
            session = _sessions(r, s, "", s.session)[0]
            return Message(kind, epoch, 0, f"{s.role[0]}{epoch}", session, carried, channel)
        case "answer":
            assert taken is not None
            session = _sessions(r, s, new_session(p, taken.negotiation), taken.session)[0]
            return Message(kind, taken.epoch, 0, taken.negotiation, session, channel=channel)
        case "finish":
            assert taken is not None
            return Message(kind, taken.epoch, 0, taken.negotiation, taken.session, channel=channel)
        case "notice":
            return Message(kind, s.epoch, bytes=_noticed(r, s)[0], channel=channel)
        case _:
            return Message(kind, s.epoch, channel=channel)


def foretold(r: Rules, s: End, do: Do, taken: Message | None = None) -> tuple[Message, ...]:
    """Every message that this action may send now, the one that the reference sends first. There is a choice at the
    very instant at which a session's lifetime ends (CACHE-1), and where a notice of bytes may go and one of idleness
    too (REKEY-6)."""
    first = outbound(r, s, do, taken)
    if do == "SendNotice":
        return tuple(first._replace(bytes=size) for size in _noticed(r, s))
    if do == "Start":
        return tuple(first._replace(session=session) for session in _sessions(r, s, "", s.session))
    if do == "Answer" and taken is not None:
        new = new_session(r.policy, taken.negotiation)
        return tuple(first._replace(session=session) for session in _sessions(r, s, new, taken.session))
    return (first,)


def _sessions(r: Rules, s: End, new: str, known: str) -> tuple[str, ...]:
    """CACHE-1: what a negotiation says of sessions where it may not resume the known one, where it must, or either."""
    may = resumable(r.policy, s, s.t, r.margin) if known and known == s.session else 0
    return (new,) if may == 0 else (known,) if may == 2 else (new, known)


def _noticed(r: Rules, s: End) -> tuple[int, ...]:
    """REKEY-6: what a notice may tell now: the count, or idleness (0); what is due first."""
    tells = [s.count] if notices_bytes(r.policy, s, r.margin.bytes) else []
    if since(s.t, idle_notice_at(r.policy, s), r.margin):
        tells.insert(0 if s.reached else 1, 0)
    return tuple(tells) or (s.count,)


def check_form(r: Rules, s: End, do: Do, sent: Message | None, taken: Message | None) -> None:
    """Raise NotEnabled unless the sent message is a foretold one. The size of heartbeats and replies is the
    implementation's own where it counts (BYTE-2)."""
    expected = outbound(r, s, do, taken)
    if sent == expected:
        return
    if sent is None:
        raise NotEnabled("FLOW-1", f"{do} carries the {expected.kind} that was sent")
    if sent.kind != expected.kind:
        raise NotEnabled("FLOW-1", f"{do} sends a {expected.kind}, not a {sent.kind}")
    if sent in foretold(r, s, do, taken):
        return
    sized = r.policy.byte_counts == "data+control" and sent.kind in ("heartbeat", "reply")
    for field in Message._fields[1:]:
        was, right = getattr(sent, field), getattr(expected, field)
        if was != right and not (sized and field == "bytes"):
            rule = FORM_OF.get((sent.kind, field)) or FORM[field]
            raise NotEnabled(rule, f"the {field} of this {sent.kind} is {right!r}, and not {was!r}")

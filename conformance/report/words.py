"""What a log says, in words: times, messages, what an end did; what a divergence says; which arrival is which
sending's."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Final

from rekeyspec.conformance.verdict import Divergence, Due
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.vocabulary import Do, Event, Message, Role

MEANS: Final[Mapping[Do, str]] = {
    "Open": "the link opens",
    "Offer": "the user offers one message of data",
    "Arrive": "a message arrives",
    "Tick": "time passes",
    "Shut": "the user ends the link",
    "Start": "starts a negotiation of a new key",
    "Answer": "answers the start of a negotiation",
    "Finish": "finishes a negotiation: the new key is in force here",
    "Request": "asks the other end to start a negotiation",
    "SendData": "sends data that its user had offered",
    "SendHeartbeat": "sends a heartbeat, a first one or a repeat",
    "SendReply": "answers a heartbeat",
    "SendNotice": "tells the other end, for which it counts, of the limit or of idleness",
    "Deliver": "gives data that arrived to its user",
    "Reject": "does not deliver data, and reports a suspected spoof",
    "Discard": "drops data of an earlier key, or a repeat",
    "RefuseStart": "ignores and reports a start, for the other end may not start",
    "Suspect": "holds a heartbeat to be missing, and trusts only a new key now",
    "Refuse": "refuses an offer of its user, or (a gateway) a link",
    "Close": "ends the link",
    "Establish": "takes the finish of a negotiation: the new key is in force here",
    "AcceptReply": "takes the reply to its heartbeat",
    "AcceptRequest": "takes a request to start a negotiation",
    "AcceptNotice": "takes a notice",
    "Ignore": "lets a message change nothing",
}
"""What each action is, for a reader who meets it first in a report."""


def meant(do: str) -> str:
    """An action with what it is: `SendReply (answers a heartbeat)`."""
    means = next((text for name, text in MEANS.items() if name == do), "")
    return f"{do} ({means})" if means else do


def clock(ms: int) -> str:
    """A time or a span as a person reads it, exact to the millisecond."""
    seconds, rest = divmod(ms, 1_000)
    return f"{rest} ms" if not seconds and rest else f"{seconds}.{rest:03}".rstrip("0").rstrip(".") + " s"


def spelt(text: str) -> str:
    """A sentence whose times are in ms, with times as `clock` has them."""
    return re.sub(r"\b(\d{4,18}) ms\b", lambda found: clock(int(found[1])), text)


def happened(found: Divergence) -> str:
    """A divergence for somebody who does not know the rule: who did what and when, and what the rule asks."""
    if found.kind == "not-done":
        late = [due for due in found.due if due.rule == found.rule] or list(found.due)
        missed = " and ".join(f"{meant(due.do)} at {clock(due.t)}" for due in late) or found.guard
        return f"Not done: the {found.end} had to do {missed}, and {clock(found.t)} came without it."
    if found.did is None:
        return f"Seen by {clock(found.t)} at the {found.end}: {spelt(found.guard)}."
    did = meant(found.did.do)
    needs = spelt(found.guard)
    return (
        f"Not allowed: at {clock(found.t)} the {found.end} did {did}. {found.rule} allows that only where this holds, "
        f"and it did not hold: {needs}."
    )


def due_by_then(found: Divergence) -> list[Due]:
    """What a rule demanded at the time of the divergence or before it."""
    return [due for due in found.due if due.t <= found.t]


def due_later(found: Divergence) -> list[Due]:
    """What would have become due after it, had nothing else happened."""
    return [due for due in found.due if due.t > found.t]


def arrivals_of(log: Sequence[Event]) -> dict[int, int]:
    """Index of an arrival -> index of its sending, the oldest first. Who sealed it is no part of what travels."""
    sent: dict[tuple[Role, Message], deque[int]] = defaultdict(deque)
    found: dict[int, int] = {}
    for index, event in enumerate(log):
        if event.message is None:
            continue
        message = event.message._replace(sealed_by="peer")
        if sends(event):
            sent[event.end, message].append(index)
        elif event.do == "Arrive" and (waiting := sent[other_end(event.end), message]):
            found[index] = waiting.popleft()
    return found


def sends(event: Event) -> bool:
    """Did this event put a message on its way?"""
    return event.message is not None and event.do in SENDS


def label(event: Event | None, message: Message) -> str:
    """What stands at an arrow: the message, and the reason of the event that sent it."""
    parts = [event.link] if event and event.link else []
    parts += [message.kind + (f" #{message.number}" if message.number else "")]
    parts += [f"epoch {message.epoch}"] if message.epoch else []
    parts += [message.negotiation] if message.negotiation else []
    parts += [f"session {message.session}"] if message.session else []
    parts += [f"{message.bytes:,} B"] if message.bytes else []
    reason = f": {event.reason}" if event and event.reason else ""
    return _cut(", ".join(parts) + reason)


def said(event: Event) -> str:
    """A note's words: the action, what it is about, why."""
    size = f" {event.bytes:,} B" if event.bytes else ""
    about = f" {label(None, event.message)}" if event.message else ""
    reason = f": {event.reason}" if event.reason else ""
    link = f" {event.link}" if event.link else ""
    return _cut(event.do + link + size + about + reason)


def _cut(text: str, longest: int = 46) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def other_end(end: Role) -> Role:
    """The end at the other side of the link."""
    return "server" if end == "client" else "client"

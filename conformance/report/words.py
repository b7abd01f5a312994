"""What a log says, in words: times, messages, what an end did; and which arrival is which sending's."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.vocabulary import Event, Message, Role


def clock(ms: int) -> str:
    """A time or a span as a person reads it, exact to the millisecond."""
    seconds, rest = divmod(ms, 1_000)
    return f"{rest} ms" if not seconds and rest else f"{seconds}.{rest:03}".rstrip("0").rstrip(".") + " s"


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

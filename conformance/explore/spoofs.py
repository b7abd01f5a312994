"""What an adversary makes, or what comes astray: messages that no honest peer would send now, but look like it.

Each is the message of a kind that would fit, made by whoever has the key (`adversary`) or by nobody who has one, or
with one thing wrong: another epoch, a number too high or too low, another negotiation or session, the wrong channel.
An end cannot tell an adversary that has the key from its peer, so all that a peer could ever send is among them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rekeyspec.conformance.player import Peer
from rekeyspec.conformance.trace import MessageForm
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Message


class Spoof(NamedTuple):
    """One way to make a message: its form, how far its number is off, and whether it takes the wrong channel."""

    form: MessageForm
    off: int = 0
    astray: bool = False


def _forms() -> tuple[Spoof, ...]:
    found = []
    for kind in ("data", "heartbeat", "reply", "request", "start", "answer", "finish", "notice", "close"):
        size = 10 if kind == "data" else 0
        form = MessageForm(kind=kind, bytes=size, sealed_by="adversary")
        found += [Spoof(form), Spoof(MessageForm(kind=kind, bytes=size, sealed_by="nobody"))]
        if kind in ("data", "heartbeat", "reply", "request", "start"):
            found.append(Spoof(_changed(form, epoch="old")))
        if kind in ("data", "heartbeat", "reply"):
            found += [Spoof(form, 1), Spoof(form, -1)]
        found.append(Spoof(form, astray=True))
        if kind in ("start", "answer"):
            found += [Spoof(_changed(form, session="c9")), Spoof(_changed(form, negotiation="c9"))]
        if kind == "finish":
            found.append(Spoof(_changed(form, negotiation="c9")))
        if kind == "notice":
            found.append(Spoof(_changed(form, bytes=5000)))
    return (*found, Spoof(MessageForm(kind="data", epoch="next", bytes=10, sealed_by="adversary")))


def _changed(form: MessageForm, **changes: object) -> MessageForm:
    fields = {name: getattr(form, name) for name in form.__struct_fields__}
    return MessageForm(**(fields | changes))


SPOOFS: Final = _forms()

_UNDER_A_KEY: Final = frozenset({"data", "heartbeat", "reply", "request", "notice"})


def made(which: int, s: End, policy: Policy) -> Message:
    """The message that the spoof of this number comes to, towards an end in this state."""
    spoof = SPOOFS[which % len(SPOOFS)]
    message = Peer(s.delivered_number, s.beat_seen).message(spoof.form, s, policy)
    if spoof.off:
        message = message._replace(number=max(0, message.number + spoof.off))
    if spoof.astray:
        message = message._replace(channel="data" if message.channel != "data" else "control")
    if message.epoch < 1 and message.kind in _UNDER_A_KEY:
        return message._replace(epoch=0, sealed_by="nobody")  # there is no key of that epoch, and nobody can have it
    return message._replace(epoch=max(0, message.epoch))

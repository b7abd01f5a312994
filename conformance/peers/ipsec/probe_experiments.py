"""The second source's keepalive, with strongSwan as the other end: what its probe and strongSwan are asked.

The policy is the profile `protected-keepalive` with its times scaled down: a minute of idle time is a second here, 8
hours are 8 minutes, and a reply may take half a second. The probe is our own, so its own end shows the profile's
conduct over real IKE; strongSwan's end shows what a program that knows nothing of it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rekeyspec.conformance.peers import measures
from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.ipsec.probing import Link, Probing
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role

REPLY: Final = 500
"""ms"""

_IN_WORDS: Final = "a protected quick mode proposing ESP transform 248, which nobody has, with a key of 8 bits"


def policy() -> Policy:
    """The profile, scaled."""
    plain = profiles()["protected-keepalive"]
    return plain.but(
        idle_period=1000, heartbeat_interval=1000, rekey_idle=1000, age_limit=480_000, reply_timeout=REPLY,
        negotiation_timeout=3000,
    )  # fmt: skip


async def probes(link: Link) -> None:
    """Silence for four probes."""
    await link.wait(4.4)


async def muted(link: Link) -> None:
    """Two probes are answered; then what strongSwan says is lost."""
    await link.wait(2.4)
    await link.mute()
    await link.until_closed(3 * REPLY / 1000 + 1)


async def deleted(link: Link) -> None:
    """The user ends the link after one probe."""
    await link.wait(1.3)
    link.quit()
    await link.until_closed(1)


def of_probes(events: Sequence[Event]) -> str:
    """How many probes were answered, and how soon."""
    sent = _at(events, "heartbeat", "SendHeartbeat")
    answers = _at(events, "reply", "SendReply")
    waits = [b - max(t for t in sent if t <= b) for b in answers if any(t <= b for t in sent)]
    return f"{len(answers)} of {len(sent)} probes were answered, {measures.span(waits, 'ms')} later"


def _at(events: Sequence[Event], kind: str, sending: str) -> list[int]:
    """When messages of a kind were sent or came."""
    return [
        e.t for e in events if e.message is not None and e.message.kind == kind and e.do in (sending, "Arrive")
    ]  # fmt: skip


def every_probe_answered(events: Sequence[Event]) -> bool:
    """Were there three probes, and as many answers?"""
    sent, answers = _at(events, "heartbeat", "SendHeartbeat"), _at(events, "reply", "SendReply")
    return len(sent) >= 3 and len(sent) == len(answers)


def _unanswered(events: Sequence[Event]) -> str:
    return "" if every_probe_answered(events) else of_probes(events)


def ended_as_configured(events: Sequence[Event]) -> bool:
    """Did the probe end the link by itself, after probes that were answered?"""
    return bool(_at(events, "reply", "SendReply") and measures.times(events, "Close"))


def of_death(events: Sequence[Event]) -> str:
    """How long after the probe that was not answered the link was ended."""
    beats, ends = measures.times(events, "SendHeartbeat"), measures.times(events, "Close")
    if not ends or not beats:
        return f"{of_probes(events)}; the link was not ended"
    after = ends[0] - beats[-1]
    return f"{of_probes(events)}; the link was ended {after} ms after the last, where {REPLY} ms are configured"


def of_deletion(events: Sequence[Event]) -> str:
    """What became of the associations."""
    ends = measures.times(events, "Close")
    asked = [e.t for e in events if e.do == "Shut" or (e.message is not None and e.message.kind == "close")]
    return f"deleted {ends[0] - asked[0]} ms after it was announced" if ends and asked else "not deleted"


def _asked(name: str, end: Role) -> Experiment[Probing]:
    theirs = end == "server"
    p = policy()
    if name == "IKE-1-probe":
        rules = ("IKE-1", "HB-3") if theirs else ("IKE-1", "HB-1", "HB-2")
        return Experiment(
            name, rules, p, Probing(probes, theirs), of_probes, settings=_IN_WORDS,
            shows={"IKE-1": every_probe_answered}, breaks={"IKE-1": _unanswered}, end=end,
        )  # fmt: skip
    if name == "IKE-1-muted":
        return Experiment(
            name, ("IKE-1", "DEAD-1", "DEAD-2"), p, Probing(muted, theirs), of_death, settings=_IN_WORDS,
            shows={"IKE-1": ended_as_configured}, end=end,
        )  # fmt: skip
    return Experiment(
        name, ("IKE-2", "CLOSE-1"), p, Probing(deleted, theirs), of_deletion, settings=_IN_WORDS,
        stands_for={"CLOSE-1": ("IKE-2", "CLOSE-1")}, end=end,
    )  # fmt: skip


def of_probe() -> tuple[Experiment[Probing], ...]:
    """What our own end is asked."""
    return tuple(_asked(name, "client") for name in ("IKE-1-probe", "IKE-1-muted", "IKE-2-delete"))


def of_strongswan() -> tuple[Experiment[Probing], ...]:
    """What strongSwan's is."""
    return tuple(_asked(name, "server") for name in ("IKE-1-probe", "IKE-2-delete"))

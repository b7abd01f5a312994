"""What one SSH program can be configured to, in our words: all that the shared experiments need to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from rekeyspec.conformance.peers.ssh.start import Options
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Role

Subject = Literal[
    "bytes", "received", "age", "idle", "reject", "keepalive", "death", "traffic", "watch", "hold", "limit", "first",
    "old", "forged", "close",
]  # fmt: skip
"""What a manual is asked about."""


NEW_KEYS_ONLY: Final = (
    "RFC 4253, section 7.3, of NEWKEYS: 'All messages sent after this message MUST use the new keys and algorithms'; "
    "what is sealed otherwise breaks the connection"
)

ONLY_TRANSPORT: Final = (
    "a session ends with a message of its channel, and RFC 4253, section 7.1, lets none be sent between KEXINIT and "
    "NEWKEYS"
)

SPOILT: Final = "SSH runs over a stream, and ends the connection at the first packet whose authentication is wrong"


@dataclass(frozen=True)
class Ability:
    """One program. `options` turns a policy into the program's own options, as near as they come: what it has no option
    for is left out, and is asked all the same."""

    end: Role
    options: Callable[[Policy], Options]
    shown: Callable[[Options], str]
    """Its options as its user would write them."""
    manual: Mapping[Subject, str]
    """What its manual says of each subject, or that it has no such option."""
    unit: int = 400
    """The heartbeat interval (ms) of most experiments: as short as its options and clock allow."""
    seconds: bool = False
    """It counts whole seconds of the machine's clock, so that where in a second a link opens makes a difference."""
    truncates: bool = False
    """Its heartbeats come at full seconds, so up to one too early. That they do is what HB-1-idle asks about; elsewhere
    idleness begins at half a second, and the policy is what it does from there."""
    woken: bool = False
    """It looks after its heartbeats whenever something wakes it, so that they may come at the next full second."""
    ahead: int = 1
    """How many messages early it may be with a new key, where it is asked for no more than an order of magnitude."""
    byte_trigger: Literal["next-data", "at-once"] = "next-data"
    """When it renews a full key."""
    age_trigger: Literal["data", "timer"] = "data"
    """When it renews an old key, by its manual."""
    tenths: bool = False
    """Its options take tenths of a second."""
    stretch: int = 1
    """How many times the configured interval its heartbeats really are apart. HB-1-idle, HB-2-interval and DEAD-1-muted
    show that; elsewhere the policy is what it does, or nothing else could be asked."""
    answered: bool = True
    """Its heartbeats ask for an answer."""
    proof: Literal["reply", "any"] = "reply"
    """What it takes for a sign of life, by its manual."""
    grace: float = 0.5
    """How long (units) a heartbeat of the other end may be overdue."""
    least: int = 1
    """How many unanswered heartbeats there must be, where that is no option."""
    repeats: int = 2
    """How many unanswered heartbeats its options let it send where a series is asked for."""
    skips: Mapping[str, str] = field(default_factory=dict)
    """Questions that make no sense here, each with the reason."""

    @property
    def pace(self) -> int:
        """How far its heartbeats really are apart (ms) in most experiments."""
        return self.unit * self.stretch

    @property
    def margin(self) -> int:
        """How far times may be off (ms): small against its intervals."""
        return 250 if self.unit >= 1000 else 150

    @property
    def other(self) -> Role:
        """The watch's end."""
        return "server" if self.end == "client" else "client"

    def beats(self, interval: int, count: int = 1, **more: object) -> Policy:
        """The policy that heartbeats `interval` ms apart, and `count` of them unanswered, come to.

        With a count above one this is a policy that validation refuses, since a series outlasts the interval and blurs
        two heartbeats (HB-2): so `heartbeat_interval` is set out of the way where a series is asked for. Heartbeats
        that ask for no answer are one long series of repeats.
        """
        many: dict[str, object] = {"retries": 99, "heartbeat_interval": 100 * interval}
        plain = Policy(
            idle_period=interval - 500 * self.truncates,
            heartbeat_interval=interval,
            heartbeat_sender=self.end,
            reply_timeout=interval,
            retries=max(count, self.least) - 1,
            proof_of_life=self.proof,
        )
        return plain.but(**({} if self.answered else many) | more)

"""What is chosen: the policy, every parameter of the rules with its default. Times are ms, sizes bytes, 0 is never.

A policy is data: no rule asks which profile it is. `effective` values (a floor applied, a default that follows another
parameter) are computed once, when the policy is made, so that the guards read plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, Self

from rekeyspec.reference.vocabulary import ROLES, Channel, Role


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One policy. The rules that read a parameter are listed in `spec/rules.yaml`.

    `heartbeat_interval` and `rekey_idle` are those of `idle_period` where they are -1, which is their default.
    """

    direction: Literal["both", "to-server", "to-client"] = "both"
    transport: Literal["stream", "datagram"] = "stream"
    authentication: Literal["mutual", "server-only"] = "mutual"
    negotiation_timeout: int = 10_000
    byte_limit: int = 0
    byte_test: Literal["reached", "exceeded"] = "reached"
    byte_trigger: Literal["at-once", "next-data"] = "at-once"
    byte_floor: int = 0
    byte_counts: Literal["data", "data+control"] = "data"
    limit_from: Literal["own", "initiator"] = "own"
    accounting: Literal["each", "client", "server"] = "each"
    age_limit: int = 0
    age_trigger: Literal["data", "active", "timer"] = "data"
    idle_period: int = 0
    heartbeat_interval: int = -1
    heartbeat_sender: Literal["none", "client", "server", "both"] = "none"
    heartbeat_protection: Literal["protected", "clear"] = "protected"
    while_waiting: Literal["send", "hold"] = "send"
    rekey_idle: int = -1
    idle_trigger: Literal["never", "any", "period", "heartbeat"] = "never"
    reject_trigger: Literal["never", "any", "period", "heartbeat"] = "never"
    on_spoof: Literal["close", "discard"] = "close"
    reply_timeout: int = 10_000
    retries: int = 0
    on_missed_reply: Literal["close", "rekey"] = "close"
    on_missed_heartbeat: Literal["ignore", "close", "rekey"] = "ignore"
    grace: int = 0
    proof_of_life: Literal["reply", "any"] = "reply"
    rekey_initiator: Literal["sender", "client", "server"] = "sender"
    session_cache: Literal["off", "on"] = "off"
    session_lifetime: int = 3_600_000
    channels: Literal[1, 2] = 1
    max_message: int = 65_536
    queue_limit: int = 1_048_576
    links_per_user: int = 0
    delay: int = 0

    def __post_init__(self) -> None:
        """Resolve the defaults that follow another parameter."""
        for name in ("heartbeat_interval", "rekey_idle"):
            if getattr(self, name) < 0:
                object.__setattr__(self, name, self.idle_period)

    def but(self, **changes: object) -> Self:
        """The same policy with these parameters changed; what followed `idle_period` follows it still."""
        old = self.plain()
        for name in ("heartbeat_interval", "rekey_idle"):
            if old[name] == self.idle_period:
                old[name] = -1
        return type(self)(**(old | changes))

    @cached_property
    def counting(self) -> frozenset[Role]:
        """REKEY-6: the ends that keep count and idle time themselves. (Kept: asked at every step.)"""
        return frozenset(r for r in ROLES if self.accounting in (r, "each"))

    @cached_property
    def noticing(self) -> frozenset[Role]:
        """REKEY-6: the end that does it for both, if one does. (Kept: asked at every step.)"""
        return self.counting if self.accounting != "each" else frozenset()

    @cached_property
    def watching(self) -> frozenset[Role]:
        """DEAD-3: the ends that wait for the other's heartbeats. (Kept: asked at every step.)"""
        if self.on_missed_heartbeat == "ignore":
            return frozenset()
        return frozenset(r for r in ROLES if self.beating - {r})

    @cached_property
    def alone(self) -> frozenset[Role]:
        """REKEY-4: the ends that may start a renegotiation although no data decides. (Kept: asked at every step.)"""
        return frozenset(["server" if self.rekey_initiator == "server" else "client"])

    @cached_property
    def aging(self) -> frozenset[Role]:
        """AGE-2: the ends that renew the key for its age alone. (Kept: asked at every step.)"""
        return self.alone if self.age_limit and self.age_trigger != "data" else frozenset()

    def plain(self) -> dict[str, Any]:
        """Every parameter and its value, in the order of the rules."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def limit(self) -> int:
        """BYTE-3's limit with the floor applied; 0 is never."""
        return max(self.byte_limit, self.byte_floor) if self.byte_limit else 0

    def sends_heartbeats(self, role: Role) -> bool:
        """Is this end designated to send heartbeats (HB-1)?"""
        return role in self.beating

    @cached_property
    def beating(self) -> frozenset[Role]:
        """The ends designated to send heartbeats. (Kept: asked at every step.)"""
        return frozenset(r for r in ROLES if self.heartbeat_sender in (r, "both") and self.idle_period > 0)

    def may_offer(self, role: Role) -> bool:
        """May this end's user offer data (LIM-1)?"""
        return role in self.offering

    @cached_property
    def offering(self) -> frozenset[Role]:
        """LIM-1: the ends whose users may offer data. (Kept: asked at every step.)"""
        return frozenset(r for r in ROLES if self.direction in ("both", "to-server" if r == "client" else "to-client"))

    @cached_property
    def data_channel(self) -> Channel:
        """CHAN-1: the channel on which data flows. (Kept: asked at every step.)"""
        return self.channel("data")

    def channel(self, kind: str) -> Channel:
        """The channel on which messages of this kind flow (CHAN-1)."""
        if self.channels == 1:
            return "single"
        return "data" if kind == "data" else "control"


def parameters() -> dict[str, object]:
    """Every parameter with its default, in the order of the rules."""
    return {f.name: f.default for f in fields(Policy)}

"""Which policies are explored: a profile on a small scale with a few parameters changed, or the one that is given.

Small numbers reach deadlines and limits in few steps, and the rules do not know the scale. A change that contradicts
the rest is taken back (the last one first), so that every draw is a policy that could be used. What a target stated
that it does not have keeps its default.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final

from rekeyspec.conformance.check import hanging
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.rulebook import parameters
from rekeyspec.conformance.yamlfile import problem
from rekeyspec.reference.contradictions import contradictions, grace_needed
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.policy import parameters as defaults

SMALL: Final[Mapping[str, int]] = {
    "byte_limit": 1000,
    "byte_floor": 500,
    "age_limit": 7000,
    "idle_period": 2500,
    "reply_timeout": 400,
    "negotiation_timeout": 3000,
    "session_lifetime": 9000,
    "delay": 20,
}
"""The scale: what a profile sets above 0 is this much instead."""

VALUES: Final[Mapping[str, tuple[str | int, ...]]] = {
    "direction": ("both", "to-server", "to-client"),
    "transport": ("stream", "datagram"),
    "authentication": ("mutual", "server-only"),
    "negotiation_timeout": (3000, 900),
    "byte_limit": (1000, 0, 1),
    "byte_test": ("reached", "exceeded"),
    "byte_trigger": ("at-once", "next-data"),
    "byte_floor": (0, 2000),
    "byte_counts": ("data", "data+control"),
    "limit_from": ("own", "initiator"),
    "accounting": ("each", "client", "server"),
    "age_limit": (7000, 0, 2600),
    "age_trigger": ("data", "active", "timer"),
    "idle_period": (2500, 0),
    "heartbeat_interval": (-1, 1700, 4000),
    "heartbeat_sender": ("client", "server", "both", "none"),
    "heartbeat_protection": ("protected", "clear"),
    "while_waiting": ("send", "hold"),
    "rekey_idle": (-1, 1000, 4000),
    "idle_trigger": ("heartbeat", "period", "any", "never"),
    "reject_trigger": ("heartbeat", "period", "any", "never"),
    "on_spoof": ("close", "discard"),
    "reply_timeout": (400, 700),
    "retries": (0, 1, 2),
    "on_missed_reply": ("close", "rekey"),
    "on_missed_heartbeat": ("ignore", "close", "rekey"),
    "grace": (0, 300),
    "proof_of_life": ("reply", "any"),
    "rekey_initiator": ("sender", "client", "server"),
    "session_cache": ("off", "on"),
    "session_lifetime": (9000, 1500),
    "channels": (1, 2),
    "max_message": (65_536, 600),
    "queue_limit": (1_048_576, 1500, 65_536),
    "links_per_user": (0, 1),
    "delay": (0, 20),
}
"""The values that are tried of each parameter; every parameter is here."""

CHANGES: Final[tuple[tuple[str, str | int] | None, ...]] = (
    *((None,) * 160),
    *((name, value) for name, values in VALUES.items() for value in values),
)
"""What one number of a draw changes, if anything: 0 and most others nothing."""


def _bases() -> tuple[Policy, ...]:
    """Where a drawn policy starts: the profiles on a small scale, the most usual first, and one that uses all."""
    found = []
    for name in ("combined", "key-based", "byte-count", "messaging", "protected-keepalive", "timed"):
        policy = profiles()[name]
        small: dict[str, object] = {key: value for key, value in SMALL.items() if getattr(policy, key)}
        small["grace"] = 0
        found.append(_mended(policy.but(**small)) or policy)
    both = found[0].but(heartbeat_sender="both", age_limit=0, rekey_initiator="sender", channels=1, session_cache="on")
    mixed = both.but(idle_trigger="period", reject_trigger="never", proof_of_life="any", age_limit=7000)
    return (*found, _mended(both) or both, _mended(mixed) or mixed)


@lru_cache(maxsize=1 << 14)
def _mended(policy: Policy) -> Policy | None:
    """The policy, if need be with the least grace that will do; None where it contradicts itself even so."""
    found = contradictions(policy)
    if [one.rule for one in found] == ["DEAD-3"] and policy.grace < grace_needed(policy):
        policy = policy.but(grace=grace_needed(policy))
        found = contradictions(policy)
    return None if found else policy


def kept(unsupported: Collection[str]) -> frozenset[str]:
    """The parameters that keep their default for a target that lacks these rules: without the rule that introduces it,
    a parameter can be followed no other way."""
    return frozenset(name for name, parameter in parameters().items() if parameter.rules[0] in unsupported)


class Policies:
    """What is drawn from, for a target that lacks these rules. `given`: this policy and no other. Raises BadInput for
    one that hangs on a rule that the target lacks."""

    def __init__(self, unsupported: Collection[str] = (), given: Policy | None = None) -> None:
        self._kept = {name: defaults()[name] for name in sorted(kept(unsupported) & set(defaults()))}
        self._given = given
        lacks = hanging(given, dict.fromkeys(unsupported, "it is not supported")) if given else ""
        if lacks:
            read, expected = f"a policy that the target lacks the rules for ({lacks})", "one that it can follow"
            raise problem("--profile", read, expected, "explore it under another, or without one")
        self._starts = tuple(self._start(base) for base in (_bases() if given is None else ()))
        self._changes = tuple(None if one is None or one[0] in self._kept else one for one in CHANGES)

    def _start(self, base: Policy) -> Policy:
        """The base as far as the target has what it is about. What then contradicts itself falls back to the
        defaults, on the same scale."""
        if not self._kept:
            return base
        start: Policy | None = base.but(**self._kept)
        for _ in range(len(VALUES)):
            found = contradictions(start) if start else []
            if not found:
                break
            rule = found[0].rule
            reset = {name: defaults()[name] for name, one in parameters().items() if one.rules[0] == rule}
            start = start.but(**reset) if start else None
        plain = Policy(negotiation_timeout=SMALL["negotiation_timeout"])
        return (start and _mended(start)) or plain

    def chosen(self, start: int, changes: Sequence[int]) -> Policy:
        """The policy that these numbers choose: where to start, and what to change. Any number will do."""
        if self._given is not None:
            return self._given
        base = self._starts[start % len(self._starts)]
        wanted = [one for number in changes if (one := self._changes[number % len(self._changes)])]
        while wanted:
            policy = _mended(base.but(**dict(wanted)))
            if policy is not None:
                return policy
            wanted.pop()
        return base

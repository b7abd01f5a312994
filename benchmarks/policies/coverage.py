"""Which policies the vectorised simulation covers, and at which latencies: the rest it refuses by name.

The closed forms hold where a negotiation is over before anything else falls due, where heartbeats come from the client
if from either end, and where the server begins a negotiation for data only. Every profile is covered.
"""

from __future__ import annotations

from collections.abc import Iterator

from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.contradictions import grace_needed
from rekeyspec.reference.policy import Policy


def uncovered(p: Policy, latency: int) -> Iterator[str]:
    """Each parameter that the vectorised simulation does not cover, with its value and what it covers."""
    allowed: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("accounting", ("each",)),
        ("rekey_initiator", ("sender", "client")),
        ("idle_trigger", ("never", "period", "heartbeat")),
        ("reject_trigger", ("never", "heartbeat")),
    )
    for name, values in allowed:
        if getattr(p, name) not in values:
            yield f"{name} {getattr(p, name)} (only {', '.join(values)})"
    if p.beating - {"client"}:
        yield f"heartbeat_sender {p.heartbeat_sender} (only none, client)"
    if p.reject_trigger == "heartbeat" and p.idle_trigger != "heartbeat":
        yield f"reject_trigger heartbeat with idle_trigger {p.idle_trigger} (only heartbeat)"
    if p.byte_counts == "data+control" and p.limit and p.beating:
        yield from _control_counted(p)
    if (
        p.while_waiting == "hold"
        and p.beating
        and (p.direction != "to-server" or (p.age_limit and p.age_trigger != "data"))
    ):
        yield "while_waiting hold with data to the client, or with age_trigger active or timer (only to-server, data)"
    if p.watching and not _in_time(p, latency):
        least = grace_needed(p.but(delay=latency))
        yield f"grace {p.grace} at a latency of {latency} ms (only where no heartbeat is late: {least})"
    yield from _slow(p, latency)


def _control_counted(p: Policy) -> Iterator[str]:
    if p.idle_trigger != "heartbeat" or p.rekey_initiator != "client" or p.byte_trigger != "at-once":
        yield (
            "byte_counts data+control with heartbeats (only with idle_trigger heartbeat, rekey_initiator client, "
            "byte_trigger at-once)"
        )


def _in_time(p: Policy, latency: int) -> bool:
    """DEAD-3: does every heartbeat come in time? Where only the client is ever active first, both ends' timers start
    one latency apart, and the heartbeat arrives at the very instant of the deadline, before the timer is looked at."""
    only_client = p.direction == "to-server" and p.rekey_initiator != "server"
    return only_client or grace_needed(p.but(delay=latency)) <= p.grace


def _slow(p: Policy, latency: int) -> Iterator[str]:
    if latency < 1:
        yield f"a latency of {latency} ms (at least 1)"
    timers = ["negotiation_timeout"]
    if p.beating:
        timers += ["reply_timeout", "idle_period", "heartbeat_interval"]
    if p.idle_trigger == "period":
        timers.append("rekey_idle")
    if p.age_limit:
        timers.append("age_limit")
        if p.age_trigger == "active" and p.idle_period:
            timers.append("idle_period")
    for name in dict.fromkeys(timers):
        if getattr(p, name) <= 8 * latency:
            yield f"{name} {getattr(p, name)} at a latency of {latency} ms (only above 8 latencies, {8 * latency})"


def check(p: Policy, latency: int) -> None:
    """Raises BadInput with every parameter that is not covered."""
    found = list(uncovered(p, latency))
    if found:
        raise BadInput(
            f"policy: the vectorised simulation does not cover {'; '.join(found)}; change the policy, or let the "
            "reference simulate it (`rekeyspec bench policies`)"
        )

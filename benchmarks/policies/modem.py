"""P's scenario: a user's modem drops the line, and the gateway must find out before the user is let in again.

The gateway allows one link for each user (P:¶34-36, GATE-1). The user dials again every ten seconds. The link is idle,
as a remote worker's is between two mails, or the gateway's side goes on sending a message a minute. By `step`.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median_low
from typing import Final

from rekeyspec.benchmarks.policies.dead import instants
from rekeyspec.benchmarks.policies.play import Link
from rekeyspec.benchmarks.policies.rows import Row
from rekeyspec.benchmarks.policies.workloads import DAY, HOUR
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.gateway import admits
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy

TRIES: Final = 25
REDIAL: Final = 10_000


def gateways() -> dict[str, Policy]:
    """The policies compared: without keepalives, as the profile has it, and as P's figure lets the gateway be the local
    box."""
    profile = profiles()["protected-keepalive"]
    without = {"heartbeat_sender": "none", "rekey_initiator": "server", "age_trigger": "timer"}
    return {
        "no keepalive, gateway renews every 8 h (P:¶34)": profile.but(**without),
        "no keepalive, gateway renews every hour": profile.but(**without, age_limit=HOUR),
        "protected-keepalive as it is: the client asks": profile,
        "protected-keepalive, the gateway asks every minute": profile.but(heartbeat_sender="server"),
        "protected-keepalive, the client asks, a missing heartbeat closes": profile.but(
            on_missed_heartbeat="close", grace=5_000
        ),
    }


def modem(latency: int, seed: int) -> list[Row]:
    """How long the user is kept out, by policy; None: for a day and more."""
    rows = []
    for name, policy in gateways().items():
        for traffic, gap in (("nobody sends", 0), ("the gateway sends a message a minute", 60_000)):
            waits = [kept_out(policy, latency, lost, gap) for lost in instants(seed, 1, DAY // 3, TRIES)]
            some = [one for one in waits if one is not None]
            middle = median_low([DAY * 9 if one is None else one for one in waits])
            rows.append({
                "policy": name, "traffic": traffic, "lost_links": TRIES,
                "kept_out_median_s": middle / 1000 if middle <= DAY else None,
                "kept_out_max_s": max(some) / 1000 if len(some) == len(waits) else None,
                "kept_out_for_a_day": len(waits) - len(some),
            })  # fmt: skip
    return rows


def kept_out(policy: Policy, latency: int, lost: int, gap: int) -> int | None:
    """From when the line drops (ms) to when the gateway admits the user again; None: not within a day."""
    link = Link(Rules(policy), latency)
    due = _messages(gap)
    offered = next(due, None)
    dropped = False
    for t in range(lost, lost + DAY, REDIAL):
        while offered is not None and offered < t:
            link.offer(offered, "server", 500)
            offered = next(due, None)
        link.until(t)
        if not dropped:
            link.die("client")
            dropped = True
        elif admits(policy, {"user/1": link.ends["server"].state}, "user/2"):
            return t - lost
    return None


def _messages(gap: int) -> Iterator[int]:
    yield from range(gap, 2 * DAY, gap) if gap else ()

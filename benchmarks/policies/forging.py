"""What comes of an adversary's messages at an end that the reference plays.

They are data under the right key, and heartbeats that anybody could have written.
"""

from __future__ import annotations

from typing import NamedTuple

from rekeyspec.benchmarks.policies.play import Link
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.messages import CONTROL_BYTES
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message, Role

MINUTE = 60_000


class Forged(NamedTuple):
    """Of so many messages, each sent alone: how many were delivered, and how many ended the link."""

    tried: int
    delivered: int
    closed: int


def data(policy: Policy, latency: int, until: int, to: Role = "server") -> Forged:
    """A forged message under the key in force, in the middle of every minute on a link on which nobody sends."""
    link = Link(Rules(policy), latency)
    tried = delivered = closed = 0
    for t in range(MINUTE // 2, until, MINUTE):
        link.until(t)
        one = link.fork()
        s = one.ends[to].state
        forged = Message("data", s.epoch, s.delivered_number + 1, "", "", 100, policy.data_channel, "adversary")
        did, _ = one.ends[to].step(Event(t, to, "Arrive", forged))
        tried += 1
        delivered += any(done.do == "Deliver" for done in did)
        closed += any(done.do == "Close" for done in did)
    return Forged(tried, delivered, closed)


def heartbeats(policy: Policy, latency: int, tries: int) -> Forged:
    """A heartbeat that nobody sealed, while the client sends a message a second: how many of so many ended the link?"""
    closed = 0
    for number in range(tries):
        link = Link(Rules(policy), latency)
        for t in range(1000, 1000 * (number + 3), 1000):
            link.offer(t, "client", 100)
        t = 1000 * (number + 3) - 500
        link.until(t)
        s = link.ends["server"].state
        size = CONTROL_BYTES if policy.byte_counts == "data+control" else 0
        channel = policy.channel("heartbeat")
        forged = Message("heartbeat", s.epoch, s.beat_seen + 1, "", "", size, channel, "nobody")
        link.arrive(Event(t, "server", "Arrive", forged))
        link.offer(t + 500, "client", 100)
        link.until(t + 5000)
        closed += "server" in link.closed_at
    return Forged(tries, 0, closed)


def slower(policy: Policy, latency: int, by: int) -> bool:
    """Does a link on which nobody sends end when its first heartbeat is under way for so many ms longer than what came
    before?"""
    link = Link(Rules(policy), latency)
    sent = policy.idle_period
    link.until(sent + 1)
    (beat,) = link.under_way
    link.under_way[0] = beat._replace(t=beat.t + by)
    link.until(sent + policy.reply_timeout)
    return bool(link.closed_at)

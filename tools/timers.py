"""The arithmetic of the timers, found: the least value of each with which an honest link survives, for many a policy.

Policy validation refuses a policy whose timers leave too little room for delay and repeats, by formulas. Here TLC finds
the same limits by trying, tick by tick, with a network that delays what it likes up to a tick, or two, and for the
grace one that loses heartbeats and replies as well. Where the least value found is more than what validation asks for,
a policy that was let through closes healthy links, and the formula is wrong. Where it is less, validation asks for more
than such a policy needs, since its formula does not look at all of the policy.

A policy that claims no delay is held to no tie (both timers running out at one instant); TLC is, so its least grace is
one tick more there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy
from rekeyspec.tools.asking import JOBS, Asker
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.scenario import Scenario, ticks

Limit = Literal["grace", "negotiation_timeout", "reply_timeout"]

RULE: Final[dict[Limit, str]] = {"grace": "DEAD-3", "negotiation_timeout": "EST-4", "reply_timeout": "DEAD-1"}
EQUAL: Final = "equal"
MORE: Final = "formula asks for more"
TIE: Final = "tie without delay"
SMALL: Final = "formula asks for too little"
_FARTHEST: Final = 24
"""Ticks beyond which no limit is sought."""


@dataclass(frozen=True)
class Point:
    """One policy whose least `limit` is sought."""

    limit: Limit
    delay: int
    retries: int
    direction: str
    rekey_initiator: str
    on_missed_reply: str

    def policy(self, value: int) -> Policy:
        """The policy with this value; its other timers are as long as this one and the delay need."""
        reply = value if self.limit == "reply_timeout" else 2 * self.delay + 1
        series = (self.retries + 1) * max(reply, 1)
        policy = ticks(
            delay=self.delay,
            retries=self.retries,
            direction=self.direction,
            rekey_initiator=self.rekey_initiator,
            on_missed_reply=self.on_missed_reply,
            reply_timeout=reply,
            negotiation_timeout=4 * self.delay + 1,
            byte_limit=1,
        )
        if self.limit == "negotiation_timeout":
            return policy.but(negotiation_timeout=value)
        policy = policy.but(idle_period=series + 1, heartbeat_sender="client")
        return policy.but(on_missed_heartbeat="close", grace=value) if self.limit == "grace" else policy

    def scenario(self, value: int) -> Scenario:
        """What TLC is asked of that value."""
        lossy = self.limit == "grace" and (self.retries > 0 or self.on_missed_reply == "rekey")
        return Scenario(
            policy=self.policy(value),
            property=self._property(),
            delay=self.delay,
            offers={"both": (1, 1), "to-server": (1, 0), "to-client": (0, 1)}[self.direction],
            loses=("heartbeat", "reply") if lossy else (),
            steps="LosesButTheLast" if lossy and self.on_missed_reply == "close" else "",
            epochs=3 if self.direction == "both" else 2,
        )

    def _property(self) -> str:
        if self.limit == "grace":
            return "OverdueIsGone" if self.on_missed_reply == "rekey" else "OverdueIsLost"
        return "RepliesInTime" if self.limit == "reply_timeout" else "LinkSurvives"

    def formula(self) -> int:
        """The least value that policy validation accepts. Raises ModelError where it accepts none."""
        for value in range(_FARTHEST):
            if RULE[self.limit] not in {found.rule for found in contradictions(self.policy(value))}:
                return value
        raise ModelError(f"policy validation accepts no {self.limit} up to {_FARTHEST}; correct the grid")


@dataclass(frozen=True)
class Least:
    """The least value that TLC found, and the one that policy validation asks for, in ticks."""

    point: Point
    found: int
    formula: int

    @property
    def verdict(self) -> str:
        """How the two compare."""
        if self.found == self.formula:
            return EQUAL
        if self.found < self.formula:
            return MORE
        return TIE if self.point.delay == 0 and self.found == self.formula + 1 else SMALL


def grid(*, short: bool = False) -> Iterator[Point]:
    """The points: all, or a few of each limit."""
    delays = (1,) if short else (0, 1, 2)
    directions = ("both",) if short else ("both", "to-server", "to-client")
    initiators = ("sender",) if short else ("sender", "client", "server")
    for delay, direction, initiator in product(delays, directions, initiators):
        yield Point("negotiation_timeout", delay, 0, direction, initiator, "close")
    for delay, retries, direction in product(delays, (0, 1), directions):
        yield Point("reply_timeout", delay, retries, direction, "sender", "close")
    for delay, retries, direction, initiator in product(delays[:2], (0, 1), directions, initiators):
        for missed in ("close", "rekey"):
            yield Point("grace", delay, retries, direction, initiator, missed)


def search(
    points: Sequence[Point], tlc: Tlc, *, jobs: int = JOBS, told: Callable[[Least], None] = lambda _: None
) -> list[Least]:
    """The least value for every point, `jobs` at a time; `told` hears of each in some thread. Raises ModelError."""
    asker = Asker(tlc)

    def one(point: Point) -> Least:
        least = _least(point, asker)
        told(least)
        return least

    return asker.each(one, points, jobs)


def _least(point: Point, asker: Asker) -> Least:
    """From the formula's value down while it holds, or up until it does."""
    formula = value = point.formula()
    lowest = 0 if point.limit == "grace" else 1
    if asker.holds(point.scenario(value)):
        while value > lowest and asker.holds(point.scenario(value - 1)):
            value -= 1
        return Least(point, value, formula)
    while value < _FARTHEST:
        value += 1
        if asker.holds(point.scenario(value)):
            return Least(point, value, formula)
    raise ModelError(f"no {point.limit} up to {_FARTHEST} ticks is enough for {point}; correct the grid or the rule")

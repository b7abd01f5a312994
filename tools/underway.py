"""What is under way in a story of both ends: what an end has sent, what an adversary, and what it is called in a trace.

In a trace what an end sent passes or is dropped, the oldest of its kind first; what an adversary makes, or sends
again, is written out where it arrives. So is a message that overtook another of its kind; the one that was sent is
dropped, as soon as it is the oldest. The spec keeps numbers of heartbeats small by shifting them down, and names a
session by its epoch: here they get back the numbers and names that they have in a trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from rekeyspec.reference.vocabulary import ROLES, Role

Told = tuple[Role, str, dict[str, Any]]
"""A line: the end, what happens there, and its fields."""

_PEER: Final[dict[Role, Role]] = {"client": "server", "server": "client"}
_SAYS_WHO: Final[dict[str, bool]] = {"start": True, "finish": True, "answer": False}
"""Kinds that carry the id of a negotiation, and whether it is the sender that started it."""


@dataclass(eq=False)
class _Flight:
    """One message: its kind, was it an end that sent it, and is it lost, though not yet dropped?"""

    kind: str
    sent: bool
    lost: bool = False


@dataclass
class UnderWay:
    """Everything under way to each end over each channel, in the order of the spec, and as the trace has it."""

    queues: dict[tuple[Role, str], list[_Flight]] = field(default_factory=dict)
    flights: dict[Role, list[_Flight]] = field(default_factory=lambda: {role: [] for role in ROLES})
    shifted: dict[Role, int] = field(default_factory=lambda: dict.fromkeys(ROLES, 0))
    """By how much the numbers of this end's heartbeats are smaller in the spec."""
    starters: dict[int, Role] = field(default_factory=dict)
    """Who started the negotiation of each epoch."""

    def meanwhile(self, action: str, before: Any, after: Any) -> list[Told]:
        """What the network or an adversary did."""
        told: list[Told] = []
        if action == "Reconnect":
            self.queues.clear()
            self.starters.clear()
            self.flights = {role: [] for role in ROLES}
            self.shifted = dict.fromkeys(ROLES, 0)
            return told
        for role, channel, queue in self._queues(after):
            now = after["wire"][role][channel]
            if action == "Swap":
                _swap(queue, before["wire"][role][channel], now)
            elif action == "Drop" and len(now) < len(queue):
                told += self._lost(role, queue.pop(0))
            elif len(now) > len(queue):
                at = 1 if action == "Duplicate" else len(queue)
                queue.insert(at, _Flight(now[at]["kind"], sent=False))
        self._shift("", before, after)
        return told

    def acted(self, action: str, end: Role, message: Any, before: Any, after: Any) -> list[Told]:
        """An end did something, and took this message. The first line is that it arrived."""
        told: list[Told] = []
        if message is not None:
            told = self._taken(end, message, before)
        for role, channel, queue in self._queues(after):
            now = after["wire"][role][channel]
            if after["end"][role]["phase"] == "closed":
                queue.clear()
                self.flights[role].clear()
            for m in now[len(queue) :]:
                queue.append(_Flight(m["kind"], sent=True))
                self.flights[role].append(queue[-1])
        self._started(end, before, after)
        self._shift(end if action == "SendHeartbeat" else "", before, after)
        return told

    def _queues(self, state: Any) -> Iterator[tuple[Role, str, list[_Flight]]]:
        for role in ROLES:
            for channel in state["wire"][role]:
                yield role, channel, self.queues.setdefault((role, channel), [])

    def _taken(self, end: Role, m: Any, before: Any) -> list[Told]:
        channel = next(name for name, queue in before["wire"][end].items() if queue and queue[0] == m)
        queue = self.queues.setdefault((end, channel), [])
        flight = queue.pop(0) if queue else _Flight(m["kind"], sent=True)  # a story may begin in the middle
        if flight not in self.flights[end] and flight.sent:
            self.flights[end].insert(0, flight)
        if flight.sent and flight is self._oldest(end, flight.kind):
            self.flights[end].remove(flight)
            return [(end, "Pass", {"kind": flight.kind}), *self._dropped(end, flight.kind)]
        arrives: Told = (end, "Arrive", {"message": self._written_out(end, m, before)})
        return [arrives, *(self._lost(end, flight) if flight.sent else [])]

    def _lost(self, to: Role, flight: _Flight) -> list[Told]:
        flight.lost = True
        return self._dropped(to, flight.kind) if flight.sent else []

    def _dropped(self, to: Role, kind: str) -> list[Told]:
        """Those of a kind that are lost, and are the oldest by now."""
        told: list[Told] = []
        while (oldest := self._oldest(to, kind)) is not None and oldest.lost:
            self.flights[to].remove(oldest)
            told.append((to, "Drop", {"kind": kind}))
        return told

    def _oldest(self, to: Role, kind: str) -> _Flight | None:
        return next((flight for flight in self.flights[to] if flight.kind == kind), None)

    # Numbers and names.

    def _started(self, end: Role, before: Any, after: Any) -> None:
        was, now = before["end"][end], after["end"][end]
        if now.get("epoch", 0) > was.get("epoch", 0):
            self.starters[now["epoch"]] = end if was["negotiation"] == "mine" else _PEER[end]

    def _shift(self, beating: str, before: Any, after: Any) -> None:
        for role in ROLES:
            was, now = before["end"][role], after["end"][role]
            if now["phase"] == "open" and "beat_number" in now:
                self.shifted[role] += was["beat_number"] + int(beating == role) - now["beat_number"]

    def _written_out(self, to: Role, m: Any, before: Any) -> dict[str, Any]:
        form: dict[str, Any] = {"kind": m["kind"], "epoch": m["epoch"]}
        sender = _PEER[to]
        if m["kind"] in ("heartbeat", "reply"):
            form["number"] = m["number"] + self.shifted[sender if m["kind"] == "heartbeat" else to]
        elif m["number"]:
            form["number"] = m["number"]
        if m["kind"] in _SAYS_WHO:
            starter = sender if _SAYS_WHO[m["kind"]] else to
            form["negotiation"] = f"{starter[0]}{m['epoch']}"
            if m["session"]:
                starter = starter if m["session"] == m["epoch"] else self.starters.get(m["session"], "client")
                form["session"] = f"{starter[0]}{m['session']}"
        if m["bytes"]:
            form["bytes"] = m["bytes"]
        return form | {"channel": m["channel"], "sealed_by": m["seal"]}


def _swap(queue: list[_Flight], before: Any, now: Any) -> None:
    at = next((at for at in range(len(queue)) if before[at] != now[at]), None)
    if at is not None:
        queue[at], queue[at + 1] = queue[at + 1], queue[at]

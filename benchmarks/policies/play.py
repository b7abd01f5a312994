"""Both ends of a link as the reference plays them, over virtual time.

Every message is under way equally long and none is lost. What happens at one instant
happens in this order: what users offer, what arrives, what timers ask for.

`reference_counts` is the measure: the vectorised simulation must count the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from rekeyspec.benchmarks.policies.busy import BusyPeriods
from rekeyspec.benchmarks.policies.counts import Counts, Ints, histogram, seconds
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import NONE
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Role

PEER: dict[Role, Role] = {"client": "server", "server": "client"}


@dataclass
class Key:
    """One epoch of a link. Times are ms; NONE where it has not come to it."""

    started: int = NONE
    by: Role = "client"
    needless: bool = False
    abbreviated: bool = False
    in_force: dict[Role, int] = field(default_factory=dict)
    marked: int = NONE
    """When the server accepted a heartbeat under it."""
    bytes: int = 0


class Link:
    """Two ends and what is under way between them."""

    def __init__(self, rules: Rules, latency: int) -> None:
        self.policy, self.latency = rules.policy, latency
        self.ends = {role: Engine(rules.policy, role, rules) for role in ROLES}
        self.due: dict[Role, int] = dict.fromkeys(ROLES, NEVER)
        self.under_way: deque[Event] = deque()
        self.dead: set[Role] = set()
        """Ends that do nothing any more: what is sent to them is lost."""
        self.keys: dict[int, Key] = {}
        self.waiting: dict[Role, deque[int]] = {role: deque() for role in ROLES}
        self.delays: list[int] = []
        self.bytes = self.heartbeats = self.refused = 0
        self.closed_at: dict[Role, int] = {}
        self.reason: dict[Role, str] = {}
        for role in ROLES:
            self._take(Event(0, role, "Open"))

    def offer(self, t: int, role: Role, size: int) -> None:
        """A user offers a message at `t`, after all that happens before `t`."""
        self.until(t)
        if role not in self.policy.offering:
            self.refused += 1  # LIM-1: not given to the end, whose timers would be looked at before what arrives now
            return
        if role in self.dead:
            return
        self.waiting[role].append(t)
        self._take(Event(t, role, "Offer", None, size))

    def next(self) -> int:
        """When something happens next (ms; NEVER: nothing does)."""
        return min(self.under_way[0].t if self.under_way else NEVER, *self.due.values())

    def until(self, t: int) -> None:
        """Let everything happen that happens before `t`."""
        while True:
            arrival = self.under_way[0].t if self.under_way else NEVER
            timer = min(self.due.values())
            if min(arrival, timer) >= t:
                return
            if arrival <= timer:
                e = self.under_way.popleft()
                if e.end not in self.dead:
                    self._take(e)
            else:
                self._take(Event(timer, min(ROLES, key=self.due.__getitem__), "Tick"))

    def die(self, role: Role) -> None:
        """From now on it does nothing."""
        self.dead.add(role)
        self.due[role] = NEVER

    def arrive(self, e: Event) -> None:
        """A message arrives that the other end did not send."""
        self.until(e.t)
        self._take(e)

    def fork(self) -> Self:
        """The same link as it stands; what happens to one does not touch the other."""
        new = copy(self)
        new.ends = {role: copy(engine) for role, engine in self.ends.items()}
        new.due, new.dead, new.under_way = dict(self.due), set(self.dead), deque(self.under_way)
        new.keys = {number: replace(key, in_force=dict(key.in_force)) for number, key in self.keys.items()}
        new.waiting = {role: deque(waits) for role, waits in self.waiting.items()}
        new.delays = list(self.delays)
        new.closed_at, new.reason = dict(self.closed_at), dict(self.reason)
        return new

    def _take(self, e: Event) -> None:
        role = e.end
        engine = self.ends[role]
        epoch = engine.state.epoch
        did, self.due[role] = engine.step(e)
        for done in did:
            if done.do in SENDS and done.message is not None:
                self.under_way.append(Event(done.t + self.latency, PEER[role], "Arrive", done.message))
            self._note(done, role)
        if engine.state.epoch != epoch and engine.state.epoch:
            self.keys[engine.state.epoch].in_force[role] = e.t

    def _note(self, done: Event, role: Role) -> None:
        m = done.message
        match done.do:
            case "SendData":
                assert m is not None
                self.delays.append(done.t - self.waiting[role].popleft())
                self.bytes += m.bytes
                self.keys[m.epoch].bytes += m.bytes
            case "SendHeartbeat":
                self.heartbeats += 1
            case "SendReply":
                assert m is not None
                key = self.keys[m.epoch]
                if role == "server" and key.marked == NONE:
                    key.marked = done.t
            case "Start":
                assert m is not None
                key = self.keys.setdefault(m.epoch, Key())
                if key.started == NONE or role == "client":  # REKEY-5: the client's wins
                    waits = any(self.ends[one].state.queue for one in ROLES)
                    key.started, key.by = done.t, role
                    key.needless = m.epoch > 1 and not waits and not self.keys[m.epoch - 1].bytes
            case "Answer":
                assert m is not None
                key = self.keys[m.epoch]
                key.abbreviated = m.session not in ("", m.negotiation)
            case "Refuse":
                self.refused += 1
                self.waiting[role].pop()
            case "Close":
                self.closed_at[role] = done.t
                self.reason[role] = done.reason


def played(policy: Policy, offers: Iterable[tuple[int, Role, int]], latency: int, until: int) -> Link:
    """A link with these offers (ms, who, bytes), in order of time, as it stands just before `until`."""
    link = Link(Rules(policy), latency)
    for t, role, size in offers:
        if t >= until:
            break
        link.offer(t, role, size)
    link.until(until)
    return link


def counts_of(link: Link, until: int, opened: int = 0, spread: int = 0) -> Counts:
    """What is counted of one link that was played until then; `opened` and `spread` as `simulate` has them."""
    p = link.policy
    lives, sizes, at_server, at_client = [], [], [], []
    for epoch, key in link.keys.items():
        if not key.in_force:
            continue
        first = min(key.in_force.values())
        after = link.keys.get(epoch + 1, Key()).in_force
        ends = {role: after.get(role, link.closed_at.get(role, until)) for role in ROLES}
        lives.append(max(ends.values()) - first)
        sizes.append(key.bytes)
        if p.may_offer("client"):
            rejecting = p.reject_trigger == "heartbeat" and key.marked != NONE
            at_server.append((min(ends["server"], key.marked) if rejecting else ends["server"]) - first)
        if p.may_offer("server"):
            at_client.append(ends["client"] - first)
    delays = [one for one in link.delays if one]
    starts = opened + np.array([key.started for key in link.keys.values()], dtype=np.int64)
    resumed = opened + np.array([key.started for key in link.keys.values() if key.abbreviated], dtype=np.int64)
    arrays = [np.array(one, dtype=np.int64) for one in (delays, sizes, lives, at_server, at_client)]
    return Counts(
        until,
        links=1,
        messages=len(link.delays),
        bytes=link.bytes,
        negotiations=len(link.keys),
        needless=sum(key.needless for key in link.keys.values()),
        abbreviated=sum(key.abbreviated for key in link.keys.values()),
        heartbeats=link.heartbeats,
        delayed=len(delays),
        delay_sum=sum(delays),
        delay_max=max(delays, default=0),
        refused=link.refused,
        closed=bool(link.closed_at),
        keys=len(lives),
        key_bytes_max=max(sizes, default=0),
        life_max=max(lives, default=0),
        use_server_max=max(at_server, default=0),
        use_client_max=max(at_client, default=0),
        delay=histogram(arrays[0]),
        key_bytes=histogram(arrays[1]),
        life=histogram(arrays[2]),
        use_server=histogram(arrays[3]),
        use_client=histogram(arrays[4]),
        by_second=_seconds(starts, until + spread),
        abbreviated_by_second=_seconds(resumed, until + spread),
    )


def _seconds(starts: Ints, until: int) -> Ints:
    return np.bincount(starts // 1000, minlength=seconds(until).size).astype(np.int64)


def reference_counts(
    policy: Policy, busy: BusyPeriods, latency: int, until: int, opened: Ints | None = None, spread: int = 0
) -> Counts:
    """What the reference does on every link, by its own `step`, as `simulate` says it."""
    total = Counts(until, by_second=seconds(until + spread), abbreviated_by_second=seconds(until + spread))
    for number in range(busy.links):
        begun = 0 if opened is None else int(opened[number])
        total += counts_of(played(policy, busy.offers(number), latency, until), until, begun, spread)
    return total

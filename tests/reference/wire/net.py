"""Two ends of a link and what lies between them, in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from rekeyspec.conformance.oracle import judge
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Role
from rekeyspec.reference.wire.credentials import Authority, Credentials
from rekeyspec.reference.wire.link import Ended, Link, Received
from rekeyspec.reference.wire.negotiation import Connections, Negotiator, Renegotiations, Tls, Version

Hand = Callable[[Role, int, bytes], bytes]
"""What an adversary makes of bytes on their way to this end, over this connection."""

AUTHORITY = Authority()
CREDENTIALS = {"client": AUTHORITY.issue("client"), "server": AUTHORITY.issue("server")}
ANONYMOUS = Credentials((AUTHORITY.certificate,))


def tls(role: Role, policy: Policy, version: Version = "1.3", *, in_place: bool = False) -> Tls:
    """How this end's TLS is configured for a policy."""
    mutual = policy.authentication == "mutual"
    credentials = CREDENTIALS[role] if mutual or role == "server" else ANONYMOUS
    peer = "server" if role == "client" else ""
    return Tls(credentials, role, version=version, mutual=mutual, peer=peer, in_place=in_place)


@dataclass
class Net:
    """Both ends, with what they logged, and one connection or two between them."""

    policy: Policy
    version: Version = "1.3"
    in_place: bool = False
    cipher: str = "AES-128-GCM"
    connections: int = 1
    delay: Callable[[], int] = lambda: 0
    tls: dict[Role, Tls] = field(default_factory=dict)
    hand: Hand = lambda _to, _connection, data: data

    def __post_init__(self) -> None:
        self.logs: dict[Role, list[Event]] = {role: [] for role in ROLES}
        self.ends = {role: self._end(role) for role in ROLES}
        self.t = 0
        self._way: list[tuple[int, int, Role, int, bytes]] = []
        self._latest: dict[tuple[Role, int], int] = {}
        self._count = 0

    def _end(self, role: Role) -> Link:
        configured = self.tls.get(role) or tls(role, self.policy, self.version, in_place=self.in_place)
        negotiator: Negotiator = Renegotiations(configured) if self.in_place else Connections(configured)
        return Link(
            self.policy, role, negotiator, cipher=self.cipher, connections=self.connections, log=self.logs[role].append
        )

    @property
    def client(self) -> Link:
        return self.ends["client"]

    @property
    def server(self) -> Link:
        return self.ends["server"]

    def open(self) -> Net:
        """Open both ends, and let all arrive that needs no waiting for a timer."""
        for role in reversed(ROLES):
            self.ends[role].open(self.t)
        self.settle()
        return self

    def offer(self, role: Role, data: bytes) -> str:
        """The user of this end offers a message."""
        why = self.ends[role].offer(data, self.t)
        self._flush()
        return why

    def settle(self) -> None:
        """Let all arrive that is under way."""
        self._flush()
        while self._way:
            self._arrive()

    def until(self, t: int) -> None:
        """Let time pass."""
        self._flush()
        while (soon := self._soonest()) <= t:
            self.t = max(self.t, soon)
            if self._way and self._way[0][0] <= self.t:
                self._arrive()
                continue
            for end in self.ends.values():
                if end.deadline <= self.t:
                    end.tick(self.t)
            self._flush()
        self.t = t

    def _soonest(self) -> int:
        first = self._way[0][0] if self._way else NEVER
        return min(first, *(end.deadline for end in self.ends.values()))

    def _flush(self) -> None:
        for role in ROLES:
            to: Role = "server" if role == "client" else "client"
            for connection in range(self.connections):
                while data := self.ends[role].take(connection):
                    at = max(self.t + self.delay(), self._latest.get((role, connection), 0))
                    self._latest[role, connection] = at
                    self._count += 1
                    heapq.heappush(self._way, (at, self._count, to, connection, data))

    def _arrive(self) -> None:
        at, _, to, connection, data = heapq.heappop(self._way)
        self.t = max(self.t, at)
        data = self.hand(to, connection, data)
        if data:
            self.ends[to].receive(data, self.t, connection)
        self._flush()

    def received(self, role: Role) -> list[bytes]:
        """What was delivered to the user of this end."""
        return [one.data for one in self.ends[role].news if isinstance(one, Received)]

    def ended(self, role: Role) -> list[str]:
        """Why this end ended, if it has."""
        return [one.why for one in self.ends[role].news if isinstance(one, Ended)]

    def judged(self) -> None:
        """Assert that both logs conform."""
        for role in ROLES:
            found, _ = judge(self.ends[role].policy, role, self.logs[role])
            assert found is None, (role, found)

"""The wire of this project through memory: two links, and their renegotiations by the age of the key.

For attribution, its cipher and its negotiation can each be replaced by one that does nothing.
"""

from __future__ import annotations

from typing import Final

from OpenSSL import SSL

from rekeyspec.benchmarks.cost.choices import Case
from rekeyspec.benchmarks.cost.ends import Meter
from rekeyspec.benchmarks.cost.identities import Identities
from rekeyspec.benchmarks.cost.tls import BATCH, Unavailable, set_group
from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.reference.wire.credentials import Credentials
from rekeyspec.reference.wire.frames import TAG
from rekeyspec.reference.wire.link import Link, Received, Renewed
from rekeyspec.reference.wire.negotiation import Connections, Negotiator, Outcome, Tls
from rekeyspec.reference.wire.seal import CIPHERS, Cipher

_MIB: Final = 1 << 20
_MOST: Final = 1 << 30
"""One key of the wire carries 2^31 bytes at most (LIM-3); data that is measured apart gets a new one in time."""


class Nothing:
    """A cipher that hides nothing and proves nothing: what is left is the wire without it."""

    def __init__(self, _key: bytes) -> None: ...

    def encrypt(self, _nonce: bytes, data: bytes | memoryview, _header: bytes | None, /) -> bytes:
        """The data and room for a tag."""
        return bytes(data) + bytes(TAG)

    def decrypt(self, _nonce: bytes, data: bytes | memoryview, _header: bytes | None, /) -> bytes:
        """The data."""
        return bytes(data[:-TAG])


NO_CIPHER: Final = "none (measurement)"


class _Agreed:
    """A negotiation in as many flights as TLS 1.3 has, with nothing in them."""

    def __init__(self, role: Role) -> None:
        self._role, self.done = role, False

    def receive(self, tls: bytes) -> bytes:
        """The next flight."""
        self.done = bool(tls) if self._role == "client" else tls == b"finished"
        if self._role == "client":
            return b"finished" if tls else b"hello"
        return b"" if self.done else b"hello"

    def outcome(self, _context: bytes) -> Outcome:
        """A secret that everybody knows."""
        return Outcome(bytes(32), bytes(32), abbreviated=False)


class Agreed:
    """Makes them."""

    def __init__(self, role: Role) -> None:
        self._role = role

    def begin(self, _resume: str, _offered: str = "") -> _Agreed:
        """As Negotiator says."""
        return _Agreed(self._role)

    def settle(self, _made: str) -> None:
        """As Negotiator says."""

    def close(self) -> None:
        """As Negotiator says."""


class _Tls(Tls):
    """The wire's TLS, with this group."""

    def __init__(self, case: Case, identities: Identities, role: Role) -> None:
        self._case = case
        mutual = case.authentication == "mutual"
        own = role == "server" or mutual
        who = Credentials(
            (identities.authority,),
            (identities.certificates[role],) if own else (),
            identities.keys[role] if own else None,  # type: ignore[arg-type]  # it is asked for ECDSA only by `keygen`
        )
        super().__init__(who, role, mutual=mutual, peer="server" if role == "client" else "")

    def fresh(self) -> SSL.Context:
        made = super().fresh()
        set_group(made, self._case, old=False)
        return made


class Wire:
    """Two links with nothing between them. `plain`: without a cipher. `agreed`: without negotiations."""

    def __init__(
        self,
        case: Case,
        identities: Identities | None,
        message: int,
        meter: Meter | None = None,
        *,
        plain: bool = False,
    ) -> None:
        """Without identities its negotiations have nothing in them."""
        if plain:
            CIPHERS.setdefault(NO_CIPHER, Cipher(16, Nothing, 1 << 48))
        self.case, self.meter, self.round_trips, self._t, self._carried = case, meter or Meter(), 0, 0, 0
        self._data = bytes(message)
        policy, cipher = _policy(case), NO_CIPHER if plain else case.cipher
        ends: dict[Role, Link] = {}
        for role in ROLES:
            how: Negotiator = Agreed(role) if identities is None else Connections(_Tls(case, identities, role))
            ends[role] = Link(policy, role, how, cipher=cipher)
        self.client, self.server = ends["client"], ends["server"]
        self.server.open(0)
        self.client.open(0)
        self._settle(0)
        self.negotiate()  # the first one that may be abbreviated

    def negotiate(self) -> None:
        """A new key, since the age of this one is reached."""
        m, before = self.meter, self.client.epoch
        self.client.news.clear()
        self.server.news.clear()
        self._t = min(self.client.deadline, self.server.deadline)
        begun = m.cpu()
        self.client.tick(self._t)
        between = m.cpu()
        self.server.tick(self._t)
        m.server += m.cpu() - between
        m.client += between - begun
        self._settle(before)
        self._carried = 0
        if not self.client.epoch == self.server.epoch == before + 1:
            raise Unavailable(f"{self.case.negotiation}: the link did not renegotiate: {self.client.news}")

    def abbreviated(self) -> bool:
        """Did the latest negotiation resume a session?"""
        return any(isinstance(one, Renewed) and one.abbreviated for one in self.client.news)

    def _settle(self, before: int) -> None:
        m, trips = self.meter, 0
        while True:
            waits = self.client.epoch == before
            begun = m.cpu()
            out = self.client.take()
            between = m.cpu()
            if out:
                self.server.receive(out, self._t)
            back = self.server.take()
            taken = m.cpu()
            if back:
                self.client.receive(back, self._t)
            m.client += m.cpu() - taken + between - begun
            m.server += taken - between
            m.to_server += len(out)
            m.to_client += len(back)
            if not out and not back:
                self.round_trips = trips
                return
            trips += bool(back) and waits

    def carry(self, volume: int) -> None:
        """As Carrier says."""
        m, client, server, message, size, left = (
            self.meter, self.client, self.server, self._data, len(self._data), volume,
        )  # fmt: skip
        if self._carried + volume > _MOST:
            self._unmeasured()
        self._carried += volume
        count = max(1, BATCH // size)
        while left > 0:
            if left < count * size:
                count = max(1, left // size)
            got, begun = 0, m.cpu()
            for _ in range(count):
                client.offer(message, self._t)
            while sealed := client.take():
                between = m.cpu()
                server.receive(sealed, self._t)
                m.client += between - begun
                m.to_server += len(sealed)
                begun = m.cpu()
                m.server += begun - between
            m.client += m.cpu() - begun
            while server.news:
                one = server.news.popleft()
                got += sum(map(len, one.pieces)) if isinstance(one, Received) else 0
            if got < count * size:
                raise Unavailable(f"{self.case.negotiation}: {got} of {count * size} bytes came; {client.news}")
            left -= count * size

    def _unmeasured(self) -> None:
        m = self.meter
        kept = m.client, m.server, m.to_server, m.to_client
        self.negotiate()
        m.client, m.server, m.to_server, m.to_client = kept


def _policy(case: Case) -> Policy:
    policy = profiles()["combined"].but(
        byte_limit=0, max_message=_MIB, queue_limit=4 * _MIB, age_limit=1000, idle_period=3_600_000
    )
    if case.negotiation == "wire-abbreviated":
        policy = policy.but(session_cache="on", session_lifetime=1 << 40)
    if case.authentication == "server-only":
        policy = policy.but(authentication="server-only", direction="to-server")
    return policy

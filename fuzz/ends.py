"""Two ends of a link with the frames between them, and what must be true of them whatever happens."""

# ruff: noqa: SLF001 -- what an end remembers is looked at from the outside, and is not to be offered to its users

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Final

from rekeyspec.conformance.oracle import judge
from rekeyspec.reference.vocabulary import NEVER, ROLES, Event, Role
from rekeyspec.reference.wire.frames import BODY, HEADER, LONGEST
from rekeyspec.reference.wire.link import EARLY, Ended, Link, Received

PEER: Final[dict[Role, Role]] = {"client": "server", "server": "client"}


class Found(AssertionError):
    """Something that must never be."""


class Before(tuple[Event, ...]):
    """What an end had logged when the story began; a type of its own, so that it can be told from other tuples."""

    __slots__ = ()


class Ends:
    """Both ends, what was offered and delivered, and the frames that are under way (to whom, over which connection)."""

    def __init__(self, links: dict[Role, Link], logs: dict[Role, list[Event]], connections: int) -> None:
        self.links, self.logs, self.connections, self.t = links, logs, connections, 0
        self.way: dict[tuple[Role, int], deque[bytes]] = {
            (role, one): deque() for role in ROLES for one in range(connections)
        }
        self.offered: dict[Role, list[bytes]] = {role: [] for role in ROLES}
        self.latest: dict[Role, tuple[int, int]] = dict.fromkeys(ROLES, (0, 0))
        """Number and epoch of what was delivered last."""
        self.before: dict[Role, Before] = dict.fromkeys(ROLES, Before())
        self.read: dict[Role, int] = dict.fromkeys(ROLES, 0)
        self.over: dict[Role, bool] = dict.fromkeys(ROLES, False)
        self.cheated: dict[Role, bool] = dict.fromkeys(ROLES, False)
        """Has this end been told something by its peer that the peer's program would never have said?"""

    def begin(self) -> None:
        """All that has happened so far was before the story."""
        self.check()
        for role, log in self.logs.items():
            self.before[role], self.read[role] = Before(log), 0
            log.clear()

    # What happens.

    def offer(self, role: Role, size: int) -> str:
        """The user offers so many bytes, which no other message has."""
        offered = self.offered[role]
        data = (b"%s%d." % (role[:1].encode(), len(offered)) * (size // 2 + 1))[:size]
        why = self.links[role].offer(data, self.t)
        if not why:
            offered.append(data)
        self.flush()
        return why

    def flush(self) -> None:
        """What the ends have to send is under way now, frame by frame."""
        for role, link in self.links.items():
            for connection, out in enumerate(link._out):
                if out:
                    if self.over[role]:
                        raise Found(f"the {role} sends after its end: {link.take(connection).hex()}")
                    data = b"".join(iter(partial(link.take, connection), b""))
                    self.way[PEER[role], connection].extend(frames(data))
            if link.closed:
                self.over[role] = True

    def receive(self, role: Role, connection: int, data: bytes) -> None:
        """These bytes arrive."""
        self.links[role].receive(data, self.t, connection)
        self.flush()

    def arrive(self, role: Role, connection: int, most: int = 1) -> bool:
        """The next frames arrive, up to so many, in one piece. Were there any?"""
        way = self.way[role, connection]
        if not way:
            return False
        self.receive(role, connection, b"".join([way.popleft() for _ in range(min(most, len(way)))]))
        return True

    def settle(self) -> None:
        """All arrives that is under way, and what is said to it, up to 16 times to and fro."""
        for _ in range(16):
            arrived = False
            for role, connection in self.way:
                arrived = self.arrive(role, connection, MANY) or arrived
            if not arrived:
                return

    def until(self, t: int) -> None:
        """Time passes, and each end is called when it asked for it, up to 16 times."""
        for _ in range(16):
            soon = min(link.deadline for link in self.links.values())
            if soon > t:
                break
            self.t = max(self.t, soon)
            for link in self.links.values():
                if link.deadline <= self.t:
                    link.tick(self.t)
            self.flush()
        self.t = max(self.t, t)

    # What must be true.

    def check(self) -> None:
        """Raise Found where something is not as it must be."""
        for role, link in self.links.items():
            self._news(role, link)
            self._bounded(role, link)
            if link.closed:
                _over(role, link)

    def _news(self, role: Role, link: Link) -> None:
        """What was delivered was sent, comes once and in order, and nothing comes after the end."""
        log, news = self.logs[role], link.news
        delivered = [e for e in log[self.read[role] :] if e.do == "Deliver"]
        self.read[role] = len(log)
        if not news:
            if delivered:
                raise Found(f"the {role} says that it delivered, and did not")
            return
        at = 0
        while news:
            one = news.popleft()
            if isinstance(one, Ended) and news:
                raise Found(f"the {role} has news after its end: {news}")
            if isinstance(one, Received):
                if at == len(delivered):
                    raise Found(f"the {role} delivered what its log does not have")
                self._delivered(role, link, delivered[at], one.data)
                at += 1
        if at < len(delivered):
            raise Found(f"the {role} delivered {at} of {len(delivered)}")

    def _delivered(self, role: Role, link: Link, event: Event, data: bytes) -> None:
        m = event.message
        if m is None or m.bytes != len(data):
            raise Found(f"the {role} delivered {len(data)} bytes as {m}")
        number, epoch = self.latest[role]
        self.latest[role] = (m.number, m.epoch)
        if m.number <= number or m.epoch < epoch:
            raise Found(f"the {role} delivered number {m.number} of epoch {m.epoch} after {number} of {epoch}")
        if self.cheated[role]:
            return
        if link.policy.transport == "stream" and m.number != number + 1:
            raise Found(f"the {role} delivered number {m.number} after {number} over a stream")
        offered = self.offered[PEER[role]]
        if m.number > len(offered) or offered[m.number - 1] != data:
            raise Found(f"the {role} delivered as number {m.number} what was not sent as that: {data[:40]!r}")

    def _bounded(self, role: Role, link: Link) -> None:
        """Nothing that comes fills memory."""
        for one in link._frames:
            if len(one.held) >= (1 if link.closed else LONGEST + HEADER.size):
                raise Found(f"the {role} holds {len(one.held)} bytes that are no frame yet")
        if link.early:
            held = sum(HEADER.size + len(one.body) for one in link._early)
            if held > EARLY + LONGEST:
                raise Found(f"the {role} keeps {len(link._early)} frames for a key, {held} bytes")
        if link._behind and sum(BODY.size + len(payload) for _, _, payload in link._behind) > EARLY + LONGEST:
            raise Found(f"the {role} keeps {len(link._behind)} messages for data that is to come")
        if link._partial and len(link._partial.pieces) > link.policy.max_message:
            raise Found(f"the {role} keeps {len(link._partial.pieces)} pieces of a message")
        if link.waiting > link.policy.queue_limit + link.policy.max_message:
            raise Found(f"the {role} keeps {link.waiting} bytes to send")
        if len(link._keys) > KEYS:
            raise Found(f"the {role} keeps the keys of {len(link._keys)} epochs")

    def judged(self) -> None:
        """Raise Found where an end has left the rules, by its own log."""
        for role in ROLES:
            found, _ = judge(self.links[role].policy, role, (*self.before[role], *self.logs[role]))
            if found is not None:
                raise Found(f"the {role} leaves the rules: {found}")


KEYS: Final = 2
MANY: Final = 1000


def _over(role: Role, link: Link) -> None:
    """DEAD-5: nothing is left of a link that has ended."""
    left = [link._keys, link._queue, link._early, link._behind, link._partial, link._tls, link._outcome]
    if any(left):
        raise Found(f"the {role} has ended, and keeps {left}")
    if link.deadline != NEVER:
        raise Found(f"the {role} has ended, and waits for {link.deadline} ms")


def frames(data: bytes) -> list[bytes]:
    """The frames in what an end has to send."""
    found, at = [], 0
    while at < len(data):
        end = at + HEADER.size + HEADER.unpack_from(data, at)[4]
        found.append(data[at:end])
        at = end
    if at != len(data):
        raise Found(f"an end sends no frames: {data.hex()}")
    return found


def remembered(link: Link) -> tuple[object, ...]:
    """All that an end remembers and what nobody can have authenticated must not change: all but the time, and what
    waits for a key. `_bounded` bounds that."""
    openers = [opener._next for keys in link._keys.values() for opener in keys.openers.values()]
    sealers = [sealer._number for keys in link._keys.values() for sealer in keys.sealers.values()]
    half = link._partial and (link._partial.message, len(link._partial.pieces), link._partial.missing)
    own = (link._said, link._heard, link._named, link._made, link._answer, link._resumed, link._known, link._peer)
    held = (len(link._queue), len(link._behind), half, id(link._tls), link.token, link._pending)
    return ({**link._engine.state.__dict__, "t": 0}, tuple(link._keys), openers, sealers, own, held)

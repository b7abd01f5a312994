"""The adversary in the network's place: each of its moves as a pure function of what is under way and what it has.

Powers, moves and their conditions are those of `spec/Adversary.tla`, under the same names:

    (losable)     messages of these kinds are lost, or swallowed            Drop
    delay         a message may stay under way for ever                     (the clock's: `Network.arrived` binds
                  nobody)
    duplicate     a message arrives twice                                   Duplicate
    replay        a message is recorded, and sent again later               Record, Replay
    reorder       neighbours change places, over datagrams                  Swap
    crack-marked  it finds out a key in force in which a heartbeat was sent Crack
    crack         it finds out any key in force                             Crack
    inject        it makes data under a key that it has                     Inject
    forge         it makes heartbeats and replies where they are clear, and
                  under a key that it has all that this key protects        Forge
    junk          it makes messages of any kind that no key protects        Junk
    resume        it has the secret of the cached session, and negotiates
                  a key in the peer's place                                 Resume, Complete
    impersonate   it negotiates the first key in the client's place, where
                  nobody authenticates the client                           Impersonate, Complete

It cannot make what is protected by a key that it does not have. A message that it makes costs one strike. It cannot be
told from the peer by an end: a message says `adversary` for the sake of whoever judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from rekeyspec.conformance.network import Flight, Network
from rekeyspec.reference.conditions import new_session
from rekeyspec.reference.messages import CONTROL_BYTES
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import KINDS, ROLES, Kind, Message, Role, Seal

Power = Literal[
    "delay", "duplicate", "replay", "reorder", "crack-marked", "crack", "inject", "forge", "junk", "resume",
    "impersonate",
]  # fmt: skip
Attack = Literal[
    "Drop", "Duplicate", "Swap", "Record", "Replay", "Crack", "Inject", "Forge", "Junk", "Resume", "Impersonate",
    "Complete",
]  # fmt: skip


@dataclass(frozen=True)
class Powers:
    """What an adversary can do, under one policy."""

    policy: Policy
    has: frozenset[Power] = frozenset()
    losable: frozenset[Kind] = frozenset()
    control: int = CONTROL_BYTES
    """How long it makes a heartbeat or a reply where those count (BYTE-2)."""


@dataclass(frozen=True)
class Foe:
    """What it has got: keys by their epochs, so many more messages to make, one that it recorded, and the ends that
    answered a start of its own."""

    strikes: int = 0
    cracked: frozenset[int] = frozenset()
    recorded: Flight | None = None
    posed: frozenset[Role] = frozenset()


class Move(NamedTuple):
    """One thing it may do: against which end, with which message under way, and what comes of it."""

    do: Attack
    to: Role
    network: Network
    foe: Foe
    about: Flight | None = None


def moves(powers: Powers, ends: Mapping[Role, End], network: Network, foe: Foe, t: int) -> Iterator[Move]:
    """Everything that it may do at `t` (ms)."""
    for to in ROLES:
        scene = _Scene(powers, ends[to], ends["server" if to == "client" else "client"], network, foe, t)
        yield from _on_its_way(scene)
        yield from _cracking(scene)
        if foe.strikes > 0 and scene.end.phase == "open":
            yield from _repeating(scene)
            yield from _making(scene)
            yield from _negotiating(scene)


def lossy(powers: Powers, flight: Flight) -> bool:
    """May this message be lost, or swallowed?"""
    return flight.message.kind in powers.losable


class _Scene(NamedTuple):
    """What a move against `end` is judged by."""

    powers: Powers
    end: End
    peer: End
    network: Network
    foe: Foe
    t: int

    def made(self, do: Attack, message: Message, cracked: frozenset[int] = frozenset()) -> Move:
        """The move by which it makes this message for the end, and these keys become its own."""
        foe = replace(self.foe, strikes=self.foe.strikes - 1, cracked=self.foe.cracked | cracked)
        return Move(do, self.end.role, self.network.sent(self.end.role, message, self.t), foe)


def _on_its_way(at: _Scene) -> Iterator[Move]:
    """What may happen to what is under way, without a message being made."""
    network, foe, to, has = at.network, at.foe, at.end.role, at.powers.has
    for flight in network.heads(to):
        if lossy(at.powers, flight):
            yield Move("Drop", to, network.without(flight), foe, flight)
        if "replay" in has and foe.strikes > 0 and foe.recorded is None:
            yield Move("Record", to, network, replace(foe, recorded=replace(flight, left_at=0)), flight)
    if "reorder" in has and at.powers.policy.transport == "datagram":
        for place, flight in enumerate(network.flights):
            if flight.to == to and network.behind(place) is not None:
                yield Move("Swap", to, network.swapped(place), foe, flight)


def _cracking(at: _Scene) -> Iterator[Move]:
    """It finds out the key in force at the end."""
    has, epoch = at.powers.has, at.end.epoch
    if ("crack" in has or ("crack-marked" in has and at.end.marked)) and epoch and epoch not in at.foe.cracked:
        yield Move("Crack", at.end.role, at.network, replace(at.foe, cracked=at.foe.cracked | {epoch}))


def _repeating(at: _Scene) -> Iterator[Move]:
    """It sends again what an honest end has sent."""
    to, has = at.end.role, at.powers.has
    spent = replace(at.foe, strikes=at.foe.strikes - 1)
    if "duplicate" in has:
        for flight in at.network.heads(to):
            yield Move("Duplicate", to, at.network.doubled(flight), spent, flight)
    recorded = at.foe.recorded
    if "replay" in has and recorded is not None and recorded.to == to:
        yield at.made("Replay", recorded.message)


def _making(at: _Scene) -> Iterator[Move]:
    """It makes a message: under a key that it has, or where none is asked for."""
    has, p, s = at.powers.has, at.powers.policy, at.end
    clear = p.heartbeat_protection == "clear"
    if "inject" in has:
        for epoch in sorted(at.foe.cracked):
            yield at.made("Inject", _plausible(at, "data", epoch, "adversary"))
    if "forge" in has and s.epoch > 0:
        for message in _forgeries(at):
            yield at.made("Forge", message)
    if "junk" in has:
        for kind in KINDS:
            if not (clear and kind in ("heartbeat", "reply")):  # a clear one is a forgery
                epoch = s.epoch + (kind in ("start", "answer", "finish"))
                yield at.made("Junk", _plausible(at, kind, epoch, "nobody"))


def _forgeries(at: _Scene) -> Iterator[Message]:
    """CHAN-1: with two channels a key that it has protects what comes over the data channel, and nothing else."""
    p, s = at.powers.policy, at.end
    kinds: list[Kind] = ["request", "close"]
    if p.heartbeat_protection == "clear":
        for kind in ("heartbeat", "reply"):
            yield _plausible(at, kind, s.epoch, "nobody")
    else:
        kinds += ["heartbeat", "reply"]
    for epoch in sorted(at.foe.cracked):
        for kind in kinds:
            yield _plausible(at, kind, epoch, "adversary")._replace(channel=p.data_channel)
        if p.accounting == s.peer:
            for size in (0, s.limit + 1):  # of idleness, and of bytes enough
                told = _plausible(at, "notice", epoch, "adversary")
                yield told._replace(bytes=size, channel=p.data_channel)


def _negotiating(at: _Scene) -> Iterator[Move]:
    """CACHE-2, EST-2: it negotiates in the peer's place, and finishes what it started."""
    has, p, s = at.powers.has, at.powers.policy, at.end
    unasked = p.authentication == "server-only" and s.role == "server" and s.epoch == 0
    start = _plausible(at, "start", s.epoch + 1, "adversary")
    if "resume" in has and s.session:
        yield at.made("Resume", start._replace(session=s.session))
    if "impersonate" in has and unasked:
        carried = p.limit if p.limit_from == "initiator" else 0
        yield at.made("Impersonate", start._replace(bytes=carried))
    if s.negotiation is not None and s.negotiation.mine and "resume" in has and s.session:
        answer = _plausible(at, "answer", s.epoch + 1, "adversary")._replace(session=s.session)
        its = s.negotiation.session == s.session
        yield at.made("Complete", answer, frozenset({s.epoch + 1} if its else ()))
    if has & {"resume", "impersonate"} and s.role in at.foe.posed and s.negotiation is not None:
        agreed = s.negotiation.session
        if agreed != new_session(p, s.negotiation.id) or unasked:
            finish = _plausible(at, "finish", s.epoch + 1, "adversary")._replace(session=agreed)
            yield at.made("Complete", finish, frozenset({s.epoch + 1}))


def _plausible(at: _Scene, kind: Kind, epoch: int, seal: Seal) -> Message:
    """A message of a kind that the end would take, but for who sealed it. A heartbeat has a number above all that were
    sent or accepted."""
    p, s = at.powers.policy, at.end
    starter: Mapping[Kind, Role] = {"start": s.peer, "finish": s.peer, "answer": s.role}
    number = size = 0
    if kind == "data":
        number, size = s.delivered_number + 1, 1
    elif kind == "heartbeat":
        number = 0 if p.heartbeat_protection == "clear" else max(s.beat_seen, at.peer.beat_number) + 1
    elif kind == "reply":
        number = s.series.last if s.series else 0
    if kind in ("heartbeat", "reply") and p.byte_counts == "data+control":
        size = at.powers.control
    id_ = f"{starter[kind][0]}{epoch}" if kind in starter else ""
    return Message(kind, epoch, number, id_, "", size, p.channel(kind), seal)

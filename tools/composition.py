"""The reference composed with the network, the adversary, the users and the clock, as the spec composes them.

`Composition.steps` gives every step that the reference allows in a situation, and what comes of it. An end is asked
alone, with the oldest message of each channel: the same end comes again in many situations, so what it may do is
worked out once; so it is with what happens to what is under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rekeyspec.conformance import adversary
from rekeyspec.conformance.adversary import Powers, moves
from rekeyspec.conformance.network import Flight, Network
from rekeyspec.reference.guards import NotEnabled, Rules, taker, waits
from rekeyspec.reference.obligations import Obligation
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import ROLES, Role
from rekeyspec.tools.abstraction import CONTROL, NOW, PEER, message, said
from rekeyspec.tools.alone import Alone, Local
from rekeyspec.tools.bounds import Bounds
from rekeyspec.tools.numbering import numbered
from rekeyspec.tools.records import Record, Said
from rekeyspec.tools.situation import Foe, Situation, Wire, channels


class Step(NamedTuple):
    """One step: the action, the end whose it is (empty: of both), and the situation after it."""

    action: str
    end: Role | str
    after: Situation


class Composition:
    """The reference under the rules of each end, within the bounds of one model."""

    def __init__(self, bounds: Bounds, rules: Mapping[Role, Rules] | None = None) -> None:
        self.bounds, self.policy = bounds, bounds.policy
        self.rules = rules or {role: Rules(bounds.policy_at(role)) for role in ROLES}
        self.powers = Powers(bounds.policy, bounds.powers, bounds.losable, CONTROL)
        self.channels = channels(self.policy.channels)
        self._clear = self.policy.heartbeat_protection == "clear"
        self._beats = self.channels.index(self.policy.channel("heartbeat"))
        self.alone = {role: Alone(bounds, self.rules[role], role) for role in ROLES}
        self._flown: dict[tuple[object, ...], tuple[Wire, Wire]] = {}

    def steps(self, at: Situation) -> Iterator[Step]:
        """Every step that is allowed here."""
        for role in ROLES:
            for local in self.alone[role].steps(at):
                yield Step(local.action, role, self.after(at, role, local))
        yield from self.attacks(at)
        if self._over(at) and at.link < self.bounds.links:
            yield Step("Reconnect", "", self.first(at.foe.strikes)._replace(link=at.link + 1))
        later = self.tick(at)
        if later is not None:
            yield Step("Tick", "", later)

    def first(self, strikes: int | None = None) -> Situation:
        """The situation before a link opens."""
        client, server = (Record(limit=self.bounds.policy_at(role).limit) for role in ROLES)
        silence: Wire = ((),) * len(self.channels)
        left = self.bounds.strikes if strikes is None else strikes
        return Situation(client, server, silence, silence, Foe(strikes=left))

    def _over(self, at: Situation) -> bool:
        """Are both ends closed, and owe nothing to their users?"""
        return all(at.end(role)[0].phase == "closed" and not at.end(role)[0].refusal for role in ROLES)

    def after(self, at: Situation, role: Role, local: Local) -> Situation:
        """The situation after a step of one end."""
        record, peer = local.becomes, at.end(PEER[role])[0]
        wires = self._wires(at.to_client, at.to_server, role, local, peer.phase == "closed")
        client, server = (record, peer) if role == "client" else (peer, record)
        foe = at.foe._replace(posed=self._posed(at, role, local))
        return self._numbered(Situation(client, server, *wires, foe, at.link))

    def _posed(self, at: Situation, role: Role, local: Local) -> frozenset[Role]:
        """The ends that answered a start of the adversary's, and are still at it."""
        if local.action == "Answer":
            posed = local.taken is not None and local.taken.seal == "adversary"
        else:
            posed = role in at.foe.posed and local.becomes.negotiation == "theirs"
        return at.foe.posed | {role} if posed else at.foe.posed - {role}

    # What is under way.

    def _wires(self, to_client: Wire, to_server: Wire, role: Role, local: Local, deaf: bool) -> tuple[Wire, Wire]:
        """What is under way after a step of one end; nothing is, to an end that is closed."""
        closes = local.becomes.phase == "closed"
        key = (to_client, to_server, role, local.taken, local.sent, deaf, closes)
        if key not in self._flown:
            network = self._network(to_client, to_server)
            if local.taken is not None:
                network = network.without(self._flight(role, local.taken))
            if local.sent is not None and not deaf:
                network = network.sent(PEER[role], message(PEER[role], local.sent), NOW)
            if closes:
                network = network.silent(role)
            self._flown[key] = self._said(network)
        return self._flown[key]

    def _network(self, to_client: Wire, to_server: Wire) -> Network:
        ways: tuple[tuple[Role, Wire], ...] = (("client", to_client), ("server", to_server))
        return Network(tuple(self._flight(to, one) for to, wire in ways for queue in wire for one in queue))

    def _flight(self, to: Role, one: Said) -> Flight:
        return Flight(to, message(to, one), NOW - one.age)

    def _said(self, network: Network) -> tuple[Wire, Wire]:
        lanes: dict[object, list[Said]] = {(to, channel): [] for to in ROLES for channel in self.channels}
        for flight in network.flights:
            lanes[flight.lane].append(said(flight.message, NOW - flight.left_at))
        to_client, to_server = (tuple(tuple(lanes[to, channel]) for channel in self.channels) for to in ROLES)
        return to_client, to_server

    def _numbered(self, at: Situation) -> Situation:
        return numbered(at, self._beats, clear=self._clear)

    # The network and the adversary.

    def attacks(self, at: Situation) -> Iterator[Step]:
        """What the network, or the adversary in its place, may do."""
        if not (self.bounds.losable or self.bounds.powers):
            return
        network = self._network(at.to_client, at.to_server)
        for move in moves(self.powers, self._ends(at), network, self._grip(at.foe), NOW):
            if move.do == "Drop" and move.about is not None and self._waits(at, move.to, move.about):
                continue
            after = Situation(at.client, at.server, *self._said(move.network), self._had(move.foe), at.link)
            yield Step(move.do, move.to, self._numbered(after))

    def _ends(self, at: Situation) -> dict[Role, End]:
        return {role: self.alone[role].end(at.end(role)[0], at.link) for role in ROLES}

    def _waits(self, at: Situation, to: Role, flight: Flight) -> bool:
        """EARLY-1: has it arrived, and waits for its epoch? Then it can be lost no more."""
        s, m, rules = self.alone[to].end(at.end(to)[0], at.link), flight.message, self.rules[to]
        return s.phase == "open" and m.kind == "data" and waits(rules, s, m) and taker(rules, s, NOW, m) is None

    def _grip(self, foe: Foe) -> adversary.Foe:
        recorded = next((Flight(to, message(to, one)) for to, one in foe.recorded), None)
        return adversary.Foe(foe.strikes, foe.cracked, recorded, foe.posed)

    def _had(self, foe: adversary.Foe) -> Foe:
        kept = frozenset([(foe.recorded.to, said(foe.recorded.message))] if foe.recorded else [])
        return Foe(foe.cracked, foe.strikes, kept, foe.posed)

    # Time, and the next link.

    def tick(self, at: Situation) -> Situation | None:
        """The situation when time has passed; None where something is due."""
        if "fresh" in (at.client.phase, at.server.phase):
            return None
        client = self.alone["client"].older(at)
        server = self.alone["server"].older(at) if client else None
        if client is None or server is None:
            return None
        return Situation(client, server, self._later(at.to_client), self._later(at.to_server), at.foe, at.link)

    def _later(self, wire: Wire) -> Wire:
        """What is under way, when time has passed. How long is counted only as far as it can be."""
        delay = self.bounds.delay
        if not delay or not any(wire):
            return wire
        return tuple(tuple(one._replace(age=min(one.age + 1, delay)) for one in queue) for queue in wire)

    # Why not.

    def refused(self, at: Situation, role: Role, do: str) -> Iterator[NotEnabled]:
        """Why this end may not do this, for each way of trying it."""
        alone = self.alone[role]
        return (why for event, why in alone.refused(alone.place(at)) if event.do == do)

    def due(self, at: Situation) -> Iterator[tuple[Role, Obligation]]:
        """What is due, so that time may not pass."""
        for role in ROLES:
            found = self.alone[role].due_at(at)
            if found is not None:
                yield role, found

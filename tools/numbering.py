"""How the numbers of heartbeats stay finite: `Base`, `Down` and `Renumbered` of `spec/Step.tla`, letter for letter.

All that is ever asked of the number of a heartbeat is whether it is above the highest that its receiver accepted
(HB-5), and of a reply whether it is of the outstanding series (DEAD-4). So the numbers of one sender's heartbeats are
counted from the highest that is not of its outstanding series and below all that its receiver might yet accept.
"""

from __future__ import annotations

from rekeyspec.reference.vocabulary import Role
from rekeyspec.tools.abstraction import PEER
from rekeyspec.tools.records import Record, Said
from rekeyspec.tools.situation import Situation, Wire


def numbered(at: Situation, channel: int, *, clear: bool) -> Situation:
    """The same situation with its heartbeats numbered as the spec does. `channel` is the place of theirs in a wire."""
    own = _base(at, "client", channel, clear=clear)
    others = _base(at, "server", channel, clear=clear)
    if not own and not others:
        return at
    base: dict[Role, int] = {"client": own, "server": others}
    return Situation(
        _recounted(at.client, own, others),
        _recounted(at.server, others, own),
        _renumbered(at.to_client, "client", base),
        _renumbered(at.to_server, "server", base),
        at.foe._replace(recorded=frozenset((to, _down(said, to, base)) for to, said in at.foe.recorded)),
        at.link,
    )


def _base(at: Situation, role: Role, channel: int, *, clear: bool) -> int:
    """The number from which those of the heartbeats of this end are counted."""
    record = at.client if role == "client" else at.server
    over = record.series.first - 1 if record.series.last else record.beat_number
    if not over or clear:
        return over
    receiver, wire = (at.server, at.to_server) if role == "client" else (at.client, at.to_client)
    under_way = [said.number for said in wire[channel] if said.kind == "heartbeat"]
    kept = [said.number for to, said in at.foe.recorded if to == PEER[role] and said.kind == "heartbeat"]
    return min([over, *(number - 1 for number in (*under_way, *kept) if number > receiver.beat_seen)])


def _recounted(r: Record, own: int, others: int) -> Record:
    first, last = r.series.first, r.series.last
    return r._replace(
        beat_number=max(r.beat_number - own, 0),
        beat_seen=max(r.beat_seen - others, 0),
        series=r.series._replace(first=max(first - own, 0), last=max(last - own, 0)) if last else r.series,
    )


def _renumbered(wire: Wire, to: Role, base: dict[Role, int]) -> Wire:
    return tuple(tuple(_down(said, to, base) for said in queue) for queue in wire)


def _down(said: Said, to: Role, base: dict[Role, int]) -> Said:
    if said.kind == "heartbeat":
        return said._replace(number=max(said.number - base[PEER[to]], 0))
    return said._replace(number=max(said.number - base[to], 0)) if said.kind == "reply" else said

"""The state of both ends at a violation, just before it: what explains it, and what the other end went by.

Of the end that left the rules it is what the oracle held. Of the other end: where the log has its events too, what the
oracle holds of it after them, if they keep the rules; else what an honest peer held, which got at once whatever this
end sent, and sent what reached it. What nobody could know of such a peer (what its user offers, its timers) is not
said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.policies import policy_from
from rekeyspec.conformance.report.words import other_end
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Case, Divergence
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, Negotiation, Series, fresh
from rekeyspec.reference.vocabulary import ROLES, Event, Message, Role

RULES: Final = "as the rules have it"
HONEST: Final = "as an honest peer has it"


@dataclass(frozen=True)
class Side:
    """One end. `state` has the parts in which it differs from an end before its link opens; `how` says who holds so."""

    end: str
    how: str
    state: Mapping[str, object]


def sides(case: Case) -> list[Side]:
    """The end that diverged and, where it can be said, the other one. Empty without a divergence."""
    found = case.divergence
    if found is None:
        return []
    role = next((role for role in ROLES if role == found.end), None)
    policy = _policy(case)
    if policy is None or role is None:
        return [Side(found.end, RULES, _without({"role"}, found.state))]
    own = Side(role, RULES, _without({"role", *_idle(policy, role)}, found.state))
    other = _other(case, policy, found, other_end(role))
    return [own, other] if other else [own]


def _policy(case: Case) -> Policy | None:
    """None where the case's is not one: a report shows what it was given, whole or not."""
    try:
        return policy_from(case.policy, Policy(), "the policy of a case")
    except BadInput:
        return None


def _without(names: set[str], state: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in state.items() if name not in names}


def _idle(policy: Policy, role: Role) -> set[str]:
    """The parts that say nothing under this policy: when heartbeats are due that this end neither sends nor awaits."""
    unsent = set() if policy.sends_heartbeats(role) else {"next_beat"}
    return unsent if role in policy.watching else unsent | {"expected_at"}


def _other(case: Case, policy: Policy, found: Divergence, role: Role) -> Side | None:
    link = _link(case, found)
    before = [e for e in case.log[: found.index] if e.link == link]
    two = any(e.end == role for e in case.log)
    begun = next((e for e in before if e.end == role or not two), None)
    if begun is not None and begun.do != "Open":
        return None  # of a long log only the last events are here
    seen = _followed(policy, role, [e for e in before if e.end == role]) if two else None
    state = differing(seen or honest(policy, role, [e for e in before if e.end != role]))
    return Side(role, RULES if seen else HONEST, _without(_idle(policy, role), state))


def _link(case: Case, found: Divergence) -> str:
    """Of a gateway's log, the link that the divergence is on."""
    return case.log[found.index].link if found.index < len(case.log) else ""


def _followed(policy: Policy, role: Role, events: Sequence[Event]) -> End | None:
    """None where these events leave the exact rules, as those of a program in real time may."""
    oracle = Oracle(policy, role)
    try:
        lost = any(oracle.observe(event) is not None for event in events)
    except ValueError:  # the times of a coarse log may run backwards
        return None
    return None if lost else oracle.state


def differing(s: End) -> dict[str, object]:
    """The parts of a state in which it differs from that of a fresh end."""
    plain = End(s.role, 0)
    names = (f.name for f in fields(s) if f.name != "role")
    return {name: getattr(s, name) for name in names if getattr(s, name) != getattr(plain, name)}


def honest(policy: Policy, role: Role, log: Sequence[Event]) -> End:
    """What an honest peer in this role holds, as far as the events at the other end show it."""
    peer = fresh(policy, role).but(phase="open")
    for event in log:
        peer = _after(policy, peer.but(t=event.t), event)
    return peer


def _after(policy: Policy, s: End, e: Event) -> End:
    m = e.message
    if e.do == "Arrive" and m is not None:
        return _sent(policy, s, m)
    if e.do == "Close":
        return s.but(phase="closed")
    if m is None or s.phase == "closed":
        return s
    match e.do:
        case "Start" if s.negotiation is None or s.role == "server":  # REKEY-5: the client's own wins
            begun = Negotiation(m.negotiation, m.epoch, mine=False, session=m.session)
            return s.but(negotiation=begun, series=None, active_at=s.t)
        case "Answer" | "Finish":
            return _in_force(s, m.epoch)
        case "Request":
            return s.but(requested=True)
        case "SendReply":
            return s.but(series=None)
        case "SendHeartbeat" if m.epoch == s.epoch:
            return _counted(policy, s.but(marked_accepted=True, beat_seen=m.number), m)
        case "SendData" if m.epoch == s.epoch and not _rejects(policy, s):
            return _counted(policy, s.but(delivered_number=m.number, active_at=s.t), m)
    return s


def _sent(policy: Policy, s: End, m: Message) -> End:
    """What reached the end under test: the peer sent it, unless somebody else did or it is a repeat."""
    if m.kind == "start" and m.sealed_by == "peer" and m.epoch == s.epoch + 1:
        return s.but(negotiation=Negotiation(m.negotiation, m.epoch, mine=True, session=m.session), active_at=s.t)
    if m.epoch != s.epoch or m.sealed_by == "adversary":
        return s
    if m.kind == "close" and m.sealed_by == "peer":
        return s.but(phase="closed")
    if m.kind == "data" and m.sealed_by == "peer" and m.number == s.sent_number + 1:
        return _counted(policy, s.but(sent_number=m.number, active_at=s.t), m)
    if m.kind == "heartbeat" and m.number == s.beat_number + 1:
        series = Series(s.series.first if s.series else m.number, m.number, s.t)
        return _counted(policy, s.but(beat_number=m.number, marked_sent=True, series=series), m)
    return s


def _in_force(s: End, epoch: int) -> End:
    """BYTE-4, REKEY-3: the new key's count and marks begin anew."""
    s = s.but(epoch=epoch, in_force_at=s.t, count=0, negotiation=None, series=None, requested=False)
    return s.but(marked_sent=False, marked_accepted=False, active_at=s.t)


def _rejects(policy: Policy, s: End) -> bool:
    """IDLE-3, for what can be seen: a heartbeat was accepted under this key."""
    return policy.reject_trigger == "heartbeat" and s.marked_accepted


def _counted(policy: Policy, s: End, m: Message) -> End:
    """BYTE-1, BYTE-2, REKEY-6."""
    counts = m.kind == "data" or policy.byte_counts == "data+control"
    return s.but(count=s.count + m.bytes) if counts and s.role in policy.counting else s

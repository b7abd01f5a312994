"""Random walks: policies, and events for one end at and around its deadlines, from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from rekeyspec.conformance.policies import profiles
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import KINDS, NEVER, ROLES, Event, Message, Role

SCALE = {"byte_limit": 900, "age_limit": 7000, "idle_period": 2500, "reply_timeout": 400, "negotiation_timeout": 3000}
VARIANTS: dict[str, list[object]] = {
    "direction": ["both", "to-server"],
    "transport": ["stream", "datagram"],
    "byte_test": ["reached", "exceeded"],
    "byte_trigger": ["at-once", "next-data"],
    "byte_counts": ["data", "data+control"],
    "byte_limit": [0, 900],
    "age_limit": [0, 7000],
    "age_trigger": ["data", "active", "timer"],
    "idle_period": [0, 2500],
    "heartbeat_sender": ["none", "client", "server", "both"],
    "heartbeat_interval": [1700, 2500],
    "heartbeat_protection": ["protected", "clear"],
    "while_waiting": ["send", "hold"],
    "rekey_idle": [1000, 2500],
    "idle_trigger": ["never", "any", "period", "heartbeat"],
    "reject_trigger": ["never", "any", "period", "heartbeat"],
    "on_spoof": ["close", "discard"],
    "retries": [0, 2],
    "on_missed_reply": ["close", "rekey"],
    "on_missed_heartbeat": ["ignore", "close", "rekey"],
    "grace": [0, 300],
    "proof_of_life": ["reply", "any"],
    "rekey_initiator": ["sender", "client", "server"],
    "channels": [1, 2],
    "limit_from": ["own", "initiator"],
    "queue_limit": [1000, 1048576],
    "accounting": ["each", "client", "server"],
    "session_cache": ["off", "on"],
    "session_lifetime": [0, 1500],
}


def policy_from(random: Random) -> Policy:
    """A profile on a small scale, with up to five parameters changed."""
    base = random.choice(list(profiles().values()))
    policy = base.but(**{name: value for name, value in SCALE.items() if getattr(base, name)}, byte_floor=0, grace=0)
    names = random.sample(sorted(VARIANTS), random.randrange(6))
    return policy.but(**{name: random.choice(VARIANTS[name]) for name in names})


def arriving(random: Random, s: End, policy: Policy) -> Message:
    """A message that might arrive: mostly the one that fits, sometimes one that is old, early, forged or misplaced."""
    kind = random.choices(KINDS, [2, 3, 3, 3, 12, 6, 6, 3, 0.4])[0]
    if s.negotiation and random.random() < 0.7:
        kind = "answer" if s.negotiation.mine else "finish"
    negotiating = kind in ("start", "answer", "finish")
    epoch = max(0, s.epoch + negotiating + random.choice([0] * 30 + [-1, 1]))
    if kind in ("answer", "finish") and s.negotiation:
        epoch = s.negotiation.epoch
    starter = s.role if kind == "answer" else s.peer
    number = {"data": s.delivered_number + 1, "heartbeat": s.beat_seen + 1, "reply": s.beat_number}.get(kind, 0)
    number = max(0, number + random.choice([0] * 30 + [-1, 1])) if number else 0
    clear = kind in ("heartbeat", "reply") and policy.heartbeat_protection == "clear"
    seal = "nobody" if clear or random.random() < 0.06 else "peer"
    channel = policy.channel(kind) if random.random() < 0.95 else "single"
    size = random.choice([1, 300, 900]) if kind == "data" else random.choice([0, 900]) if kind == "notice" else 0
    name = f"{starter[0]}{epoch}" if negotiating else ""
    return Message(kind, epoch, number, name, session(random, s, kind, name, policy), size, channel, seal)  # type: ignore[arg-type]


def session(random: Random, s: End, kind: str, negotiation: str, policy: Policy) -> str:
    """What a negotiation might say of sessions: mostly what fits."""
    if not negotiation or policy.session_cache == "off":
        return "c1" if negotiation and random.random() < 0.02 else ""
    known = s.negotiation.session if s.negotiation else s.session
    fits = known if kind == "finish" else random.choice([known, known or negotiation, negotiation])
    return fits if random.random() < 0.97 else random.choice(["", "c1", "s2"])


def walk(seed: int, longest: int = 40) -> tuple[Policy, Role, Iterator[Event]]:
    """A policy, a role, and the events for that end; the reference goes along to know what may come next."""
    random = Random(seed)
    policy, role = policy_from(random), random.choice(ROLES)
    return policy, role, _events(random, policy, role, random.randrange(5, longest))


def _events(random: Random, policy: Policy, role: Role, length: int) -> Iterator[Event]:
    engine, t, deadline = Engine(policy, role), 0, NEVER
    for number in range(length):
        if number == 0:
            event = Event(t, role, "Open")
        else:
            at = min(deadline, t + 1500)
            t = max(t, min(t + random.choice([0, 0, 1, 40, at - t - 1, at - t, at - t, 2 * (at - t)]), deadline))
            do = random.choices(["Offer", "Arrive", "Tick", "Shut"], [8, 12, 4, 0.1])[0]
            if engine.state.phase == "closed" and random.random() < 0.3:
                do = "Open"
            message = arriving(random, engine.state, policy) if do == "Arrive" else None
            size = random.choice([1, 50, 300, 300, 900, 70_000]) if do == "Offer" else 0
            event = Event(t, role, do, message, size)  # type: ignore[arg-type]
        closed = engine.state.phase == "closed"
        _, deadline = engine.step(event)
        yield event
        if closed and event.do != "Open":
            return

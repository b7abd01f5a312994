"""The example adapters: they conform to every story and in random play, and a broken copy is caught by its rule."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.replay import replay
from rekeyspec.conformance.report.verdicts import verdicts
from rekeyspec.conformance.suite import policy_of, stories
from rekeyspec.conformance.target import End, Target
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.contradictions import contradictions
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import KINDS, NEVER, ROLES, Event, Kind, Message, Role

ADAPTERS = Path(__file__).parents[2] / "examples" / "adapters"
LINK = ADAPTERS / "link.py"
EXAMPLES = [
    pytest.param(f"{shlex.quote(sys.executable)} {shlex.quote(str(LINK))}", id="python"),
    pytest.param(f"node {shlex.quote(str(ADAPTERS / 'link.mjs'))}", id="node", marks=pytest.mark.peer("node")),
]
FAR = 1 << 40  # ms: later than anything that is due under these policies
VARIED: dict[str, tuple[object, ...]] = {
    "direction": ("both", "to-server", "to-client"),
    "transport": ("stream", "datagram"),
    "negotiation_timeout": (7, 25),
    "byte_limit": (0, 10, 40),
    "byte_test": ("reached", "exceeded"),
    "byte_trigger": ("at-once", "next-data"),
    "byte_floor": (0, 20),
    "byte_counts": ("data", "data+control"),
    "limit_from": ("own", "initiator"),
    "age_limit": (0, 11, 35, 90),
    "age_trigger": ("data", "active", "timer"),
    "idle_period": (0, 12, 30),
    "heartbeat_interval": (-1, 12, 20, 45),
    "heartbeat_sender": ("none", "client", "server", "both"),
    "heartbeat_protection": ("protected", "clear"),
    "while_waiting": ("send", "hold"),
    "rekey_idle": (-1, 5, 12, 30),
    "idle_trigger": ("never", "any", "period", "heartbeat"),
    "reject_trigger": ("never", "any", "period", "heartbeat"),
    "on_spoof": ("close", "discard"),
    "reply_timeout": (3, 5, 12),
    "retries": (0, 1, 2),
    "on_missed_reply": ("close", "rekey"),
    "on_missed_heartbeat": ("ignore", "close", "rekey"),
    "grace": (0, 10, 20),
    "proof_of_life": ("reply", "any"),
    "rekey_initiator": ("sender", "client", "server"),
    "channels": (1, 2),
    "max_message": (15, 30),
    "queue_limit": (30, 50),
    "accounting": ("each", "each", "client", "server"),
    "session_cache": ("off", "on"),
    "session_lifetime": (20, 60),
}


def a_policy(chance: Random) -> Policy:
    """One of the six profiles as it is, or any consistent policy with short times and small sizes."""
    base = chance.choice(list(profiles().values()))
    if chance.random() < 0.3:
        return base
    while True:
        some = chance.sample(list(VARIED), chance.randint(6, len(VARIED)))
        values = {name: chance.choice(VARIED[name]) for name in some}
        if chance.random() < 0.7:  # most rules are about heartbeats
            values |= {"idle_period": 30, "heartbeat_sender": chance.choice(("client", "server", "both"))}
        policy = Policy(**values)  # type: ignore[arg-type]
        if not contradictions(policy):
            return policy


@dataclass
class Play:
    """One end, played with at random; the oracle judges what it does."""

    chance: Random
    policy: Policy
    role: Role
    end: End
    oracle: Oracle = field(init=False)
    now: int = 0
    deadline: int = NEVER
    log: list[Event] = field(default_factory=list)
    sent: dict[Kind, list[Message]] = field(default_factory=dict)
    found: Divergence | None = None

    def __post_init__(self) -> None:
        self.oracle = Oracle(self.policy, self.role)

    def play(self, steps: int) -> int:
        """So many events, or fewer where the end closes; how many were given."""
        self.give(Event(self.now, self.role, "Open"))
        while self.found is None and len(self.log) < steps and self.oracle.state.phase == "open":
            self.until(self.when())
            if self.found is None:
                self.give(self.something())
        if self.oracle.state.phase == "closed":
            for _ in range(3):  # DEAD-5: it does nothing more
                self.now += self.chance.choice((0, 1, 50))
                self.give(self.something())
            if self.found is None and self.chance.random() < 0.5 and len(self.log) < steps:  # IDLE-5
                self.now += 7
                return self.play(steps)
        return len(self.log)

    def until(self, t: int) -> None:
        """Call the end at every deadline before `t`, its own or the oracle's; at `t` itself by chance."""
        called = self.now - 1  # once at each time: who does nothing then is found out when time passes
        while self.found is None:
            at = min([d for d in (self.deadline, self.oracle.deadline()) if d > called], default=NEVER)
            if at > t or (at == t and self.chance.random() < 0.5):
                break
            self.now = called = at
            self.give(Event(at, self.role, "Tick"))
        self.now = t

    def give(self, event: Event) -> None:
        did, self.deadline = self.end.step(event)
        for e in (event, *did):
            self.log.append(e)
            self.found = self.found or self.oracle.observe(e)

    def when(self) -> int:
        """Now, soon, or at, just before or just after a time that matters."""
        p, s, now = self.policy, self.oracle.state, self.now
        matters = [
            self.deadline, self.oracle.deadline(), s.in_force_at + p.age_limit, s.active_at + p.rekey_idle,
            s.in_force_at + p.negotiation_timeout, s.active_at + p.idle_period, s.expected_at + p.grace, s.next_beat,
        ]  # fmt: skip
        later = [t + d for t in matters for d in (-1, 0, 0, 1) if now <= t + d < FAR]
        if (s.negotiation or not s.epoch) and self.chance.random() < 0.8:
            return now + self.chance.choice((0, 0, 1))  # or else most links would end here
        match self.chance.randrange(6):
            case 0 | 1:
                return now
            case 2 | 3 if later:
                return min(later) if self.chance.random() < 0.7 else self.chance.choice(later)
            case _:
                return now + self.chance.choice((0, 1, 2, 3, 9))

    def something(self) -> Event:
        match self.chance.randrange(100):
            case 0 if self.chance.random() < 0.3:
                return Event(self.now, self.role, "Shut")
            case n if n < 10:
                return Event(self.now, self.role, "Tick")
            case n if n < 40:
                most = self.policy.max_message
                size = self.chance.choice((0, 1, 5, 9, 10, most, most + 1, self.policy.limit or 3))
                return Event(self.now, self.role, "Offer", bytes=size)
            case _:
                return Event(self.now, self.role, "Arrive", self.message())

    def message(self) -> Message:
        """What an honest peer would send now, mostly; else something forged, old, early or misdirected."""
        s, p, chance = self.oracle.state, self.policy, self.chance
        kinds = list(KINDS[:-1]) + ["data"] * 3 + ["close"] * (chance.random() < 0.05)
        if s.negotiation:
            kinds += ["answer" if s.negotiation.mine else "finish"] * 6
        elif s.requesting or not s.epoch:
            kinds += ["start"] * 12
        if s.series:
            kinds += ["reply"] * 6
        kind = chance.choice(kinds)
        again = self.sent.setdefault(kind, [])
        if again and chance.random() < 0.05:
            return chance.choice(again)
        strange = chance.random() < 0.2
        new = kind in ("start", "answer", "finish")
        epoch = max(int(kind == "data"), s.epoch + new + (chance.choice((-2, -1, -1, 1, 1, 2)) if strange else 0))
        starter = chance.choice(ROLES) if chance.random() < 0.1 else s.role if kind == "answer" else s.peer
        if s.negotiation and kind in ("answer", "finish"):
            starter = s.role if s.negotiation.mine else s.peer
        clear = kind in ("heartbeat", "reply") and p.heartbeat_protection == "clear"
        honest_number = {"data": s.delivered_number + 1, "heartbeat": s.beat_seen + 1, "reply": s.beat_number}
        number = honest_number.get(kind, 0)
        if number and chance.random() < 0.1:
            number = max(0, number + chance.choice((-2, -1, -1, 1, 2)))
        astray = kind not in ("close", "reply") and chance.random() < 0.04
        m = Message(
            kind, epoch, number,
            f"{starter[0]}{epoch + (kind == 'start' and chance.random() < 0.03)}" if new else "",
            self.session(kind, f"{starter[0]}{epoch}") if new else "",
            bytes=chance.choice((0, 1, 5, 10)) if kind in ("data", "heartbeat", "reply", "start", "notice") else 0,
            channel=chance.choice(("single", "control", "data")) if astray else p.channel(kind),
            sealed_by="nobody" if clear != (chance.random() < 0.05) else chance.choice(("peer", "peer", "adversary")),
        )  # fmt: skip
        again.append(m)
        return m

    def session(self, kind: Kind, negotiation: str) -> str:
        """What an honest peer would say of sessions, mostly."""
        s, chance = self.oracle.state, self.chance
        if self.policy.session_cache == "off":
            return "c1" if chance.random() < 0.03 else ""
        known = s.negotiation.session if s.negotiation else s.session
        honest = known if kind != "answer" else chance.choice((known or negotiation, negotiation))
        return honest if chance.random() < 0.9 else chance.choice(("", "c1", "s2", negotiation))


def play(target: Target, seed: int) -> Play:
    chance = Random(seed)
    policy, role = a_policy(chance), chance.choice(ROLES)
    end = target.open(role, policy)
    game = Play(chance, policy, role, end)
    game.play(60)
    end.close()
    return game


@pytest.mark.parametrize("stepwise", [False, True], ids=["whole", "stepwise"])
@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_conforms_to_every_story(command: str, stepwise: bool) -> None:
    with ExecTarget(command) as target:
        for trace in stories().values():
            case = replay(trace, policy_of(trace), target, stepwise=stepwise)
            assert case.word == "conforms", f"{trace.name}: {case.word}: {case.reason}"


@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_keeps_the_rules_in_random_play(command: str) -> None:
    steps = 0
    with ExecTarget(command) as target:
        for seed in range(150):
            game = play(target, seed)
            steps += len(game.log)
            assert game.found is None, f"seed {seed}, {game.role}: {game.found.sentence()}\n{game.policy}\n{game.log}"
    assert steps > 4000


def test_the_python_example_needs_nothing_but_python(tmp_path: Path) -> None:
    copy = tmp_path / "link.py"
    copy.write_text(LINK.read_text(encoding="utf-8"), encoding="utf-8")
    hello = '{"cmd":"hello","protocol":1}\n'
    found = subprocess.run(
        [sys.executable, "-I", "-S", copy], input=hello, capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(found.stdout)["name"] == "link.py"


BREAKS = [
    ("BYTE-3", "return self.limit_bytes > 0 and", "return False and"),
    ("BYTE-5", 'self.full() and self.p.byte_trigger == "at-once"', "False"),
    ("AGE-2", "return at if p.age_limit and", "return at if False and"),
    ("HB-2", "self.beat_at = t + self.p.heartbeat_interval", "self.beat_at = t + self.p.heartbeat_interval + 1"),
    ("HB-3", 'self.send("SendReply", "reply", number=m["number"])', "pass"),
    ("HB-5", 'or not (m["sealed_by"] == "peer" or clear)', ""),
    ("HB-6", 'held = self.series and self.p.while_waiting == "hold"  # HB-6', "held = False"),
    ("IDLE-1", "marked = self.marked and", "marked = False and"),
    ("IDLE-2", "wanted = self.overflowed or", "wanted = self.marked or self.overflowed or"),
    ("IDLE-3", "self.spoilt = self.spoilt or self.p.reject", "self.spoilt = False and self.p.reject"),
    ("IDLE-4", '{"do": "Reject", "message": m}', '{"do": "Discard", "message": m}'),
    ("DEAD-1", "self.answer_by = t + self.p.reply_timeout", "self.answer_by = t + 2 * self.p.reply_timeout"),
    ("DEAD-2", 'self.close("DEAD-2")', "self.end_series()"),
    ("DEAD-3", "return self.expected_at + self.p.grace if", "return self.expected_at + self.p.grace + 1 if"),
    ("DEAD-5", "reason\n        self.closed = True", "reason"),
    ("EST-4", "if t >= self.limit:", "if False:"),
    ("EARLY-1", "self.early.append(m)", 'self.did.append({"do": "Deliver", "message": m})'),
    ("REKEY-1", "self.queued += size", "self.send_data(t) if self.epoch and self.negotiation else None"),
    ("REKEY-2", "(late and not lingers)", "(late and False)"),
    ("REKEY-4", "if self.may_start(self.role) and (data_decides", "if (data_decides"),
    ("REKEY-5", 'gives_way = self.mine and self.role == "server"', "gives_way = False"),
    ("REKEY-6", "self.told_bytes = False  # REKEY-6: the notice may be lost", "pass"),
    ("REKEY-6", "self.told_idle = True\n        self.lives(m)", "pass\n        self.lives(m)"),
    ("CACHE-1", "self.session, self.session_at = session, t", "self.session, self.session_at = session, NEVER"),
    ("CACHE-1", "if session and session == negotiation:", "if session:"),
    ("CACHE-2", "self.epoch + 1, t, 0", "self.epoch + (not self.mine or session == negotiation), t, 0"),
    ("IDLE-5", "self.__init__(self.role, self.policy, self.gateway, self.user)", "self.closed = False"),
    ("GATE-1", "if 0 < self.p.links_per_user <= others:", "if False:"),
    ("GATE-1", "end.opened and not end.closed for", "end.opened for"),
    ("LIM-2", "return self.limit_bytes > 0 and", "return self.epoch < 100 and self.limit_bytes > 0 and"),
    ("CHAN-1", 'm["channel"] != self.channel(kind) or', ""),
    ("CLOSE-1", 'self.send("Close", "close")', 'self.did.append({"do": "Close"})'),
    ("LIM-1", "or self.queued + size > p.queue_limit", ""),
    ("LIM-3", "self.sent_data += 1", "self.sent_data = 1"),
    ("ORDER-1", "number > self.got_data + 1", "False"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kept", "broken"), BREAKS, ids=[rule for rule, _, _ in BREAKS])
def test_a_broken_copy_violates_the_rule_that_it_breaks(rule: str, kept: str, broken: str, tmp_path: Path) -> None:
    source = LINK.read_text(encoding="utf-8")
    assert source.count(kept) == 1, "the break must be made in one place"
    copy = tmp_path / "link.py"
    copy.write_text(source.replace(kept, broken), encoding="utf-8")
    with ExecTarget(f"{shlex.quote(sys.executable)} {shlex.quote(str(copy))}") as target:
        cases = [replay(one, policy_of(one), target) for one in stories().values() if rule in one.rules]
    said = {one.verdict for one in verdicts(cases, {target.name: {}}, [rule]) if one.rule == rule}  # one a profile
    assert "violates" in said, [(case.trace, case.word, case.reason) for case in cases]

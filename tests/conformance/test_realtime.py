"""Real time, on a clock that the test moves: an end with timers of its own is judged with its tolerance."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.check import check, tell
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.realtime import LONGEST, WallClock, Watch, replay
from rekeyspec.conformance.replay import replay as dispatched
from rekeyspec.conformance.suite import Told, policy_of, stories
from rekeyspec.conformance.target import BadInput, End, OwnClock, Reply, own_clock
from rekeyspec.conformance.trace import Trace
from rekeyspec.conformance.verdict import Case
from rekeyspec.reference.engine import Engine
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Message, Role

QUICK = profiles()["key-based"].but(
    idle_period=2000, heartbeat_interval=2000, rekey_idle=2000, reply_timeout=500, grace=300, negotiation_timeout=700
)
TOLERANCE = 20


@dataclass
class Hand:
    """A clock that stands still, but for those who sleep."""

    t: int = 1000
    slow: int = 0
    """By how much each sleep is too long."""

    def now(self) -> int:
        return self.t

    def sleep_until(self, t: int) -> None:
        self.t = max(self.t, t) + self.slow


@dataclass
class Lives:
    """An end of the reference that lives by this clock: its timers fire when it is their time, whether it is asked or
    not; `late` by so much, and it says times that are `off`."""

    clock: Hand
    late: int = 0
    off: int = 0
    name: str = "lives"
    features: frozenset[str] = frozenset({"real-clock"})
    unsupported: dict[str, str] = field(default_factory=dict)
    closed: int = 0

    def open(self, role: Role, policy: Policy) -> End:
        return Living(self, role, Engine(policy, role))


@dataclass
class Living:
    whole: Lives
    role: Role
    engine: Engine
    zero: int = -1
    deadline: int = 1 << 62

    def step(self, event: Event) -> Reply:
        if self.zero < 0:
            self.zero = self.whole.clock.now()
        now = self.whole.clock.now() - self.zero
        did = []
        while self.deadline + self.whole.late <= now:
            at = self.deadline + self.whole.late
            fired, self.deadline = self.engine.step(Event(at, self.role, "Tick"))
            did += fired
        fired: tuple[Event, ...] = ()
        if event.do != "Tick":  # to be asked is no news to it
            fired, self.deadline = self.engine.step(event._replace(t=max(now, self.engine.state.t)))
        return Reply(tuple(e._replace(t=max(0, e.t + self.whole.off)) for e in (*did, *fired)), 0)

    def run(self, events: Sequence[Event]) -> list[Reply]:
        raise AssertionError("in real time nothing is sent in one go")

    def close(self) -> None:
        self.whole.closed += 1


def told(trace: Trace, policy: Policy, target: Lives) -> Case:
    return replay(trace, policy, target, OwnClock(TOLERANCE, target.open), "quick", target.clock)  # type: ignore[arg-type]


QUICK_STORIES = [
    "idle-then-data",
    "hb-first-and-then-at-the-interval",
    "dead-no-reply-closes",
    "idle-spoof-closes",
    "est-never-answered",
]


@pytest.mark.parametrize("off", [-9, 0, 9])
@pytest.mark.parametrize("late", [0, 9])
@pytest.mark.parametrize("name", QUICK_STORIES)
def test_who_keeps_the_rules_within_its_tolerance_conforms(name: str, late: int, off: int) -> None:
    target = Lives(Hand(slow=3), late, off)
    case = told(stories()[name], QUICK, target)
    assert case.word == "conforms", case.reason
    assert case.reason == "in real time, give or take 20 ms"
    assert set(stories()[name].rules) & case.exercised
    assert [e.t for e in case.log] == sorted(e.t for e in case.log)
    assert target.closed == 1


@pytest.mark.parametrize("name", ["hb-first-and-then-at-the-interval", "dead-no-reply-closes"])
def test_who_is_later_than_that_is_seen(name: str) -> None:
    target = Lives(Hand(), late=2 * TOLERANCE + 5)
    case = told(stories()[name], QUICK, target)
    assert case.word == "violates"
    assert case.divergence
    assert case.divergence.kind == "not-done"
    assert 0 < case.divergence.step <= len(stories()[name].steps)
    assert target.closed == 1


def test_a_story_takes_as_long_as_it_says() -> None:
    target = Lives(Hand(t=0))
    case = told(stories()["hb-first-and-then-at-the-interval"], QUICK, target)
    first, *_, last = [e for e in case.log if e.do == "Tick"]
    assert first.t == QUICK.idle_period - 1 + TOLERANCE, "a line that lets time pass is asked after, when that is known"
    assert 2 * QUICK.idle_period < last.t <= target.clock.t < 4 * QUICK.idle_period


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hb-first-and-then-at-the-interval", f"ms of real time, and {LONGEST} is the most; give a policy file"),
        ("rekey-both-start-at-once", "only stories of one end that is alone"),
        ("gate-no-bound", "only stories of one end that is alone"),
    ],
)
def test_what_cannot_be_told_is_no_pass(name: str, why: str) -> None:
    target = Lives(Hand())
    case = told(stories()[name], policy_of(stories()[name]), target)
    word = "unsupported" if "alone" in why else "inconclusive"
    assert (case.word, case.log, case.exercised) == (word, (), frozenset())
    assert why in case.reason
    assert target.clock.t == 1000


def test_a_tour_that_was_not_told_was_not_left() -> None:
    trace = stories()["hb-first-and-then-at-the-interval"]
    told_ = Told(trace, policy_of(trace), "key-based", (trace.name,), tour=True)
    case = tell(told_, Lives(Hand()), "lives")  # type: ignore[arg-type]
    assert case.word == "inconclusive"
    assert case.reason.startswith("not told: it takes")


def test_a_time_that_is_yet_to_come_is_broken() -> None:
    case = told(stories()["est-never-answered"], QUICK, Lives(Hand(), off=500))
    assert case.word == "broken"
    assert "which is yet to come: it is 0 ms since Open, give or take 20" in case.reason


def test_times_that_go_back_are_broken() -> None:
    target = Lives(Hand())
    end = target.open("client", QUICK)
    (start,) = end.step(Event(0, "client", "Open")).did
    end.step = lambda _: Reply((start._replace(t=5), start._replace(t=4)), 0)  # type: ignore[method-assign]
    target.open = lambda *_: end  # type: ignore[method-assign]
    case = told(stories()["est-never-answered"], QUICK, target)
    assert case.word == "broken"
    assert "it acted at [5, 4] ms, in this order" in case.reason


def handshake() -> list[tuple[Event, list[Event]]]:
    start, answer = Message("start", 1, negotiation="c1"), Message("answer", 1, negotiation="c1")
    finish = Message("finish", 1, negotiation="c1", sealed_by="peer")
    return [
        (Event(0, "client", "Open"), [Event(0, "client", "Start", start)]),
        (Event(30, "client", "Arrive", answer), [Event(31, "client", "Finish", finish)]),
    ]


@pytest.mark.parametrize(("at", "kept"), [(1985, True), (2003, True), (2020, True), (1970, False), (2030, False)])
def test_an_event_and_an_action_of_the_same_time_are_taken_in_either_order(at: int, kept: bool) -> None:
    """Data is offered at 2000 ms, when a heartbeat is due that holds data back: who sent it first need not send the
    data, and its clock may show a later time all the same."""
    watch = Watch(QUICK, "client", TOLERANCE)
    for event, did in handshake():
        assert watch.told(event, did) is None
    beat = Event(at, "client", "SendHeartbeat", Message("heartbeat", 1, 1, sealed_by="nobody"))
    found = watch.told(Event(2000, "client", "Offer", bytes=5), [beat]) or watch.told(Event(2100, "client", "Tick"), [])
    assert (found is None) == kept, found


def test_the_likeliest_order_is_the_log_and_times_do_not_decrease() -> None:
    watch = Watch(QUICK, "client", TOLERANCE)
    for event, did in handshake():
        assert watch.told(event, did) is None
    beat = Event(2001, "client", "SendHeartbeat", Message("heartbeat", 1, 1, sealed_by="nobody"))
    early = deepcopy(watch)
    assert early.told(Event(2005, "client", "Tick"), [beat]) is None
    assert [(e.t, e.do) for e in early.log[-2:]] == [(2001, "SendHeartbeat"), (2005, "Tick")]
    data = Event(95, "client", "SendData", Message("data", 1, 1, bytes=5))
    assert watch.told(Event(100, "client", "Offer", bytes=5), [data]) is None, "its clock is behind ours"
    assert [(e.t, e.do) for e in watch.log[-2:]] == [(100, "Offer"), (100, "SendData")]


PROGRAM = """
import json, sys, time
for line in sys.stdin:
    q = json.loads(line)
    a = {"id": q.get("id")}
    if q["cmd"] == "hello":
        a = {"protocol": 1, "name": "mine", "features": ["real-clock"], "tolerance": 4000}
    elif q["cmd"] == "step":
        did = [{"do": "Start", "message": {"kind": "start", "epoch": 1, "negotiation": "c1"}, "t": 1}]
        a |= {"did": did if q["event"]["do"] == "Open" else [], "deadline": None}
    print(json.dumps(a), flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(PROGRAM)
    return f"exec:{sys.executable} {tmp_path / 'mine.py'}"


def test_a_program_with_a_clock_of_its_own_is_judged_by_replay_and_by_nothing_else(program: str) -> None:
    opening = {"trace": 0, "name": "opening", "about": "", "profile": "timed", "rules": ["EST-4"]}
    trace = msgspec.convert(opening | {"steps": [{"do": "Open"}]}, Trace)
    with target_named(program) as target:
        own = own_clock(target)
        assert own
        assert own.tolerance == 4000
        case = replay(trace, policy_of(trace), target, own, "timed", Hand())
        assert (case.word, [e.do for e in case.log]) == ("conforms", ["Open", "Start", "Tick"])
        assert dispatched(stories()["age-by-the-timer"], profiles()["timed"], target).word == "inconclusive"
        with pytest.raises(BadInput, match="it has a clock of its own"):
            target.open("client", Policy())
    with (
        pytest.raises(BadInput, match=r"it has a clock of its own .* judge it by itself"),
        target_named(f"pair:reference '{program}'"),
    ):
        pytest.fail("it was paired")


def test_check_passes_nothing_that_was_not_told(program: str, tmp_path: Path) -> None:
    checked = check([program], "timed", tmp_path, lambda *_: None, ["hand"])
    assert {v.verdict for v in checked.report.verdicts} <= {"inconclusive", "unsupported"}
    assert checked.troubles == []


def test_the_machines_clock_starts_at_nothing_and_does_not_wait_for_what_has_passed() -> None:
    clock = WallClock()
    clock.sleep_until(-5)
    assert clock.now() >= 0


def test_what_only_one_order_puts_to_the_test_was_not_put_to_it() -> None:
    watch = Watch(QUICK, "client", TOLERANCE)
    for event, did in handshake():
        assert watch.told(event, did) is None
    beat = Event(1990, "client", "SendHeartbeat", Message("heartbeat", 1, 1, sealed_by="nobody"))
    assert watch.told(Event(2000, "client", "Offer", bytes=5), [beat]) is None
    assert len({frozenset(one.exercised) for one in watch.oracles}) == 2
    assert watch.exercised == {"EST-4", "HB-1"}

"""The plain case is what the tables say, and is left to them where a table is changed."""

from __future__ import annotations

from collections import Counter

from rekeyspec.reference import plain
from rekeyspec.reference.conditions import EXACT, Margin
from rekeyspec.reference.enabled import NOTHING
from rekeyspec.reference.engine import AT_ONCE, Engine
from rekeyspec.reference.guards import OWN, TAKES, TAKING, Rules, false_guard, taker
from rekeyspec.reference.step import step
from tests.reference.walks import walk

MARGINS = (EXACT, Margin(ms=7, bytes=40))


def test_the_plain_case_is_what_the_tables_say() -> None:
    sent = delivered = 0
    for seed in range(1500):
        policy, role, events = walk(seed)
        engine = Engine(policy, role)
        for event in events:
            s = step(engine.rules, engine.state, event)
            for rules in (Rules(policy, margin) for margin in MARGINS):
                if plain.sends(policy, s, s.t, rules.margin):
                    sent += 1
                    assert false_guard(rules.own, "SendData", rules, s, s.t, NOTHING) is None, f"seed {seed}, {s}"
                for m in s.inbox:
                    if plain.delivers(policy, s, s.t, rules.margin, m):
                        delivered += 1
                        can = [do for do in TAKES["data"] if false_guard(rules.taking, do, rules, s, s.t, m) is None]
                        assert can == ["Deliver"], f"seed {seed}, {s}"
            engine.step(event)
    assert sent > 1000
    assert delivered > 1000


def test_a_changed_table_is_always_asked() -> None:
    """A mutant that rejects whatever comes rejects plain data too."""
    mutant = Rules(walk(0)[0]).without("Reject", "IDLE-4")
    assert not mutant.whole
    found = 0
    for seed in range(300):
        policy, role, events = walk(seed)
        whole, engine = Rules(policy), Engine(policy, role)
        mutant = whole.without("Reject", "IDLE-4")
        for event in events:
            s = step(whole, engine.state, event)
            for m in s.inbox:
                if plain.delivers(policy, s, s.t, EXACT, m):
                    found += 1
                    assert taker(whole, s, s.t, m) == "Deliver"
                    assert taker(mutant, s, s.t, m) == "Reject"
            engine.step(event)
    assert found > 100


def test_what_is_done_at_once_is_what_would_be_done_in_several_steps() -> None:
    """The engine beside one whose tables are copies, so that it takes every step by itself."""
    swift: Counter[str] = Counter()
    for seed in range(3000):
        policy, role, events = walk(seed)
        engine = Engine(policy, role)
        slow = Engine(policy, role, Rules(policy, taking=dict(TAKING), own=dict(OWN)))
        for event in events:
            at_once = AT_ONCE.get(event.do)
            swift[event.do] += at_once is not None and at_once(engine.rules, engine.state, event) is not None
            assert engine.step(event) == slow.step(event), f"seed {seed}, {event}"
            assert engine.state == slow.state, f"seed {seed}, {event}"
    assert swift["Offer"] > 1000
    assert swift["Arrive"] > 500

"""The reference as an implementation: whatever happens to it, what it does is enabled, and it leaves nothing undone."""

from __future__ import annotations

from collections import Counter

from rekeyspec.conformance.oracle import Oracle
from rekeyspec.reference.enabled import enabled
from rekeyspec.reference.engine import Engine, act
from rekeyspec.reference.obligations import obligations
from rekeyspec.reference.step import step
from rekeyspec.reference.vocabulary import VISIBLE
from tests.reference.walks import walk

WALKS = 1500


def test_what_is_due_is_enabled_and_is_what_the_engine_does() -> None:
    for seed in range(WALKS):
        policy, role, events = walk(seed)
        engine = Engine(policy, role)
        r, s = engine.rules, engine.state
        for event in events:
            s = step(r, s, event)
            while due := [o for o in obligations(r, s) if o.t <= s.t]:
                for o in due:
                    enabled(r, s, act(r, s, o))
                s = step(r, s, act(r, s, due[0]))
            engine.step(event)
            assert engine.state == s, f"seed {seed}, {event}"


def test_the_oracle_raises_no_alarm_and_foretells_every_deadline() -> None:
    done: Counter[str] = Counter()
    for seed in range(WALKS):
        policy, role, events = walk(seed)
        engine, oracle = Engine(policy, role), Oracle(policy, role)
        for event in events:
            did, deadline = engine.step(event)
            for e in (event, *did):
                found = oracle.observe(e)
                assert found is None, f"seed {seed}, {e}: {found.sentence()}"
                done[e.do] += 1
            assert engine.state in oracle.possible(), f"seed {seed}, {event}"
            assert oracle.deadline() <= deadline, f"seed {seed}, {event}"
    assert not set(VISIBLE) - set(done), "walks that do not reach an action show nothing of it"

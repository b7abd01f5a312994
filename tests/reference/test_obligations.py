"""The short ways of asking what is due next give what the list of all obligations gives."""

from __future__ import annotations

from rekeyspec.reference.engine import Engine
from rekeyspec.reference.obligations import look, obligations, soonest
from rekeyspec.reference.step import step
from rekeyspec.reference.vocabulary import NEVER
from tests.reference.walks import walk


def test_look_and_soonest_agree_with_the_list() -> None:
    quiet = 0
    for seed in range(2000):
        policy, role, events = walk(seed)
        engine = Engine(policy, role)
        for event in events:
            for s in (step(engine.rules, engine.state, event), engine.state):
                every = obligations(engine.rules, s)
                now = [o for o in every if o.t <= s.t]
                assert soonest(engine.rules, s) == min((o.t for o in every), default=NEVER), f"seed {seed}, {s}"
                first, deadline = look(engine.rules, s)
                assert first == (now[0] if now else None), f"seed {seed}, {s}"
                if not now:
                    quiet += 1
                    assert deadline == soonest(engine.rules, s), f"seed {seed}, {s}"
            engine.step(event)
    assert quiet > 1000

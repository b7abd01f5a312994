"""The oracle's short way for the one state that is left most of the time comes to what its long way comes to."""

from __future__ import annotations

import pickle
from random import Random

from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.gateway import refused
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import closed
from rekeyspec.reference.vocabulary import Event, Message
from tests.conformance.audit.logs import wandering

WALKS = 700


class LongWay(Oracle):
    """Expands, drops and follows every state at every event."""

    def observe(self, e: Event) -> Divergence | None:
        self._index += 1
        if e.message is not None and e.message.sealed_by == "adversary":
            e = e._replace(message=e.message._replace(sealed_by="peer"))
        states = self._expand(self._states, e.t)
        alive = [h for h in states if h.soonest + self.margin.ms >= e.t]
        return self._follow(alive, e) if alive else self._not_done(states, e)


def changed(log: list[Event], random: Random) -> list[Event]:
    """The log with something wrong: an event left out, doubled, said otherwise, or another's message."""
    at = random.randrange(len(log))
    e = log[at]
    match random.choice(["drop", "double", "do", "number", "none"]):
        case "drop":
            return log[:at] + log[at + 1 :]
        case "double":
            return [*log[: at + 1], *log[at:]]
        case "do":
            other = random.choice(["Discard", "Reject", "Deliver", "Close", "Tick"])
            return [*log[:at], e._replace(do=other), *log[at + 1 :]]
        case "number" if e.message is not None:
            return [*log[:at], e._replace(message=e.message._replace(number=e.message.number + 1)), *log[at + 1 :]]
    return log


def test_the_short_way_and_the_long_way_agree_on_walks_right_and_wrong() -> None:
    random, violated = Random(1), set()
    for seed in range(WALKS):
        policy, role, log = wandering(seed)
        short, long = Oracle(policy, role), LongWay(policy, role)
        for e in [*changed(log, random), Event(log[-1].t + 1, role, "Tick")]:
            found, expected = short.observe(e), long.observe(e)
            assert (found is None) == (expected is None), f"seed {seed}, {e}"
            if found is not None:
                assert expected is not None
                assert (found.kind, found.index, found.t) == (expected.kind, expected.index, expected.t)
                assert found.rule in (expected.rule, *expected.also) or found.kind == "not-allowed", f"seed {seed}"
                violated.add(found.rule)
                break
            assert set(map(repr, short.possible())) <= set(map(repr, long.possible())), f"seed {seed}, {e}"
            assert short.deadline() <= long.deadline(), f"seed {seed}, {e}"
    assert len(violated) > 15


def test_an_oracle_that_was_put_aside_goes_on_as_if_it_had_not_been() -> None:
    random = Random(2)
    for seed in range(WALKS // 3):
        policy, role, log = wandering(seed)
        hidden = random.choice([(), ("Deliver",), ("Close", "SendReply")])
        steady, moved = Oracle(policy, role, hidden=hidden), Oracle(policy, role, hidden=hidden)
        for e in changed(log, random):
            if random.random() < 0.3:
                kept, moved = pickle.loads(pickle.dumps(moved.kept())), Oracle(policy, role, hidden=hidden)
                moved.resume(kept)
            found = steady.observe(e)
            assert moved.observe(e) == found
            assert moved.possible() == steady.possible()
            if found is not None:
                break


def test_a_closed_end_with_nothing_to_do_remembers_when_and_no_more() -> None:
    ended = 0
    for seed in range(WALKS):
        policy, role, log = wandering(seed)
        oracle = Oracle(policy, role)
        for e in log:
            oracle.observe(e)
            s = oracle.state
            assert oracle.over == (s == closed(policy, role, s.t))
            ended += oracle.over
    assert ended


def test_a_link_that_may_be_refused_may_go_on_either_way() -> None:
    policy = Policy(links_per_user=1)
    opened = Event(5, "server", "Open", link="ann/2")
    arrives = Event(6, "server", "Arrive", Message("start", 1, negotiation="c1"))
    answers = Event(6, "server", "Answer", Message("answer", 1, negotiation="c1"))
    for certain in (True, False):
        oracle = Oracle(policy, "server")
        oracle.refuse(opened, certain=certain)
        assert (refused(policy, 5) in oracle.possible()) is True
        admitted = [oracle.observe(e) for e in (arrives, answers)]
        assert (admitted == [None, None]) is not certain
    refusing = Oracle(policy, "server")
    refusing.refuse(opened, certain=False)
    assert refusing.observe(Event(5, "server", "Refuse")) is None
    assert refusing.over

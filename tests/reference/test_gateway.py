"""A gateway admits as many links of a user as are allowed, and counts those that have not closed."""

from __future__ import annotations

from random import Random

from rekeyspec.reference.engine import GatewayEngine
from rekeyspec.reference.gateway import admits, step, user
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event

LINKS = [f"{name}/{n}" for name in ("ann", "bob") for n in range(1, 5)]


def test_a_user_is_what_stands_before_the_number() -> None:
    assert [user(link) for link in ("ann/1", "ann/2", "bob/1")] == ["ann", "ann", "bob"]


def test_no_user_ever_has_more_links_than_allowed_and_is_refused_only_then() -> None:
    refusals = admissions = 0
    for seed in range(200):
        random, bound = Random(seed), seed % 4
        gateway = GatewayEngine(Policy(links_per_user=bound))
        t = 0
        for _ in range(40):
            t += random.choice([0, 1, 300])
            link = random.choice(LINKS)
            do = random.choice(["Open", "Open", "Shut", "Tick"])
            ends = {name: one.state for name, one in gateway.ends.items()}
            if do == "Open" and gateway.end(link).state.phase == "open":
                continue
            room = admits(gateway.rules.policy, ends, link)
            did, _ = gateway.step(Event(t, "server", do, link=link))  # type: ignore[arg-type]
            if do == "Open":
                assert [(e.do, e.link) for e in did] == ([] if room else [("Refuse", link)]), f"seed {seed}"
                refusals, admissions = refusals + (not room), admissions + room
            for name in ("ann", "bob"):
                held = sum(e.state.phase == "open" and user(n) == name for n, e in gateway.ends.items())
                assert not bound or held <= bound
    assert refusals > 200
    assert admissions > 200


def test_the_pure_gateway_says_what_the_engine_does() -> None:
    r = Rules(Policy(links_per_user=1))
    gateway = step(r, {}, Event(0, "server", "Open", link="ann/1"))
    gateway = step(r, gateway, Event(1, "server", "Open", link="ann/2"))
    assert [(s.phase, s.refusal) for s in gateway.values()] == [("open", ""), ("closed", "links_per_user")]
    gateway = step(r, gateway, Event(2, "server", "Refuse", link="ann/2", reason="links_per_user"))
    gateway = step(r, gateway, Event(3, "server", "Open", link="bob/1"))
    assert [s.phase for s in gateway.values()] == ["open", "closed", "open"]

"""What a gateway of the reference does in each state of `Gateway.tla` is what the graph has there (GATE-1, CLOSE-1).

The comparison of models with the reference is of one link; this one is of many, by the one thing that the module is
about: which links are open.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rekeyspec.reference import gateway as module
from rekeyspec.reference.gateway import Gateway, admits, step
from rekeyspec.reference.guards import NotEnabled, Rules
from rekeyspec.reference.messages import outbound
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import fresh
from rekeyspec.reference.vocabulary import Event
from rekeyspec.tools.checker import find_tlc
from rekeyspec.tools.graph import Graph, dump
from rekeyspec.tools.models import chosen, read

GRAPHS: dict[str, Graph] = {}
MODELS = {"gateway": 1, "gateway-two-slots": 2, "gateway-unbounded": 0}
"""And how many links each lets a user have."""


def graph(name: str) -> Graph:
    if name not in GRAPHS:
        (model,) = chosen(read(), [name], quick=False)
        GRAPHS[name] = dump(model.run(), find_tlc())
    return GRAPHS[name]


def made(rules: Rules, server: Mapping[str, str]) -> Gateway:
    """The reference's gateway with these links open. They open under no bound: the state says only that they are."""
    unbounded = Rules(rules.policy.but(links_per_user=0))
    gateway: Gateway = {f"ann/{link}": fresh(rules.policy, "server") for link in server}
    for link, phase in server.items():
        if phase == "open":
            gateway = step(unbounded, gateway, Event(0, "server", "Open", link=f"ann/{link}"))
    return gateway


def phases(gateway: Gateway) -> dict[str, str]:
    return {name.removeprefix("ann/"): "open" if s.phase == "open" else "closed" for name, s in gateway.items()}


def opened(rules: Rules, before: Mapping[str, str], link: str) -> tuple[str, dict[str, str]]:
    """What comes of an `Open`: its name in the graph, and which links are open then."""
    after = step(rules, made(rules, before), Event(0, "server", "Open", link=f"ann/{link}"))
    refused = after[f"ann/{link}"].refusal
    if refused:
        after = step(rules, after, Event(0, "server", "Refuse", link=f"ann/{link}", reason=refused))
    return "Refuse" if refused else "Open", phases(after)


def closed(rules: Rules, before: Mapping[str, str], link: str) -> dict[str, str]:
    """Which links are open when the user of this one has ended it."""
    after = step(rules, made(rules, before), Event(0, "server", "Shut", link=f"ann/{link}"))
    message = outbound(rules, after[f"ann/{link}"], "Close")
    return phases(step(rules, after, Event(0, "server", "Close", message, link=f"ann/{link}", reason="CLOSE-1")))


def differences(name: str) -> list[str]:
    """Every edge that one of the two has, and the other has not."""
    rules = Rules(Policy(links_per_user=MODELS[name]))
    found, states = [], graph(name).states
    for number, edges in enumerate(graph(name).leaving):
        user, server = (dict(states[number][variable]) for variable in ("user", "server"))
        has = {
            (e.action, tuple(sorted(dict(states[e.target]["server"]).items())))
            for e in edges
            if e.action in ("Open", "Refuse", "Shut")
        }
        does = set()
        for link in server:
            if user[link] == "asks":
                do, after = opened(rules, server, link)
                does.add((do, tuple(sorted(after.items()))))
            if user[link] == "lives":
                does.add(("Shut", tuple(sorted(closed(rules, server, link).items()))))
        found += [f"{server}: {one}" for one in sorted(has ^ does)]
    return found


@pytest.mark.java
@pytest.mark.parametrize("name", MODELS)
def test_the_reference_admits_refuses_and_frees_as_the_graph_does(name: str) -> None:
    assert {"Ask", "Shut", "Open"} <= set(graph(name).actions)
    assert ("Refuse" in graph(name).actions) == (name != "gateway-unbounded")
    assert differences(name) == []


@pytest.mark.java
def test_one_link_too_many_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "admits", lambda p, g, link: admits(p.but(links_per_user=2), g, link))
    assert differences("gateway") != []


@pytest.mark.java
def test_a_slot_that_is_not_freed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = module.step_of_end

    def kept(r: Rules, s: object, e: Event) -> object:
        return s if e.do == "Close" else honest(r, s, e)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "step_of_end", kept)
    assert differences("gateway") != []


def test_what_no_rule_allows_is_refused_of_a_gateway_too() -> None:
    rules = Rules(Policy(links_per_user=1))
    with pytest.raises(NotEnabled) as why:
        step(rules, made(rules, {"laptop": "open"}), Event(0, "server", "Refuse", link="ann/laptop", reason="x"))
    assert why.value.rule

"""Traces made from a model of our own spec: tours of its graph that take every step, told from each end's view.

A trace is the story of one end, and the harness plays its peer, the network and the adversary; so what is toured is
not the graph of both ends but what each of them sees of it (`endview`). Every step of the model is one at one of the
ends (time is one at both), but for those of the network and the adversary, which an end sees by what arrives and what
does not.

Tours come in two parts. The first take only the steps that the reference chooses (`choices`), so that an end that
does at once what is due stays on them. The others take all that is left: there the end postpones, or chooses
otherwise, and one that does not leaves the tour, which is no fault. Both parts together are measured against the
bound of the whole.

Of the rules that a tour puts to the test it is filed under the one that the fewest tours do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rekeyspec.conformance import modelgraph, trace, yamlfile
from rekeyspec.conformance.policies import profile_policy
from rekeyspec.conformance.rulebook import rules as rulebook
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.guards import Rules
from rekeyspec.reference.policy import Policy, parameters
from rekeyspec.reference.vocabulary import Role
from rekeyspec.tools import choices, endstory, endview
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.choices import Taken
from rekeyspec.tools.endview import View
from rekeyspec.tools.evaluation import evaluate
from rekeyspec.tools.graph import Graph, dump
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.models import Model
from rekeyspec.tools.story import NotAStory, policy_of
from rekeyspec.tools.tours import tours

MOST: Final = 1.5
"""How many times as long as the bound the tours of a graph may be together."""

AS_POLICY: Final = -1
"""The spec's ServerLimit where the server's own byte limit is the policy's."""


@dataclass(frozen=True)
class Toured:
    """One model as one end sees it, and the tours of it."""

    model: str
    end: Role
    policy: Policy
    graph: modelgraph.Graph
    taken: int
    """How many of its steps the reference takes."""
    texts: Mapping[str, str]
    """The traces by their names, in YAML."""
    steps: int
    """Of all tours together."""
    bound: int

    @property
    def ratio(self) -> float:
        """How many times as long as the bound the tours are."""
        return self.steps / self.bound if self.bound else 1.0

    @property
    def files(self) -> Iterator[tuple[str, str]]:
        """What is to be written, by the name of the file."""
        yield f"{self.model}-{self.end}{modelgraph.SUFFIX}", modelgraph.written(self.graph)
        for name, text in self.texts.items():
            yield f"{name}.yaml", text

    def traces(self) -> list[trace.Trace]:
        """The traces as they are read."""
        return [trace.parse(yamlfile.parse(text, f"{name}.yaml")) for name, text in self.texts.items()]


def policies(model: Model, tlc: Tlc) -> dict[Role, Policy]:
    """The policy of each end of a model. Raises ModelError, and NotAStory for a model of another spec."""
    policy = policy_of(evaluate("policy", model.run(), tlc), model)
    limit = evaluate("ServerLimit", model.run(), tlc)
    server = policy if limit == AS_POLICY or not isinstance(limit, int) else policy.but(byte_limit=limit)
    return {"client": policy, "server": server}


def toured(model: Model, graph: Graph, role: Role, policy: Policy) -> Toured:
    """The tours of a model's graph from this end's view. Raises ModelError where there are none."""
    rules = Rules(policy)
    try:
        view = endview.view(graph, role, policy)
        taken = choices.taken(view, rules)
        paths, bound, own = _paths(view, taken)
        told = [endstory.tell(rules, role, [view.steps[number][2] for number in path]) for path in paths]
    except (NotAStory, endstory.NotFollowed, ValueError) as why:
        raise ModelError(f"{model.cfg}: read a graph that cannot be told from the {role}'s view: {why}") from None
    texts = _texts(model, role, policy, told, own)
    steps = [(source, target, str(one)) for source, target, one in view.steps]
    seen = modelgraph.Graph(modelgraph.VERSION, model.id, role, view.states, steps, list(texts))
    return Toured(model.id, role, policy, seen, len({one.number for one in taken}), texts, sum(map(len, paths)), bound)


def _paths(view: View, taken: Sequence[Taken]) -> tuple[list[tuple[int, ...]], int, int]:
    """The tours as numbers of steps, those of the reference's own steps first; the bound of the whole, and how many
    those are."""
    arcs = [(source, target) for source, target, _ in view.steps]
    first = tours([(one.source, one.target) for one in taken], 0, wanted=_once(taken))
    others = tours(arcs, 0, wanted=set(range(len(arcs))) - {one.number for one in taken})
    whole = tours(arcs, 0)
    own = [tuple(taken[index].number for index in path) for path in first.paths]
    if first.length + others.length <= MOST * whole.bound:
        return [*own, *others.paths], whole.bound, len(own)
    # A small graph of which the reference takes little: together they are short again, and fewer are its own.
    stays = _Stays(taken)
    paths = sorted(whole.paths, key=lambda path: not stays.on(path))
    return paths, whole.bound, sum(stays.on(path) for path in paths)


class _Stays:
    """Does the reference stay on a tour?"""

    def __init__(self, taken: Sequence[Taken]) -> None:
        self.leaving: dict[tuple[int, int], set[int]] = {}
        for one in taken:
            self.leaving.setdefault((one.source, one.number), set()).add(one.target)

    def on(self, path: Sequence[int]) -> bool:
        """To its end."""
        places = {0}
        for number in path:
            places = {target for place in places for target in self.leaving.get((place, number), ())}
        return bool(places)


def _once(taken: Sequence[Taken]) -> set[int]:
    """Of what the reference takes in several ways, one."""
    first: dict[int, int] = {}
    for index, one in enumerate(taken):
        first.setdefault(one.number, index)
    return set(first.values())


# As traces.


def _texts(model: Model, role: Role, policy: Policy, told: Sequence[endstory.Told], own: int) -> dict[str, str]:
    often = Counter(rule for one in told for rule in one.rules)
    numbers: Counter[str] = Counter()
    head = _head(model, role, policy)
    texts = {}
    for index, one in enumerate(told):
        asked = [rule for rule in rulebook() if rule in one.rules] or list(model.rules[:1])
        rarest = min(asked, key=lambda rule: often[rule])
        numbers[rarest] += 1
        name = f"{model.id}-{role}-{rarest.lower()}-{numbers[rarest]:03}"
        about = f"A tour of the model {model.id} as the {role} sees it."
        about += "" if index < own else " Somewhere it takes another choice than the reference."
        texts[name] = _text({"trace": trace.VERSION, "name": name, "about": about} | head | {"rules": asked}, one.steps)
    return dict(sorted(texts.items()))


def _head(model: Model, role: Role, policy: Policy) -> dict[str, Any]:
    base = profile_policy(model.profile, f"model {model.id}")
    differs = {name: getattr(policy, name) for name in parameters() if getattr(policy, name) != getattr(base, name)}
    return {"profile": model.profile, "end": role, "policy": differs}


def _text(head: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str:
    """In the manner of those written by hand. All values are words and numbers, which YAML takes as they are."""
    lines = [f"{name}: {_flow(value)}" for name, value in head.items()]
    return "\n".join([*lines, "steps:", *(f"- {_flow(one)}" for one in steps)]) + "\n"


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{name}: {_flow(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case "":
            return '""'
        case _:
            return str(value)


def made(model: Model, tlc: Tlc, roles: Sequence[Role]) -> list[Toured]:
    """The tours of a model from the view of each of these ends. Raises ModelError."""
    try:
        told_under = policies(model, tlc)
    except NotAStory as why:
        raise ModelError(f"{model.cfg}: read a model that has no policy of ours: {why}") from None
    whole = dump(model.run(), tlc)
    return [toured(model, whole, role, told_under[role]) for role in roles]


def save(one: Toured, folder: Path) -> None:
    """Write the traces and their graph into a folder of their own, in the place of what was made before. Raises
    BadInput."""
    into = folder / f"{one.model}-{one.end}"
    files = dict(one.files)
    try:
        into.mkdir(parents=True, exist_ok=True)
        for old in into.iterdir():
            if old.name not in files and old.name.startswith(f"{one.model}-{one.end}"):
                old.unlink()
        for name, text in files.items():
            (into / name).write_text(text, encoding="utf-8")
    except OSError as why:
        raise BadInput(f"--output {folder}: cannot write ({why.strerror}); name another folder") from None

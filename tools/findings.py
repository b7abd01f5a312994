"""Findings: where a source's own rules break a promise, each an entry of `spec/findings.yaml` and two questions to TLC.

The first is answered by a shortest counterexample: TLC searches breadth first with one worker, so that no shorter one
exists (of a property of liveness it is short, not shortest). The second asks the same with the remedy in place; it must
hold, and it must have taken the actions that the finding is about, or it would hold for want of them. What the first
found is kept as a trace, which `rekeyspec replay` runs.

An entry names a policy, in ticks, under `policies`, and what its model changes of it. The remedy's model is the first
one but for what `remedied` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.policies import policy_from, profile_stories
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.tools.claims import claims
from rekeyspec.tools.scenario import Scenario, ticks

FILE: Final = Path(__file__).parent.parent / "spec" / "findings.yaml"
TRACES: Final = Path(__file__).parent.parent / "spec" / "findings"

Values = dict[str, str | int]


class Network(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The part of a question that is not its policy; the fields are those of Scenario."""

    property: str
    delay: int = 0
    loses: tuple[str, ...] = ()
    offers: tuple[int, int] = (1, 0)
    sizes: tuple[int, ...] = (1,)
    shuts: tuple[str, ...] = ()
    links: int = 1
    tries: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    strikes: int = 0
    epochs: int = 0
    steps: str = ""


class Asked(Network, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A model as an entry writes it."""

    policy: str
    changes: Values = {}


class Remedied(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the remedy changes of the model, and the actions that its model must have taken."""

    changes: Values = {}
    takes: Annotated[tuple[str, ...], Meta(min_length=1)]
    policy: str = ""
    property: str = ""
    """A weaker promise, where no policy keeps the first one."""
    powers: tuple[str, ...] | None = None
    """What the adversary is left with, where the remedy is outside of the policy."""
    delay: int | None = None
    epochs: int | None = None
    offers: tuple[int, int] | None = None
    loses: tuple[str, ...] | None = None
    """What the network is left with."""
    steps: str = ""


class Entry(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One finding as it is written."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: str
    rules: Annotated[tuple[str, ...], Meta(min_length=1)]
    sources: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Ids of `spec/claims.yaml`."""
    says: str
    happens: str
    who: str
    costs: str
    remedy: str
    model: Asked
    remedied: Remedied


class _Form(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    policies: dict[str, dict[str, str | int]]
    findings: tuple[Entry, ...]


@dataclass(frozen=True)
class Finding:
    """One finding, its policies made."""

    entry: Entry
    profile: str
    """The profile whose policy it is, in ticks."""
    broken: Policy
    mended: Policy

    @property
    def id(self) -> str:
        """Its name."""
        return self.entry.id

    @property
    def trace(self) -> Path:
        """Where its counterexample is kept."""
        return TRACES / f"{self.id}.yaml"

    @cached_property
    def question(self) -> Scenario:
        """What TLC answers with a counterexample."""
        return _scenario(self.broken, self._network())

    @cached_property
    def remedied(self) -> Scenario:
        """What TLC finds to hold."""
        change = self.entry.remedied
        named: dict[str, Any] = {
            name: value
            for name in ("property", "powers", "delay", "epochs", "offers", "loses")
            if (value := getattr(change, name)) not in (None, "")
        }
        return _scenario(self.mended, self._network() | named | {"steps": change.steps})

    def _network(self) -> dict[str, Any]:
        return {name: getattr(self.entry.model, name) for name in Network.__struct_fields__}


def _scenario(policy: Policy, network: Mapping[str, Any]) -> Scenario:
    return Scenario(policy=policy.but(delay=network["delay"]), **network)


def read(path: Path = FILE) -> tuple[Finding, ...]:
    """Every finding of the file, in its order. Raises BadInput naming the place, what was expected and the remedy."""
    document = yamlfile.read(path)
    form = _form(document)
    found: dict[str, Finding] = {}
    for index, entry in enumerate(form.findings):
        _check(document, index, entry, found)
        found[entry.id] = _made(document, index, entry, form.policies)
    return tuple(found.values())


def policies(path: Path = FILE) -> dict[str, Policy]:
    """The policies that the file names, in ticks and units. Raises BadInput."""
    document = yamlfile.read(path)
    form = _form(document)
    return {name: _policy(document, name, values)[1] for name, values in form.policies.items()}


def chosen(findings: tuple[Finding, ...], ids: list[str]) -> tuple[Finding, ...]:
    """Those of these ids, or all where none is named. Raises BadInput for an unknown id."""
    known = {finding.id: finding for finding in findings}
    for one in ids:
        if one not in known:
            raise yamlfile.problem("findings", f"the finding {yamlfile.shown(one)}", *yamlfile.choose(one, known))
    return tuple(finding for finding in findings if not ids or finding.id in ids)


def _check(document: yamlfile.Document, index: int, entry: Entry, before: Mapping[str, Finding]) -> None:
    if entry.id in before:
        where = document.at(("findings", index, "id"))
        raise yamlfile.problem(where, f"the id {entry.id} again", "an id once", "rename one of the two")
    for key, names, known in (("rules", entry.rules, rules()), ("sources", entry.sources, claims())):
        for name in names:
            if name not in known:
                where = document.at(("findings", index, key))
                raise yamlfile.problem(where, yamlfile.shown(name), *yamlfile.choose(name, known))


def _form(document: yamlfile.Document) -> _Form:
    try:
        return msgspec.convert(document.data, _Form)
    except msgspec.ValidationError as why:
        raise BadInput(f"{document.at()}: {why}; correct this entry") from None


def _made(document: yamlfile.Document, index: int, entry: Entry, named: Mapping[str, Values]) -> Finding:
    def policy(name: str, key: str) -> tuple[str, Policy]:
        if name not in named:
            where = document.at(("findings", index, key, "policy"))
            raise yamlfile.problem(where, f"the policy {yamlfile.shown(name)}", *yamlfile.choose(name, named))
        return _policy(document, name, named[name])

    profile, base = policy(entry.model.policy, "model")
    broken = policy_from(entry.model.changes, base, document.at(("findings", index, "model", "changes")))
    mended = policy(entry.remedied.policy, "remedied")[1] if entry.remedied.policy else broken
    mended = policy_from(entry.remedied.changes, mended, document.at(("findings", index, "remedied", "changes")))
    return Finding(entry, profile, broken, mended)


def _policy(document: yamlfile.Document, name: str, values: Values) -> tuple[str, Policy]:
    """The profile that it is modelled on, and the policy."""
    changes = {key: value for key, value in values.items() if key != "profile"}
    profile = str(values.get("profile", ""))
    if profile not in profile_stories():
        where = document.at(("policies", name, "profile"))
        raise yamlfile.problem(where, yamlfile.shown(profile), *yamlfile.choose(profile, profile_stories()))
    return profile, policy_from(changes, ticks(), document.at(("policies", name)))

"""The plan: what a campaign judges. Targets, profiles and suites, each with each, and how patient it is.

A plan is words on the command line, or a file of YAML:

    plan: 0
    targets: [reference, "exec:python my_adapter.py"]
    profiles: [combined, ours.yaml]
    suites: [hand, model, tours/, "explore:10000:7"]
    limits: {step_timeout: 5, case_timeout: 60, quarantine: 3}

Only `targets` must be there. The suites are `hand` and `model`, a folder of tours, and `explore:EXAMPLES[:SEED]`, which
searches. Tours have their model's policy, so that profiles are nothing to them, and a peer has experiments of its own,
so that suites are nothing to it. Whatever could not be judged at all is refused here, before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, cast

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.adapters.named import target_named
from rekeyspec.conformance.adapters.process import TIMEOUT
from rekeyspec.conformance.check import PATIENCE
from rekeyspec.conformance.peers.named import peer_named
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.suite import SUITES
from rekeyspec.conformance.yamlfile import Document, choose, problem, shown

VERSION: Final = 0
KEYS: Final = ("plan", "targets", "profiles", "suites", "limits")
EVIDENCE: Final = "rekeyspec-evidence"
OPENED_LATER: Final = ("python", "exec", "pair")
"""Targets that need not be there where the plan is read."""

_SEARCH: Final = re.compile(r"explore:([1-9][0-9]{0,8})(?::([0-9]{1,18}))?")
_SECONDS: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?")


@dataclass(frozen=True)
class Limits:
    """How patient a campaign is. Times in seconds of real time."""

    step_timeout: float = TIMEOUT
    """For each answer of an adapter."""
    case_timeout: float = 60.0
    """For one trace, or one example of a search."""
    quarantine: int = PATIENCE
    """After how many breaks in a row a target is given up."""


@dataclass(frozen=True)
class Plan:
    """What is judged. `evidence` is the folder for logs of real programs and for what a search finds."""

    targets: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    evidence: str = EVIDENCE

    @property
    def asked(self) -> tuple[str, ...]:
        """The suites; where none is named both that are part of the package, or with profiles the one that has them."""
        return self.suites or (("hand",) if self.profiles else SUITES)


def made(
    targets: Iterable[str],
    profiles: Iterable[str] = (),
    suites: Iterable[str] = (),
    limits: Limits | None = None,
    evidence: str = EVIDENCE,
    document: Document | None = None,
) -> Plan:
    """A plan of these, each once. Raises BadInput for what cannot be judged, at its place in the document if there is
    one."""
    plan = Plan(_once(targets), _once(profiles), _once(suites), limits or Limits(), evidence)
    if not plan.targets:
        where = document.at(("targets",)) if document else "campaign"
        raise problem(
            where, "no target", "at least one", "name one, such as `reference` or exec:'python my_adapter.py'"
        )
    for text in plan.targets:
        _check_target(text)
    _check_profiles(plan.profiles)
    for index, text in enumerate(plan.suites):
        _check_suite(text, document.at(("suites", index)) if document else "--suite")
    return plan


def read(path: str | Path, evidence: str = EVIDENCE) -> Plan:
    """The plan in this file. Raises BadInput with the place, what was expected and the remedy."""
    document = yamlfile.read(path)
    _check_keys(document, (), KEYS)
    version = document.data.get("plan")
    if version != VERSION or isinstance(version, bool):
        read_ = "no key `plan`" if version is None else f"`plan: {version}`"
        remedy = f"write `plan: {VERSION}`, the version of this form, at the top"
        raise problem(document.at(("plan",)), read_, f"`plan: {VERSION}`", remedy)
    targets, profiles, suites = (_words(document, key) for key in ("targets", "profiles", "suites"))
    return made(targets, profiles, suites, _limits(document), evidence, document)


def search_of(suite: str) -> tuple[int, int] | None:
    """The examples and the seed that `explore:EXAMPLES[:SEED]` names; None of any other text."""
    found = _SEARCH.fullmatch(suite)
    return (int(found[1]), int(found[2] or 0)) if found else None


def seconds(text: str, where: str) -> float:
    """A time limit, as people write it. Raises BadInput."""
    if not _SECONDS.fullmatch(text) or not float(text):
        raise problem(where, shown(text), "seconds, above 0, at most three decimals", "write 5, or 0.25")
    return float(text)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _check_target(text: str) -> None:
    word = text.partition(":")[0]
    if word == "peer":
        peer_named(text)
    elif word not in OPENED_LATER:
        target_named(text)


def _check_profiles(profiles: Iterable[str]) -> None:
    """Two files of one name would be one profile in the report."""
    called: dict[str, str] = {}
    for text in profiles:
        name, _ = policy_named(text)
        if name in called:
            read_ = f"`{called[name]}` and `{text}`, both called {name}"
            raise problem("profiles", read_, "a name of its own for each", "rename one of the files")
        called[name] = text


def _check_suite(text: str, where: str) -> None:
    if text in SUITES or search_of(text):
        return
    if text.partition(":")[0] == "explore":
        expected = "explore:EXAMPLES or explore:EXAMPLES:SEED"
        raise problem(where, f"`{text}`", expected, "write whole numbers, as in explore:10000:7")
    if not Path(text).is_dir():
        expected = f"{', '.join(SUITES)}, explore:EXAMPLES[:SEED] or a folder of tours"
        raise problem(where, f"`{text}`, which is no folder", expected, choose(text, SUITES)[1])


def _check_keys(document: Document, path: tuple[str, ...], known: Iterable[str]) -> None:
    held: object = document.data
    for step in path:
        held = held[step] if isinstance(held, Mapping) else None
    if not isinstance(held, Mapping):
        raise problem(document.at(path), shown(held), "a mapping", f"write `key: value` lines under `{path[-1]}:`")
    for key in held:
        if key not in known:
            raise problem(document.at_key((*path, key)), f"the key {shown(key)}", *choose(key, known))


def _words(document: Document, key: str) -> list[str]:
    found = document.data.get(key, [])
    if not isinstance(found, list):
        raise problem(document.at((key,)), shown(found), "a list", f"write `{key}: [one, another]`")
    for index, item in enumerate(found):
        if not isinstance(item, str):
            raise problem(document.at((key, index)), shown(item), "a word", "quote it")
    return [str(item) for item in found]


def _limits(document: Document) -> Limits:
    if "limits" not in document.data:
        return Limits()
    _check_keys(document, ("limits",), [one.name for one in fields(Limits)])
    found = cast("dict[str, object]", document.data["limits"])
    row = found.pop("quarantine", PATIENCE)
    if isinstance(row, bool) or not isinstance(row, int) or row < 1:
        raise problem(document.at(("limits", "quarantine")), shown(row), "a number from 1", f"write {PATIENCE}")
    times = {key: seconds(str(value), document.at(("limits", key))) for key, value in found.items()}
    return Limits(**times, quarantine=row)

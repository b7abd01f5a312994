"""Policies from outside: profiles by name, policy files, and the changes that a trace makes to either.

What is read is checked here and nowhere else: that each parameter exists and has a value it may have (`policy_from`),
and that the policy as a whole does not contradict itself (`validate`). A trace may need a policy that contradicts
itself, to show what comes of it; so `policy_from` does not validate, while `policy_named`, which serves the user, does.

A policy file is a YAML mapping: `policy: 0` (the version of this form), `profile: NAME` (from which it starts; left
out, from the defaults) and `parameters:`, a mapping of what it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from rekeyspec.conformance.rulebook import parameters
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import Document, choose, problem, read, shown
from rekeyspec.reference.contradictions import LARGEST, contradictions
from rekeyspec.reference.policy import Policy

SPEC: Final = Path(__file__).parent.parent / "spec"
VERSION: Final = 0
KEYS: Final = ("policy", "profile", "parameters")
FOLLOWING: Final = ("heartbeat_interval", "rekey_idle")
"""Parameters for which -1 is allowed: it stands for the value of `idle_period`."""

Where = str | Callable[[str], str]
"""A place for messages: one for the whole mapping, or what gives the place of each parameter."""


@dataclass(frozen=True)
class Profile:
    """A named policy with its story. `differs` is what it changes of the defaults."""

    id: str
    title: str
    about: str
    source: str
    differs: Mapping[str, str | int]
    policy: Policy


@dataclass(frozen=True)
class _Entry:
    id: str
    title: str
    about: str
    source: str
    policy: dict[str, str | int]


@cache
def profile_stories() -> Mapping[str, Profile]:
    """Every profile of `spec/profiles.yaml` by its id, in the order of the file."""
    document = read(SPEC / "profiles.yaml")
    found = {}
    for index, entry in enumerate(msgspec.convert(document.data["profiles"], list[_Entry])):
        policy = policy_from(entry.policy, Policy(), partial(_place, document, "profiles", index, "policy"))
        found[entry.id] = Profile(entry.id, entry.title, entry.about, entry.source, entry.policy, policy)
    return MappingProxyType(found)


def _place(document: Document, *path: str | int) -> str:
    return document.at(path)


@cache
def profiles() -> dict[str, Policy]:
    """The policy of every profile by name."""
    return {name: profile.policy for name, profile in profile_stories().items()}


def profile_policy(name: str, where: str) -> Policy:
    """The policy of the profile of this name. Raises BadInput, with `where`, when there is none."""
    known = profiles()
    if name not in known:
        raise problem(where, f"the profile {shown(name)}", *choose(name, known))
    return known[name]


def policy_named(name_or_file: str) -> tuple[str, Policy]:
    """A profile by its name, or a policy file by its path: what to call it, and the policy, validated.

    Raises BadInput for a name that is neither, a file that cannot be read, and a policy that contradicts itself.
    """
    if name_or_file in profiles():
        return name_or_file, profiles()[name_or_file]
    path = Path(name_or_file)
    if path.suffix not in (".yaml", ".yml") and len(path.parts) < 2 and not path.exists():
        expected, remedy = choose(name_or_file, profiles())
        remedy = f"{remedy}, or give the path of a policy file"
        raise problem("profile", f"the name {shown(name_or_file)}", expected, remedy)
    document = read(path)
    policy = _from_file(document)
    validate(policy, document.name)
    return path.stem, policy


def _from_file(document: Document) -> Policy:
    for key in document.data:
        if key not in ("policy", "profile", "parameters"):
            raise problem(
                document.at_key((key,)), f"the key {shown(key)}", *choose(key, ("policy", "profile", "parameters"))
            )
    version = document.data.get("policy")
    if version != VERSION or isinstance(version, bool):
        read_ = "no key `policy`" if version is None else f"`policy: {version}`"
        remedy = f"write `policy: {VERSION}`, the version of this form, at the top"
        raise problem(document.at(("policy",)), read_, f"`policy: {VERSION}`", remedy)
    base = Policy()
    if "profile" in document.data:
        base = profile_policy(str(document.data["profile"]), document.at(("profile",)))
    changes = document.data.get("parameters", {})
    if not isinstance(changes, dict):
        place = document.at(("parameters",))
        raise problem(place, shown(changes), "a mapping", "write `parameter: value` lines under `parameters:`")
    return policy_from(changes, base, partial(_place, document, "parameters"))


def policy_from(changes: Mapping[str, object], base: Policy, where: Where) -> Policy:
    """`base` with these parameters changed. Raises BadInput for a parameter or a value that does not exist.

    What follows `idle_period` in `base` follows it here too. Contradictions are not looked for: see `validate`.
    """
    kinds = parameter_kinds()
    for name, value in changes.items():
        place = where if isinstance(where, str) else where(name)
        if name not in kinds:
            raise problem(place, f"the parameter {shown(name)}", *choose(name, kinds))
        _check(name, value, kinds[name], place)
    return base.but(**changes)


def _check(name: str, value: object, allowed: tuple[str | int, ...], place: str) -> None:
    read_ = f"`{name}: {shown(value)[1:-1] if isinstance(value, str) else shown(value)}`"
    if allowed:
        if isinstance(value, bool) or value not in allowed:
            raise problem(place, read_, *choose(str(value), [str(word) for word in allowed]))
        return
    least = -1 if name in FOLLOWING else 0
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        expected = f"an integer from 0 to {LARGEST}" + (", or -1 for that of idle_period" if least else "")
        raise problem(place, read_, expected, "write milliseconds or bytes as a plain decimal number, 0 for never")


@cache
def parameter_kinds() -> Mapping[str, tuple[str | int, ...]]:
    """Every parameter with the values it may have, its default first; none listed: any integer from 0."""
    hints = get_type_hints(Policy)
    return {f.name: get_args(hints[f.name]) if get_origin(hints[f.name]) is Literal else () for f in fields(Policy)}


def validate(policy: Policy, where: str = "policy") -> None:
    """Raises BadInput with every rule that the policy contradicts, and the arithmetic."""
    found = contradictions(policy)
    if found:
        text = "; ".join(f"{one.rule}: {one.text}" for one in found)
        remedy = f"change the parameters named (`rekeyspec rules {found[0].rule}` says what they do)"
        raise BadInput(f"{where}: the policy contradicts itself: {text}; {remedy}")


def policy_schema() -> dict[str, object]:
    """The JSON Schema of a policy file, made from `Policy` and what `spec/rules.yaml` says of each parameter."""
    described = parameters()
    changes = {name: _schema_of(name, allowed, described[name].meaning) for name, allowed in parameter_kinds().items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy of rekeyspec",
        "type": "object",
        "required": ["policy"],
        "additionalProperties": False,
        "properties": {
            "policy": {"const": VERSION, "description": "The version of this form."},
            "profile": {"enum": list(profiles()), "description": "The profile from which the policy starts."},
            "parameters": {"$ref": "#/$defs/parameters"},
        },
        "$defs": {
            "parameters": {
                "type": "object",
                "description": "What the policy changes of its profile, or else of the defaults.",
                "additionalProperties": False,
                "properties": changes,
            }
        },
    }


def _schema_of(name: str, allowed: tuple[str | int, ...], meaning: str) -> dict[str, object]:
    about: dict[str, object] = {"description": meaning}
    default = getattr(Policy, name)
    if allowed:
        return {"enum": list(allowed), **about, "default": default}
    least = -1 if name in FOLLOWING else 0
    return {"type": "integer", "minimum": least, "maximum": LARGEST, **about, "default": default}

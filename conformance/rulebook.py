"""The rules as data: what `spec/rules.yaml` says, typed, and shown to whoever asks.

Nothing here judges. Verdicts and reports take a rule's title, level and citation from here, and `rekeyspec rules` its
text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from rekeyspec.conformance.yamlfile import choose, problem, read, shown

FILE: Final = Path(__file__).parent.parent / "spec" / "rules.yaml"
WIDTH: Final = 100


@dataclass(frozen=True)
class Source:
    """One of the two documents that the rules come from."""

    title: str
    number: str
    year: int
    about: str


@dataclass(frozen=True)
class Parameter:
    """One policy parameter. `values` are all that it may have; none for an integer (`type`) from 0.

    `default` is a value, or the name of the parameter whose value it takes. `unit` is ms, bytes or what it counts.
    """

    unit: str
    default: str | int
    meaning: str
    rules: tuple[str, ...]
    values: tuple[str | int, ...] = ()
    type: Literal["integer", "choice"] = "choice"


@dataclass(frozen=True)
class Rule:
    """One rule. `actions` are those whose guard or obligation carries it; `parameters` those of a policy it reads."""

    id: str
    group: str
    title: str
    level: Literal["MUST", "SHOULD", "MAY"]
    binds: str
    text: str
    source: str
    parameters: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True)
class _Book:
    sources: dict[str, Source]
    parameters: dict[str, Parameter]
    rules: tuple[Rule, ...]


@cache
def _book() -> _Book:
    return msgspec.convert(read(FILE).data, _Book)


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the file."""
    return MappingProxyType({rule.id: rule for rule in _book().rules})


def parameters() -> Mapping[str, Parameter]:
    """Every policy parameter by its name, in the order of the file."""
    return MappingProxyType(_book().parameters)


def sources() -> Mapping[str, Source]:
    """The documents by the letter that citations use."""
    return MappingProxyType(_book().sources)


def rule_named(rule_id: str, where: str = "rules") -> Rule:
    """The rule of this id. Raises BadInput, with `where`, when there is none."""
    known = rules()
    if rule_id not in known:
        raise problem(where, f"the rule {shown(rule_id)}", *choose(rule_id.upper(), known))
    return known[rule_id]


def show(rule_id: str | None = None) -> str:
    """All rules as a table, or one with everything known of it. Raises BadInput for an unknown rule."""
    return _table() if rule_id is None else _one(rule_named(rule_id))


def _table() -> str:
    lines: list[str] = []
    group = ""
    for rule in rules().values():
        if rule.group != group:
            group = rule.group
            lines += ["", group] if lines else [group]
        lines.append(f"  {rule.id:<8}  {rule.level:<6}  {rule.title}")
    cited = [f"{letter}: {source.title}, {source.number}, {source.year}" for letter, source in sources().items()]
    return "\n".join([*lines, "", *cited])


def _one(rule: Rule) -> str:
    head = [f"{rule.id}  {rule.title}", f"{rule.level}, binds: {rule.binds} ({rule.group})", ""]
    body = [_filled(rule.text), "", _filled(f"source: {rule.source}"), _filled(f"actions: {', '.join(rule.actions)}")]
    if not rule.parameters:
        return "\n".join([*head, *body])
    return "\n".join([*head, *body, "parameters:", *(_described(name) for name in rule.parameters)])


def _described(name: str) -> str:
    parameter = parameters()[name]
    values = " | ".join(str(value) for value in parameter.values) or f"integer, {parameter.unit}"
    return _filled(f"  {name} ({values}; default {parameter.default}): {parameter.meaning}", "    ")


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)

"""Pairs of values: of any two parameters, does every value of one meet every value of the other in a checked model?

Most mistakes of a rule need two parameters to show, so a model for every pair finds them without a model for every
policy. A number is as good as another on the same side of what matters: what is 0 for never is never or not, what may
not be 0 is its default in ticks or another, and what follows `idle_period` follows it or does not. `delay` is no
parameter of the rules, and every model says what its own is.

A pair that no consistent policy has is left out, and the rules that leave it out are known: they are found by trying,
on one consistency check after the other, the values of just those parameters that the check has read.

This knows our spec: the defaults in ticks are those of `Policy.tla`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args, get_type_hints

from rekeyspec.reference import contradictions
from rekeyspec.reference.policy import Policy, parameters

SPEC: Final = Path(__file__).parent.parent / "spec"

FOLLOWING: Final = "as idle_period"
NUMBERS: Final[Mapping[str, Mapping[str, tuple[int, ...]]]] = {
    "negotiation_timeout": {"default": (), "another": (2,)},
    "byte_limit": {"never": (0,), "positive": (1, 2)},
    "byte_floor": {"never": (0,), "positive": (2,)},
    "age_limit": {"never": (0,), "positive": (3, 5)},
    "idle_period": {"never": (0,), "positive": (2, 4)},
    "heartbeat_interval": {FOLLOWING: (-1,), "another": (3, 5)},
    "rekey_idle": {FOLLOWING: (-1,), "another": (1, 3, 5, 7)},
    "reply_timeout": {"default": (), "another": (1,)},
    "retries": {"never": (0,), "positive": (1,)},
    "grace": {"never": (0,), "positive": (1, 2)},
    "session_lifetime": {"never": (0,), "positive": (2,)},
    "max_message": {"default": (), "another": (1,)},
    "queue_limit": {"default": (), "another": (1, 3)},
    "links_per_user": {"never": (0,), "positive": (1,)},
}
"""The classes of each number, and what is tried of each in a model, smallest first: fewer ticks, fewer states. What is
tried of the default is the default in ticks."""


class Value(NamedTuple):
    """A parameter and its value; a class of values, where it is a number."""

    parameter: str
    value: str

    def __str__(self) -> str:
        return f"{self.parameter} {self.value}"


Pair = tuple[Value, Value]
Domains = Mapping[str, tuple[Any, ...]]


@cache
def classes() -> Mapping[str, Mapping[str, tuple[Any, ...]]]:
    """Of every parameter of the rules every value, and how each may be written; in the order of the rules."""
    hints = get_type_hints(Policy)
    names = [name for name in parameters() if name != "delay"]
    return {
        name: {word: numbers or (defaults()[name],) for word, numbers in NUMBERS[name].items()}
        if name in NUMBERS
        else {str(value): (value,) for value in get_args(hints[name])}
        for name in names
    }


@cache
def defaults() -> Mapping[str, str | int]:
    """Every parameter with its default in ticks and units, as `Policy.tla` has it."""
    text = (SPEC / "Policy.tla").read_text(encoding="utf-8").partition("Default ==")[2].partition("]")[0]
    found = re.findall(r'(\w+)\s*\|->\s*(?:"([^"]*)"|(-?\d+))', text)
    return {name: word or int(number or 0) for name, word, number in found}


def in_ticks(differs: Mapping[str, str | int]) -> Policy:
    """The policy of a model, which differs from the defaults in ticks so far."""
    return Policy(**{**defaults(), **differs})  # type: ignore[arg-type]


def values(policy: Policy) -> tuple[Value, ...]:
    """Every parameter of the rules and the value, or class of values, that this policy has."""
    return tuple(Value(name, _class(name, policy)) for name in classes())


def _class(name: str, policy: Policy) -> str:
    value = getattr(policy, name)
    if name not in NUMBERS:
        return str(value)
    if name in ("heartbeat_interval", "rekey_idle"):
        return FOLLOWING if value == policy.idle_period else "another"
    if "never" in NUMBERS[name]:
        return "positive" if value else "never"
    return "default" if value == defaults()[name] else "another"


def pairs_of(policy: Policy) -> Iterable[Pair]:
    """The pairs of values that occur in a policy."""
    return combinations(values(policy), 2)


def all_pairs() -> Iterable[Pair]:
    """Every pair of values of two parameters, in the order of the rules."""
    for one, other in combinations(classes(), 2):
        for value in classes()[one]:
            yield from ((Value(one, value), Value(other, word)) for word in classes()[other])


def missing(policies: Iterable[Policy]) -> list[Pair]:
    """The pairs that occur in none of these policies, in the order of the rules."""
    found = {pair for policy in policies for pair in pairs_of(policy)}
    return [pair for pair in all_pairs() if pair not in found]


def solve(fixed: Iterable[Value]) -> Policy | frozenset[str]:
    """A consistent policy in ticks that has these values; if there is none, the rules that say so."""
    domains = {
        name: tuple(value for word in words for value in classes()[name][word]) for name, words in _allowed(fixed)
    }
    return _search(domains)


def _allowed(fixed: Iterable[Value]) -> Iterable[tuple[str, list[str]]]:
    wanted = dict(fixed)
    return ((name, [wanted[name]] if name in wanted else list(words)) for name, words in classes().items())


class _Read(Policy):
    """A policy that notes which of its parameters were read."""

    def __getattribute__(self, name: str) -> Any:
        if name in _NAMES:
            read = super().__getattribute__("__dict__").setdefault("read", set())
            read |= {name, "idle_period"} if name in ("heartbeat_interval", "rekey_idle") else {name}
        return super().__getattribute__(name)


_NAMES: Final = frozenset(parameters())


def _search(domains: Domains) -> Policy | frozenset[str]:
    chosen = {name: candidates[0] for name, candidates in domains.items()}
    for check in contradictions._CHECKS:  # noqa: SLF001  # what each of them reads is what is asked
        policy = _Read(**chosen)
        vars(policy)["read"] = set()
        wrong = next(check(policy), None)
        if wrong is None:
            continue
        name = next((name for name in sorted(vars(policy)["read"]) if len(domains.get(name, ())) > 1), None)
        if name is None:
            return frozenset([wrong.rule])
        return _first(_search({**domains, name: (value,)}) for value in domains[name])
    return Policy(**chosen)


def _first(found: Iterable[Policy | frozenset[str]]) -> Policy | frozenset[str]:
    rules: frozenset[str] = frozenset()
    for one in found:
        if isinstance(one, Policy):
            return one
        rules |= one
    return rules

"""The profile of a real program: the policy that it really follows, derived from its experiments, and how far that is
from the profiles of the rule book.

Each experiment says which values of the parameters it tells apart the program's log conforms to (`follow`). A number is
told apart only from never: whether the program has that mechanism at all. Where it has, the profile carries the number
of `combined`, since the program takes any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rekeyspec.conformance.peers.follow import Value
from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.report.form import ExperimentForm
from rekeyspec.conformance.rulebook import parameters, rules
from rekeyspec.reference.policy import Policy

COMPARED: Final = ("key-based", "protected-keepalive", "combined")
"""The profiles that a program's is held against."""

ASSUMED: Final = ("delay",)
"""Parameters that say what is assumed of the network, and nothing of a program."""

NUMBERS: Final = "combined"
"""The profile whose numbers stand for those that a program takes."""


@dataclass(frozen=True)
class Learned:
    """What experiments tell of one parameter: its value (of a number: a number, or 0 for never), which of them say so,
    and which say otherwise."""

    value: Value
    told_by: Sequence[str]
    otherwise: Mapping[str, Value]


def learned(experiments: Iterable[ExperimentForm]) -> dict[str, Learned]:
    """Every parameter that an experiment tells, in the rule book's order. Of several values the one that most tell."""
    said: dict[str, dict[str, Value]] = {}
    for one in experiments:
        if one.follows is not None and one.word in ("conforms", "violates"):
            for name, value in one.follows.items():
                said.setdefault(name, {})[one.name] = _general(name, value)
    return {name: _settled(said[name]) for name in parameters() if name in said}


def _general(name: str, value: Value) -> Value:
    """A number of an experiment's own, as the number that stands for all of them."""
    if parameters()[name].values or not value:
        return value
    return int(getattr(profiles()[NUMBERS], name)) or int(getattr(profiles()["messaging"], name)) or int(value)


def _settled(told: Mapping[str, Value]) -> Learned:
    counts = Counter(told.values())
    value = max(counts, key=lambda one: (counts[one], -list(told.values()).index(one)))
    by = [name for name, one in told.items() if one == value]
    return Learned(value, by, {name: one for name, one in told.items() if one != value})


def derived(found: Mapping[str, Learned]) -> Policy:
    """The policy: what was learned, and defaults for the rest."""
    return Policy().but(**{name: one.value for name, one in found.items()})


def policy_file(title: str, found: Mapping[str, Learned], provenance: str) -> Iterator[str]:
    """The lines of a policy file, each parameter with the experiments that tell it."""
    yield f"# {title}: the policy that it follows, derived from experiments ({provenance})."
    yield "# A number says that the program has that mechanism, and stands for the number that it is given; 0 is never."
    yield "policy: 0"
    yield "parameters:" if found else "parameters: {}"
    for name, one in found.items():
        yield f"  {name}: {one.value}  # {', '.join(one.told_by)}"
        for experiment, value in one.otherwise.items():
            yield f"  #   but {value} in {experiment}"


Standing = Literal["same", "other", "breaks", "unknown"]


@dataclass(frozen=True)
class Distance:
    """How a program stands to one rule of a profile. `why` says what is other, broken or not known."""

    rule: str
    standing: Standing
    why: str


def distance(
    found: Mapping[str, Learned], experiments: Sequence[ExperimentForm], words: Mapping[str, str], profile: str
) -> list[Distance]:
    """Rule by rule, in the rule book's order, for the rules that this profile puts to use; `words` are the program's
    verdicts by rule."""
    wanted = profiles()[profile]
    broken = {one.broken.rule: one.name for one in experiments if one.broken is not None and not one.follows}
    said = []
    for rule in rules():
        own = [name for name, parameter in parameters().items() if parameter.rules[0] == rule]
        off = [_apart(name, wanted, found[name].value) for name in own if name in found]
        off = [one for one in off if one]
        needed = [name for name in own if name not in ASSUMED and getattr(wanted, name) != getattr(Policy(), name)]
        dark = [name for name in needed if name not in found]
        if off:
            said.append(Distance(rule, "other", "; ".join(off)))
        elif rule in broken:
            said.append(Distance(rule, "breaks", broken[rule]))
        elif dark:
            said.append(Distance(rule, "unknown", ", ".join(dark)))
        elif words.get(rule) == "conforms":
            said.append(Distance(rule, "same", ""))
    return said


def _apart(name: str, wanted: Policy, value: Value) -> str:
    """What the profile wants and the program does; empty where it is the same. Of numbers only whether there is one."""
    wants: Value = getattr(wanted, name)
    same = bool(wants) == bool(value) if isinstance(value, int) and not parameters()[name].values else wants == value
    if same:
        return ""
    return f"`{name}` is {_said(name, value)}, not {_said(name, wants)}"


def _said(name: str, value: Value) -> str:
    return "never" if value == 0 and not parameters()[name].values else str(value)

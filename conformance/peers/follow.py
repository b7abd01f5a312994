"""Which policy a program really follows: asked of the oracle, which judges the same log by one policy after the other.

A program is configured to a policy, as near as its options come, and may do otherwise. What it does otherwise is often
a policy too: one that has no byte limit follows `byte_limit: 0`, one whose traffic proves its peer alive
`proof_of_life: any`. Each experiment names the parameters that it may tell apart. The first combination of their values
by which its log conforms, those that were asked for first, is what the program follows there; of a parameter that might
as well have another value nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Final

from rekeyspec.conformance.rulebook import parameters
from rekeyspec.reference.policy import Policy

Value = int | str
Conforms = Callable[[Policy], bool]

SWITCHED_OFF: Final = 0
"""What an integer parameter may be besides what was asked for: never."""


def values(name: str, policy: Policy) -> list[Value]:
    """What a parameter may be: what the policy says, then the others; of a number only whether it is there at all."""
    asked: Value = getattr(policy, name)
    others: Sequence[Value] = parameters()[name].values or (SWITCHED_OFF,)
    return [asked, *(value for value in others if value != asked)]


def followed(policy: Policy, names: Sequence[str], conforms: Conforms) -> Mapping[str, Value] | None:
    """The values of these parameters by which the log conforms, as few as possible other than the policy's; None where
    it conforms by no combination of them. A parameter is left out where the log conforms by another value of it too."""
    choices = {name: values(name, policy) for name in names}
    combinations = sorted(
        product(*(range(len(choice)) for choice in choices.values())),
        key=lambda picked: (sum(map(bool, picked)), picked),
    )
    for picked in combinations:
        found = {name: choices[name][number] for name, number in zip(names, picked, strict=True)}
        if conforms(policy.but(**found)):
            others = {name: [one for one in choices[name] if one != value] for name, value in found.items()}
            told = [
                name for name in names if not any(conforms(policy.but(**found | {name: one})) for one in others[name])
            ]
            return {name: found[name] for name in told}
    return None

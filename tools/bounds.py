"""The bounds of one model of our spec: its policy, what its users wish, what its network and its adversary may do.

They are the constants of the cfg (`spec/Link.tla`), which TLC itself evaluates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from rekeyspec.conformance.adversary import Power
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Kind, Role
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.evaluation import evaluate
from rekeyspec.tools.models import Model
from rekeyspec.tools.story import policy_of

MOST_WISHES: Final = 9
"""How many messages of one user are asked for; TLC lists every wish."""

_EXPRESSION: Final = (
    "[policy |-> policy, server_limit |-> ServerLimit, delay |-> Delay, losable |-> Losable, sizes |-> Sizes,"
    f" wished |-> {{<<e, n>> \\in End \\X (1..{MOST_WISHES}) : Wishes(e, n)}}, shuts |-> Shuts, links |-> Links,"
    " tries |-> Tries, powers |-> Powers, strikes |-> Strikes]"
)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What one model bounds. Sizes are units, `delay` is ticks."""

    policy: Policy
    server_limit: int = -1
    """The server's own `byte_limit`; -1: the policy's."""
    delay: int = 0
    losable: frozenset[Kind] = frozenset()
    sizes: frozenset[int] = frozenset()
    wished: frozenset[tuple[Role, int]] = frozenset()
    shuts: frozenset[Role] = frozenset()
    links: int = 1
    tries: frozenset[str] = frozenset()
    powers: frozenset[Power] = frozenset()
    strikes: int = 0

    def wishes(self, role: Role, n: int) -> bool:
        """Has the user of this end an nth message to offer?"""
        return (role, n) in self.wished

    def policy_at(self, role: Role) -> Policy:
        """The policy of this end, which differs from the other's in the server's own limit only."""
        if role == "client" or self.server_limit < 0:
            return self.policy
        return self.policy.but(byte_limit=self.server_limit)


_OVERRIDE: Final = re.compile(r"(?<![\w!])([A-Za-z_]\w*)\s*<-")
_BROKEN: Final = re.compile(r"(?<!\w)(?:Dropped|Inverted)\s*=\s*\{\s*\"|(?<!\w)(?:Dropped|Inverted)\s*<-")
_OWN: Final = frozenset(
    {"Chosen", "ServerLimit", "Losable", "Sizes", "Wishes", "Shuts", "Tries", "Powers", "Dropped", "Inverted"}
)


def broken(text: str) -> bool:
    """Does a cfg break the spec on purpose: a condition dropped or inverted, an operator replaced that is no bound?"""
    return bool(_BROKEN.search(text)) or not _OWN.issuperset(_OVERRIDE.findall(text))


def bounds(model: Model, tlc: Tlc, *, timeout: float = 60) -> Bounds:
    """The bounds of this model. Raises ModelError where its module lacks one, and for all that stops TLC; NotAStory for
    a policy that is none."""
    found: Any = evaluate(_EXPRESSION, model.run(), tlc, timeout=timeout)
    values = {str(name): value for name, value in found.items()}
    return Bounds(**values | {"policy": policy_of(values["policy"], model)})

"""The search for findings: policies by powers by properties, each cell a small model, and what breaks where.

The adversary gets its powers one at a time, or in pairs. A power that is nothing without another (what is made under a
key needs the key) counts as one with it, and to swallow each kind of message is a power of its own. All properties are
asked at once; the one that breaks is noted and left out, until the rest hold. What breaks without any adversary, delay
or loss is told once and left out of the other cells.

What comes of it is a list to think about: an entry of `spec/findings.yaml` is what somebody made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import KINDS
from rekeyspec.tools.asking import JOBS, Asker
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.scenario import Scenario

PROPERTIES: Final = (
    "LinkSurvives", "SpoofIsForged", "NothingForged", "ToldIsSafe", "GoneIsSafe", "KeysArePeers", "KeysArePaidFor",
    "HonestIsDelivered", "OnceInOrder", "DeadServerNoticed", "DeadClientNoticed", "OverdueIsLost",
)  # fmt: skip
POWERS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(name.split("+"))
    for name in (
        "delay", "duplicate", "replay", "reorder", "forge", "junk", "resume", "impersonate",
        "crack-marked+inject", "crack-marked+forge", "crack+inject", "crack+forge",
    )
}  # fmt: skip
SWALLOWS: Final[Mapping[str, str]] = {f"swallows {kind}": kind for kind in KINDS}
TIMEOUT: Final = 60.0
"""Seconds for one model; what takes longer is told as undecided."""
_TWO: Final = frozenset({"resume", "impersonate"})
"""Powers that take two messages of the adversary's: a start and a finish."""
_EPOCHS: Final = 3


@dataclass(frozen=True)
class Cell:
    """One policy against these powers; none: an honest network without delay or loss."""

    name: str
    policy: Policy
    powers: tuple[str, ...]

    def scenario(self, properties: Sequence[str]) -> Scenario:
        """What TLC is asked."""
        made = tuple(dict.fromkeys(one for power in self.powers for one in POWERS.get(power, ())))
        direction = self.policy.direction
        return Scenario(
            policy=self.policy,
            property=" ".join(properties),
            offers={"both": (1, 1), "to-server": (1, 0), "to-client": (0, 1)}[direction],
            powers=made,
            strikes=0 if not made else 2 if _TWO & {*made} else 1,
            loses=tuple(SWALLOWS[power] for power in self.powers if power in SWALLOWS),
            epochs=_EPOCHS,
        )


@dataclass(frozen=True)
class Broken:
    """A cell, the properties that break in it with the steps that it takes, and those that were not decided."""

    cell: Cell
    steps: Mapping[str, int]
    undecided: tuple[str, ...] = ()


def cells(policies: Mapping[str, Policy], *, pairs: bool = False) -> Iterator[Cell]:
    """Every policy against every power, or against every pair of them."""
    single = [*POWERS, *SWALLOWS]
    for name, policy in policies.items():
        if pairs:
            yield from (Cell(name, policy, two) for two in combinations(single, 2))
        else:
            yield from (Cell(name, policy, (one,)) for one in single)


def search(
    wanted: Sequence[Cell],
    tlc: Tlc,
    *,
    jobs: int = JOBS,
    timeout: float = TIMEOUT,
    told: Callable[[Broken], None] = lambda _: None,
) -> list[Broken]:
    """What breaks in each cell, `jobs` at a time, after what breaks in the honest cells of the same policies."""
    asker = Asker(tlc, timeout)

    def one(cell: Cell, but: frozenset[str] = frozenset()) -> Broken:
        broken = _search(cell, asker, [name for name in PROPERTIES if name not in but])
        told(broken)
        return broken

    policies = {cell.name: cell.policy for cell in wanted}
    honest = asker.each(one, [Cell(name, policy, ()) for name, policy in policies.items()], jobs)
    but = {broken.cell.name: frozenset(broken.steps) for broken in honest}
    return honest + asker.each(lambda cell: one(cell, but[cell.name]), wanted, jobs)


def _search(cell: Cell, asker: Asker, properties: list[str]) -> Broken:
    found: dict[str, int] = {}
    while properties:
        try:
            output = asker.ask(cell.scenario(properties))
        except ModelError as why:
            if "TLC was stopped" not in str(why):
                raise
            return Broken(cell, found, tuple(properties))
        if output.verdict is None or output.verdict.kind == "ok":
            break
        found[output.verdict.name] = len(output.behaviour.states) - 1 if output.behaviour else 0
        properties.remove(output.verdict.name)
    return Broken(cell, found)

"""The models that hold every pair of values: `python -m rekeyspec.tools.pairmodels` writes them.

Policies are made one after the other, value by value: each time the value that brings the most pairs not yet seen with
what is chosen already, if a consistent policy can still have it. (Libraries for covering arrays filter rows as they
come, and leave out pairs that a consistent policy does have; asked with `pairs.solve` they lost some two hundred.)

The models are small, honest and without delay: what they are for is that no two parameters are at odds. How many
states each has is TLC's to say: it is written into `models.yaml` once they have run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from rekeyspec.reference.policy import Policy
from rekeyspec.tools import pairs
from rekeyspec.tools.pairs import Pair, Value

MODELS: Final = pairs.SPEC / "models"

_MODULE: Final = """------------------------------- MODULE MCPairs -------------------------------
(***************************************************************************)
(* Every pair of values of two parameters that a consistent policy can     *)
(* have, in ticks and units.  Made by tools/pairmodels.py: change it there. *)
(***************************************************************************)
EXTENDS Bounds

(* With data+control the heartbeats of an idle link count for ever.        *)
Few == \\A e \\in End : end[e].epoch <= 3 /\\ end[e].count <= 3

{policies}
=============================================================================
"""
_CFG: Final = """SPECIFICATION Spec
CONSTANTS
  Chosen <- {name}
  ServerLimit <- NONE
  Delay = 0
  Losable = {{}}
  Sizes <- One
  Wishes <- UpTo1
  Shuts <- None
  Links = 1
  Tries = {{}}
  Powers = {{}}
  Strikes = 0
  Dropped = {{}}
  Inverted = {{}}
CONSTRAINT
  Few
INVARIANTS
  {invariants}
PROPERTIES
  {properties}
"""
INVARIANTS: Final = (
    "TypeOK", "NoDataBeforeKey", "OneNewKey", "NoOldDataBehind", "DueIsAllowed", "OneSession", "Bounded", "OneLimit",
    "KeysArePeers",
)  # fmt: skip
PROPERTIES: Final = (
    "BytesPerKey", "AgePerKey", "MarkedKey", "HeartbeatsAreNoTraffic", "OnceInOrder", "SilentNegotiation",
    "DeliveredUnderKey", "RightStarter", "ResumedInTime", "NotProlonged", "NothingForged",
)  # fmt: skip


def policies() -> list[Policy]:
    """Consistent policies that have every pair of values between them that a consistent policy can have."""
    left = {pair for pair in pairs.all_pairs() if isinstance(pairs.solve(pair), Policy)}
    made = []
    while left:
        made.append(_next(left))
        left -= set(pairs.pairs_of(made[-1]))
    return made


def _next(left: set[Pair]) -> Policy:
    """A policy with many of these pairs."""
    often = {value: sum(value in pair for pair in left) for pair in left for value in pair}
    first, second = max(sorted(left), key=lambda pair: often[pair[0]] + often[pair[1]])
    fixed = {first, second}
    policy = _solved(fixed)
    while values := _best(left, fixed):
        solved = next(((value, found) for value in values if (found := _solved(fixed | {value}))), None)
        if solved is None:
            break
        fixed.add(solved[0])
        policy = solved[1]
    assert policy
    return policy


def _solved(fixed: Iterable[Value]) -> Policy | None:
    found = pairs.solve(fixed)
    return found if isinstance(found, Policy) else None


def _best(left: set[Pair], fixed: set[Value]) -> list[Value]:
    """The values that are still to be chosen, those first that complete the most pairs, then those in the most."""
    chosen = {value.parameter for value in fixed}
    completes: dict[Value, int] = {}
    begins: dict[Value, int] = {}
    for pair in left:
        for value, other in (pair, pair[::-1]):
            if value.parameter not in chosen:
                completes[value] = completes.get(value, 0) + (other in fixed)
                begins[value] = begins.get(value, 0) + (other.parameter not in chosen)
    return sorted(completes, key=lambda value: (-completes[value], -begins[value], _number(value), value))


def _number(value: Value) -> int:
    """Where it stands among the values of its parameter: the first is the default, with the fewest states."""
    return list(pairs.classes()[value.parameter]).index(value.value)


def differs(policy: Policy) -> dict[str, str | int]:
    """What a policy in ticks changes of the defaults in ticks."""
    found = {name: value for name, value in policy.plain().items() if value != pairs.defaults()[name]}
    return {name: value for name, value in found.items() if not _follows(policy, name)}


def _follows(policy: Policy, name: str) -> bool:
    return name in ("heartbeat_interval", "rekey_idle") and getattr(policy, name) == policy.idle_period


def files(made: Iterable[Policy]) -> Iterator[tuple[Path, str]]:
    """The module and the cfgs."""
    named = {f"Pairs{number}": policy for number, policy in enumerate(made, 1)}
    yield MODELS / "MCPairs.tla", _MODULE.format(policies="\n\n".join(map(_operator, named, named.values())))
    for name in named:
        text = _CFG.format(name=name, invariants=" ".join(INVARIANTS), properties=" ".join(PROPERTIES))
        yield MODELS / f"pair-{name.removeprefix('Pairs')}.cfg", text


def _operator(name: str, policy: Policy) -> str:
    changes = [f"!.{key} = {_text(value)}" for key, value in differs(policy).items()]
    lines, line = [f"{name} == Resolved([ Default EXCEPT"], " "
    for change in [*(f"{one}," for one in changes[:-1]), changes[-1]]:
        if len(line) + len(change) > 110:
            lines.append(line)
            line = " "
        line += f" {change}"
    return "\n".join([*lines, f"{line} ])"])


def _text(value: str | int) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def entries(made: Iterable[Policy], distinct: Mapping[str, int]) -> Iterator[str]:
    """What `models.yaml` says of them."""
    for number, policy in enumerate(made, 1):
        model = f"pair-{number}"
        changed = ", ".join(f"{name}: {value}" for name, value in differs(policy).items())
        yield f"""  - id: {model}
    about: With the other pair models, every pair of values of two parameters; this is policy {number}.
    spec: models/MCPairs.tla
    cfg: models/{model}.cfg
    profile: key-based
    rules: [EST-1, EST-3, BYTE-3, AGE-1, HB-4, IDLE-1, IDLE-3, ORDER-1, REKEY-1, REKEY-4, REKEY-5, CACHE-1]
    policy: {{{changed}}}
    expect: ok
    distinct: {distinct.get(model, 1)}
"""


def main() -> None:
    """Write the module and the cfgs; print what belongs in `models.yaml`."""
    made = policies()
    for path, text in files(made):
        path.write_text(text, encoding="utf-8")
    print("".join(entries(made, {})), end="")


if __name__ == "__main__":
    main()

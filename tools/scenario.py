"""One question to the model checker about our own spec, as data: a policy, a network, users, an adversary, a property.

A finding, a cell of the search and a point of the timers' grid are such questions; from each a module and a cfg are
made in a folder of its own, so that none of the hundreds that are asked has files to be kept. A tick of the spec is a
millisecond of the policy and a unit of size a byte, so one policy serves the model, the trace and policy validation.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.tools.command import Size, TlcRun

SPEC: Final = Path(__file__).parent.parent / "spec"
EXTENDED: Final = "Questions"
"""The module that has every property that is asked for."""

TICKS: Final[Mapping[str, int]] = {
    "negotiation_timeout": 4, "reply_timeout": 2, "session_lifetime": 0, "max_message": 2, "queue_limit": 2,
}  # fmt: skip
"""What the spec's own `Default` has in the place of the defaults in milliseconds and bytes."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is asked. Times are ticks, sizes units."""

    policy: Policy
    property: str
    """What must hold: a definition of `spec/Properties.tla` or `spec/Questions.tla`, or several."""
    delay: int = 0
    """The longest time that an honest network needs for a message."""
    loses: tuple[str, ...] = ()
    """The kinds of messages that the network, or the adversary, may lose."""
    offers: tuple[int, int] = (1, 0)
    """How many messages the users of client and server offer at most."""
    sizes: tuple[int, ...] = (1,)
    shuts: tuple[str, ...] = ()
    """The ends whose user may end the link."""
    links: int = 1
    tries: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    """What the adversary can do."""
    strikes: int = 0
    """How many messages the adversary may make."""
    epochs: int = 0
    """Epochs beyond this many are not looked at; 0: all are."""
    steps: str = ""
    """A definition of which steps are looked at; none: all are."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Operators of the spec replaced by others."""

    def module(self, name: str) -> str:
        """The text of the root module."""
        record = ", ".join(f"{key} |-> {_literal(value)}" for key, value in self.policy.plain().items())
        client, server = self.offers
        lines = [
            f"---- MODULE {name} ----",
            f"EXTENDS {EXTENDED}",
            f"AskedPolicy == [{record}]",
            f'AskedWishes(e, n) == n <= (IF e = "client" THEN {client} ELSE {server})',
            f"AskedBound == \\A e \\in End : end[e].epoch <= {self.epochs or 0}",
            "====",
        ]
        return "\n".join(lines) + "\n"

    def cfg(self) -> str:
        """The text of the cfg."""
        constants = {
            "Chosen": "<- AskedPolicy",
            "Wishes": "<- AskedWishes",
            "ServerLimit": "<- NONE",
            "Delay": f"= {self.delay}",
            "Losable": f"= {_set(self.loses)}",
            "Sizes": f"= {_set(self.sizes)}",
            "Shuts": f"= {_set(self.shuts)}",
            "Links": f"= {self.links}",
            "Tries": f"= {_set(self.tries)}",
            "Powers": f"= {_set(self.powers)}",
            "Strikes": f"= {self.strikes}",
            "Dropped": "= {}",
            "Inverted": "= {}",
        } | {name: f"<- {other}" for name, other in self.extra.items()}
        lines = ["SPECIFICATION Spec", "CONSTANTS", *(f"  {name} {value}" for name, value in constants.items())]
        for name in self.property.split():
            lines += ["PROPERTIES" if temporal(name) else "INVARIANTS", f"  {name}"]
        lines += ["CONSTRAINTS", "  AskedBound"] if self.epochs else []
        lines += ["ACTION_CONSTRAINTS", f"  {self.steps}"] if self.steps else []
        return "\n".join(lines) + "\n"

    @contextmanager
    def run(self, *, coverage: bool = False, size: Size = "small") -> Iterator[TlcRun]:
        """How TLC is to be run; its files last as long as the context."""
        with tempfile.TemporaryDirectory(prefix="rekeyspec-asked-") as folder:
            spec = Path(folder) / "Asked.tla"
            spec.write_text(self.module("Asked"), encoding="utf-8")
            cfg = spec.with_suffix(".cfg")
            cfg.write_text(self.cfg(), encoding="utf-8")
            yield TlcRun(spec=spec, cfg=cfg, deadlock=False, coverage=coverage, size=size, library=(SPEC,))


@cache
def temporal(name: str) -> bool:
    """Is this definition one of steps or of liveness, and not of states? Raises BadInput where there is none."""
    for module in SPEC.glob("*.tla"):
        found = re.search(rf"^{name} ==(.*?)(?=^\S|\Z)", module.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        if found:
            return "[][" in found[1] or "[]<>" in found[1] or "~>" in found[1]
    raise BadInput(f"{SPEC}: read no definition of {name}, expected one in a module; name another property")


def ticks(**changes: object) -> Policy:
    """A policy in ticks and units: the spec's defaults but for these."""
    return Policy(**{**TICKS, **changes})  # type: ignore[arg-type]


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _set(values: tuple[str, ...] | tuple[int, ...]) -> str:
    return "{" + ", ".join(map(_literal, values)) + "}"

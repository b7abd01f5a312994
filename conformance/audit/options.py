"""What is said on the command line besides the headers, and instead of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rekeyspec.conformance.audit.hooks import Size
from rekeyspec.conformance.policies import policy_named
from rekeyspec.conformance.yamlfile import choose, problem
from rekeyspec.reference.gateway import user
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import VISIBLE, Do


@dataclass(frozen=True)
class Options:
    """None: what the header says."""

    profile: tuple[str, Policy] | None = None
    tolerance: int | None = None
    hidden: frozenset[Do] | None = None
    only: frozenset[str] = frozenset()
    """The users whose links are judged; empty: all."""
    keep_going: bool = False
    """At a bad line the log that it is in ends; the next header begins another."""
    again: tuple[str, ...] = ()
    """The same in words of the command line, but for `only`."""
    size: Size = field(default_factory=Size)


def chosen(
    profile: str | None, tolerance: int | None, hidden: str | None, links: Sequence[str], *, keep_going: bool
) -> Options:
    """The options that these words stand for. Raises BadInput."""
    again = []
    for name, said in (("--profile", profile), ("--tolerance", tolerance), ("--hidden", hidden)):
        again += [name, str(said)] if said is not None else []
    return Options(
        profile=None if profile is None else policy_named(profile),
        tolerance=tolerance,
        hidden=None if hidden is None else _hidden(hidden),
        only=frozenset(map(user, links)),
        keep_going=keep_going,
        again=tuple(again),
    )


def _hidden(text: str) -> frozenset[Do]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    known: dict[str, Do] = {do: do for do in VISIBLE}
    for name in names:
        if name not in known:
            raise problem("--hidden", f"`{name}`", *choose(name, VISIBLE))
    return frozenset(known[name] for name in names)

"""The claims of the two sources, and what became of each: `spec/claims.yaml` read, checked, and made into a page.

Nothing of a claim is quoted. An entry says what is asked for and where it is kept, or why it is not: a claim of which
neither can be said is a hole in the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from rekeyspec.conformance import yamlfile
from rekeyspec.conformance.rulebook import parameters, rules, sources
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.vocabulary import ENVIRONMENT, SILENT, VISIBLE

FILE: Final = Path(__file__).parent.parent / "spec" / "claims.yaml"
PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "claims.md"
COUNT: Final[Mapping[str, int]] = {"K": 38, "P": 17}
"""How many claims each document has."""

_ACTIONS: Final = frozenset((*ENVIRONMENT, *VISIBLE, *SILENT))


class Claim(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One claim, or one thing that a description adds, and what became of it."""

    id: Annotated[str, Meta(pattern=r"^[KP][:/].+$")]
    says: Annotated[str, Meta(min_length=1)]
    rules: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    values: dict[str, str | int] = {}
    like: str = ""
    """The claim that asks the same of another thing."""
    why_not: str = ""
    note: str = ""

    @property
    def number(self) -> int:
        """Of a claim; 0 of what a description adds."""
        found = re.fullmatch(r"[KP]:C(\d+)", self.id)
        return int(found[1]) if found else 0


class _Form(Struct, forbid_unknown_fields=True, frozen=True):
    claims: tuple[Claim, ...]


@cache
def claims() -> Mapping[str, Claim]:
    """Every entry of the file by its id, in its order. Raises BadInput for the first thing wrong."""
    return read(FILE)


def read(path: Path) -> dict[str, Claim]:
    """The entries of this file. Raises BadInput naming the place, what was expected and the remedy."""
    document = yamlfile.read(path)
    try:
        form = msgspec.convert(document.data, _Form)
    except msgspec.ValidationError as why:
        raise BadInput(f"{document.at()}: {why}; correct this entry") from None
    found: dict[str, Claim] = {}
    for index, claim in enumerate(form.claims):
        _check(document, index, claim, found)
        found[claim.id] = claim
    for letter, count in COUNT.items():
        missing = [f"{letter}:C{n}" for n in range(1, count + 1) if f"{letter}:C{n}" not in found]
        if missing:
            raise yamlfile.problem(document.at(), f"no entry for {', '.join(missing)}", "every claim", "add them")
    return found


def _check(document: yamlfile.Document, index: int, claim: Claim, before: Mapping[str, Claim]) -> None:
    def wrong(key: str, read_: str, expected: str, remedy: str) -> BadInput:
        return yamlfile.problem(document.at(("claims", index, key)), read_, expected, remedy)

    if claim.id in before:
        raise wrong("id", f"the id {claim.id} again", "an id once", "rename one of the two")
    for key, names, known in (
        ("rules", claim.rules, rules()),
        ("actions", claim.actions, _ACTIONS),
        ("values", claim.values, parameters()),
        ("like", [claim.like] if claim.like else [], before),
    ):
        for name in names:
            if name not in known:
                raise wrong(key, yamlfile.shown(name), *yamlfile.choose(name, sorted(known)))
    for name, value in claim.values.items():
        allowed = parameters()[name].values or (0, "> 0")
        if value not in allowed and not isinstance(value, int):
            raise wrong("values", f"{name} {value}", *yamlfile.choose(str(value), map(str, allowed)))
    if sum(map(bool, (claim.rules, claim.like, claim.why_not))) != 1:
        raise wrong("id", f"{claim.id} with none or several of rules, like, why_not", "one of them", "keep one")


def page() -> str:
    """docs/claims.md."""
    lines = [
        "# What became of every claim",
        "",
        "The rules come from two patent applications. This page goes through every claim of both, and through what",
        "their descriptions add, and says where each is kept: the rules (`rekeyspec rules RULE`), the actions that",
        "carry them, and the values of policy parameters that choose it; or why it is not kept. It is made from",
        "`spec/claims.yaml` by `rekeyspec model claims --update`.",
    ]
    for letter, source in sources().items():
        mine = [claim for claim in claims().values() if claim.id.startswith(letter)]
        lines += ["", f"## {letter}: {source.title} ({source.number})", "", "### Claims", "", *_HEAD]
        lines += [_row(claim) for claim in mine if claim.number]
        lines += ["", "### What the description adds", "", *_HEAD]
        lines += [_row(claim) for claim in mine if not claim.number]
    kept = sum(not claim.why_not for claim in claims().values())
    return "\n".join([*lines, "", f"{len(claims())} entries: {kept} kept, {len(claims()) - kept} not.", ""])


_HEAD: Final = ("| | asks | rules | actions | parameters |", "|---|---|---|---|---|")


def _row(claim: Claim) -> str:
    name = f"claim {claim.number}" if claim.number else claim.id[2:]
    says = claim.says if not claim.note else f"{claim.says} *{claim.note}*"
    if claim.why_not:
        return f"| {name} | {says} | none | | {claim.why_not} |"
    if claim.like:
        return f"| {name} | {says} | as claim {claims()[claim.like].number} | | |"
    values = ", ".join(_valued(claim))
    return f"| {name} | {says} | {', '.join(claim.rules)} | {', '.join(claim.actions)} | {values} |"


def _valued(claim: Claim) -> Iterator[str]:
    for name, value in claim.values.items():
        yield f"`{name}` {value}"

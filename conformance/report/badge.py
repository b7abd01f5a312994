"""A badge: what came out for one target, in a picture of a line, drawn here and self-contained.

It says what was observed, and its colour is that of the worst word. Where nothing was seen to hold it does not say that
anything conforms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.report.measure import shortened, width
from rekeyspec.conformance.verdict import Verdict, Word, worst

FONT: Final = 11
PAD: Final = 7
LONGEST: Final = 260
"""In pixels: the height of the letters, the room beside a text, and the widest either text may be."""

COLOUR: Final[Mapping[Word, str]] = {
    "conforms": "#1f7a46",
    "violates": "#c22f2a",
    "inconclusive": "#8a5d06",
    "unsupported": "#5c6570",
    "broken": "#8a35a8",
}
"""Dark enough for white letters."""


@dataclass(frozen=True)
class Part:
    """One of the two texts, from `x` on (pixels)."""

    text: str
    x: int

    @property
    def room(self) -> int:
        """What the letters take; they are drawn so wide whatever the font."""
        return round(width(self.text, FONT))

    @property
    def wide(self) -> int:
        """With the room on both sides."""
        return self.room + 2 * PAD


def said(verdicts: list[Verdict]) -> tuple[str, Word]:
    """What the verdicts on one target come to, in a few words, and the word that gives the colour. Of one rule under
    several policies the worst counts."""
    by_rule: dict[str, list[Word]] = {}
    for verdict in verdicts:
        by_rule.setdefault(verdict.rule, []).append(verdict.verdict)
    words = [worst(some) for some in by_rule.values()]
    count = {word: words.count(word) for word in COLOUR}
    if count["broken"]:
        return "broken", "broken"
    if count["violates"]:
        return f"{_rules(count['violates'])} violated", "violates"
    if not count["conforms"]:
        return "nothing observed", "inconclusive" if count["inconclusive"] else "unsupported"
    conform = f"{_rules(count['conforms'])} {'conforms' if count['conforms'] == 1 else 'conform'}"
    if count["inconclusive"]:
        return f"{conform}, {count['inconclusive']} not observed", "inconclusive"
    return conform, "conforms"


def _rules(count: int) -> str:
    return f"{count} {'rule' if count == 1 else 'rules'}"


def drawn(verdicts: list[Verdict], profile: str = "") -> str:
    """The badge of one target as SVG; with the policy's name where it is about one."""
    text, word = said(verdicts)
    name = shortened(printable(f"rekeyspec {profile}".strip()), LONGEST, FONT)
    left = Part(name, PAD)
    right = Part(shortened(text, LONGEST, FONT), left.wide + PAD)
    return _template().render(left=left, right=right, colour=COLOUR[word], size=FONT)


def badge(report: Report) -> str:
    """The badge of a report on one target. Its policy is named where there is one."""
    return drawn(list(report.verdicts), report.profiles[0] if len(report.profiles) == 1 else "")


def badges(report: Report) -> dict[str, str]:
    """File name -> badge, for each target and policy that anything was judged by."""
    found: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in report.verdicts:
        found.setdefault((verdict.target, verdict.profile), []).append(verdict)
    names = file_names(list(found))
    return {names[key]: drawn(verdicts, key[1]) for key, verdicts in found.items()}


def file_names(keys: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A file for each target and policy, named after both; told apart by a digest where that is not enough. A name
    does not depend on what else was judged, unless it is the same as another's."""
    plain = {key: "-".join(filter(None, (_slug(part) for part in key))) for key in keys}
    taken = [name.lower() for name in plain.values()]
    found = {}
    for key, name in plain.items():
        alone = name and len(name) <= 100 and taken.count(name.lower()) == 1
        digest = hashlib.sha256("\0".join(key).encode("utf-8", "backslashreplace")).hexdigest()[:8]
        found[key] = f"{name if alone else f'{name[:90]}-{digest}'.lstrip('-')}.svg"
    return found


def _slug(text: str) -> str:
    """A name as a part of a file's: letters, digits, points and hyphens."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("rekeyspec.conformance.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("badge.svg.j2")

"""The report as one HTML file: read without network, light or dark, on a phone or a desk.

The page is `report.html.j2`; everything that is not its own words is escaped there. Here is only what it cannot know:
which cell leads where, what is drawn, and how much is left out so that the page stays small (`keep.py`). All of it is
there without the script, which only folds, finds and filters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rekeyspec.conformance.report import drawing
from rekeyspec.conformance.report.contents import MEANING, NOT_ASKED, SYMBOL, Report, printable
from rekeyspec.conformance.report.keep import Keep, chosen, cut, fitted, left_out, sentences
from rekeyspec.conformance.report.reasons import reasons
from rekeyspec.conformance.report.sequence import diagram
from rekeyspec.conformance.report.sides import Side, sides
from rekeyspec.conformance.report.stated import Row, rows
from rekeyspec.conformance.report.story import Line, lines
from rekeyspec.conformance.report.telling import Telling, telling
from rekeyspec.conformance.report.words import MEANS, clock, spelt
from rekeyspec.conformance.rulebook import parameters
from rekeyspec.conformance.verdict import Verdict
from rekeyspec.reference.policy import parameters as defaults

DOTS: Final = 12
"""Of so many profiles each cell shows every one as a dot; of more only the worst."""

LETTERS: Final = {"conforms": "c", "violates": "v", "inconclusive": "i", "unsupported": "u", "broken": "b"}
"""What a word is to the script."""


@dataclass(frozen=True)
class Told:
    """One violation as the page tells it. `diagram` is None, and the rest empty, where it is told in words only."""

    number: int
    words: Telling
    diagram: drawing.Diagram | None
    lines: list[Line]
    sides: list[Side]
    rows: list[Row]


def as_html(report: Report) -> str:
    """The whole report as one page."""
    return fitted(lambda keep: _page(report, keep))


def _page(report: Report, keep: Keep) -> str:
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        keep=keep,
        violations=_violations(report, keep),
        left_out=list(sentences(left_out(report, keep))),
        anchors=_anchors(report, keep),
        letters=_letters(report),
        dots=1 < len(report.profiles) <= DOTS,
        reasons=reasons,
        grouped=grouped,
        known=parameters(),
        defaults=defaults(),
        symbol=SYMBOL,
        meaning=MEANING,
        means=MEANS,
        not_asked=NOT_ASKED,
        letter=LETTERS,
        drawing=drawing,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rekeyspec.conformance.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"clock": clock, "ticked": _ticked, "spelt": spelt, "cut": cut}
    return environment


def _shown(value: object) -> object:
    """Control characters in text from outside are shown; what is already part of the page stays as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _ticked(text: str) -> Markup:
    """A text with its `names` set as code."""
    parts: list[str] = printable(text).split("`")
    parts[1::2] = [Markup("<code>{}</code>").format(name) for name in parts[1::2]]
    return Markup("").join(escape(part) for part in parts)


def _violations(report: Report, keep: Keep) -> list[Told]:
    picked = chosen(report, keep)
    told = []
    for number in sorted(picked.told):
        words = telling(report, report.violations[number], keep.text)
        case = words.case
        if case is None or number not in picked.in_full:
            told.append(Told(number, words, None, [], [], []))
        else:
            both = sides(case)
            told.append(Told(number, words, diagram(case), lines(case), both, list(rows(both))))
    return told


@dataclass
class Same:
    """The verdicts of one cell that say the same, each under its profile."""

    first: Verdict
    verdicts: list[Verdict]


def grouped(cell: list[Verdict]) -> list[Same]:
    """The verdicts of one cell, those with one word, reason and weakness together."""
    found: dict[tuple[str, str, str], Same] = {}
    for verdict in cell:
        key = (verdict.verdict, verdict.reason, verdict.weakness)
        found.setdefault(key, Same(verdict, [])).verdicts.append(verdict)
    return list(found.values())


def _letters(report: Report) -> Mapping[tuple[str, str], str]:
    """(target, rule) -> a letter for each profile, a point where it did not ask."""
    place = {profile: number for number, profile in enumerate(report.profiles)}
    found: dict[tuple[str, str], list[str]] = {}
    for verdict in report.verdicts:
        cell = found.setdefault((verdict.target, verdict.rule), ["."] * len(place))
        cell[place[verdict.profile]] = LETTERS[verdict.verdict]
    return {cell: "".join(letters) for cell, letters in found.items()}


def _anchors(report: Report, keep: Keep) -> dict[tuple[str, str], str]:
    """(target, rule) -> the id a cell leads to: a violation's story, else the entry on the rule's page.

    Numbers, not names: an id made of a target's name would need an escaping of its own.
    """
    told = chosen(report, keep).told
    number = {one.way: n for n, one in enumerate(report.violations) if n in told}
    anchors = {}
    for row, rule in enumerate(report.asked):
        for column, target in enumerate(report.targets):
            cell = report.cell(target, rule)
            if cell:
                found = report.violation(cell[0]) if cell[0].verdict == "violates" else None
                story = number.get(found.way) if found else None
                anchors[target, rule] = f"entry-{row}-{column}" if story is None else f"violation-{story}"
    return anchors

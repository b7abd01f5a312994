"""The report as one HTML file: read without network, light or dark, on a phone or a desk.

The page is `report.html.j2`; everything that is not its own words is escaped there. Here is only what it cannot know:
which cell leads where, and how much is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rekeyspec.conformance.report import drawing
from rekeyspec.conformance.report.contents import MEANING, NOT_ASKED, SYMBOL, Report, printable
from rekeyspec.conformance.report.sequence import diagram
from rekeyspec.conformance.report.words import clock
from rekeyspec.conformance.verdict import Case, Divergence, Verdict
from rekeyspec.reference.policy import parameters
from rekeyspec.reference.vocabulary import NEVER

DIAGRAMS: Final = 200
"""So many violations are drawn; the others have their words and the command that shows them. Keeps the page readable
and its size bounded."""


@dataclass(frozen=True)
class Violation:
    """One violation as the page tells it. `diagram` is None beyond the first `DIAGRAMS`, or where there is no log."""

    verdict: Verdict
    case: Case | None
    divergence: Divergence | None
    diagram: drawing.Diagram | None
    state: list[tuple[str, object]]
    changed: Mapping[str, object]


def as_html(report: Report) -> str:
    """The whole report as one page."""
    environment = Environment(
        loader=PackageLoader("rekeyspec.conformance.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"clock": clock, "ticked": _ticked}
    return environment.get_template("report.html.j2").render(
        report=report,
        violations=_violations(report),
        anchors=_anchors(report),
        symbol=SYMBOL,
        meaning=MEANING,
        not_asked=NOT_ASKED,
        defaults=parameters(),
        width=drawing.WIDTH,
        time_x=drawing.TIME_X,
        client_x=drawing.CLIENT_X,
        server_x=drawing.SERVER_X,
    )


def _shown(value: object) -> object:
    """Control characters in text from outside are shown; what is already part of the page stays as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _ticked(text: str) -> Markup:
    """A rule's text with its `names` set as code."""
    parts = text.split("`")
    parts[1::2] = [Markup("<code>{}</code>").format(name) for name in parts[1::2]]
    return Markup("").join(escape(part) for part in parts)


def _violations(report: Report) -> list[Violation]:
    told = []
    for number, verdict in enumerate(report.having("violates")):
        case = report.case(verdict)
        divergence = case.divergence if case and case.divergence and case.divergence.rule == verdict.rule else None
        drawn = diagram(case) if case and case.log and number < DIAGRAMS else None
        state = list(_flat(divergence.state)) if divergence else []
        changed = report.changes.get(verdict.profile, {}).get(verdict.trace, {})
        told.append(Violation(verdict, case, divergence, drawn, state, changed))
    return told


def _flat(state: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """A state's parts by name; those of a part that has parts itself are named `part.name`."""
    rows: list[tuple[str, object]] = []
    for name, value in state.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", "never" if value == NEVER else value))
    return rows


def _anchors(report: Report) -> dict[tuple[str, str], str]:
    """(target, rule) -> the id a cell leads to: a violation's story, else the entry on the rule's page.

    Numbers, not names: an id made of a target's name would need an escaping of its own.
    """
    told = {id(verdict): number for number, verdict in enumerate(report.having("violates"))}
    anchors = {}
    for row, rule in enumerate(report.asked):
        for column, target in enumerate(report.targets):
            cell = report.cell(target, rule)
            if cell:
                number = told.get(id(cell[0]))
                anchors[target, rule] = f"entry-{row}-{column}" if number is None else f"violation-{number}"
    return anchors

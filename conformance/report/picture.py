"""A sequence diagram as a file of its own, with the report's colours in it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from rekeyspec.conformance.report import drawing
from rekeyspec.conformance.report.sequence import diagram
from rekeyspec.conformance.verdict import Case


def picture(case: Case) -> str:
    """The sequence diagram as a file of its own."""
    environment = Environment(
        loader=PackageLoader("rekeyspec.conformance.report", ""), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    drawn = environment.get_template("sequence.svg.j2").render(d=diagram(case), drawing=drawing)
    head, tag, rest = drawn.strip().partition("<title>")
    return f"{head}<style>\n{_style()}\n</style>\n{tag}{rest}\n"


@cache
def _style() -> str:
    """The report's own colours, and what it says of diagrams."""
    css = files("rekeyspec.conformance.report").joinpath("report.css").read_text(encoding="utf-8")
    root = re.match(r":root \{.*?\n\}\n@media[^{]*\{.*?\n\}\n", css, re.DOTALL)
    assert root is not None
    lines = [line for line in css.splitlines() if line.startswith(".sequence")]
    return "\n".join([root[0] + ".sequence { background: var(--card); font-family: system-ui, sans-serif; }", *lines])

"""The tables of `spec/README.md` that are made and not written: what each rule comes to, and what each model gives.

`python -m rekeyspec.tools.spectables` writes them between their markers. A rule's actions are those whose conditions
carry its label in the text; its properties, those whose comment names it; its models, mutants and traces, those that
cite it. This knows our spec by its labels and its comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.suite import stories
from rekeyspec.tools import cfg, models

SPEC: Final = Path(__file__).resolve().parent.parent / "spec"
PAGE: Final = SPEC / "README.md"
_LABEL: Final = re.compile(r'\b(?:Req|Why)\("(\w+): ([A-Z]+-\d+)"')
_RULE: Final = re.compile(r"\b([A-Z]+)-(\d)(?:\.\.(\d))?")
_PROMISES: Final = ("Properties", "Lifetimes", "Promise", "Questions", "Gateway")
"""The modules in which a property may stand."""


def page(text: str) -> str:
    """The page with its tables made anew. Raises ValueError where a marker is missing."""
    for name, table in (("rules", _rule_table()), ("models", _model_table())):
        begin, end = f"<!-- {name}: made by rekeyspec.tools.spectables -->", f"<!-- end of {name} -->"
        before, marker, rest = text.partition(begin)
        _, closing, after = rest.partition(end)
        if not marker or not closing:
            raise ValueError(f"{PAGE}: read no `{begin}` ... `{end}`, expected one of each; put the two lines back")
        text = f"{before}{begin}\n{table}{end}{after}"
    return text


def labels() -> tuple[tuple[str, str], ...]:
    """Every labelled condition of the text: its action and its rule, in the order of the modules' names."""
    found = (m.groups() for path in sorted(SPEC.glob("*.tla")) for m in _LABEL.finditer(path.read_text("utf-8")))
    return tuple(dict.fromkeys((action, rule) for action, rule in found))


def cited(text: str) -> Iterator[str]:
    """The ids of rules in a text; `BYTE-1..4` is four of them."""
    for group, first, last in _RULE.findall(text):
        yield from (f"{group}-{n}" for n in range(int(first), int(last or first) + 1))


@cache
def properties() -> Mapping[str, frozenset[str]]:
    """Every property that a cfg asks, with the rules that the comment above its definition names."""
    asked = {name for model in models.read() for name in _asked(model.cfg)}
    found: dict[str, set[str]] = {name: set() for name in asked}
    for module in _PROMISES:
        comment: list[str] = []
        for line in (SPEC / f"{module}.tla").read_text("utf-8").splitlines():
            if line.startswith("(*"):
                comment = [*comment, line] if comment and comment[-1].startswith("(*") else [line]
            elif name := re.match(r"(\w+) ==", line):
                if name[1] in found:
                    found[name[1]] |= set(cited(" ".join(comment)))
                comment = [*comment, "="]
            elif line.startswith("---"):
                comment = []
            elif comment and line.strip() and comment[-1] != "=":
                comment = [*comment, "="]
    return {name: frozenset(known) for name, known in found.items()}


def _asked(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [*cfg.invariants(text), *cfg.properties(text)]


def _rule_table() -> str:
    rows = ["| rule | actions | properties | models | mutants | traces |\n|---|---|---|---|---|---|\n"]
    broken = _mutants()
    for rule in rules():
        actions = [action for action, its in labels() if its == rule]
        kept = sorted(name for name, known in properties().items() if rule in known)
        used = [model.id for model in models.read() if rule in model.rules]
        told = [name for name, story in stories().items() if rule in story.rules]
        cells = (_all(actions), _all(kept), _some(used), str(broken.get(rule, 0) or ""), _some(told))
        rows.append(f"| {rule} | {' | '.join(cells)} |\n")
    return "".join(rows)


def _model_table() -> str:
    rows = ["| model | asks | gives | distinct states |\n|---|---|---|---|\n"]
    for model in models.read():
        asked = _asked(model.cfg)
        shown = ", ".join(asked) if len(asked) <= 3 else f"{len(asked)} properties"
        gives = model.expected
        distinct = f"{model.distinct:,}" if model.distinct else ""
        rows.append(f"| `{model.id}`{' (quick)' if model.quick else ''} | {shown} | {gives} | {distinct} |\n")
    return "".join(rows)


def _mutants() -> Mapping[str, int]:
    """How many mutants of the specification break each rule."""
    path = SPEC / "mutants.yaml"
    if not path.is_file():
        return {}
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    for label in data["guards"]:
        rule = label.partition(": ")[2]
        found[rule] = found.get(rule, 0) + 2
    for one in data["others"]:
        found[one["rule"]] = found.get(one["rule"], 0) + 1
    return found


def _all(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _some(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

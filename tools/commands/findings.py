"""`rekeyspec model findings`: what the sources' own rules break, shown again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rekeyspec.tools.findingcheck import Shown

# What a command needs is imported when it runs, so that --help is quick.
# ruff: noqa: PLC0415


def findings(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="These findings; all without one.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Write traces, diagrams and docs/findings.md.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many findings are shown at once.")] = 2,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON.")] = None,
) -> None:
    """Show every finding again with TLC: its counterexample, and that its remedy holds.

    Exit code 0: all as committed; 1: a finding or its remedy no longer holds, or what is committed of it is stale.
    """
    raise typer.Exit(_findings(ids or [], update, jobs, json))


def _findings(ids: list[str], update: bool, jobs: int, json: Path | None) -> int:
    from rich.console import Console

    from rekeyspec.tools.checker import find_tlc
    from rekeyspec.tools.commands.printed import show as print_table
    from rekeyspec.tools.commands.printed import writable, write
    from rekeyspec.tools.findingcheck import show
    from rekeyspec.tools.findingpage import outputs
    from rekeyspec.tools.findings import chosen, read

    every = read()
    wanted = chosen(every, ids)
    writable("--json", json)
    tlc, begun, errors = find_tlc(), time.monotonic(), Console(stderr=True)

    def told(one: Shown) -> None:
        errors.print(f"{one.finding.id}: {one.steps} steps", markup=False, highlight=False)

    shown = show(wanted, tlc, jobs=jobs, told=told)
    if update:
        for one in shown:
            _save(one.finding.trace, one.trace)
    made = outputs(every)
    stale = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if update:
        for path in stale:
            _save(path, made[path])
        stale = []
    figures = _figures(shown, stale, update, time.monotonic() - begun)
    if json:
        write("--json", json, _as_json(shown, figures))
    print_table(_table(shown), [*_remarks(shown, stale, update), _last_line(figures)])
    return 1 if figures["wrong"] or stale else 0


def _save(path: Path, text: str) -> None:
    from rekeyspec.tools.commands.printed import write

    if text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write("--update", path, text)


def _wrong(one: Shown, update: bool) -> list[str]:
    """What is wrong and was not just written."""
    return [reason for reason in one.wrong if not (update and "--update writes it" in reason)]


def _figures(shown: list[Shown], stale: list[Path], update: bool, seconds: float) -> dict[str, Any]:
    return {
        "findings": len(shown),
        "wrong": sum(bool(_wrong(one, update)) for one in shown),
        "steps": sum(one.steps for one in shown),
        "states": sum(one.states + one.remedied_states for one in shown),
        "stale": len(stale),
        "seconds": round(seconds, 1),
    }


def _last_line(figures: dict[str, Any]) -> str:
    held = figures["findings"] - figures["wrong"]
    return (
        f"{figures['findings']} findings: {held} hold with their remedies, {figures['wrong']} do not, "
        f"{figures['stale']} files stale; {figures['steps']} steps; {figures['states']:,} distinct states; "
        f"{figures['seconds']} s"
    )


def _remarks(shown: list[Shown], stale: list[Path], update: bool) -> list[str]:
    said = [f"{one.finding.id}: {reason}" for one in shown for reason in _wrong(one, update)]
    return said + [f"{path} is stale; `rekeyspec model findings --update` writes it" for path in stale]


def _as_json(shown: list[Shown], figures: dict[str, Any]) -> str:
    import json

    return json.dumps({"schema": 1, "findings": [one.row() for one in shown], "figures": figures}, indent=2) + "\n"


def _table(shown: list[Shown]):  # type: ignore[no-untyped-def]
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for name in ("finding", "rules", "violated"):
        made.add_column(name, no_wrap=name == "finding")
    for name in ("steps", "states", "states with the remedy"):
        made.add_column(name, justify="right")
    for one in shown:
        asked = one.finding.question
        rules = ", ".join(one.finding.entry.rules)
        row = (one.finding.id, rules, asked.property, str(one.steps), f"{one.states:,}", f"{one.remedied_states:,}")
        made.add_row(*row)
    return made

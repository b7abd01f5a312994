"""`rekeyspec traces`: the hand-written traces, or the file of one."""

from __future__ import annotations

from typing import Annotated

import typer


def traces(name: Annotated[str | None, typer.Argument(help="The name of a trace; all without one.")] = None) -> None:
    """Show the hand-written traces, or the file of one."""
    from rekeyspec.conformance.suite import FOLDER, stories, trace_named

    if name is None:
        width = max(map(len, stories()))
        for story in stories().values():
            typer.echo(f"{story.name:<{width}}  {story.end:<6}  {', '.join(story.rules)}")
    else:
        typer.echo((FOLDER / f"{trace_named(name).name}.yaml").read_text(encoding="utf-8"), nl=False)

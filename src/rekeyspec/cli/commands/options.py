"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME|FILE", help="Judge by this profile, or this policy file.")
]

"""The options that the commands share, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.command import HEAP_CAP, TlcRun
from rekeyspec.tools.commands.printed import assignments

Spec: TypeAlias = Annotated[Path, typer.Argument(metavar="SPEC.tla", help="The root module.")]
Cfg: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The cfg; left out, it is SPEC.cfg.")]
Constant: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="ASSIGNMENT", help="As a cfg has it, instead of the cfg's own; repeatable."),
]
Library: TypeAlias = Annotated[
    list[Path] | None, typer.Option(metavar="DIR", help="A folder with more modules; repeatable.")
]
Deadlock: TypeAlias = Annotated[
    bool, typer.Option("--deadlock/--no-deadlock", help="Is a state without a successor a violation?")
]
Heap: TypeAlias = Annotated[
    int, typer.Option(min=0, max=HEAP_CAP, metavar="MIB", help="Java's heap; 0 is as TLC needs.")
]
Timeout: TypeAlias = Annotated[float, typer.Option(min=0.1, metavar="S", help="TLC is stopped after so many seconds.")]
Json: TypeAlias = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is the standard output.")
]

HOUR = 3600.0


@dataclass(frozen=True)
class Chosen:
    """What every run has."""

    spec: Path
    cfg: Path | None
    constants: Sequence[str] | None
    library: Sequence[Path] | None
    deadlock: bool = True
    heap: int = 0

    def run(self, *, workers: int = 1, large: bool = False, coverage: bool = False) -> TlcRun:
        """How TLC is run. Raises BadInput for what is no assignment."""
        for folder in self.library or ():
            if not folder.is_dir():
                raise BadInput(f"--library {folder}: read no such folder, expected one with modules; correct the path")
        return TlcRun(
            spec=self.spec,
            cfg=self.cfg or self.spec.with_suffix(".cfg"),
            constants=assignments(self.constants or ()),
            library=tuple(self.library or ()),
            deadlock=self.deadlock,
            heap=self.heap,
            workers=workers,
            size="large" if large else "small",
            coverage=coverage,
        )

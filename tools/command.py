"""One run of TLC as a command line. Pure: nothing is looked for, nothing is started.

Two shapes of Java machine, since they differ by more than the whole run of a small model. SerialGC and the first
compiler alone start in 0.8 s and are done with 20,000 states by the time the others are warm. ParallelGC and both
compilers are what TLC asks for: with 50,000 states they take half the processor time. TLC must be started in the folder
of the spec, and finds no cfg by an absolute path otherwise.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rekeyspec.tools import cfg

Size = Literal["small", "large"]

HEAP_CAP: Final = 4096
"""No run may have more heap than this, in MiB."""
_HEAP: Final[dict[Size, int]] = {"small": 1024, "large": 3584}  # the rest up to 4 GiB is TLC's own memory off the heap
_MACHINE: Final[dict[Size, tuple[str, ...]]] = {
    "small": ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    "large": ("-XX:+UseParallelGC",),
}


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Random behaviours instead of all: how many (0: until stopped), how long each may be, and the seed."""

    behaviours: int
    depth: int = 100
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class TlcRun:
    """What to check and how.

    With one worker and the same `fp` (TLC's fingerprint function, 0..130) a run finds the same states in the same
    order every time, counterexample and dump included; with more workers only the totals of a complete search agree.
    Raises ValueError when numbers are outside what TLC takes.
    """

    spec: Path
    """The root module's file."""
    cfg: Path
    workers: int = 1
    fp: int = 0
    deadlock: bool = True
    """Is a state without a successor an error?"""
    coverage: bool = False
    dump: Path | None = None
    """Where to write the graph in Graphviz form, its edges labelled with actions."""
    constants: tuple[str, ...] = ()
    """Assignments as a cfg writes them, each in the place of the cfg's own: `Max = 5`, `Sizes <- One`."""
    invariants: tuple[str, ...] = ()
    """What is looked at besides the cfg's own."""
    unjudged: bool = False
    """Leave the cfg's invariants and properties unread: every state is found, whatever is wrong with it."""
    simulate: Simulation | None = None
    library: tuple[Path, ...] = ()
    """Folders with modules besides the spec's own."""
    size: Size = "small"
    heap: int = 0
    """MiB; 0 is what the size has."""

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("workers", self.workers, 1, 1024),
            ("fp", self.fp, 0, 130),
            ("heap", self.heap, 0, HEAP_CAP),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name}: read {value}, expected {low} to {high}")
        for one in self.constants:
            cfg.assignment(one)

    @property
    def own_cfg(self) -> bool:
        """Is it run with another cfg than the one it names?"""
        return self.unjudged or bool(self.constants or self.invariants)


def command(run: TlcRun, *, java: Path, jar: Path, scratch: Path) -> list[str]:
    """The command line, to be started in the folder of `run.spec`. But for a dump TLC writes to `scratch` only."""
    return [str(java), *machine(run, scratch), "-cp", str(jar), "tlc2.TLC", *_options(run, scratch), run.spec.name]


def machine(run: TlcRun, scratch: Path) -> list[str]:
    """The words for the Java machine itself."""
    flags = [
        *_MACHINE[run.size],
        f"-Xmx{run.heap or _HEAP[run.size]}m",
        f"-Djava.io.tmpdir={scratch}",  # TLC unpacks its own modules there, and parallel runs would share them
        f"-XX:ErrorFile={scratch / 'crash.log'}",
        "-XX:-UsePerfData",  # or else it leaves a file in /tmp when killed
        "-Dfile.encoding=UTF-8",
        "-Duser.language=en",  # how TLC writes numbers
        "-Duser.country=US",
    ]
    if run.library:
        flags.append(f"-DTLA-Library={os.pathsep.join(str(folder.absolute()) for folder in run.library)}")
    return flags


def _options(run: TlcRun, scratch: Path) -> list[str]:
    options = ["-tool", "-metadir", str(scratch), "-workers", str(run.workers), "-fp", str(run.fp)]
    if run.simulate:
        number = [f"num={run.simulate.behaviours}"] if run.simulate.behaviours else []
        options += ["-simulate", *number, "-depth", str(run.simulate.depth), "-seed", str(run.simulate.seed)]
    else:
        options += ["-lncheck", "final"]  # "now and then" would end a violated run at a count that changes
    if run.coverage:
        options += ["-coverage", "1"]
    if not run.deadlock:
        options.append("-deadlock")  # TLC's word for not looking for any
    if run.dump:
        options += ["-dump", "dot,actionlabels", str(run.dump.absolute())]
    return [*options, "-config", str(cfg_path(run, scratch))]


def cfg_path(run: TlcRun, scratch: Path) -> Path:
    """Where TLC finds the cfg: a run with one of its own has it in `scratch`, where `cfg_text` must be written."""
    return scratch / run.cfg.name if run.own_cfg else run.cfg.absolute()


def cfg_text(run: TlcRun, written: str) -> str:
    """What a cfg says in this run, of what is written in it, each word on the line where it was."""
    text = cfg.without_properties(written) if run.unjudged else written
    more = "".join(f"\nINVARIANT {name}" for name in run.invariants)
    return cfg.with_constants(text, run.constants) + more

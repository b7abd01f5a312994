"""The graph of a model as far as so many states, and which of its states have all their steps in it. Knows no spec.

Two things cut steps off, and both are made to cut them where it shows:

    CONSTRAINT  TLC leaves out each step to a state that violates it. Asked of the state that the step leaves instead
                (ACTION_CONSTRAINT without a prime), the states beyond it are in the graph, but nothing that leaves
                them: each state within has all its steps, and those beyond have none.
    most        TLC takes no step any more once it has found so many states. With one worker it takes the states in the
                order in which it found them, so every state before the last one that has a step has all of its own.

A state with no step is taken for one beyond: a model in which time may always pass, or something is due, has no other,
and a check of the same model for deadlock says so.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.checker import Tlc
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.graph import Graph, dump

_MODULE: Final = """---- MODULE {name} ----
EXTENDS {module}
LOCAL Bound == INSTANCE TLC
FewStates == Bound!TLCGet("distinct") < {most}
====
"""
_NAME: Final = "Frontier"
_COMMENT: Final = re.compile(r"\\\*[^\n]*|\(\*.*?\*\)", re.DOTALL)
_CONSTRAINED: Final = re.compile(r"(?<!\w)ACTION_CONSTRAINTS?(?!\w)")


@dataclass(frozen=True)
class Explored:
    """A graph, and the states that have all their steps in it, in order."""

    graph: Graph
    whole: tuple[int, ...]

    @property
    def cut(self) -> int:
        """How many states are in the graph without all of their steps."""
        return len(self.graph.states) - len(self.whole)


def constrains_steps(cfg: str) -> bool:
    """Does a cfg cut off steps (ACTION_CONSTRAINT), and not only states?"""
    return bool(_CONSTRAINED.search(_COMMENT.sub(" ", cfg)))


def explored(
    run: TlcRun, tlc: Tlc, *, most: int, timeout: float = 3600, cancelled: Callable[[], bool] = lambda: False
) -> Explored:
    """The graph of a model as far as about `most` states; `timeout` is in seconds.

    Raises BadInput for a cfg that constrains steps itself, since nobody could tell which of them it cuts off, and all
    that `graph.dump` raises.
    """
    text = run.cfg.read_text("utf-8", "replace")
    if constrains_steps(text):
        raise BadInput(
            f"{run.cfg}: read an ACTION_CONSTRAINT, expected none where every step is looked at; make it a CONSTRAINT"
        )
    with tempfile.TemporaryDirectory(prefix="rekeyspec-frontier-") as folder:
        module, bounded = Path(folder) / f"{_NAME}.tla", Path(folder) / f"{_NAME}.cfg"
        module.write_text(_MODULE.format(name=_NAME, module=run.spec.stem, most=most), encoding="utf-8")
        bounded.write_text(f"{asked_of_the_source(text)}\nACTION_CONSTRAINT FewStates\n", encoding="utf-8")
        whole = replace(run, spec=module, cfg=bounded, library=(run.spec.parent, *run.library))
        graph = dump(whole, tlc, timeout=timeout, cancelled=cancelled)
    return Explored(graph, _whole(graph, most))


def asked_of_the_source(text: str) -> str:
    """The cfg with each constraint asked of the state that a step leaves."""
    return re.sub(r"(?<!\w)CONSTRAINT(S?)(?!\w)", r"ACTION_CONSTRAINT\1", text)


def _whole(graph: Graph, most: int) -> tuple[int, ...]:
    stepping = [index for index, leaving in enumerate(graph.leaving) if leaving]
    if len(graph.states) >= most:  # it stopped somewhere among the steps of the last of them
        stepping = stepping[:-1]
    return tuple(stepping)

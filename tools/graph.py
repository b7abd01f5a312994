"""The whole state graph of a model: every state that it reaches, and every step between two of them with its action.

TLC writes it in Graphviz form, read here line by line: a state is a number and a text, a step two numbers and a label.
States differ in little, so the text of each variable is kept once and read once, when somebody asks for it: a graph of
100 MB is read in seconds. Of two steps with the same ends and the same action one is kept, since TLC does not say the
parameters that they differ in. A step that changes nothing is a step when an action is what does it.

Invariants and properties are not looked at, nor deadlock, or else the graph would end where one is violated;
constraints, the symmetry and the view of the cfg bound it as they do a check.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from rekeyspec.tools.checker import Tlc, check
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Figures, variables
from rekeyspec.tools.values import Value, parse

_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_STATE: Final = re.compile(rf"^(-?\d+) \[label={_QUOTED}(.*)\];?$")
_EDGE: Final = re.compile(rf"^(-?\d+) -> (-?\d+)(?: \[(?:label={_QUOTED})?.*\])?;?$")
_ESCAPED: Final = re.compile(r"\\(.)")


class Edge(NamedTuple):
    """One step: the indices of two states, and the action that leads from the one to the other."""

    source: int
    target: int
    action: str


class State(Mapping[str, Value]):
    """The variables of one state by name. Values are read when they are asked for, which may raise `values.NotAValue`.

    Equal texts of one graph give the very same value.
    """

    __slots__ = ("_known", "_texts")

    def __init__(self, texts: Mapping[str, str], known: dict[str, Value]) -> None:
        self._texts, self._known = texts, known

    def __getitem__(self, name: str) -> Value:
        text = self._texts[name]
        if text not in self._known:
            self._known[text] = parse(text)
        return self._known[text]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    @property
    def texts(self) -> Mapping[str, str]:
        """The variables as TLA+ text, as TLC printed it."""
        return self._texts


@dataclass(frozen=True)
class Graph:
    """States in the order in which TLC found them, the initial ones by their indices, and the steps."""

    states: tuple[State, ...]
    initial: tuple[int, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def leaving(self) -> tuple[tuple[Edge, ...], ...]:
        """The steps that leave each state."""
        found: list[list[Edge]] = [[] for _ in self.states]
        for edge in self.edges:
            found[edge.source].append(edge)
        return tuple(map(tuple, found))

    @cached_property
    def actions(self) -> Mapping[str, int]:
        """How many steps each action is, by name."""
        found: dict[str, int] = {}
        for edge in self.edges:
            found[edge.action] = found.get(edge.action, 0) + 1
        return dict(sorted(found.items()))


def dump(
    run: TlcRun,
    tlc: Tlc,
    *,
    timeout: float = 3600,
    progress: Callable[[Figures], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Graph:
    """The graph of a model, the same every time. `timeout` is in seconds.

    Raises ModelError and Cancelled as `checker.check` does, and ModelError for a graph that is not all there.
    """
    with tempfile.TemporaryDirectory(prefix="rekeyspec-graph-") as folder:
        file = Path(folder) / "graph.dot"
        found = dump_to(file, run, tlc, timeout=timeout, progress=progress, cancelled=cancelled)
        try:
            with file.open(encoding="utf-8") as lines:
                graph = read(lines)
        except (OSError, ValueError) as why:
            read_ = f"{run.cfg}: read no graph from TLC ({why})"
            raise ModelError(f"{read_}, expected one; run it again by itself") from None
    if len(graph.states) != found.distinct:
        counted = f"{found.distinct or 0:,} states, and a graph of {len(graph.states):,}"
        raise ModelError(f"{run.cfg}: TLC found {counted}, expected as many; a VIEW or another TLC may be the cause")
    return graph


def dump_to(
    file: Path,
    run: TlcRun,
    tlc: Tlc,
    *,
    timeout: float = 3600,
    progress: Callable[[Figures], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Figures:
    """Have TLC write the graph into a file, in Graphviz form; its totals. Raises as `dump` does."""
    whole = replace(run, dump=file, unjudged=True, workers=1, fp=0, deadlock=False, simulate=None, coverage=False)
    return check(whole, tlc, timeout=timeout, progress=progress, cancelled=cancelled).figures


def read(lines: Iterable[str]) -> Graph:
    """The graph that TLC wrote in Graphviz form. Raises ValueError for what is none, or is cut off."""
    found = _Found()
    end = ""
    for number, line in enumerate(lines, 1):
        end = line.rstrip() or end
        if edge := _EDGE.match(end):
            found.edge(edge[1], edge[2], edge[3])
        elif state := _STATE.match(end):
            found.state(state[1], state[2], initial="filled" in state[3])
        elif end[:1].isdigit() or end[:1] == "-":
            raise ValueError(f"line {number} is neither a state nor a step")
    if end != "}":
        raise ValueError("its end is missing")
    return found.graph()


class _Found:
    """What was read so far. A state is written when it is found, so a step may come before its target."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.states: list[State] = []
        self.initial: list[int] = []
        self.steps: dict[tuple[str, str, str], None] = {}
        self.words: dict[str, str] = {}
        self.known: dict[str, Value] = {}

    def state(self, number: str, label: str, *, initial: bool) -> None:
        if number in self.index:
            return
        self.index[number] = len(self.states)
        if initial:
            self.initial.append(len(self.states))
        self.states.append(State(self._shared(variables(_unescaped(label))), self.known))

    def edge(self, source: str, target: str, label: str | None) -> None:
        if label is not None:  # without one it is no action that stutters
            self.steps[self._once(source), self._once(target), self._once(_unescaped(label))] = None

    def graph(self) -> Graph:
        try:
            edges = [Edge(self.index[source], self.index[target], action) for source, target, action in self.steps]
        except KeyError as missing:
            raise ValueError(f"the state {missing} is missing") from None
        return Graph(tuple(self.states), tuple(self.initial), tuple(edges))

    def _shared(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {self._once(name): self._once(text) for name, text in texts.items()}

    def _once(self, word: str) -> str:
        return self.words.setdefault(word, word)


def to_dot(graph: Graph) -> Iterator[str]:
    """The graph for Graphviz, line by line: states are named by their indices, initial ones are filled."""
    yield "digraph states {\n"
    for index, state in enumerate(graph.states):
        label = _escaped("\n".join(f"{name} = {text}" for name, text in state.texts.items()))
        yield f'{index} [label="{label}"{",style=filled" if index in graph.initial else ""}];\n'
    for edge in graph.edges:
        yield f'{edge.source} -> {edge.target} [label="{_escaped(edge.action)}"];\n'
    yield "}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescaped(label: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], label)

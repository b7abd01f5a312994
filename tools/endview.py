"""What one end sees of the graph of our own spec: the states in which it remembers the same are one, and a step is what
happens to it or what it does. A loss, the other end's doings and the adversary's are no steps of it; time is.

Like `story`, this module knows what the spec's variables mean: `end` has what each end remembers, `wire` what is
under way to each over each channel, oldest first. Heartbeats are numbered there for both ends together, and numbered
anew when all of them are past: here each end counts from what it has seen, and from its own outstanding series, as
`Label` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from rekeyspec.conformance.modelgraph import AGAIN, Label
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do, Role
from rekeyspec.tools.graph import Edge, Graph
from rekeyspec.tools.story import NotAStory, acting, relative, taken_by
from rekeyspec.tools.values import NotAValue, Value

_DOS: Final = frozenset(name for some in get_args(Do) for name in get_args(some))
_BOTH: Final = frozenset({"Tick", AGAIN})
"""Steps of both ends."""

_SENDS_BY_CHOICE: Final = frozenset({"Start", "Answer", "SendNotice"})


@dataclass(frozen=True)
class View:
    """States by number, the first before the link opens; steps in the order in which TLC came upon them."""

    role: Role
    states: int
    steps: tuple[tuple[int, int, Label], ...]


def view(graph: Graph, role: Role, policy: Policy) -> View:
    """The graph as this end sees it. Raises NotAStory for a graph of another spec."""
    seen = _Seen(role, policy)
    try:
        for initial in graph.initial:
            seen.state(graph.states[initial])
        for edge in graph.edges:
            seen.edge(graph, edge)
    except (NotAValue, KeyError, IndexError, TypeError, AttributeError) as why:
        raise NotAStory(f"no link between two ends: {why!r}") from None
    return View(role, len(seen.numbers), tuple(seen.steps))


class _Seen:
    """What was seen so far."""

    def __init__(self, role: Role, policy: Policy) -> None:
        self.role, self.policy = role, policy
        self.numbers: dict[Value, int] = {}
        self.known: dict[int, int] = {}
        self.steps: dict[tuple[int, int, Label], None] = {}

    def state(self, state: Mapping[str, Value]) -> int:
        """The number of what this end remembers; the same value of a graph is the same object."""
        record = _ends(state)[self.role]
        number = self.known.get(id(record))
        if number is None:
            number = self.known[id(record)] = self.numbers.setdefault(relative(record), len(self.numbers))
        return number

    def edge(self, graph: Graph, edge: Edge) -> None:
        before, after = graph.states[edge.source], graph.states[edge.target]
        source, target = self.state(before), self.state(after)
        if edge.action in _BOTH:
            self.steps[source, target, Label(edge.action)] = None
        elif edge.action in _DOS and acting(before, after) == self.role:
            self.steps[source, target, self._label(edge.action, before, after)] = None
        elif source != target:
            raise NotAStory(f"{edge.action} changes the {self.role}, whose action it is not")

    def _label(self, action: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Label:
        was, now = _ends(before)[self.role], _ends(after)[self.role]
        if action == "Offer":
            refused = now.get("refusal", "")
            return Label(action, bytes=0 if refused else now["queue"][-1]["bytes"], why=refused)
        sent = _sent(action, was, now) if action in _SENDS_BY_CHOICE else ""
        m = taken_by(self.role, action, before, after)
        if m is None:
            return Label(action, sent=sent)
        kind = m["kind"]
        clear = kind in ("heartbeat", "reply") and self.policy.heartbeat_protection == "clear"
        seal = "nobody" if m.get("seal") == "nobody" and not clear else ""
        right = self.policy.channel(kind)
        channel = "" if m.get("channel", right) == right else m["channel"]
        number = _number(was, m, clear=clear)
        return Label(action, kind, m["epoch"], number, m["bytes"], _session(was, m), seal, channel, sent=sent)


def _ends(state: Mapping[str, Value]) -> Any:
    return state["end"]


def _number(record: Any, m: Any, *, clear: bool) -> int:
    number = int(m["number"])
    if m["kind"] == "heartbeat":
        return int(clear or number > record.get("beat_seen", number - 1))
    if m["kind"] == "reply":
        last = record["series"]["last"]
        first = record["series"].get("first", 1)
        return min(max(number - first + 1, 0), last - first + 2) if last else 0
    return number


def _session(record: Any, m: Any) -> str:
    session = m.get("session", 0)
    if not session:
        return ""
    return "held" if session == record["session"] else "new" if session == m["epoch"] else "other"


def _sent(action: str, was: Any, now: Any) -> str:
    """What a choice of the end's put into the message that it sends: it remembers that, whoever hears it."""
    if action == "SendNotice":
        return "bytes" if now["bytes_noticed"] and not was["bytes_noticed"] else ""
    return "resumes" if now.get("offered", 0) not in (0, now["epoch"] + 1) else ""

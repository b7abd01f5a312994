"""The graph of a model as one end sees it: what it can remember, and each step from one such state to another.

The model checker explores two ends and what is between them. Of that an end sees what happens to it and what it does,
so its graph is smaller: all states in which it remembers the same are one. `model traces` makes these graphs, and
tours of them as traces; here they are read again, and an implementation's log is followed through one, to know where
it has been.

A label says what is the same wherever a step is taken: of heartbeats only whether they are new, of replies their
place in the outstanding series, of sessions whether the end holds them.

A graph is a file of JSON, `NAME.graph.json`, beside the traces that it names; the structure below is its form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem, shown
from rekeyspec.reference.enabled import enabled
from rekeyspec.reference.guards import NotEnabled, Rules, announced, gap, taker
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.state import End, fresh
from rekeyspec.reference.step import apply, step
from rekeyspec.reference.vocabulary import SILENT, Event, Message, Role, Seal

VERSION: Final = 0
SUFFIX: Final = ".graph.json"

AGAIN: Final = "Reconnect"
"""The step from a closed link to the next one: nothing happens at the end until it is opened (IDLE-5)."""


class Label(NamedTuple):
    """A step at one end: the action, and what matters of the message that it takes; `bytes` also of an offer.

    `session`: `held` by this end, `new` for the negotiation's own, or `other`. `seal` and `channel` are left empty
    where they are as they should be. `why` is for an offer that must be refused. `sent` is what this end chose to put
    into the message that it sends: it `resumes` a session, or tells of `bytes`.
    """

    do: str
    kind: str = ""
    epoch: int = 0
    number: int = 0
    bytes: int = 0
    session: str = ""
    seal: str = ""
    channel: str = ""
    why: str = ""
    sent: str = ""

    def __str__(self) -> str:
        fields = zip(self._fields[1:], self[1:], strict=True)
        words = [self.do, *(str(value) if name == "kind" else f"{name}={value}" for name, value in fields if value)]
        return " ".join(words)

    @property
    def given(self) -> Label:
        """What the environment gives: the same without what the end makes of it."""
        return self._replace(do="" if self.kind else self.do, sent="")


class Graph(msgspec.Struct, forbid_unknown_fields=True, frozen=True, dict=True):
    """What one end sees of one model. States are numbered from 0, the first is before the link opens."""

    graph: Annotated[int, Meta(description="the version of this form: 0")]
    model: str
    end: Role
    states: Annotated[int, Meta(ge=1)]
    steps: Annotated[list[tuple[int, int, str]], Meta(description="from, to, what happens")]
    traces: Annotated[list[str], Meta(description="the tours of it, by name")] = []

    @cached_property
    def leaving(self) -> dict[tuple[int, str], int]:
        """The step, by its number, that leaves a state with this label."""
        return {(source, label): number for number, (source, _, label) in enumerate(self.steps)}


def read(path: Path) -> Graph:
    """The graph in a file. Raises BadInput."""
    try:
        graph = msgspec.json.decode(path.read_bytes(), type=Graph)
    except OSError as why:
        raise BadInput(f"{path}: cannot be read ({why.strerror}); name a file that can") from None
    except msgspec.MsgspecError as why:
        raise BadInput(f"{path}: read no graph ({why}), expected what `rekeyspec model traces` writes") from None
    if graph.graph != VERSION:
        raise problem(str(path), f"`graph: {graph.graph}`", f"`graph: {VERSION}`", "make it again with this release")
    wrong = next((one for one in graph.steps if not 0 <= max(one[:2]) < graph.states or min(one[:2]) < 0), None)
    if wrong:
        raise problem(str(path), f"the step {shown(str(wrong))}", "states below `states`", "make the file again")
    return graph


def written(graph: Graph) -> str:
    """The graph as its file has it: one step on each line."""
    head = {name: getattr(graph, name) for name in ("graph", "model", "end", "states", "traces")}
    lines = ",\n".join(msgspec.json.encode(one).decode() for one in graph.steps)
    return msgspec.json.encode(head).decode()[:-1] + f',"steps":[\n{lines}\n]}}\n'


# Between what happens and what a label says of it.


def label(r: Rules, s: End, e: Event, taken: Message | None = None) -> Label:
    """The label of an event at an end in state `s`, which takes this message."""
    p = r.policy
    if e.do == "Offer":
        refusal = step(r, s, e).refusal
        return Label(e.do, bytes=0 if refusal else e.bytes, why=refusal)
    sent = _choice(e)
    if taken is None:
        return Label(e.do, sent=sent)
    m = taken
    seal = "nobody" if m.sealed_by == "nobody" and not _clear(p, m.kind) else ""
    channel = "" if m.channel == p.channel(m.kind) else m.channel
    return Label(e.do, m.kind, m.epoch, _number(p, s, m), m.bytes, _session(s, m), seal, channel, sent=sent)


def _clear(p: Policy, kind: str) -> bool:
    return kind in ("heartbeat", "reply") and p.heartbeat_protection == "clear"


def _choice(e: Event) -> str:
    if e.message is None or e.do not in ("Start", "Answer", "SendNotice"):
        return ""
    if e.do == "SendNotice":
        return "bytes" if e.message.bytes else ""
    return "resumes" if e.message.session not in ("", e.message.negotiation) else ""


def _number(p: Policy, s: End, m: Message) -> int:
    if m.kind == "heartbeat":
        return int(_clear(p, m.kind) or m.number > s.beat_seen)
    if m.kind == "reply":
        first, last = (s.series.first, s.series.last) if s.series else (1, 0)
        return min(max(m.number - first + 1, 0), last - first + 2) if last else 0
    return m.number


def _session(s: End, m: Message) -> str:
    if not m.session:
        return ""
    return "held" if m.session == s.session else "new" if m.session == m.negotiation else "other"


def given(p: Policy, s: End, one: Label) -> Event:
    """What must be given to an end in state `s` for a step with this label, at the time of the state; a tick later for
    Tick."""
    if one.kind:
        return Event(s.t, s.role, "Arrive", _message(p, s, one))
    if one.do == "Tick":
        return Event(s.t + 1, s.role, "Tick")
    return Event(s.t, s.role, one.do, bytes=_offered(p, s, one) if one.do == "Offer" else 0)  # type: ignore[arg-type]


def _offered(p: Policy, s: End, one: Label) -> int:
    if one.why == "max_message":
        return p.max_message + 1
    return max(p.queue_limit - sum(q.bytes for q in s.queue) + 1, 1) if one.why == "queue_limit" else one.bytes or 1


def _message(p: Policy, s: End, one: Label) -> Message:
    kind, number = one.kind, one.number
    if kind == "heartbeat":
        number = s.beat_seen + one.number
    elif kind == "reply":
        number = (s.series.first - 1 if s.series else s.beat_number) + one.number
    starter = s.role if kind == "answer" else s.peer
    negotiation = f"{starter[0]}{one.epoch}" if kind in ("start", "answer", "finish") else ""
    no_such = f"{starter[0]}0"  # no epoch 0 is ever negotiated
    session = {"held": s.session, "new": negotiation, "other": no_such}.get(one.session, "")
    seal: Seal = "nobody" if one.seal or _clear(p, kind) else "peer"
    channel = one.channel or p.channel(kind)
    return Message(kind, one.epoch, number, negotiation, session, one.bytes, channel, seal)  # type: ignore[arg-type]


# Following a log.


class Lost(Exception):
    """The log leaves the graph: the model has no such step, or no rule allows it."""


def followed(graph: Graph, rules: Rules, log: Iterable[Event]) -> Iterator[int]:
    """The steps of the graph, by number, that a log of its end goes along, until it leaves the graph."""
    at = 0
    try:
        for s, e, taken in passage(rules, fresh(rules.policy, graph.end), log):
            if e.do == "Arrive":
                continue
            for one in repeat("Tick", e.t - s.t) if e.do == "Tick" else [str(label(rules, s, e, taken))]:
                for number in _step(graph, at, one):
                    at = graph.steps[number][1]
                    yield number
    except (Lost, NotEnabled):
        return


def _step(graph: Graph, at: int, text: str) -> list[int]:
    number = graph.leaving.get((at, text))
    if number is not None:
        return [number]
    again = graph.leaving.get((at, AGAIN))
    if again is None:
        raise Lost
    return [again, *_step(graph, graph.steps[again][1], text)]


def passage(rules: Rules, s: End, log: Iterable[Event]) -> Iterator[tuple[End, Event, Message | None]]:
    """Each event of a log, those that are not seen among them, with the state before it and the message that it takes,
    or that arrives. Time that passes is a Tick of its own. Raises NotEnabled where the log leaves the rules."""
    for e in log:
        for one in _silent(rules, s):
            yield one
            s = apply(rules, *one)
        if e.t > s.t:
            tick = Event(e.t, e.end, "Tick")
            yield s, tick, None
            s = step(rules, s, tick)
        if e.do == "Tick":
            continue
        taken = closed_for(rules, s) if e.do == "Close" else enabled(rules, s, e)
        yield s, e, e.message if e.do == "Arrive" else taken
        s = step(rules, s, e)
    for one in _silent(rules, s):
        yield one
        s = apply(rules, *one)


def _silent(rules: Rules, s: End) -> Iterator[tuple[End, Event, Message | None]]:
    """What the end takes without a word, one after the other."""
    while (found := next(_unseen(rules, s), None)) is not None:
        yield s, *found
        s = apply(rules, s, *found)


def _unseen(rules: Rules, s: End) -> Iterator[tuple[Event, Message]]:
    if s.phase != "open":
        return
    for m in s.inbox:
        do = taker(rules, s, s.t, m)
        if do in SILENT:
            yield Event(s.t, s.role, do, m if do == "Ignore" else None), m


def closed_for(rules: Rules, s: End) -> Message | None:
    """The message for which an end closes, if it is one that arrived: the announced end, or data after a gap."""
    if s.ending:
        return None
    return next((m for m in s.inbox if announced(rules, m) or (m.kind == "data" and gap(rules, s, m))), None)

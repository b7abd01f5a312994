"""A sequence diagram of one log: where each thing stands. `sequence.svg.j2` draws it.

Two lifelines, time downwards, a row for each event that is to be seen. Long silences are one short row that says how
long. A message sent is an arrow; where the log holds both ends it leads to the row in which it arrives, else straight
across. What an end does for itself is a note beside its line. The first divergence is red, and below it stands what is
wrong and what was due. Of a long log only the part around the divergence is drawn; the diagram says how much is not.

Left out: `Tick` and the silent actions, which show nothing that the rows do not.
"""

from __future__ import annotations

from dataclasses import replace
from math import log2
from typing import Final

from rekeyspec.conformance.report.drawing import (
    CLIENT_X,
    FONT,
    INSIDE,
    SERVER_X,
    TIME_X,
    TOP,
    Arrow,
    Diagram,
    Look,
    Mark,
    Note,
)
from rekeyspec.conformance.report.measure import shortened, wrapped
from rekeyspec.conformance.report.words import (
    arrivals_of,
    clock,
    due_by_then,
    label,
    other_end,
    said,
    sends,
    spelt,
)
from rekeyspec.conformance.verdict import Case, Divergence, Due
from rekeyspec.reference.messages import SENDS
from rekeyspec.reference.vocabulary import ROLES, SILENT, Event, Message, Role

ROW: Final = 32
IDLE_GAP: Final = 1_000
"""From this many ms on, a silence is drawn as a row of its own, whatever its length."""
BEFORE, AFTER = 30, 4
"""Rows drawn before and after the first divergence."""

_X: dict[Role, int] = {"client": CLIENT_X, "server": SERVER_X}
_MIDDLE = (CLIENT_X + SERVER_X) // 2


def diagram(case: Case) -> Diagram:
    """Lay out the log of a case."""
    return _Layout(case).draw()


class _Layout:
    """Walks down the log once; `y` is the row it has come to and `now` that row's time."""

    def __init__(self, case: Case) -> None:
        self.log = case.log
        self.divergence = case.divergence
        self.both = {event.end for event in case.log} == set(ROLES)
        ends = {event.end for event in case.log} | ({case.divergence.end} if case.divergence else set())
        self.diagram = Diagram(f"What was seen in {case.trace}", frozenset(ends))
        self.y = TOP
        self.now: int | None = None
        self.rows: dict[int, int] = {}

    def draw(self) -> Diagram:
        shown = self._shown()
        before = [index for index in shown if self._is_before(index)]
        after = shown[len(before) :]
        if len(before) > BEFORE:
            self._gap(f"{len(before) - BEFORE:,} earlier events not drawn")
        for index in before[-BEFORE:]:
            self._row(index)
        if self.divergence:
            after = self._diverge(self.divergence, after)
        for index in after[:AFTER]:
            self._row(index)
        if len(after) > AFTER:
            self._gap(f"{len(after) - AFTER:,} later events not drawn")
        self._place()
        self.diagram.height = self.y + 14
        return self.diagram

    def _shown(self) -> list[int]:
        """The events with something to see; the one that diverges is drawn whatever it is."""
        bad = self.divergence.index if self.divergence and self.divergence.kind == "not-allowed" else -1
        quiet = ("Tick", *SILENT)
        return [index for index, event in enumerate(self.log) if index == bad or event.do not in quiet]

    def _is_before(self, index: int) -> bool:
        """Is this event before the divergence? A log may end before what was not done was missed."""
        if self.divergence is None or index < self.divergence.index:
            return True
        return self.divergence.kind == "not-done" and self.log[index].t < self.divergence.t

    def _diverge(self, divergence: Divergence, after: list[int]) -> list[int]:
        """Draw what was wrong; returns the events still to come."""
        if divergence.kind == "not-allowed" and after:
            self._row(after.pop(0))
        else:
            for due in divergence.due:
                self._advance(max(due.t, self.now or 0))
                self._missed(divergence, due)
        room = INSIDE - 36
        lines = [line for part in _explanation(divergence) for line in wrapped(part, room, FONT, bold=True)]
        self.diagram.mark = Mark(self.y + 12, tuple(lines))
        self.y += self.diagram.mark.height + 18
        return after

    def _missed(self, divergence: Divergence, due: Due) -> None:
        end: Role = "server" if divergence.end == "server" else "client"
        text = f"{due.do} due ({due.rule})"
        if due.do in SENDS:
            self._arrow(end, self.y, self.y, text, "due")
        else:
            self._note(end, text, "due")

    def _row(self, index: int) -> None:
        self._advance(self.log[index].t)
        self.rows[index] = self.y

    def _advance(self, t: int) -> None:
        """The next row, at time `t`, as far down as the silence before it asks for."""
        passed = 0 if self.now is None else t - self.now
        if passed >= IDLE_GAP:
            self._gap(f"{clock(passed)} pass")
        elif passed > 0:
            self.y += 4 + round(log2(passed))
        self.y += ROW
        if t != self.now:
            self.diagram.times.append((self.y, shortened(clock(t), TIME_X, FONT - 1)))
        self.now = t

    def _gap(self, text: str) -> None:
        self.y += ROW
        self.diagram.gaps.append((self.y, text))

    def _place(self) -> None:
        """Arrows and notes, now that every row is known."""
        arrivals = arrivals_of(self.log) if self.both else {}
        sent = {send: arrival for arrival, send in arrivals.items()}
        for index, y in self.rows.items():
            event, look = self.log[index], self._look(index)
            message = event.message
            if message is not None and event.do == "Arrive":
                if index not in arrivals:
                    self._arrive(event.end, message, y, look)
                elif arrivals[index] not in self.rows:
                    self._arrow(other_end(event.end), y, y, label(event, message), look)
            elif message is not None and sends(event):
                end = self.rows.get(sent.get(index, -1))
                self._send(event, message, y, end, look, lost=self.both and index not in sent)
            else:
                self._note(event.end, said(event), look, y)

    def _look(self, index: int) -> Look:
        if self.divergence is None or self._is_before(index):
            return ""
        return "bad" if self.divergence.kind == "not-allowed" and index == self.divergence.index else "after"

    def _send(self, event: Event, message: Message, y: int, end: int | None, look: Look, *, lost: bool) -> None:
        if lost:
            x = _X[event.end]
            self._put(Arrow(x, y, (x + 2 * _MIDDLE) // 3, y, f"{label(event, message)} (not arrived)", look, open=True))
        else:
            self._arrow(event.end, y, y if end is None else end, label(event, message), look)

    def _arrive(self, end: Role, message: Message, y: int, look: Look) -> None:
        """One that nobody in this log sent: the harness's, or the adversary's."""
        if message.sealed_by == "adversary" or self.both:
            text = label(None, message) + (" (adversary)" if message.sealed_by == "adversary" else "")
            self._put(Arrow(_MIDDLE, y, _X[end], y, text, look, open=True))
        else:
            self._arrow(other_end(end), y, y, label(None, message), look)

    def _arrow(self, sender: Role, y1: int, y2: int, text: str, look: Look) -> None:
        self._put(Arrow(_X[sender], y1, _X[other_end(sender)], y2, text, look))

    def _put(self, arrow: Arrow) -> None:
        """Its label has the room between the lifelines."""
        heavy = arrow.look in ("bad", "due")
        text = shortened(arrow.label, INSIDE - 24, FONT, bold=heavy)
        self.diagram.arrows.append(replace(arrow, label=text))

    def _note(self, end: Role, text: str, look: Look, y: int | None = None) -> None:
        x, anchor = (CLIENT_X + 10, "start") if end == "client" else (SERVER_X - 10, "end")
        text = shortened(text, INSIDE - 24, FONT, bold=look in ("bad", "due"))
        self.diagram.notes.append(Note(x, self.y if y is None else y, text, anchor, look))


def _explanation(divergence: Divergence) -> list[str]:
    if divergence.kind == "not-done":
        due = ", ".join(f"{due.do} (by {due.rule}) was due at {clock(due.t)}" for due in divergence.due)
        return [f"Not done: {due}" if due else f"{divergence.rule}, not done: {divergence.guard}"]
    if divergence.did is None:
        return [f"{divergence.rule}, seen otherwise: {spelt(divergence.guard)}"]
    due_instead = [f"Due: {due.do} (by {due.rule})" for due in due_by_then(divergence)]
    return [f"Not allowed by {divergence.rule}, for it needs: {spelt(divergence.guard)}", *due_instead]

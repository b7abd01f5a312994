"""An adapter on its first walk: the program, one end of it, and what came of a step.

The oracle judges what an end does here as it does everywhere; the reference stands beside it for what could have been
answered.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rekeyspec.conformance.adapters import hints, wire
from rekeyspec.conformance.adapters.child import Child
from rekeyspec.conformance.adapters.process import LONGEST
from rekeyspec.conformance.adapters.protocol import Action, Result, WireMessage
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.oracle import Oracle
from rekeyspec.conformance.target import BadInput, Broken, Reply, bare
from rekeyspec.conformance.verdict import Divergence
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import NEVER, Event, Role

_T = TypeVar("_T")


@dataclass(frozen=True)
class Found:
    """What came of one step. `remark`: what there is to say though it is well; the rest where it is not."""

    step: str
    word: Literal["ok", "ok, but", "violates", "broken"]
    remark: str = ""
    asked: str = ""
    read: str = ""
    expected: str = ""
    hint: str = ""

    def lines(self) -> Iterator[str]:
        """It, as it is printed."""
        yield f"{self.word:<9} {self.step}" + (f": {self.remark}" if self.remark else "")
        for name in ("asked", "read", "expected", "hint"):
            if getattr(self, name):
                yield f"{'':<9}   {name:<9} {getattr(self, name)}"


class Program:
    """The adapter, and the words of the step that it is at."""

    def __init__(self, command: str, timeout: float, grace: float) -> None:
        self.child = Child(split(command), grace, LONGEST)
        self.timeout = timeout
        self.step = "it starts"
        self.asked = self.read = b""
        self.ends = 0
        self.hinted = False
        """Was a deadline spoken of? It would be the same with each step."""

    def ask(self, request: bytes, understand: Callable[[bytes], _T], timeout: float = 0.0) -> _T:
        """Asks once; `timeout` (s) instead of its own. Raises Broken."""
        self.asked, self.read = request, b""
        self.read = self.child.ask(request, timeout or self.timeout)
        return understand(self.read)

    def broken(self, why: Broken) -> Found:
        """The step that it is at was not gone through."""
        words = self.child.last_words()
        said = f"; its last words on standard error: {wire.shown(words, 400)}" if words else ""
        return Found(self.step, "broken", f"{why}{said}", as_read(self.asked), hint=hints.of_broken(str(why)))


class Walker:
    """One end of the program (on a gateway, of this user's link), followed by the oracle, with the reference beside it
    for what could have been said."""

    def __init__(
        self, program: Program, role: Role, stated: frozenset[str], policy: Policy | None = None, user: str = ""
    ) -> None:
        self.program, self.role, self.stated = program, role, stated
        policy = policy or Policy()
        self.oracle = Oracle(policy, role)
        self.reference = ReferenceTarget().open(role, policy)
        self.given: list[Event] = []
        self.replies: list[Reply] = []
        program.ends += 1
        self.id = program.ends
        opened = wire.open_end(self.id, role, policy, 1 if user else None, user)
        program.ask(opened, lambda line: wire.done(line, self.id))

    def step(self, event: Event) -> Reply:
        """Gives it one event, and judges nothing."""
        return self.program.ask(
            wire.step(self.id, event), lambda line: wire.step_done(line, self.id, event, self.stated)
        )

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Gives it many events in one line, and judges nothing."""
        return self.program.ask(
            wire.run(self.id, events), lambda line: wire.run_done(line, self.id, events, self.stated)
        )

    def close(self) -> None:
        """It is not needed any more."""
        self.program.ask(wire.close(self.id), lambda line: wire.done(line, self.id))

    def tell(self, step: str, events: Sequence[Event]) -> Found:
        """One line of a story: these events, more than one in one `run`. What came of it."""
        self.program.step = step
        replies = [self.step(events[0])] if len(events) == 1 else self.run(events)
        expected = self.reference.run(events)
        asked, read = as_read(self.program.asked), as_read(self.program.read)
        for event, reply in zip(events, replies, strict=True):
            self.given.append(event)
            self.replies.append(reply)
            found = self._judged(event, reply)
            if found is not None:
                hint = hints.of_violation(found, event)
                return Found(step, "violates", found.sentence(), asked, read, self._line(expected), hint)
        late = hints.of_deadline(replies[-1].deadline, expected[-1].deadline)
        if late and not self.program.hinted:
            self.program.hinted = True
            return Found(step, "ok, but", "", asked, read, self._line(expected), late)
        return Found(step, "ok")

    def _line(self, replies: Sequence[Reply]) -> str:
        """What could have been answered: the reference's own line."""
        shown = [as_written(one) for one in replies]
        return as_read(wire.encode({"id": self.id} | (shown[0] if len(shown) == 1 else {"replies": shown})))

    def _judged(self, event: Event, reply: Reply) -> Divergence | None:
        for e in (event, *map(bare, reply.did)):
            found = self.oracle.observe(e)
            if found is not None:
                return found
        return self.oracle.end(event.t + 1)


def split(command: str) -> list[str]:
    """The words of a command. Raises BadInput."""
    command = command.removeprefix("exec:")
    try:
        words = shlex.split(command)
    except ValueError as wrong:
        raise BadInput(f"{command!r} cannot be split into words: {wrong}; close the quotes") from None
    if not words:
        raise BadInput("no command; give one, as in rekeyspec adapter test 'python my_adapter.py'")
    return words


def as_read(line: bytes) -> str:
    """A line as it is quoted; nothing where there was none."""
    return wire.shown(line.rstrip(), 400) if line else ""


def as_written(reply: Reply) -> dict[str, object]:
    """A reply as an adapter would write it."""
    did = [Action(e.do, WireMessage(*e.message) if e.message else None, e.reason) for e in reply.did]  # type: ignore[arg-type]
    result = Result(did, None if reply.deadline == NEVER else reply.deadline)
    return {"did": result.did, "deadline": result.deadline}

"""`exec:COMMAND`: an implementation behind the adapter protocol, as a child process.

The program is started once and serves case after case. When it crashes, hangs or talks nonsense it is ended with all
that it started, the case it failed in is `Broken`, and so is every end that it had open; the next case gets a new
process. Only a program that never introduced itself is not tried again.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Self, TypeVar

from rekeyspec.conformance.adapters import wire
from rekeyspec.conformance.adapters.child import Child
from rekeyspec.conformance.adapters.lines import Lines
from rekeyspec.conformance.target import OWN_CLOCK, BadInput, Broken, End, Gateway, Reply
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Event, Role

LONGEST: Final = 8 << 20
"""The longest answer that is read, in bytes."""
TIMEOUT: Final = 5.0
"""How long (s) a program may take for an answer, unless the caller says otherwise."""
START: Final = 30.0
"""How long (s) it may take to say hello: a virtual machine has to come up, a script may be compiled first."""
BATCH: Final = 1000
"""How many events go into one line: more would save nothing, and an answer must stay below LONGEST."""

_T = TypeVar("_T")


class Session:
    """One life of the program: from its hello to its end, or to the first thing it did wrong."""

    def __init__(self, target: str, child: Child, timeout: float, lines: Lines | None = None) -> None:
        self.lines = lines
        self.target = target
        self.child = child
        self.timeout = timeout
        self.stated = wire.NOTHING
        """The features that were."""
        self.failure = ""
        self.ends = 0
        self.gateways = 0

    def ask(self, request: bytes, understand: Callable[[bytes], _T], timeout: float = 0.0) -> _T:
        """Asks once; `timeout` (s) instead of its own. Raises Broken, now and from then on, when there is no answer or
        none that makes sense."""
        if self.failure:
            raise Broken(self.failure)
        timeout = timeout or self.timeout
        try:
            if self.lines is None:
                return understand(self.child.ask(request, timeout))
            self.lines.asked(request)
            answer = self.child.ask(request, timeout)
            self.lines.answered(request, answer)
            return understand(answer)
        except Broken as wrong:
            said = self.child.last_words()
            self.failure = f"{self.target}: {wrong}; it had been asked {wire.shown(request.rstrip())}"
            self.failure += f"; its last words on standard error: {wire.shown(said, 400)}" if said else ""
            self.child.end(orderly=False)
            raise Broken(self.failure) from None


class ExecEnd:
    """One end that the program has open."""

    def __init__(
        self, session: Session, role: Role, policy: Policy, gateway: int | None = None, user: str = ""
    ) -> None:
        session.ends += 1
        self._session = session
        self._id = session.ends
        session.ask(wire.open_end(self._id, role, policy, gateway, user), lambda line: wire.done(line, self._id))

    def step(self, event: Event) -> Reply:
        """One event, one line."""
        return self._session.ask(
            wire.step(self._id, event),
            partial(wire.step_done, ident=self._id, event=event, stated=self._session.stated),
        )

    def run(self, events: Sequence[Event]) -> list[Reply]:
        """Many events in few lines."""
        replies: list[Reply] = []
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            replies += self._session.ask(
                wire.run(self._id, batch),
                partial(wire.run_done, ident=self._id, events=batch, stated=self._session.stated),
            )
        return replies

    def close(self) -> None:
        """Nothing is asked of a program that is broken already."""
        if not self._session.failure:
            self._session.ask(wire.close(self._id), lambda line: wire.done(line, self._id))


class ExecTarget:
    """The program that COMMAND starts; words are split as a shell would, but no shell runs.

    `timeout` (s) is for each answer but the first, which has `start` (s), `grace` (s) how long the program may take to
    end, and again after SIGTERM. `lines` checks what is said on both sides. Raises BadInput for a command that cannot
    be split.
    """

    def __init__(
        self,
        command: str,
        timeout: float = TIMEOUT,
        grace: float = 1.0,
        longest: int = LONGEST,
        lines: Lines | None = None,
        start: float = START,
    ) -> None:
        self.name = f"exec:{command}"
        self.remote = True
        self.unsupported: Mapping[str, str] = {}
        self.features: frozenset[str] = frozenset()
        """What it stated that not every adapter can do (`protocol.FEATURES`)."""
        self.tolerance = 0
        """By how much (ms) the times that it says may be off, where it has a clock of its own."""
        self.introduced = ""
        """Name and version, in its own words."""
        self._timeout, self._grace, self._longest = timeout, grace, longest
        self._lines = lines
        self._start = start
        self._session: Session | None = None
        try:
            self._argv = shlex.split(command)
        except ValueError as wrong:
            raise BadInput(f"{self.name}: the command cannot be split into words: {wrong}; close the quotes") from None
        if not self._argv:
            raise BadInput(f"{self.name!r}: no command; give one, as in exec:'python my_adapter.py'")

    def open(self, role: Role, policy: Policy) -> End:
        """A new end, in a new process where the last one broke. Raises BadInput of one that has a clock of its own."""
        session = self._ready()
        if "real-clock" in self.features:
            raise BadInput(f"{self.name}: {OWN_CLOCK}")
        return ExecEnd(session, role, policy)

    def in_real_time(self, role: Role, policy: Policy) -> End:
        """A new end of a program that has a clock of its own, for whoever gives each event at its time."""
        return ExecEnd(self._ready(), role, policy)

    @property
    def gateway(self) -> Callable[[Policy], Gateway] | None:
        """Makes a new gateway (GATE-1); None where the program did not state the feature."""
        return self._gateway if "gateway" in self.features else None

    def _gateway(self, policy: Policy) -> Gateway:
        """The program is told the gateway's number, and the user, with each end that it opens there."""
        session = self._ready()
        session.gateways += 1
        return partial(self._on_gateway, session, policy, session.gateways)

    @staticmethod
    def _on_gateway(session: Session, policy: Policy, number: int, user: str) -> End:
        return ExecEnd(session, "server", policy, number, user)

    def __enter__(self) -> Self:
        """Starts the program: what it does not support is known before the run."""
        self._ready()
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends the program, if need be by force."""
        if self._session and not self._session.failure:
            self._session.failure = f"{self.name}: it was ended, since it was not needed any more"
            self._session.child.end()

    def _ready(self) -> Session:
        session = self._session
        if session and (not session.failure or not self.introduced):
            return session
        child = Child(self._argv, self._grace, self._longest)
        self._session = session = Session(self.name, child, self._timeout, self._lines)
        try:
            said = session.ask(wire.hello(), wire.introduction, self._start)
        except BaseException:
            self.__exit__()
            raise
        self.introduced = f"{said.name} {said.version}".strip()
        self.unsupported, self.features = said.unsupported, frozenset(said.features)
        self.tolerance, session.stated = said.tolerance, self.features
        return session

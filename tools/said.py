"""What TLC says while it runs, kept as far as it is needed: however long it runs, that is little."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from rekeyspec.tools.messages import Code, Message, Stream
from rekeyspec.tools.output import Figures, Output, assemble, figures

_REPEATED: Final = frozenset({Code.PROGRESS, Code.PROGRESS_SIMULATION})
"""Messages that come again and again, so that only the last one is kept."""


class Said:
    """What a run has said so far. `heard` is told each message, `progress` the figures that come again and again."""

    def __init__(
        self,
        progress: Callable[[Figures], None] = lambda _: None,
        heard: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self.stream, self.messages = Stream(), list[Message]()
        self.errors: deque[str] = deque(maxlen=50)
        self.progress, self.heard = progress, heard

    def take(self, name: str, line: str) -> None:
        """Take one line of its output (`out`), or of its errors (`err`)."""
        if name == "err":
            if line.strip():
                self.errors.append(line.strip())
        elif message := self.stream.feed(line):
            self._keep(message)

    def _keep(self, message: Message) -> None:
        if message.code in _REPEATED:
            self.messages = [kept for kept in self.messages if kept.code != message.code]
            self.progress(figures([message]))
        self.messages.append(message)
        self.heard(message)

    def output(self, *, simulation: bool = False) -> Output:
        """What it comes to, once there is no more."""
        last = self.stream.end()
        messages = [*self.messages, last] if last else self.messages
        return assemble(messages, list(self.stream.plain), simulation=simulation)

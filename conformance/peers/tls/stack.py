"""A TLS stack under test, as the scene needs it: how its client is started, told what to do, and understood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rekeyspec.conformance.peers.tls.events import Reading

Options = Mapping[str, str]
"""What a client is given for one experiment, by names of its stack's own."""


class Stack(Protocol):
    """One program. Lines of its that `got` does not understand are its log."""

    name: str
    status_tells: bool
    """It ends with another status than 0 only where something is wrong with the program itself."""

    async def prepare(self, private: Path) -> None:
        """Make ready what all its runs share, in a directory of theirs. Raises Broken when that fails."""

    def argv(self, port: int, directory: Path, options: Options) -> list[str]:
        """The command line of a client that connects to this port of 127.0.0.1, its credentials in `directory`."""

    def write(self, size: int) -> bytes:
        """What it must be told so that its user sends so many bytes."""

    def renew(self, old: bool) -> bytes:
        """What it must be told so that its user asks for new keys in both directions; `old`: in TLS 1.2."""

    def quit(self) -> bytes:
        """What it must be told so that its user ends the link in order."""

    def got(self, line: str) -> int:
        """How many bytes were handed to its user, by this line of its; 0 where it says something else."""


@dataclass(frozen=True)
class Provocation:
    """The script, the client's options, and by which reading its log is told."""

    script: Callable[..., Awaitable[None]]
    options: Options
    reading: Reading = "both-ways"
    renegotiates: bool = False
    """TLS 1.2."""
    stranger: bool = False
    """The server has a certificate that the client has no reason to believe."""
    before: bool = False
    """The script begins as soon as the TCP connection is there, and not when the handshake is done."""
    knobs: Mapping[str, object] = field(default_factory=dict)
    """What the server is set to before the client comes: attributes of the Watch."""

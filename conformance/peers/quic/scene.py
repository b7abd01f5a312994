"""One run: a link of two aioquic connections on a clock of ours, and a script that plays with it, in another thread."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rekeyspec.conformance.peers.experiment import Experiment, Failed, Observed
from rekeyspec.conformance.peers.quic.events import translate
from rekeyspec.conformance.peers.quic.link import Link, Way, configured
from rekeyspec.conformance.peers.quic.log import Line
from rekeyspec.conformance.peers.quic.scripts import Script

LONG: Final = 60.0
"""s: aioquic's own idle timeout, which no experiment reaches."""


@dataclass(frozen=True)
class Provocation:
    """The script, the client's `idle_timeout` (s), and what the wire does from the start."""

    script: Script
    idle: float = LONG
    way: Way | None = None
    stranger: bool = False
    """The client has no reason to believe the server's certificate."""


@dataclass(frozen=True)
class Stage:
    """Performs experiments, with the same keys for all of them."""

    keys: Path

    def __post_init__(self) -> None:
        """What the library logs of a failed handshake is for its user, and not for ours."""
        logging.getLogger("quic").addHandler(logging.NullHandler())

    async def perform(self, e: Experiment[Provocation]) -> Observed:
        """Run one experiment. Failed, with what was seen, when the library raises."""
        return await asyncio.to_thread(self._performed, e.provocation)

    def _performed(self, p: Provocation) -> Observed:
        link = Link(*configured(self.keys, p.idle, "stranger.pem" if p.stranger else "authority.pem"))
        if p.way is not None:
            link.way = p.way
        try:
            link.connect()
            if p.stranger:
                link.note("link", "STRANGER")
            p.script(link)
        except Exception as wrong:  # whatever the library raises is its crash
            log = "".join(f"{line}\n" for line in link.lines)
            raise Failed(f"aioquic raised {type(wrong).__name__}: {wrong}", {"packets.txt": log}) from wrong
        link.note("link", "END")
        lines: tuple[Line, ...] = tuple(link.lines)
        return Observed(tuple(translate(lines)), tuple(line._asdict() for line in lines))

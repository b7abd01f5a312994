"""The relay between an OpenVPN client and a server, with its log and its knobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final, Literal

from rekeyspec.conformance.peers.datagrams import Relay, Side
from rekeyspec.conformance.peers.openvpn.log import (
    ALTERED,
    BEGAN,
    CONTROL,
    MUTED,
    PING,
    REPLAYED,
    Line,
    Who,
    header,
    said,
)
from rekeyspec.reference.vocabulary import Role

Kind = Literal["control", "data", "ping"]
EVERYTHING: Final[frozenset[Kind]] = frozenset({"control", "data", "ping"})
"""All that an end sends."""

CONTROL_CHANNEL: Final[frozenset[Kind]] = frozenset({"control"})
"""What a renegotiation is made of."""

_SIDES: Final[dict[Role, Side]] = {"client": "one", "server": "two"}
_ROLES: Final[dict[Side, Role]] = {"one": "client", "two": "server"}


class Watch:
    """One link's log, and what is done to its packets. `end` is the one under test."""

    def __init__(self, end: Role) -> None:
        self.end = end
        self.lines: list[Line] = []
        self.logs: dict[Role, list[str]] = {"client": [], "server": []}
        """What the programs said, with our time (ms) before it."""
        self.muted: dict[Role, Collection[Kind]] = {"client": (), "server": ()}
        """What of an end's packets is withheld."""
        self.delay = 0.0
        """How long (s) packets of the control channel are held back."""
        self.data_delay = 0.0
        """How long (s) packets of data are."""
        self.held = 0.0
        """How long (s) the next packet of data of the other end is held back; 0 when it has been."""
        self.waits_for_second = False
        """The link's first packet is held until a second of the clock begins."""
        self.heard: dict[tuple[Role, str], bytes] = {}
        """The latest packet of each kind that an end has sent and that was handed on; a ping is one of DATA."""
        self.opened = asyncio.Event()
        self.keyed: dict[Role, asyncio.Event] = {"client": asyncio.Event(), "server": asyncio.Event()}
        """An end has said that it has keys."""
        self.ended = asyncio.Event()
        """The end under test has said that the link has ended."""
        self.killed: set[Role] = set()
        """The programs that the script has killed."""
        self.watched: int | None = None
        """How many lines there were at the end of watching."""
        self.relay: Relay | None = None
        self._resets: dict[Role, int] = {}
        self._began = time.monotonic()

    @property
    def now(self) -> float:
        """The time (ms) on this log's clock."""
        return round((time.monotonic() - self._began) * 1000, 3)

    def note(self, who: Who, what: str, bytes: int = 0, note: str = "", key: int = 0) -> None:
        """Log one line now."""
        self.lines.append(Line(self.now, who, what, key, bytes, note))

    def end_watching(self) -> None:
        """Log the end; what comes after it is our own tidying up."""
        self.note("link", "END")
        self.watched = len(self.lines)

    def listener(self, who: Role) -> Callable[[str], None]:
        """What hears a program's own log."""

        def hear(line: str) -> None:
            self.logs[who].append(f"{self.now:.0f} {line}")
            if word := said(line, who):
                self.note(who, word[0], note=word[1])
                if word[0] == "KEYS":
                    self.keyed[who].set()
                elif who == self.end:
                    self.ended.set()

        return hear

    def datagram(self, side: Side, data: bytes) -> None:
        """One came from a program. Log it, and hand it on, late or not at all."""
        if not data:
            return
        who = _ROLES[side]
        what, key = header(data)
        began = BEGAN if what == "SOFT_RESET" and self._resets.get(who) != key else ""
        muted = self._kind(what, data) in self.muted[who]
        if who == self.end or muted:
            self.note(who, what, len(data), MUTED if muted else began, key)
        if not self.opened.is_set():
            self.opened.set()
        if muted:
            return
        if wait := self._wait(who, what):
            asyncio.get_running_loop().call_later(wait, self._hand_on, who, data, began)
        else:
            self._hand_on(who, data, began)

    def _wait(self, who: Role, what: str) -> float:
        if self.waits_for_second:
            self.waits_for_second = False
            return until_phase(0.02)
        if what in CONTROL:
            return self.delay
        wait = self.held if who != self.end else 0.0
        self.held -= wait
        return wait or self.data_delay

    def _kind(self, what: str, data: bytes) -> Kind:
        if what in CONTROL:
            return "control"
        return "ping" if len(data) == PING else "data"

    def _hand_on(self, who: Role, data: bytes, note: str) -> None:
        what, key = header(data)
        if what == "SOFT_RESET":
            self._resets["server" if who == "client" else "client"] = key
        self.heard[who, what] = data
        if who != self.end:
            self.note(who, what, len(data), note, key)
        if self.relay is not None:
            self.relay.hand_on(_SIDES[who], data)

    def again(self, who: Role, kind: str = "DATA", *, altered: bool = False) -> None:
        """Hand on an end's latest packet of this kind once more, with its last byte changed where `altered`."""
        if self.relay is None or (who, kind) not in self.heard:
            return
        data = self.heard[who, kind]
        what, key = header(data)
        self.note(who, what, len(data), ALTERED if altered else REPLAYED, key)
        self.relay.hand_on(_SIDES[who], data[:-1] + bytes([data[-1] ^ 1]) if altered else data)


def until_phase(phase: float, later: float = 0.0) -> float:
    """How long (s) it is, so many seconds from now, until the clock next shows this part of a second."""
    return (phase - time.time() - later) % 1.0

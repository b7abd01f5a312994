"""One line of what was told, before it is written as a step of a trace."""

from __future__ import annotations

from typing import Literal, NamedTuple

from rekeyspec.reference.vocabulary import Kind, Message, Role

Tested = Literal["client", "server", "both"]
"""Which ends are under test."""


class Line(NamedTuple):
    """One line of what was told: as a step of a trace, with the message that arrived written out."""

    t: int
    end: Role
    do: Literal["Open", "Offer", "Arrive", "Tick", "Shut", "Pass", "Drop"]
    message: Message | None = None
    bytes: int = 0
    times: int = 1
    established: bool = False
    kind: Kind | None = None

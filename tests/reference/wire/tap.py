"""A man in the middle who sees whole frames, and what an end holds and remembers."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import NamedTuple

from rekeyspec.reference.state import End
from rekeyspec.reference.vocabulary import Role
from rekeyspec.reference.wire.frames import HEADER
from rekeyspec.reference.wire.link import Link

Each = Callable[[Role, int, bytes], bytes]
"""What becomes of one frame on its way to this end, over this connection."""


class Header(NamedTuple):
    """What anybody can read of a frame."""

    form: int
    channel: int
    epoch: int
    number: int
    length: int

    def of(self, body: bytes) -> bytes:
        """The frame of this header and this body."""
        return HEADER.pack(*self) + body


def seen(frame: bytes) -> Header:
    """The header of a frame."""
    return Header(*HEADER.unpack_from(frame))


class Frames:
    """A `hand` of a Net: gives each whole frame to `each`, and sends on what that makes of it."""

    def __init__(self, each: Each) -> None:
        self.each = each
        self._rest: dict[tuple[Role, int], bytes] = {}

    def __call__(self, to: Role, connection: int, data: bytes) -> bytes:
        rest = self._rest.get((to, connection), b"") + data
        out = []
        while len(rest) >= HEADER.size and len(rest) >= (size := HEADER.size + seen(rest).length):
            frame, rest = rest[:size], rest[size:]
            out.append(self.each(to, connection, frame))
        self._rest[to, connection] = rest
        return b"".join(out)


def remembered(end: Link) -> dict[str, object]:
    """All that an end remembers under the rules, but for the time of the latest event."""
    state: End = end._engine.state
    return {one.name: getattr(state, one.name) for one in fields(End) if one.name != "t"}


def held(end: Link) -> int:
    """How many bytes of memory an end holds, without what all ends share and without TLS."""
    return sum(map(sys.getsizeof, _reached(end)))


def _reached(end: Link) -> Iterator[object]:
    shared = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)
    done = {id(end._engine), id(end._negotiator), id(end._log)}
    left: list[object] = [end]
    while left:
        one = left.pop()
        if id(one) in done or isinstance(one, shared):
            continue
        done.add(id(one))
        yield one
        left += gc.get_referents(one)

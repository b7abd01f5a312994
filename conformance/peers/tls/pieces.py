"""How the client's user wrote, against how it left: TLS keeps no boundaries of messages, so they are found again here.

Pure. A write is one message however many records carry it; but where a new key comes in the middle of it, the program
has cut it, and each part is a message. What several writes became in one record is several messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from rekeyspec.conformance.peers.tls.log import Line


class Pieces(NamedTuple):
    """By the number of a line: what is offered with that WRITE, and what has left with that DATA (bytes each)."""

    offered: Mapping[int, Sequence[int]]
    sent: Mapping[int, Sequence[int]]


def pieces(lines: Sequence[Line]) -> Pieces:
    """The client's messages. What was written and never left is offered all the same; what left unasked is not
    sent here: there is no message of the user's to be it."""
    writes = [(n, line.bytes) for n, line in enumerate(lines) if (line.who, line.what) == ("user", "WRITE")]
    written = sum(size for _, size in writes)
    ends = _sums(size for _, size in writes)
    cuts: set[int] = {0, *ends}
    left: list[tuple[int, int]] = []  # how much had left after which line
    total = 0
    for n, line in enumerate(lines):
        if line.who == "client" and line.what == "DATA":
            total += line.bytes
            left.append((n, total))
        elif line.who == "client" and line.what in ("KEY_UPDATE", "CHANGE"):
            cuts.add(total)
    if total < written:
        cuts.add(total)
    bounds = sorted(cut for cut in cuts if cut <= written)
    offered: dict[int, list[int]] = defaultdict(list)
    sent: dict[int, list[int]] = defaultdict(list)
    for start, end in pairwise(bounds):
        offered[next(n for (n, _), upto in zip(writes, ends, strict=True) if upto >= end)].append(end - start)
        if end <= total:
            sent[next(n for n, upto in left if upto >= end)].append(end - start)
    return Pieces(offered, sent)


def _sums(sizes: Iterable[int]) -> list[int]:
    found, total = [], 0
    for size in sizes:
        total += size
        found.append(total)
    return found

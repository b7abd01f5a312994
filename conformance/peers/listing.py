"""The real programs that can be judged, for people: found or missing, what they can be asked, what cannot be seen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rekeyspec.conformance.peers.named import peer_named, peers
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.rulebook import rules

WIDTH: Final = 100


def missing() -> list[Peer[Any]]:
    """The programs that are not slow and cannot be run on this machine."""
    return [peer for peer in peers() if not peer.slow and peer.missing()]


def listed() -> Iterator[str]:
    """A line or two for each program."""
    for peer in peers():
        if lacks := peer.missing():
            yield f"{peer.target:<24} {peer.title}: {'; '.join(lacks)}"
            continue
        experiments = peer.experiments()
        asked = {rule for e in experiments for rule in e.rules}
        yield (
            f"{peer.target:<24} {peer.title} {peer.version()}: {len(experiments)} experiments ask {len(asked)} of "
            f"{len(rules())} rules" + (f" (slow: {peer.slow}; by name only)" if peer.slow else "")
        )
    yield "rekeyspec peers NAME: which rules, and what cannot be seen; rekeyspec check peer:all: judge all but the slow"


def in_full(names: Sequence[str]) -> Iterator[str]:
    """All that is stated of these programs before any run. Raises BadInput for one that is not known."""
    for peer in [peer_named(name if name.startswith("peer:") else f"peer:{name}") for name in names]:
        yield from _in_full(peer)


def _in_full(peer: Peer[Any]) -> Iterator[str]:
    lacks = peer.missing()
    yield f"{peer.target}  {peer.title} {'' if lacks else peer.version()}".rstrip()
    yield from _filled(f"watched by {peer.watched}")
    if peer.manual:
        yield f"  manual: {peer.manual}"
    if peer.slow:
        yield from _filled(f"slow, so only by name: {peer.slow}")
    for lack in lacks:
        yield from _filled(lack)
    if lacks:
        return
    yield "  experiments:"
    for e in peer.experiments():
        yield from _filled(f"{e.name} ({', '.join(e.rules)}): {e.question}", "    ")
    yield "  not asked:"
    by_reason: dict[str, list[str]] = {}
    for rule, reason in peer.not_asked.items():
        by_reason.setdefault(reason, []).append(rule)
    for reason, ids in by_reason.items():
        yield from _filled(f"{', '.join(ids)}: {reason}", "    ")


def _filled(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)

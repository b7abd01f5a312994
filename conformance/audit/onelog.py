"""One log, event by event.

Most of what comes is one more event of an end that is followed; `take` knows that case alone, for its speed is that of
the whole. Everything else (a link opens, an end is not followed, time goes back) is for `Ends`. Silent actions
(docs/design.md) may be logged; they show nothing that the oracle does not find by itself, and are not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rekeyspec.conformance.audit.ends import Ends
from rekeyspec.conformance.audit.findings import Findings
from rekeyspec.conformance.audit.hooks import Hooks
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.log import LoggedEvent
from rekeyspec.reference.vocabulary import Event, Message

KNOWN: Final = 100_000
"""Of so many links it is remembered whether they are judged here."""

_LOOKED_AT: Final = frozenset({"Close", "Refuse", "Answer", "Finish"})
"""What an end does after which something besides its oracle has to be looked at."""

_tuple = tuple.__new__  # past the named tuples' own, which only calls it


class OneLog:
    """One log being judged. What comes of it goes to `found`."""

    def __init__(self, name: str, found: Findings, share: Share, hooks: Hooks, *, begun: bool = False) -> None:
        self.found, self.ends = found, Ends(name, found, hooks, begun=begun)
        self.line = 0
        self._share = share
        self._mine: dict[str, bool] | None = None if share.everything else {}

    def take(self, rows: Sequence[LoggedEvent], number: int) -> None:
        """Judge these events, the first of which stands on this line. Raises BadLine where time goes back."""
        ends, mine, others, apart = self.ends, self._mine, 0, 0
        clients, servers, now = ends.followed["client"], ends.followed["server"], ends.now
        for line, row in enumerate(rows, number):
            t, link = row.t, row.link
            if mine is not None and not (mine[link] if link in mine else self._is_mine(link)):
                now = t if t > now else now
                others += 1
                continue
            do, said = row.do, row.message
            oracle = (clients if row.end == "client" else servers).get(link)
            if oracle is None or t < now or do == "Open" or (said is None and do == "Arrive"):
                ends.now = now = t if t > now else now
                apart += not ends.apart(line, row)
                continue
            now = t
            m = said and _tuple(
                Message,
                (said.kind, said.epoch, said.number, said.negotiation, said.session, said.bytes, said.channel,
                 said.sealed_by),
            )  # fmt: skip
            e = _tuple(Event, (t, row.end, do, m, row.bytes, row.reason, link))
            found = oracle.observe(e)
            if found is not None:
                ends.now = now
                ends.diverged(oracle, line, e, found)
            elif do in _LOOKED_AT:
                ends.look(oracle, e)
        ends.now, self.line = now, number + len(rows) - 1
        self.found.events += len(rows) - others - apart
        self.found.unseen += apart
        ends.tend(len(rows), self.line)

    def finish(self) -> None:
        """The log ends: what was due before its latest time must have been done."""
        self.ends.finish(self.line)

    def overdue(self) -> None:
        """While a log grows: find the ends that by its latest time have left undone what was due."""
        self.ends.overdue(self.line)

    def _is_mine(self, link: str) -> bool:
        assert self._mine is not None
        if len(self._mine) > KNOWN:
            self._mine.clear()
        found = self._mine[link] = self._share.has(link)
        return found

"""A file, or what comes from standard input: several logs, one after the other, each begun by its header.

A header with `continues` goes on with the log before it, as where a file was rotated. Without any header the policy
must be named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rekeyspec.conformance.audit import reading
from rekeyspec.conformance.audit.findings import Finding, Findings
from rekeyspec.conformance.audit.hooks import Hooks
from rekeyspec.conformance.audit.onelog import OneLog
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.reading import BadLine
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.audit.window import Window
from rekeyspec.conformance.log import Header, LoggedEvent
from rekeyspec.conformance.policies import policy_from, profiles
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.policy import Policy
from rekeyspec.reference.vocabulary import Do

MOST: Final = 100
"""So many policies may be named in one stream: each is judged, and reported, by itself."""


class Stream:
    """The logs of one stream, fed with bytes as they come. `found` has what came of them, by policy."""

    def __init__(
        self,
        name: str,
        options: Options,
        share: Share | None = None,
        told: Callable[[Finding], None] = lambda finding: None,
    ) -> None:
        self.name, self.options, self.share = name, options, share or Share(only=options.only)
        self.found: list[Findings] = []
        self.troubles: list[str] = []
        self.window = Window()
        self.hooks = Hooks(self.window.before, told, options.size)
        self._log: OneLog | None = None
        self._skipping = False
        self._rest = b""
        self._line = 1

    def feed(self, data: bytes) -> None:
        """Judge what was read; a line that has not come to its end waits for it. Raises BadInput."""
        data = self._rest + data if self._rest else data
        cut = data.rfind(b"\n") + 1
        lines, self._rest = data[:cut], data[cut:]
        if lines:
            self._take(lines)
        if len(self._rest) > reading.LONGEST:
            raise reading.too_long(self.name, self._line)

    def end(self) -> None:
        """There is no more: judge what came after the last end of a line, and end the log."""
        if self._rest:
            self._take(self._rest + b"\n")
            self._rest = b""
        self._ended()

    def stop(self) -> None:
        """No more is wanted: the same, but for the last line, which may have more to come."""
        self._rest = b""
        self._ended()

    def anew(self) -> None:
        """The file was rotated or truncated: what follows is its first line."""
        if self._rest:
            self._take(self._rest + b"\n")
            self._rest = b""
        self.window.clear()
        self._line = 1
        self.hooks.part += 1

    def overdue(self) -> None:
        """Nothing came for a while: which ends have left undone what was due?"""
        if self._log is not None:
            self._log.overdue()

    def _take(self, lines: bytes) -> None:
        self.window.add(self._line, lines)
        for number, read in reading.rows(lines, self.name, self._line):
            try:
                self._judge(number, read)
            except BadLine as why:
                if not self.options.keep_going:
                    raise
                self._break_off(str(why))
        self._line += lines.count(b"\n")

    def _judge(self, number: int, read: list[LoggedEvent] | Header | BadLine) -> None:
        if isinstance(read, Header):
            if not (self._skipping and read.continues):
                self._header(number, read)
        elif self._skipping:
            return
        elif isinstance(read, BadLine):
            raise read
        elif read:
            if self._log is None:
                self._log = self._headless(number)
            self._log.take(read, number)

    def _break_off(self, why: str) -> None:
        self.troubles.append(why)
        self._skipping = True
        if self._log is not None:
            self._log.found.broken_off = why
        self._finish()

    def _finish(self) -> None:
        if self._log is not None:
            self._log.finish()
            self._log = None

    def _ended(self) -> None:
        self._finish()
        self.window.clear()

    # Headers.

    def _header(self, number: int, header: Header) -> None:
        try:
            policy = policy_from(header.policy, Policy(), f"{self.name}:{number}, `policy`")
        except BadInput as why:
            raise BadLine.of(number, why) from None
        found = self._findings(number, policy, header.tolerance, frozenset(header.hidden))
        self._skipping = False
        if header.continues and self._log is not None:
            if found is not self._log.found:
                read, expected = "`continues` with another policy, tolerance or hidden", "those of the log before"
                raise BadLine(self.name, number, read, expected, "leave out `continues`: then it is another log")
            return
        self._finish()
        found.origin(header.origin)
        self._log = self._begun(found, begun=header.continues)

    def _headless(self, number: int) -> OneLog:
        if self.options.profile is None:
            remedy = "put the header first (docs/audit.md), or name the policy with --profile"
            raise BadLine(self.name, number, "an event", "a header before it", remedy)
        found = self._findings(number, Policy(), 0, frozenset())
        found.origin("")
        return self._begun(found, begun=False)

    def _begun(self, found: Findings, *, begun: bool) -> OneLog:
        return OneLog(self.name, found, self.share, self.hooks, begun=begun)

    def _findings(self, number: int, policy: Policy, tolerance: int, hidden: frozenset[Do]) -> Findings:
        """What is found under this policy, as the options change it."""
        o = self.options
        profile, policy = o.profile or (_named(policy, f"{self.name}:{number}"), policy)
        tolerance = tolerance if o.tolerance is None else o.tolerance
        hidden = hidden if o.hidden is None else o.hidden
        for one in self.found:
            if (one.policy, one.tolerance, one.hidden) == (policy, tolerance, hidden):
                return one
        if len(self.found) == MOST:
            read, expected = "one more policy, tolerance or set of hidden actions", f"at most {MOST} in one stream"
            raise BadLine(self.name, number, read, expected, "put these logs into several files")
        self.found.append(Findings(profile, policy, tolerance, hidden))
        return self.found[-1]


def _named(policy: Policy, where: str) -> str:
    """What to call the policy of a header: by the profile that it is, or by the place."""
    return next((name for name, one in profiles().items() if one == policy), f"policy of {where}")

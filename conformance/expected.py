"""Expected failures: a file that says which rules a target is known to break, and how.

    # what we know about, by target
    python:ours:End BYTE-2: the count is not reached yet    # fixed in 2.1, not yet released
    'exec:node link.mjs' EST-4: 'Close was due at 10000 ms' # no time-out at all, issue 17

One line for each: the target as a shell would have it (quoted where it has spaces), the rule and a colon, the message
that the report gives as the reason, and after a `#` why it is so. A message with a `#` in it, or one that begins with a
quote, is quoted too. There are no wildcards. An entry that is not met fails the run as much as a failure that is not
expected: what passes by now, what fails in another way, and what was not put to the test at all.

An update keeps every comment, every blank line and every reason of an entry that stays, and writes the file whole or
not at all.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple

from rekeyspec.conformance.report.contents import Report, printable
from rekeyspec.conformance.report.output import write_whole
from rekeyspec.conformance.rulebook import rule_named
from rekeyspec.conformance.verdict import Verdict
from rekeyspec.conformance.yamlfile import problem, shown

CAP: Final = 1 << 20
"""The largest file that is read, in bytes."""
FORM: Final = "TARGET RULE: MESSAGE # REASON"
HEAD: Final = f"# Expected failures, one a line: {FORM}"

_RULE: Final = re.compile(r"(\S+?):\s+")


class Failure(NamedTuple):
    """A rule that a target breaks, or breaks over, and the reason that the report gives, on one line."""

    target: str
    rule: str
    message: str

    def line(self, reason: str = "") -> str:
        """As the file has it."""
        plain = self.message and "#" not in self.message and self.message[0] not in "'\""
        message = self.message if plain else shlex.quote(self.message)
        return f"{shlex.quote(self.target)} {self.rule}: {message}" + (f"  # {reason}" if reason else "")


@dataclass(frozen=True)
class Entry:
    """A line that expects a failure. `text` is the line as it was read."""

    number: int
    failure: Failure
    reason: str
    text: str


@dataclass(frozen=True)
class Expected:
    """The file: its lines in order, those that are no entries as they stand."""

    path: Path
    lines: tuple[str | Entry, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        """The entries alone."""
        return [line for line in self.lines if isinstance(line, Entry)]


@dataclass(frozen=True)
class Findings:
    """A run held against the file."""

    unmet: tuple[tuple[Entry, str], ...]
    """Entries that were not met, and what to do about each."""
    unexpected: tuple[Verdict, ...]
    """Failures that no entry expects: of each the first verdict that says so."""

    def exit_code(self, troubles: Iterable[str]) -> int:
        """0: every failure was expected, every expectation met. 2: a target broke, or could not be judged. Else 1."""
        if any(True for _ in troubles) or any(verdict.verdict == "broken" for verdict in self.unexpected):
            return 2
        return 1 if self.unmet or self.unexpected else 0

    def messages(self, path: Path) -> Iterator[str]:
        """One for each, with the place and the remedy."""
        for entry, why in self.unmet:
            yield f"{path}:{entry.number}: {shlex.quote(entry.failure.target)} {entry.failure.rule} {why}"
        for verdict in self.unexpected:
            line = failure(verdict).line()
            yield f"{path}: not expected there: {line}: mend it, or add this line with a reason"


def read(path: Path, *, missing: bool = False) -> Expected:
    """The file. Raises BadInput for one that cannot be read, with the line; one that is not there is an empty one where
    it may be `missing`."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= CAP else None
    except FileNotFoundError:
        if missing:
            return Expected(path, (HEAD,))
        remedy = "correct the path, or make the file with --update-expected"
        raise problem(str(path), "nothing (there is no such file)", "expected failures", remedy) from None
    except OSError as wrong:
        raise problem(str(path), f"nothing ({wrong.strerror})", "expected failures", "correct the path") from None
    if raw is None:
        raise problem(str(path), "a larger file", f"at most {CAP} bytes", "name the right file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        where = f"{path}:{raw[: wrong.start].count(10) + 1}"
        raise problem(where, f"the byte 0x{raw[wrong.start]:02x}", "UTF-8", "save the file as UTF-8") from None
    # Not splitlines: what it takes for the end of a line besides may stand in a comment, and is to stay there.
    lines = tuple(_line(path, number, line) for number, line in enumerate(text.removesuffix("\n").split("\n"), 1))
    _check_once(path, (line for line in lines if isinstance(line, Entry)))
    return Expected(path, lines)


def failure(verdict: Verdict) -> Failure:
    """What this verdict says, as an entry names it."""
    return Failure(verdict.target, verdict.rule, " ".join(printable(verdict.reason or verdict.detail).split()))


def held(expected: Expected, report: Report) -> Findings:
    """The report, held against what was expected."""
    failures = _failures(report)
    entries = {entry.failure for entry in expected.entries}
    unmet = [(entry, _why(entry, report, failures)) for entry in expected.entries if entry.failure not in failures]
    return Findings(tuple(unmet), tuple(verdict for one, verdict in failures.items() if one not in entries))


def updated(expected: Expected, report: Report) -> Expected:
    """The file as this run would have it: entries that were not met say what is so now, or are gone; what is new comes
    after the last entry of its target, or at the end."""
    entries = {entry.failure for entry in expected.entries}
    failures = _failures(report)
    new = [one for one in failures if one not in entries]
    lines: list[str | Entry] = []
    for line in expected.lines:
        if not isinstance(line, Entry) or line.failure in failures:
            lines.append(line)
            continue
        now = next((one for one in new if one[:2] == line.failure[:2]), None)
        if now is not None:
            new.remove(now)
            lines.append(replace(line, failure=now, text=now.line(line.reason)))
    for one in new:
        last = [n for n, line in enumerate(lines) if isinstance(line, Entry) and line.failure.target == one.target]
        lines.insert(last[-1] + 1 if last else len(lines), Entry(0, one, "", one.line()))
    return Expected(expected.path, tuple(lines))


def write(expected: Expected) -> None:
    """Write the file, whole or not at all. Raises BadInput."""
    lines = [line.text if isinstance(line, Entry) else line for line in expected.lines]
    write_whole(expected.path, "".join(f"{line}\n" for line in lines))


def _failures(report: Report) -> dict[Failure, Verdict]:
    found: dict[Failure, Verdict] = {}
    for verdict in report.verdicts:
        if verdict.verdict in ("violates", "broken"):
            found.setdefault(failure(verdict), verdict)
    return found


def _why(entry: Entry, report: Report, failures: Iterable[Failure]) -> str:
    """What is so instead, and what to do."""
    target, rule, _ = entry.failure
    if target not in report.targets:
        return "was not run: this target was not judged; judge it too, or remove the line"
    others = [one.message for one in failures if one[:2] == (target, rule)]
    if others:
        return f"fails otherwise: {'; or '.join(others)}; correct the line if that is as known (--update-expected)"
    verdicts = {verdict.verdict: verdict for verdict in report.cell(target, rule)}
    if "inconclusive" in verdicts:
        return f"was not decided: inconclusive: {verdicts['inconclusive'].reason}; see why, or remove the line"
    if "conforms" in verdicts:
        return "passes; remove the line (--update-expected does)"
    if "unsupported" in verdicts:
        return f"was not run: unsupported: {verdicts['unsupported'].reason}; remove the line"
    return "was not run: nothing asked for this rule; run what does, or remove the line"


def _line(path: Path, number: int, text: str) -> str | Entry:
    if not text.strip() or text.lstrip().startswith("#"):
        return text
    where = f"{path}:{number}"
    target, rest = _word(where, text.strip())
    found = _RULE.match(rest)
    if not target or not found:
        remedy = "write the rule and a colon after the target; quote a target that has spaces"
        raise problem(where, shown(text), FORM, remedy)
    rule = rule_named(found[1], where).id
    rest = rest[found.end() :]
    if rest.startswith(("'", '"')):
        message, rest = _word(where, rest)
        if rest and not rest.startswith("#"):
            raise problem(where, shown(rest), "a `#` and the reason, or nothing", "quote the whole message")
        reason = rest.removeprefix("#")
    else:
        message, _, reason = rest.partition("#")
    if not message.strip():
        raise problem(where, "no message", FORM, "copy the reason from the report, or use --update-expected")
    return Entry(number, Failure(target, rule, message.strip()), reason.strip(), text)


def _word(where: str, text: str) -> tuple[str, str]:
    """The first word as a shell would have it, and what comes after it."""
    stream = StringIO(text)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        word = lexer.get_token()
    except ValueError as wrong:
        raise problem(where, f"{shown(text)} ({wrong})", FORM, "close the quotes") from None
    return word or "", stream.read().strip()


def _check_once(path: Path, entries: Iterable[Entry]) -> None:
    first: dict[Failure, int] = {}
    for entry in entries:
        if entry.failure in first:
            read_ = f"the same failure as in line {first[entry.failure]}"
            raise problem(f"{path}:{entry.number}", read_, "each once", "remove one of the two")
        first[entry.failure] = entry.number

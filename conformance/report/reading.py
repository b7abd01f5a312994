"""A JSON report read back, of this version or an earlier one. Anything else is bad input, with one message."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from rekeyspec.conformance.report.form import READ, VERSION, ReportForm, VerdictForm
from rekeyspec.conformance.verdict import Verdict
from rekeyspec.conformance.yamlfile import problem, shown

CAP: Final = 64_000_000
"""The largest file that is read, in bytes: many times what `check` writes."""

_WANTED: Final = "a report that `rekeyspec check --json FILE` wrote"
_REMEDY: Final = "name such a file"
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Stored:
    """What is read of a report, whatever its version: who judged, the verdicts by target, profile and rule, and the
    versions of the real programs among the targets (empty for one that was missing)."""

    name: str
    tool: str
    verdicts: Mapping[tuple[str, str, str], Verdict]
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> list[str]:
        """Each once, in the order in which they were judged."""
        return list(dict.fromkeys(target for target, _, _ in self.verdicts))


class _Head(msgspec.Struct):
    schema: int


class _Program(msgspec.Struct):
    target: str
    version: str


class _Body(msgspec.Struct):
    """What the versions have in common; the rest is not looked at."""

    tool: str
    verdicts: list[VerdictForm]
    programs: list[_Program] = []


def stored(path: Path) -> Stored:
    """Read a report. Raises BadInput: no such file, no report, a version that is not known, a rule judged twice."""
    name, raw = str(path), _bytes(path)
    try:
        version = msgspec.json.decode(raw, type=_Head).schema
    except _UNREADABLE as why:
        raise problem(name, f"no report ({why})", _WANTED, _REMEDY) from None
    if version not in READ:
        known = " or ".join(map(str, READ))
        remedy = "take the rekeyspec that wrote it, or a later one" if version > max(READ) else _REMEDY
        raise problem(name, f"a report of schema {version}", f"schema {known}", remedy)
    try:
        body = msgspec.json.decode(raw, type=_Body)
    except _UNREADABLE as why:
        raise problem(name, f"a report with {why}", f"what schema {version} says", "write the report anew") from None
    return Stored(name, body.tool, _by_cell(name, body.verdicts), {one.target: one.version for one in body.programs})


def whole(path: Path) -> ReportForm:
    """Read all of a report of this version. Raises BadInput, also for one of an earlier version."""
    stored(path)
    try:
        return msgspec.json.decode(_bytes(path), type=ReportForm)
    except _UNREADABLE as why:
        wanted = f"what schema {VERSION} says"
        raise problem(str(path), f"a report with {why}", wanted, "write the report anew") from None


def _bytes(path: Path) -> bytes:
    name = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise problem(name, "a directory", _WANTED, "name the file itself")
        if status.st_size > CAP:
            raise problem(name, f"a file of {status.st_size} bytes", f"at most {CAP} bytes", _REMEDY)
        with path.open("rb") as file:
            raw = file.read(CAP + 1)
    except (OSError, ValueError) as why:  # ValueError: a NUL in the name
        reason = why.strerror if isinstance(why, OSError) else str(why)
        raise problem(shown(name)[1:-1], f"nothing ({reason})", _WANTED, "correct the path") from None
    if len(raw) > CAP:  # a pipe has no size beforehand
        raise problem(name, f"more than {CAP} bytes", f"at most {CAP} bytes", _REMEDY)
    return raw


def _by_cell(name: str, forms: list[VerdictForm]) -> dict[tuple[str, str, str], Verdict]:
    found: dict[tuple[str, str, str], Verdict] = {}
    for form in forms:
        cell = (form.target, form.profile, form.rule)
        if cell in found:
            read = f"two verdicts on {form.rule} of {form.target} under {form.profile}"
            raise problem(name, read, "one for each rule, target and profile", "write the report anew")
        found[cell] = Verdict(**{name: getattr(form, name) for name in form.__struct_fields__})
    return found

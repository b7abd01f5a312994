"""`log:FILE`, a recorded log as one target of `check` among others: judged as `audit` judges it.

Each is an audit of its own, so that what is wrong with one log costs the other targets nothing. It is told no trace: a
log says what its program did, and nothing can be asked of it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rekeyspec.conformance.audit.audit import audit
from rekeyspec.conformance.audit.options import chosen
from rekeyspec.conformance.audit.outcome import Audited
from rekeyspec.conformance.audit.whole import shown
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.yamlfile import problem

LOG: Final = "log:"


def is_log(text: str) -> bool:
    """Does this target name a recorded log?"""
    return text.startswith(LOG)


def judged(text: str, profile: str | None) -> Audited:
    """What an audit of this log comes to; the report calls it by `text`. Without a profile its header says by what it
    is judged. Raises BadInput."""
    name = text.removeprefix(LOG)
    if not name:
        raise problem("target", f"`{text}`", "log:FILE, or log:- for standard input", "name the log")
    found = audit([name], chosen(profile, None, None, (), keep_going=False))
    return replace(found, targets={shown(name): text})


def unseen(text: str, report: Report) -> str:
    """Why this log is no pass: no rule could be judged by it; empty where one could."""
    if any(one.verdict in ("conforms", "violates") for one in report.verdicts):
        return ""
    why = next((one.reason for one in report.having("inconclusive")), "nothing in it puts one to the test")
    return f"{text}: no rule could be judged by this log: {why}"


def check_options(targets: Sequence[str], **given: bool) -> None:
    """Raise BadInput for the options given that are about telling traces, where every target is a log and they would
    mean nothing."""
    if not all(map(is_log, targets)):
        return
    for name, said in given.items():
        if said:
            expected = "a target besides them that traces are told to"
            raise problem(f"--{name}", "recorded logs alone", expected, f"leave out --{name}, or name such a target")

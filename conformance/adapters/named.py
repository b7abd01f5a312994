"""A target by its name on the command line. Real programs (`peer:NAME`) and logs (`log:FILE`) are judged elsewhere."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import Final

from rekeyspec.conformance.adapters.lines import Lines
from rekeyspec.conformance.adapters.pair import PairTarget
from rekeyspec.conformance.adapters.process import TIMEOUT, ExecTarget
from rekeyspec.conformance.adapters.python import FORM, PythonTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.target import BadInput, Target

PAIR: Final = """pair:CLIENT SERVER, as in 'pair:"exec:python a.py" "exec:node b.mjs"'"""
FORMS: Final = ("reference", FORM, "exec:COMMAND, as in exec:'python my_adapter.py'", PAIR, "peer:NAME", "log:FILE")


def target_named(text: str, lines: Lines | None = None, timeout: float = TIMEOUT) -> Target:
    """The target that this text names; `lines` checks what is said to and by a program, which has `timeout` (s) for
    each answer. Raises BadInput when it names none."""
    word, _, rest = text.partition(":")
    if text == "reference":
        return ReferenceTarget()
    if word == "python":
        return PythonTarget(rest)
    if word == "exec":
        return ExecTarget(rest, timeout, lines=lines)
    if word == "pair":
        return _pair(text, rest, lines, timeout)
    if word == "log":
        raise BadInput(f"{text!r} is a recorded log, which can be told nothing; only check and audit judge one")
    near = get_close_matches(word.lower(), ("reference", "python", "exec", "pair", "peer", "log"), n=1)
    meant = (
        f"; did you mean {near[0] + text[len(word) :] if near[0] != 'reference' else 'reference'!r}?" if near else ""
    )
    raise BadInput(f"{text!r} is no target{meant or '.'} A target is one of: {'; '.join(FORMS)}")


def _pair(text: str, rest: str, lines: Lines | None, timeout: float) -> Target:
    """The two targets that these words name, as one."""
    try:
        members = shlex.split(rest)
    except ValueError as wrong:
        raise BadInput(f"{text!r} cannot be split into two targets: {wrong}; expected {PAIR}") from None
    if len(members) != 2:
        remedy = "put quotes around a target that has spaces, and quotes of the other kind around it all"
        raise BadInput(f"{text!r} names {len(members)} targets; expected two: {PAIR}; {remedy}")
    for member in members:
        if member.startswith(("pair:", "peer:", "log:")):
            remedy = "a pair is made of reference, python: and exec: targets"
            raise BadInput(f"{text!r} has {member!r} in it, which the harness cannot open single ends of; {remedy}")
    client, server = (target_named(member, lines, timeout) for member in members)
    return PairTarget(text, client, server)

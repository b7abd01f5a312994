"""A target by its name on the command line. Real programs (`peer:NAME`) are made elsewhere."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from rekeyspec.conformance.adapters.process import ExecTarget
from rekeyspec.conformance.adapters.python import FORM, PythonTarget
from rekeyspec.conformance.adapters.reference import ReferenceTarget
from rekeyspec.conformance.target import BadInput, Target

FORMS: Final = ("reference", FORM, "exec:COMMAND, as in exec:'python my_adapter.py'", "peer:NAME")


def target_named(text: str) -> Target:
    """The target that this text names. Raises BadInput when it names none."""
    word, _, rest = text.partition(":")
    if text == "reference":
        return ReferenceTarget()
    if word == "python":
        return PythonTarget(rest)
    if word == "exec":
        return ExecTarget(rest)
    near = get_close_matches(word.lower(), ("reference", "python", "exec", "peer"), n=1)
    meant = (
        f"; did you mean {near[0] + text[len(word) :] if near[0] != 'reference' else 'reference'!r}?" if near else ""
    )
    raise BadInput(f"{text!r} is no target{meant or '.'} A target is one of: {'; '.join(FORMS)}")

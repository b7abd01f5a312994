"""Sums of numbers and policy parameters, as traces write times and sizes: `idle_period - 1`, `2*reply_timeout + 5`."""

from __future__ import annotations

import re

from rekeyspec.reference.policy import Policy

_TERM = re.compile(r"\s*([-+])?\s*(?:(\d+|[a-z_]+)\s*\*\s*)?(\d+|[a-z_]+)\s*")


def amount(text: int | str, policy: Policy) -> int:
    """What it comes to under this policy. Raises ValueError, saying what was read and what was expected."""
    if isinstance(text, int):
        return text
    total, at = 0, 0
    while at < len(text) or not text:
        term = _TERM.match(text, at)
        if not term or (at and not term[1]):
            raise ValueError(f"`{text}` is no sum of numbers and policy parameters, such as `idle_period - 1`")
        sign, factor, atom = term.groups()
        total += (-1 if sign == "-" else 1) * _value(factor or "1", text, policy) * _value(atom, text, policy)
        at = term.end()
    return total


def _value(atom: str, text: str, policy: Policy) -> int:
    value = int(atom) if atom.isdigit() else getattr(policy, atom, None)
    if not isinstance(value, int):
        raise ValueError(f"`{atom}` in `{text}` is not a policy parameter with a number")
    return value

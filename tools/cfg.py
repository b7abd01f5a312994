"""What a cfg says, as far as it must be known: which properties it checks, and on which line a message about it is."""

from __future__ import annotations

import re
from typing import Final

_COMMENT: Final = re.compile(r"\\\*[^\n]*|\(\*.*?\*\)", re.DOTALL)
_KEYWORDS: Final = frozenset(
    """CONSTANT CONSTANTS INIT NEXT SPECIFICATION INVARIANT INVARIANTS PROPERTY PROPERTIES CONSTRAINT CONSTRAINTS
    ACTION_CONSTRAINT ACTION_CONSTRAINTS SYMMETRY VIEW TYPE TYPE_CONSTRAINT""".split()  # noqa: SIM905
)
_CONSTANTS: Final = re.compile(r"^\s*CONSTANTS?\b", re.MULTILINE)
_PROSE: Final = re.compile(
    r"(?:an?|assigned|by|configuration|constant|defined|file|in|is|not|parameter|the|value)", re.IGNORECASE
)


def invariants(cfg: str) -> list[str]:
    """The names under INVARIANT and INVARIANTS, in order."""
    return _under(cfg, "INVARIANT", "INVARIANTS")


def properties(cfg: str) -> list[str]:
    """The names under PROPERTY and PROPERTIES, in order."""
    return _under(cfg, "PROPERTY", "PROPERTIES")


def _under(cfg: str, *keywords: str) -> list[str]:
    found, section = [], ""
    for word in _COMMENT.sub(" ", cfg).split():
        if word in _KEYWORDS:
            section = word
        elif section in keywords:
            found.append(word)
    return found


def line_of(said: str, cfg: str) -> int:
    """The line of a cfg that TLC's message is about: the one it counts, or the first of its names that stands there.

    A constant without a value stands nowhere: then it is the line where constants begin, or the first one.
    """
    counted = re.search(r"at line (\d+)", said)
    if counted:
        return min(int(counted[1]), cfg.count("\n") + 1)
    for word in re.findall(r"[A-Za-z_]\w*", said):
        found = None if _PROSE.fullmatch(word) else re.search(rf"\b{re.escape(word)}\b", cfg)
        if found:
            return cfg.count("\n", 0, found.start()) + 1
    constants = _CONSTANTS.search(cfg)
    return cfg.count("\n", 0, constants.end()) + 1 if constants else 1

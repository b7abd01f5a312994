"""What a cfg says, as far as it must be known: which properties it checks, and on which line a message about it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_COMMENT: Final = re.compile(r"\\\*[^\n]*|\(\*.*?\*\)", re.DOTALL)
_WORD: Final = re.compile(rf"{_COMMENT.pattern}|(?P<word>(?:(?!\\\*|\(\*)\S)+)", re.DOTALL)
_KEYWORDS: Final = frozenset(
    """CONSTANT CONSTANTS INIT NEXT SPECIFICATION INVARIANT INVARIANTS PROPERTY PROPERTIES CONSTRAINT CONSTRAINTS
    ACTION_CONSTRAINT ACTION_CONSTRAINTS SYMMETRY VIEW ALIAS POSTCONDITION CHECK_DEADLOCK TYPE
    TYPE_CONSTRAINT""".split()  # noqa: SIM905
)
_JUDGING: Final = frozenset({"INVARIANT", "INVARIANTS", "PROPERTY", "PROPERTIES"})
_CONSTANTS: Final = re.compile(r"^\s*CONSTANTS?\b", re.MULTILINE)
_VALUE: Final = r"""(?:\{[^{}]*\}|"[^"]*"|\[[^\]]*\]\s*\w+|-?\w+)"""
_ASSIGNMENT: Final = re.compile(rf"([A-Za-z_]\w*)\s*(=|<-)\s*({_VALUE})")
_PROSE: Final = re.compile(
    r"(?:an?|assigned|by|configuration|constant|defined|file|in|is|not|parameter|the|value)", re.IGNORECASE
)


def invariants(cfg: str) -> list[str]:
    """The names under INVARIANT and INVARIANTS, in order."""
    return _under(cfg, "INVARIANT", "INVARIANTS")


def properties(cfg: str) -> list[str]:
    """The names under PROPERTY and PROPERTIES, in order."""
    return _under(cfg, "PROPERTY", "PROPERTIES")


def without_properties(cfg: str) -> str:
    """The cfg without what is under INVARIANT and PROPERTY, each of the other words on the line where it was."""
    section = ""

    def kept(found: re.Match[str]) -> str:
        nonlocal section
        if found["word"] in _KEYWORDS:
            section = found["word"]
        return "" if found["word"] and section in _JUDGING else found[0]

    return _WORD.sub(kept, cfg)


def assignment(text: str) -> tuple[str, str]:
    """The constant's name, and `= VALUE` or `<- NAME`. Raises ValueError for what is no assignment."""
    found = _ASSIGNMENT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"read {text!r}, expected an assignment as a cfg writes it, `Max = 5` or `Sizes <- One`")
    return found[1], f"{found[2]} {found[3]}"


def with_constants(cfg: str, assignments: Iterable[str]) -> str:
    """The cfg with these assignments instead of its own, on the same lines; those it has not, at its end."""
    comments = list(_COMMENT.finditer(cfg))
    for one in assignments:
        name, value = assignment(one)
        for found in re.finditer(rf"(?<!\w){re.escape(name)}\s*(?:=|<-)\s*{_VALUE}", cfg):
            if not any(comment.start() <= found.start() < comment.end() for comment in comments):
                lines = "\n" * found[0].count("\n")
                cfg = f"{cfg[: found.start()]}{name} {value}{lines}{cfg[found.end() :]}"
                break
        else:
            cfg = f"{cfg.rstrip()}\nCONSTANT {name} {value}\n"
        comments = list(_COMMENT.finditer(cfg))
    return cfg


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

"""Where reports go: tried before a run, so that no hour of judging ends in a wrong path, and written whole
or not at all.

A regular file is written beside its place and moved there. What is not one (`/dev/stdout`, a pipe) is written straight.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rekeyspec.conformance.target import BadInput

_REMEDY = {
    errno.EACCES: "no permission; give a path in a directory that you may write to",
    errno.EPERM: "no permission; give a path in a directory that you may write to",
    errno.EROFS: "the file system is read-only; give a path elsewhere",
    errno.ENOSPC: "the disk is full; free some space or give a path on another disk",
    errno.EDQUOT: "the disk quota is used up; free some space or give a path on another disk",
    errno.ENAMETOOLONG: "the name is too long; give a shorter one",
    errno.ENOTDIR: "a part of the path is a file, not a directory; give another path",
    errno.EEXIST: "a part of the path is a file, not a directory; give another path",
    errno.EISDIR: "it is a directory; give the path of a file in it",
}


def check_writable(path: Path) -> None:
    """Make sure that a report can be written to `path`, creating the directories it lies in. Leaves no file behind, and
    an existing report as it is.

    Raises BadInput with the path and the remedy.
    """
    with _explained(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.is_file():
            path.open("ab").close()  # moving a draft there would not ask whether the file itself may be changed
        if not _is_special(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = _draft(path)
            with suppress(FileNotFoundError):
                draft.write_text("")
            draft.unlink()


def check_directory(path: Path) -> None:
    """The same for a directory that several files are written to; it is made, if it is not there."""
    with _explained(path):
        path.mkdir(parents=True, exist_ok=True)
    check_writable(path / "report")


def write_whole(path: Path, what: str | bytes) -> None:
    """Write a report, text in UTF-8; whoever reads `path` finds the old one or the new one, never half of one.

    Raises BadInput with the path and the remedy; what was there before stays.
    """
    with _explained(path):
        # A target's name may hold bytes that are no UTF-8 (the shell passes anything); they are shown, not refused.
        data = what if isinstance(what, bytes) else what.encode("utf-8", errors="backslashreplace")
        if _is_special(path):
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = _draft(path)
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path.resolve())
        finally:
            draft.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _draft(path: Path) -> Path:
    """Beside the real file (not beside a link to it), so that moving it there is one step."""
    real = path.resolve()
    return real.with_name(f".{real.name}.{os.getpid()}.part")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = _REMEDY.get(error.errno or 0, "give another path")
        raise BadInput(f"cannot write the report {path}: {error.strerror or error}: {remedy}") from error

"""Files that grow: read to where they end, again and again, as `tail -F` does.

A file that was rotated (another stands in its place) is read to its end, then the new one from its beginning. One that
was truncated (it is shorter than what was read of it) is read from its beginning. One that is not there is waited for.
Standard input, or another pipe, has an end; a file has none until whoever follows it has had enough.
"""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path
from typing import Final, Protocol

from rekeyspec.conformance.audit.reading import BLOCK
from rekeyspec.conformance.audit.whole import unreadable
from rekeyspec.conformance.yamlfile import problem

ANEW: Final = None
"""What `Source.read` gives where what follows is the first line of a file."""


class Source(Protocol):
    """Where the bytes of one stream come from."""

    ended: bool
    """Nothing more will come."""

    def read(self) -> bytes | None:
        """What there is now, or a part of it; nothing where there is no more at the moment; ANEW."""
        ...

    def close(self) -> None:
        """It is not needed any more."""
        ...


class Tail:
    """A file by its name. Raises BadInput where there is something else, or what may not be read."""

    ended = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1
        self._read = 0
        self._again = False
        self._open()

    def read(self) -> bytes | None:
        """See `Source`."""
        if self._file < 0 and not self._open():
            return b""
        if self._again:
            self._again = False
            return ANEW
        try:
            if os.fstat(self._file).st_size < self._read:
                os.lseek(self._file, 0, os.SEEK_SET)
                self._read = 0
                return ANEW
            data = os.read(self._file, BLOCK)
        except OSError as error:
            raise unreadable(str(self.path), error) from None
        self._read += len(data)
        if not data and self._replaced():
            self.close()
            self._again = True
            return self.read()
        return data

    def close(self) -> None:
        """See `Source`."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> bool:
        try:
            found = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unreadable(str(self.path), error) from None
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            raise problem(str(self.path), "no regular file", "a file that grows", "name the log, or - for a pipe")
        self._file, self._read = found, 0
        return True

    def _replaced(self) -> bool:
        """Is there another file by this name? One that is gone may yet grow, until another is there."""
        try:
            now, mine = self.path.stat(), os.fstat(self._file)
        except OSError:
            return False
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)


class Pipe:
    """A pipe, such as standard input, by its descriptor, which stays open."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.ended = False
        self._descriptor, self._name = descriptor, name

    def read(self) -> bytes | None:
        """See `Source`."""
        try:
            ready, _, _ = select.select([self._descriptor], [], [], 0)
            if not ready:
                return b""
            data = os.read(self._descriptor, BLOCK)
        except OSError as error:
            raise unreadable(self._name, error) from None
        self.ended = not data
        return data

    def close(self) -> None:
        """See `Source`."""

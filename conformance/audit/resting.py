"""What is remembered of ends that nobody follows now, and of those that there is no room to follow: a little in memory,
the rest on disk, and nothing forgotten.

An end rests when its link is closed and nothing is due there, when it left the rules, or when its beginning was not
seen: that is one small record. An end that is followed and has been silent longest is put aside with all that its
oracle remembers, when there are more than memory was given to, and goes on when its link is heard of again. What does
not fit goes to a temporary database, which is gone with the process.
"""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import merge
from pathlib import Path
from typing import Final, Literal, NamedTuple

from rekeyspec.conformance.oracle import Kept
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.vocabulary import Role

MANY: Final = 10_000
"""So many records of ends at rest are held in memory."""

Rests = Literal["closed", "diverged", "begun"]


class Rest(NamedTuple):
    """An end that is not followed: why, and the time of its latest event (ms)."""

    why: Rests
    t: int


class Aside(NamedTuple):
    """An end that is followed, put aside: all that its oracle remembers, and when the end must have acted (ms)."""

    oracle: Kept
    deadline: int


Record = Rest | Aside
Key = tuple[str, Role]
"""The link and the end."""


class Resting:
    """The records of one log, by end and link."""

    def __init__(self, many: int = MANY) -> None:
        self._many = many
        self._near: dict[Key, Record] = {}
        self._far: sqlite3.Connection | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.spilled = 0

    def put(self, key: Key, record: Record) -> None:
        """Remember this of an end. Raises BadInput where the disk has no room."""
        self._near[key] = record
        if len(self._near) > self._many:
            self._spill()

    def take(self, key: Key) -> Record | None:
        """What is remembered of an end; it is forgotten."""
        found = self._near.pop(key, None)
        if found is not None or self._far is None:
            return found
        found = self._read(key)
        if found is not None:
            with _explained():
                self._far.execute("DELETE FROM rest WHERE link = ? AND end = ?", key)
        return found

    def aside(self) -> Iterator[tuple[Key, Kept]]:
        """All that was put aside, in the order of the keys."""
        near = sorted(key for key, one in self._near.items() if isinstance(one, Aside))
        for key in merge(near, self._far_keys("deadline IS NOT NULL ORDER BY link, end")):
            found = self._near.get(key) or self._read(key)
            assert isinstance(found, Aside)
            yield key, found.oracle

    def due(self, t: int) -> Iterator[Key]:
        """Those put aside that must have acted before this time (ms)."""
        yield from (key for key, one in self._near.items() if isinstance(one, Aside) and one.deadline < t)
        yield from self._far_keys(f"deadline < {t:d}")

    def close(self) -> None:
        """Nothing of it is needed any more."""
        self._near.clear()
        if self._far is not None:
            self._far.close()
            self._far = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _spill(self) -> None:
        """Most of what is near goes to the disk, the oldest first."""
        if self._far is None:
            self._far = self._open()
        keys = list(self._near)[: len(self._near) // 2 + 1]
        records = [(*key, _deadline(self._near[key]), pickle.dumps(self._near[key])) for key in keys]
        with _explained(), self._far:
            self._far.executemany("INSERT OR REPLACE INTO rest VALUES (?, ?, ?, ?)", records)
        for key in keys:
            del self._near[key]
        self.spilled += len(keys)

    def _far_keys(self, where: str) -> Iterator[Key]:
        if self._far is not None:
            yield from self._far.execute(f"SELECT link, end FROM rest WHERE {where}")  # noqa: S608  (our own words)

    def _read(self, key: Key) -> Record | None:
        """What is on the disk."""
        if self._far is None:
            return None
        with _explained():
            row = self._far.execute("SELECT record FROM rest WHERE link = ? AND end = ?", key).fetchone()
        found: Record | None = row and pickle.loads(row[0])  # noqa: S301  (written by this process)
        return found

    def _open(self) -> sqlite3.Connection:
        with _explained():
            self._folder = tempfile.TemporaryDirectory(prefix="rekeyspec-audit-")
            far = sqlite3.connect(Path(self._folder.name) / "rest.sqlite", isolation_level="IMMEDIATE")
            far.execute("PRAGMA journal_mode = OFF")  # nobody reads it after a crash
            far.execute("PRAGMA synchronous = OFF")
            far.execute(
                "CREATE TABLE rest (link TEXT, end TEXT, deadline INTEGER, record BLOB, PRIMARY KEY (link, end)) "
                "WITHOUT ROWID"
            )
            far.execute("CREATE INDEX due ON rest (deadline) WHERE deadline IS NOT NULL")
        return far


def _deadline(record: Record) -> int | None:
    return record.deadline if isinstance(record, Aside) else None


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        where = tempfile.gettempdir()
        raise BadInput(
            f"{where}: what is remembered of silent links cannot be written there: {error}; "
            "name a directory with more room in TMPDIR"
        ) from error

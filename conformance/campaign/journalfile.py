"""The file of a journal: opened, locked, and with what can be wrong with it in words.

Whoever has it open has it alone: a second campaign is told so. What is not ours is not touched: a file that is no
journal, is damaged, or was written by a later release. What is written is written whole, whenever we are killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn, Self

import msgspec

from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem

APPLICATION: Final = 0x524B4A4C
"""Marks the file as ours, in sqlite's own header."""
VERSION: Final = 1

_TABLES: Final = """
create table plan (form text not null, digest text not null, tool text not null, reported integer not null);
create table job (
  number integer primary key, target text not null, cases integer not null, violations integer not null,
  tried integer not null, row integer not null, halted integer not null, skipped integer not null, done blob not null
);
create table example (
  target text not null, profile text not null, rule text not null, kind text not null, do text not null,
  job integer not null, length text not null, example blob not null,
  primary key (target, profile, rule, kind, do, job)
);
"""


class JournalFile:
    """An open journal. Everything here raises BadInput when the disk is full or the file is damaged; what the file had
    it keeps."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_file():
            self.refuse("what is no regular file", "a journal, or nothing", "name a file with --journal")
        with self.explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.base = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with self.explained():
                self._open()
        except BaseException:
            self.base.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.base.close()

    def _open(self) -> None:
        """Have it alone, and make sure that it is ours before anything is changed."""
        self.base.execute("pragma locking_mode = exclusive")
        mark, form = (self.base.execute(f"pragma {name}").fetchone()[0] for name in ("application_id", "user_version"))
        empty = not self.base.execute("select count(*) from sqlite_schema").fetchone()[0]
        if not (mark == APPLICATION or (empty and mark == 0)):
            self.refuse("another program's database", "a journal of `rekeyspec campaign`", "name another file")
        if form > VERSION:
            remedy = "use that release, or name another file"
            self.refuse(f"a journal of a later release (form {form})", f"form {VERSION}", remedy)
        self.base.execute("pragma journal_mode = wal")  # a commit is then one write, and survives our being killed
        self.base.execute("pragma synchronous = normal")
        with self.transaction():
            if empty:
                for table in _TABLES.strip().split(";\n"):
                    self.base.execute(table)
                self.base.execute(f"pragma application_id = {APPLICATION}")
                self.base.execute(f"pragma user_version = {VERSION}")
        found = self.base.execute("pragma quick_check(1)").fetchone()[0]
        if found != "ok":
            self._refuse_damaged(found)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within is written, or nothing of it."""
        with self.explained():
            self.base.execute("begin exclusive")
            try:
                yield
                self.base.execute("commit")
            except BaseException:
                if self.base.in_transaction:  # sqlite may have rolled it back itself
                    self.base.execute("rollback")
                raise

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What goes wrong within is BadInput, in words."""
        try:
            yield
        except msgspec.MsgspecError as wrong:
            self._refuse_damaged(str(wrong))
        except OSError as wrong:
            self.refuse(f"nothing ({wrong.strerror})", "a file to write to", "name another with --journal")
        except sqlite3.Error as wrong:
            self._refuse_by(wrong)

    def _refuse_by(self, wrong: sqlite3.Error) -> NoReturn:
        code = getattr(wrong, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise BadInput(
                f"{self.path}: another campaign has this journal open; wait until it has ended, or name another file "
                "with --journal"
            ) from None
        if code == sqlite3.SQLITE_FULL:
            raise BadInput(
                f"{self.path}: the disk is full; free some space and give the same command again: it goes on from "
                "what the journal has, which is all but the jobs that were under way"
            ) from None
        if code == sqlite3.SQLITE_NOTADB:
            remedy = "name another file with --journal"
            self.refuse("what is no sqlite database", "a journal of `rekeyspec campaign`", remedy)
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            self.refuse(f"nothing ({wrong})", "a file to write to", "name another with --journal")
        if code == sqlite3.SQLITE_IOERR:
            self.refuse(f"nothing ({wrong})", "a disk that reads and writes", "see to the disk, and go on from there")
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH):
            self._refuse_damaged(str(wrong))
        raise wrong

    def _refuse_damaged(self, why: str) -> NoReturn:
        remedy = "put back a copy, or remove it and begin again"
        self.refuse(f"a damaged journal ({' '.join(why.split())})", "a whole one", remedy)

    def refuse(self, read: str, expected: str, remedy: str) -> NoReturn:
        """Raise BadInput about the file."""
        raise problem(str(self.path), read, expected, remedy) from None

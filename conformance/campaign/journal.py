"""The journal: what a campaign has done so far, in one file of sqlite.

Each job that is done is written in one transaction, once; so a campaign that is killed at any moment has lost what was
under way and nothing else, and goes on from there. The report is made of the journal alone, in the plan's order, which
is why it does not matter how often the campaign was killed, or how many workers there were.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec

from rekeyspec import __version__
from rekeyspec.conformance.campaign.done import Done, Example, packed, unpacked_done, unpacked_example
from rekeyspec.conformance.campaign.journalfile import JournalFile
from rekeyspec.conformance.campaign.plan import Plan


class Tail(NamedTuple):
    """What matters of a job that is done for what is to be done next."""

    cases: int
    violations: int
    tried: int
    row: int
    halted: bool
    skipped: bool


class Journal(JournalFile):
    """What a campaign has done so far. Everything raises BadInput as the file does."""

    @property
    def plan(self) -> Plan | None:
        """The plan whose journal it is; None of a new one."""
        with self.explained():
            found = self.base.execute("select form from plan").fetchone()
            return msgspec.json.decode(found[0], type=Plan) if found else None

    @property
    def reported(self) -> bool:
        """Was all of it done, and reported? Then there is nothing to go on with."""
        with self.explained():
            found = self.base.execute("select reported from plan").fetchone()
            return bool(found and found[0])

    def begin(self, plan: Plan, digest: str, *, anew: bool = False) -> None:
        """Take this plan's jobs; those that are done are kept, unless it is to begin anew. Raises BadInput where they
        are another plan's."""
        with self.transaction():
            if anew:
                for table in ("plan", "job", "example"):
                    self.base.execute(f"delete from {table}")  # noqa: S608  (names of our own)
            found = self.base.execute("select digest, tool from plan").fetchone()
            if found is None:
                row = (msgspec.json.encode(plan).decode(), digest, __version__)
                self.base.execute("insert into plan values (?, ?, ?, 0)", row)
            elif found[0] != digest:
                other = "another plan, or of traces or policies that have changed since"
                of = other if found[1] == __version__ else f"rekeyspec {found[1]}"
                remedy = "name another file with --journal, or remove this one; `--resume` goes on with what it began"
                self.refuse(f"the journal of a campaign of {of}", "that of this campaign", remedy)

    def record(self, done: Done, target: str, cases: int) -> None:
        """A job of this target, of so many cases, is done. Each is recorded once."""
        with self.transaction():
            self._insert(done, target, cases)

    def skip(self, done: Done, target: str, cases: int) -> None:
        """A job does not count, since its target was given up before it in the plan's order: `done` stands in its
        place. What it found, if it was under way, would not have been found by fewer workers."""
        with self.transaction():
            self.base.execute("delete from job where number = ?", (done.job,))
            self.base.execute("delete from example where job = ?", (done.job,))
            self._insert(done, target, cases)

    def close_report(self) -> None:
        """It was reported: the same command begins anew."""
        with self.transaction():
            self.base.execute("update plan set reported = 1")

    def tails(self) -> dict[int, Tail]:
        """Of each job that is done what the others' fate depends on."""
        columns = "number, cases, violations, tried, row, halted, skipped"
        with self.explained():
            rows = self.base.execute(f"select {columns} from job").fetchall()  # noqa: S608  (names of our own)
            return {row[0]: Tail(row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6])) for row in rows}

    def done(self, number: int) -> Done:
        """What has come of a job that is done."""
        with self.explained():
            return unpacked_done(self.base.execute("select done from job where number = ?", (number,)).fetchone()[0])

    def stated(self, target: str) -> dict[str, str]:
        """The rules that a target stated as unsupported, as it first did."""
        with self.explained():
            for (raw,) in self.base.execute("select done from job where target = ? order by number", (target,)):
                if (found := unpacked_done(raw).unsupported) is not None:
                    return found
        return {}

    def dones(self) -> Iterator[tuple[str, Done]]:
        """Each job's target, and what has come of it, in the plan's order."""
        with self.explained():
            for target, raw in self.base.execute("select target, done from job order by number"):
                yield target, unpacked_done(raw)

    def examples(self) -> Iterator[Example]:
        """Of each sort of case the shortest example."""
        with self.explained():
            columns = "target, profile, rule, kind, do"
            rows = self.base.execute(f"select {columns}, length, job, example from example order by {columns}")  # noqa: S608
            for _, found in groupby(rows, key=lambda row: row[:5]):
                yield unpacked_example(min(found, key=lambda row: (msgspec.json.decode(row[5]), row[6]))[7])

    def _insert(self, done: Done, target: str, cases: int) -> None:
        tail = Tail(cases, done.count("violates"), done.tried, done.row, done.halted, done.skipped)
        row = (done.job, target, *tail, packed(msgspec.structs.replace(done, examples=[])))
        self.base.execute("insert into job values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for example in done.examples:
            self._keep(example, done.job)

    def _keep(self, example: Example, job: int) -> None:
        """Of each sort of case the shortest example; and of the jobs before its own, should that turn out not to count
        (`skip`), the shortest so far."""
        where = "where target = ? and profile = ? and rule = ? and kind = ? and do = ?"
        rows = self.base.execute(f"select job, length from example {where}", example.sort).fetchall()  # noqa: S608
        length = list(example.length)
        others = [(other, msgspec.json.decode(text)) for other, text in rows]
        if any(other < job and its <= length for other, its in others):
            return
        for other in [other for other, its in others if other > job and its >= length]:
            self.base.execute(f"delete from example {where} and job = ?", (*example.sort, other))  # noqa: S608
        row = (*example.sort, job, msgspec.json.encode(length).decode(), packed(example))
        self.base.execute("insert into example values (?, ?, ?, ?, ?, ?, ?, ?)", row)

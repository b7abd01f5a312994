"""One file, several processes: each reads all of it, and judges the links that are its part.

To read a line costs a tenth of what it costs to judge it, so each process skips what is not its own, and nobody has to
deal out lines. The links of one user are never parted, for they may stand on one gateway. A bad line is seen by all,
but time that goes back only by the one whose link it is: of several troubles the first in the files is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from rekeyspec.conformance.audit.findings import Findings, together
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.reading import BadLine
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.audit.stream import Stream
from rekeyspec.conformance.audit.whole import Progress, streams
from rekeyspec.conformance.target import BadInput


class Part(NamedTuple):
    """What one process found: of each stream, and the troubles it went on after."""

    names: list[str]
    found: list[list[Findings]]
    troubles: list[str]


class Trouble(NamedTuple):
    """What ended it: in which file of the list, and on which line (0: none)."""

    file: int
    line: int
    text: str


class At(NamedTuple):
    """How far it has come."""

    name: str
    done: int
    total: int


def part(names: Sequence[str], options: Options, share: Share, progress: Progress) -> Part | Trouble:
    """Judge this share of the links of these files."""
    result = Part([], [], [])
    begun: list[Stream] = []
    try:
        begun.extend(streams(names, options, share, progress))  # what came before a trouble is in it then
    except BadInput as why:
        return Trouble(len(begun), why.line if isinstance(why, BadLine) else 0, str(why))
    for stream in begun:
        result.names.append(stream.name)
        result.found.append(stream.found)
        result.troubles.extend(stream.troubles)
    return result


def parted(names: Sequence[str], options: Options, jobs: int, progress: Progress) -> Part:
    """Judge these files in so many processes. Raises BadInput; what was started is ended whatever happens."""
    results: list[Part | Trouble] = []
    with ExitStack() as stack:
        started = {}
        for number in range(jobs):
            connection, process = _start(names, options, Share(number, jobs, options.only))
            stack.callback(_reap, connection, process)
            started[connection] = process
        while started:
            for ready in wait(list(started)):
                assert isinstance(ready, Connection)
                said = _heard(ready, started[ready])
                if isinstance(said, At):
                    progress(*said)
                else:
                    results.append(said)
                    del started[ready]
    if troubles := [one for one in results if isinstance(one, Trouble)]:
        raise BadInput(min(troubles).text)
    parts = [one for one in results if isinstance(one, Part)]
    found = [together(of_stream) for of_stream in zip(*(one.found for one in parts), strict=True)]
    return Part(parts[0].names, found, list(dict.fromkeys(text for one in parts for text in one.troubles)))


def _start(names: Sequence[str], options: Options, share: Share) -> tuple[Connection, BaseProcess]:
    context = get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, names, options, share), daemon=True)
    process.start()
    theirs.close()
    return mine, process


def _work(connection: Connection, names: Sequence[str], options: Options, share: Share) -> None:
    """In the process: judge, and say what was found. The first tells how far it has come."""

    def progress(name: str, done: int, total: int) -> None:
        if share.part == 0:
            connection.send(At(name, done, total))

    try:
        connection.send(part(names, options, share, progress))
    except (KeyboardInterrupt, BrokenPipeError):
        return  # whoever started this wants it no more


def _heard(connection: Connection, process: BaseProcess) -> At | Part | Trouble:
    try:
        said: At | Part | Trouble = connection.recv()
    except EOFError:
        process.join()
        raise BadInput(
            f"-j: a process that judged a part of the links ended with {process.exitcode}, "
            "expected its findings; the machine may be short of memory: use a smaller -j"
        ) from None
    return said


def _reap(connection: Connection, process: BaseProcess) -> None:
    connection.close()
    if process.is_alive():
        process.terminate()
    process.join()

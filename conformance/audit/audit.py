"""`audit`: streams read from beginning to end, or followed while they grow, and what comes of them.

What waits, between two looks at a file that grows, is given from outside: nothing here reads a clock.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rekeyspec.conformance.audit.findings import Finding
from rekeyspec.conformance.audit.follow import ANEW, Pipe, Source, Tail
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.outcome import Audited
from rekeyspec.conformance.audit.shards import parted
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.audit.stream import Stream
from rekeyspec.conformance.audit.whole import DASH, STDIN, Progress, shown, streams
from rekeyspec.conformance.yamlfile import problem

Told = Callable[[str, Finding], None]
"""Is told the stream, and a divergence when it is found."""

Wait = Callable[[bool], bool]
"""Is asked between two looks at the files whether to go on; where there was nothing to read (True), it waits first."""


def audit(
    names: Sequence[str], options: Options, jobs: int = 1, progress: Progress = lambda name, done, total: None
) -> Audited:
    """Judge these files (`-`: standard input), each from its beginning to its end, in so many processes. Raises
    BadInput."""
    if jobs > 1:
        for name in names:
            if name == DASH or not Path(name).is_file():
                read = f"`{name}` with -j {jobs}"
                raise problem("-j", read, "files, since each process reads all of them", "leave out -j, or name a file")
        found = parted(names, options, jobs, progress)
        return Audited(list(zip(found.names, found.found, strict=True)), found.troubles, options.again)
    return _audited(list(streams(names, options, Share(only=options.only), progress)), options)


def follow(names: Sequence[str], options: Options, wait: Wait, told: Told = lambda name, finding: None) -> Audited:
    """Judge these files while they grow, until `wait` says that it was enough. Raises BadInput."""
    followed: list[tuple[Source, Stream]] = []
    try:
        for name in dict.fromkeys(names):
            source: Source = Pipe(sys.stdin.fileno(), STDIN) if name == DASH else Tail(Path(name))
            followed.append((source, Stream(shown(name), options, told=_telling(told, shown(name)))))
        while not all(source.ended for source, _ in followed):
            looked = [_look(source, stream) for source, stream in followed if not source.ended]
            if not wait(not any(looked)):
                break
    finally:
        for source, _ in followed:
            source.close()
    for source, stream in followed:
        if not source.ended:
            stream.stop()
    return _audited([stream for _, stream in followed], options)


def _look(source: Source, stream: Stream) -> bool:
    """Judge what there is now. Was there anything?"""
    data = source.read()
    if data is ANEW:
        stream.anew()
    elif data:
        stream.feed(data)
    elif source.ended:
        stream.end()
    else:
        stream.overdue()
    return data != b""


def _telling(told: Told, name: str) -> Callable[[Finding], None]:
    return lambda finding: told(name, finding)


def _audited(done: Sequence[Stream], options: Options) -> Audited:
    troubles = [trouble for stream in done for trouble in stream.troubles]
    return Audited([(stream.name, stream.found) for stream in done], troubles, options.again)

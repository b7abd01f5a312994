"""Files from their beginning to their end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.reading import blocks
from rekeyspec.conformance.audit.share import Share
from rekeyspec.conformance.audit.stream import Stream
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.yamlfile import problem

DASH: Final = "-"
STDIN: Final = "standard input"

Progress = Callable[[str, int, int], None]
"""Is told the stream, how many of its bytes are judged, and how many there are."""


def shown(name: str) -> str:
    """What a stream is called."""
    return STDIN if name == DASH else name


def streams(names: Sequence[str], options: Options, share: Share, progress: Progress) -> Iterator[Stream]:
    """Each of these files (`-`: standard input), before it is judged and when it is. Raises BadInput."""
    for name in dict.fromkeys(names):
        stream = Stream(shown(name), options, share)
        with _opened(name) as (file, size):
            yield stream
            done = 0
            for data in blocks(file):
                stream.feed(data)
                done += len(data)
                progress(stream.name, min(done, size), size)
        stream.end()


@contextmanager
def _opened(name: str) -> Iterator[tuple[BinaryIO, int]]:
    """The file, and how many bytes it has; 0 where that is not known."""
    if name == DASH:
        yield sys.stdin.buffer, 0
        return
    path = Path(name)
    try:
        if path.is_dir():
            raise problem(name, "a directory", "a log", "name the file itself")
        with path.open("rb") as file:
            yield file, path.stat().st_size if path.is_file() else 0
    except OSError as error:
        raise unreadable(name, error) from None


def unreadable(name: str, error: OSError) -> BadInput:
    """A file that cannot be opened or read."""
    return problem(name, f"nothing ({error.strerror})", "a log", "correct the path, or who may read it")

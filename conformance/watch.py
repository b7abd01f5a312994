"""`check --watch`: judged again whenever what is judged has changed.

A round is a command in a process of its own: only so is a Python module, with all that it imports, read anew, and a
round that crashes does not end the watch.

Watched are: of `exec:COMMAND` the words that are files, and the program itself where it is found on PATH; of
`python:MODULE:ATTR` the module, or the package that it is in with every module below; a log; a policy file; folders of
traces; the file of expected failures, unless every round writes it. What a program imports or was compiled from is not
known here, and not watched.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from rekeyspec.conformance.policies import profiles
from rekeyspec.conformance.suite import SUITES
from rekeyspec.conformance.target import BadInput

INTERVAL: Final = 0.5
"""How long (s) it is waited between two looks."""
PATIENCE: Final = 2.0
"""How long (s) an interrupted round may take to end by itself: a terminal has interrupted it too."""
MOST: Final = 10_000
"""How many files are watched at most: beyond that a look would take longer than the wait."""
_SKIPPED: Final = frozenset(("__pycache__", ".git", ".venv", "node_modules"))

Stamp = tuple[int, int]
"""When a file was changed (ns), and its size."""


class Watched(NamedTuple):
    """What is watched: files, and folders with the files below them that end so (empty: all)."""

    files: tuple[Path, ...] = ()
    folders: tuple[tuple[Path, str], ...] = ()

    def stamps(self) -> dict[Path, Stamp]:
        """Every file there is now, with its stamp. Raises BadInput where there are too many."""
        found: dict[Path, Stamp] = {}
        for path in self._paths():
            try:
                status = path.stat()
            except OSError:
                continue  # gone since it was listed, or never there: it may come
            found[path] = (status.st_mtime_ns, status.st_size)
            if len(found) > MOST:
                raise BadInput(f"--watch: read more than {MOST} files to watch, expected fewer; watch a smaller folder")
        return found

    def _paths(self) -> Iterator[Path]:
        yield from self.files
        for folder, suffix in self.folders:
            yield from _below(folder, suffix)


def watched(
    targets: Iterable[str], profile: str | None, suites: Iterable[str], expected: Path | None = None
) -> Watched:
    """What is to be watched for these targets, this profile, these suites and this file of expected failures. Raises
    BadInput where there is nothing, since then nothing would ever be judged again."""
    files: list[Path] = []
    folders: list[tuple[Path, str]] = []
    for target in targets:
        for one in _of_target(target):
            if one.is_dir():
                folders.append((one, ".py"))
            else:
                files.append(one)
    if profile is not None and profile not in profiles():
        files.append(Path(profile))
    if expected is not None:
        files.append(expected)
    folders += [(Path(suite), "") for suite in suites if suite not in SUITES]
    if not files and not folders:
        read = ", ".join(targets) or "no target"
        raise BadInput(
            f"--watch: read {read}, of which no file is known that could change; expected a program's file, a module, "
            "a policy file, a folder of traces or a file of expected failures; run without --watch"
        )
    return Watched(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(folders)))


def changed(before: dict[Path, Stamp], after: dict[Path, Stamp]) -> list[Path]:
    """The files that came, went, or are not as they were; in the order of their names."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def watch(
    watched_: Watched,
    judge: Callable[[], int],
    tell: Callable[[Sequence[Path]], None],
    wait: Callable[[], None] = lambda: time.sleep(INTERVAL),
) -> int:
    """Judge, and again after every change, until interrupted; returns what the last whole round returned (before the
    first 130). `tell` is told what changed before a round, and nothing after it, when it is waited for changes.

    What changes during a round starts another: the files are looked at before it.
    """
    code = 130
    try:
        seen = watched_.stamps()
        while True:
            code = judge()
            tell(())
            while not (news := changed(seen, now := watched_.stamps())):
                wait()
            # Editors and compilers write in several goes: judged is what has come to rest.
            while changed(now, now := _after(wait, watched_)):
                pass
            seen = now
            tell(news)
    except KeyboardInterrupt:
        return code


def _after(wait: Callable[[], None], watched_: Watched) -> dict[Path, Stamp]:
    wait()
    return watched_.stamps()


def again(targets: Sequence[str], profile: str | None, suites: Sequence[str], expected: Path | None) -> int:
    """`check` with the words of this very command line but `--watch`, round after round, until interrupted. `expected`
    is a file that no round writes: one that did would start the next. Returns the exit code of the last round. Raises
    BadInput where there is nothing to watch."""
    words = [word for word in sys.argv[1:] if word != "--watch"]
    return watch(
        watched(targets, profile, suites, expected), round_of(words), announce(Console(), Console(stderr=True))
    )


def round_of(words: Sequence[str]) -> Callable[[], int]:
    """A round: this program with these words, in a process of its own with the same streams; returns its exit code.

    Ctrl-C at a terminal reaches that process too, which then reaps what it started; it is waited for.
    """

    def judge() -> int:
        with subprocess.Popen([sys.executable, "-P", "-m", "rekeyspec", *words]) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:  # the signal came to us alone
                    process.terminate()
                    process.wait()
                raise

    return judge


def announce(out: Console, err: Console) -> Callable[[Sequence[Path]], None]:
    """Says between two rounds what has changed, or that it is waited for changes; a terminal is cleared before a
    round, and nothing else ever is."""

    def tell(news: Sequence[Path]) -> None:
        if not news:
            err.print("rekeyspec: waiting for changes; Ctrl-C ends", markup=False, highlight=False)
            return
        out.clear()  # does nothing where it is no terminal
        names = ", ".join(str(path) for path in news[:3]) + (f" and {len(news) - 3} more" if len(news) > 3 else "")
        err.print(f"rekeyspec: changed: {names}", markup=False, highlight=False, soft_wrap=True)

    return tell


def _of_target(target: str) -> Iterator[Path]:
    word, _, rest = target.partition(":")
    if word == "log":
        yield from (Path(rest) for _ in range(rest != "-"))
        return
    try:
        words = shlex.split(rest)
    except ValueError:
        return  # the round says what is wrong with it
    if word == "exec":
        yield from _of_command(words)
    elif word == "python":
        yield from _of_module(rest.partition(":")[0])
    elif word == "pair":
        for member in words:
            yield from _of_target(member)


def _of_command(words: Sequence[str]) -> Iterator[Path]:
    for place, word in enumerate(words):
        # `--config=FILE` names a file too, and the program may be found on PATH.
        for name in (word, word.partition("=")[2]):
            if name and Path(name).is_file():
                yield Path(name)
        if place == 0 and "/" not in word and (found := shutil.which(word)):
            yield Path(found)


def _of_module(name: str) -> Iterator[Path]:
    """The file of a module that is no part of a package, else the folder of its topmost package: as it is found in the
    current folder, or on the path. It is not imported, which could do anything."""
    top = name.partition(".")[0]
    for place in dict.fromkeys((".", *sys.path)):
        folder = Path(place) / top
        if top and folder.is_dir() and (len(name) > len(top) or (folder / "__init__.py").exists()):
            yield folder
            return
        if top and folder.with_suffix(".py").is_file():
            yield folder.with_suffix(".py")
            return


def _below(folder: Path, suffix: str) -> Iterator[Path]:
    for one in folder.iterdir() if folder.is_dir() else ():
        if one.is_dir() and not one.is_symlink():
            if one.name not in _SKIPPED:
                yield from _below(one, suffix)
        elif one.name.endswith(suffix):
            yield one

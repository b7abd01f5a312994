"""A watched check: what is watched, what starts a round, and how it ends. Nothing here waits: the waiting is a function
that changes files instead, or interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from rekeyspec.conformance import watch as module
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.watch import Watched, announce, changed, round_of, watch, watched

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "adapters" / "link.py"
IDLE = """
class End:
    def __init__(self, end, policy): pass
    def step(self, event): return {"did": [], "deadline": None}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(what: Watched) -> set[str]:
    return {str(path) for path in what.stamps()}


def in_turn(*acts: Callable[[], object]) -> Callable[[], None]:
    """A waiting that does one of these each time, and then is interrupted."""
    left = list(acts)

    def wait() -> None:
        if not left:
            raise KeyboardInterrupt
        left.pop(0)()

    return wait


def nothing() -> None:
    pass


def test_of_a_command_the_files_that_it_names(folder: Path) -> None:
    for name in ("mine.py", "mine.cfg", "other.py"):
        write(folder / name)
    assert names(watched(["exec:/no/such/python mine.py --config=mine.cfg --fast"], None, ())) == {
        "mine.py",
        "mine.cfg",
    }
    assert sys.executable in names(watched([f"exec:{sys.executable} nothing.py"], None, ()))


def test_of_a_module_its_file_and_of_a_package_all_of_it(folder: Path) -> None:
    for name in ("alone.py", "pack/__init__.py", "pack/end.py", "pack/deep/more.py", "pack/notes.txt", "apart.py"):
        write(folder / name)
    write(folder / "pack/__pycache__/end.py")
    assert names(watched(["python:alone:End"], None, ())) == {"alone.py"}
    assert names(watched(["python:pack.end:End"], None, ())) == {"pack/__init__.py", "pack/end.py", "pack/deep/more.py"}


def test_of_a_pair_both(folder: Path) -> None:
    write(folder / "a.py")
    write(folder / "b.py")
    assert names(watched(["pair:'exec:./x a.py' python:b:End"], None, ())) == {"a.py", "b.py"}


def test_a_policy_file_and_folders_of_traces_and_no_profile_of_ours(folder: Path) -> None:
    write(folder / "mine.yaml")
    write(folder / "tours/one.yaml")
    write(folder / "tours/deep/two.yaml")
    found = names(watched(["reference"], "mine.yaml", ["hand", "tours"]))
    assert found == {"mine.yaml", "tours/one.yaml", "tours/deep/two.yaml"}


def test_the_file_of_expected_failures(folder: Path) -> None:
    write(folder / "known.txt")
    assert names(watched(["reference"], None, (), Path("known.txt"))) == {"known.txt"}


@pytest.mark.parametrize("profile", [None, "combined"])
def test_where_nothing_could_change_that_is_said(profile: str | None) -> None:
    with pytest.raises(BadInput, match=r"no file is known that could change.*run without --watch"):
        watched(["reference"], profile, ["hand"])


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for name in "abcd":
        write(folder / "tours" / name)
    with pytest.raises(BadInput, match="more than 3 files"):
        Watched(folders=((Path("tours"), ""),)).stamps()


def test_changed_is_what_came_what_went_and_what_is_another() -> None:
    a, b, c, d = (Path(name) for name in "abcd")
    before, after = {a: (1, 1), b: (1, 1), c: (1, 1)}, {a: (1, 1), b: (2, 1), d: (1, 1)}
    assert changed(before, after) == [b, c, d]
    assert changed({a: (1, 1)}, {a: (1, 2)}) == [a]


def test_a_change_starts_a_round_and_the_last_one_gives_the_code(folder: Path) -> None:
    file = write(folder / "mine.py")
    codes = iter((1, 0))
    told: list[Sequence[Path]] = []
    wait = in_turn(nothing, lambda: write(file, "other"), nothing, nothing)
    assert watch(Watched((file,)), lambda: next(codes), told.append, wait) == 0
    assert told == [(), [file], ()]


def test_what_is_still_being_written_is_waited_for(folder: Path) -> None:
    file = write(folder / "mine.py")
    read: list[str] = []

    def judge() -> int:
        read.append(file.read_text())
        return 0

    watch(
        Watched((file,)),
        judge,
        lambda _: None,
        in_turn(*(lambda n=n: write(file, "x" * n) for n in (1, 2, 3)), nothing),
    )
    assert read == ["", "xxx"]


def test_what_changes_during_a_round_starts_another(folder: Path) -> None:
    file = write(folder / "mine.py")
    rounds: list[int] = []

    def judge() -> int:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            write(file, "saved meanwhile")
        return 0

    watch(Watched((file,)), judge, lambda _: None, in_turn(nothing))
    assert len(rounds) == 2


def test_a_file_that_goes_and_comes_back_is_a_change(folder: Path) -> None:
    file = write(folder / "mine.py", "x")
    rounds: list[int] = []
    wait = in_turn(file.unlink, nothing, lambda: write(file, "y"), nothing)
    watch(Watched((file,)), lambda: rounds.append(1) or 0, lambda _: None, wait)
    assert len(rounds) == 3


def test_interrupted_in_a_round_the_code_is_of_the_one_before(folder: Path) -> None:
    file = write(folder / "mine.py")
    codes = iter((1,))

    def judge() -> int:
        for code in codes:
            return code
        raise KeyboardInterrupt

    assert watch(Watched((file,)), judge, lambda _: None, in_turn(lambda: write(file, "x"), nothing)) == 1

    def never() -> int:
        raise KeyboardInterrupt

    assert watch(Watched((file,)), never, lambda _: None, nothing) == 130


@pytest.mark.parametrize("terminal", [True, False])
def test_only_a_terminal_is_cleared(terminal: bool) -> None:
    out, err = StringIO(), StringIO()
    tell = announce(Console(file=out, force_terminal=terminal), Console(file=err))
    tell(())
    assert out.getvalue() == ""
    tell([Path("a.py"), Path("b.py"), Path("c.py"), Path("d.py")])
    assert ("\x1b[2J" in out.getvalue()) is terminal
    assert out.getvalue() if terminal else not out.getvalue()
    assert err.getvalue().splitlines() == [
        "rekeyspec: waiting for changes; Ctrl-C ends",
        "rekeyspec: changed: a.py, b.py, c.py and 1 more",
    ]


def test_a_round_reads_the_module_anew(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = write(folder / "changing.py", IDLE)
    judge = round_of(["check", "python:changing:End", "--profile", "combined"])
    assert judge() == 1
    write(file, "raise SystemExit('not now')")
    assert judge() == 2
    assert "not now" in capfd.readouterr().err


def test_the_command_goes_round_and_ends_at_an_interrupt_with_nothing_left(folder: Path) -> None:
    program = write(folder / "mine.py", EXAMPLE.read_text())
    command = [sys.executable, "-m", "rekeyspec", "check", f"exec:{sys.executable} mine.py", "--watch"]
    command += ["--profile", "combined", "--json", "out.json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        until(process.stderr, "waiting for changes")
        assert '"conforms"' in (folder / "out.json").read_text()
        write(program, "import sys; sys.exit('gone')")
        until(process.stderr, "changed: mine.py")
        until(process.stderr, "waiting for changes")
        assert '"broken"' in (folder / "out.json").read_text()
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait() == 2
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_changed_file_of_expected_failures_starts_a_round(folder: Path) -> None:
    known = write(folder / "known.txt", "# none\n")
    command = [sys.executable, "-m", "rekeyspec", "check", "reference", "--watch", "--profile", "byte-count"]
    command += ["--expected", "known.txt"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        until(process.stderr, "waiting for changes")
        write(known, "reference BYTE-3: it is too late\n")
        until(process.stderr, "changed: known.txt")
        until(process.stderr, "known.txt:1: reference BYTE-3 passes")
        until(process.stderr, "waiting for changes")
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait() == 1


def test_a_file_that_every_round_writes_is_not_watched(folder: Path) -> None:
    write(folder / "known.txt", "# none\n")
    command = [sys.executable, "-m", "rekeyspec", "check", "reference", "--watch", "--expected", "known.txt"]
    done = subprocess.run([*command, "--update-expected"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("rekeyspec: --watch: read reference, of which no file is known")


def until(stream: object, text: str) -> None:
    """Reads lines until one has this text; the end of the stream is a failure."""
    for line in stream:  # type: ignore[attr-defined]
        if text in line:
            return
    pytest.fail(f"it ended without saying {text!r}")


def test_the_command_says_what_cannot_be_watched() -> None:
    command = [sys.executable, "-m", "rekeyspec", "check", "reference", "--watch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("rekeyspec: --watch: read reference, of which no file is known")
    assert done.stdout == ""

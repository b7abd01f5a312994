"""Files that grow are read as `tail -F` reads them, and judged when what there is has come to an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from rekeyspec.conformance.audit.audit import follow
from rekeyspec.conformance.audit.findings import Finding
from rekeyspec.conformance.audit.hooks import Size
from rekeyspec.conformance.audit.options import Options
from rekeyspec.conformance.audit.outcome import Audited
from rekeyspec.conformance.target import BadInput
from rekeyspec.reference.vocabulary import Event
from tests.conformance.audit.logs import ESTABLISHED, PLAIN, body, header, on, sent

WRONG = sent(30, 9)


def followed(
    path: Path, deeds: Iterable[Callable[[], object]], options: Options | None = None
) -> tuple[Audited, list[str]]:
    """What is found when, whenever there is nothing to read, the next of these deeds is done; and then it is enough."""
    told: list[str] = []
    todo = iter(deeds)

    def wait(idle: bool) -> bool:
        if not idle:
            return True
        deed = next(todo, None)
        if deed is not None:
            deed()
        return deed is not None

    def tell(name: str, found: Finding) -> None:
        told.append(f"{found.place} {found.divergence.rule}")

    return follow([str(path)], options or Options(), wait, tell), told


def appends(path: Path, text: str) -> Callable[[], object]:
    def append() -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    return append


def lives(audited: Audited) -> dict[str, int]:
    ((_, found),) = audited.streams
    return {word: count for one in found for word, count in one.lives.items() if count}


def test_what_is_written_later_is_judged_too(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(header() + body(ESTABLISHED))
    audited, told = followed(log, [appends(log, body(sent(20, 1))), appends(log, body(WRONG))])
    assert lives(audited) == {"violates": 1}
    assert told == ["line 9: client LIM-3"]
    assert audited.exit_code == 1


def test_a_line_that_is_not_finished_is_waited_for(tmp_path: Path) -> None:
    log, text = tmp_path / "a.jsonl", header() + body([*ESTABLISHED, *WRONG])
    log.write_text("")
    audited, told = followed(log, [appends(log, text[at : at + 50]) for at in range(0, len(text), 50)])
    assert (lives(audited), len(told)) == ({"violates": 1}, 1)
    log.write_text(text[:-3])
    audited, _ = followed(log, [])
    assert lives(audited) == {"conforms": 1}, "what was not finished is not judged, and is no bad line"


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    audited, told = followed(log, [lambda: None, appends(log, header() + body([*ESTABLISHED, *WRONG]))])
    assert (lives(audited), len(told)) == ({"violates": 1}, 1)


def rotated(log: Path, text: str, name: str = "b.jsonl") -> Callable[[], object]:
    def rotate() -> None:
        log.rename(log.with_name(name))
        log.write_text(text)

    return rotate


def test_a_file_that_was_rotated_is_read_to_its_end_and_then_the_new_one(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(header() + body(ESTABLISHED))
    old = tmp_path / "b.jsonl"
    deeds = [lambda: log.rename(old), appends(old, body(sent(20, 1))), appends(log, body(sent(25, 2))), lambda: None]
    audited, told = followed(log, [*deeds, appends(log, body(WRONG))])
    assert lives(audited) == {"violates": 1}
    assert told == ["line 4 of part 2: client LIM-3"]


def test_a_new_file_may_go_on_with_the_log_or_begin_another(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    for continues, found in ((True, {"conforms": 1}), (False, {"conforms": 1, "inconclusive": 1})):
        log.write_text(header() + body(ESTABLISHED))
        audited, _ = followed(log, [rotated(log, header(continues=continues) + body(sent(20, 1)), f"{continues}")])
        assert lives(audited) == found


def test_a_file_that_was_truncated_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(header() + body(ESTABLISHED))
    audited, told = followed(log, [lambda: log.write_text(body(sent(20, 1))), appends(log, body(WRONG))])
    assert lives(audited) == {"violates": 1}
    assert told == ["line 4 of part 2: client LIM-3"]


def test_what_was_cut_off_by_a_truncation_is_a_bad_line(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(header() + body(ESTABLISHED) + '{"t": 2')
    with pytest.raises(BadInput, match=r"a\.jsonl:6: "):
        followed(log, [lambda: log.write_text(header())])


@pytest.mark.parametrize("size", [Size(), Size(1, 1)])
def test_an_end_that_is_overdue_is_told_while_others_go_on(tmp_path: Path, size: Size) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(header() + body(on("a", ESTABLISHED[:2])) + body(on("b", ESTABLISHED)))
    late = PLAIN.negotiation_timeout
    steps = [body(on("b", sent(late, 1))), body(on("b", sent(late + 1, 2))), body(on("b", sent(late + 2, 3)))]
    seen: list[int] = []
    told: list[str] = []
    deeds: list[Callable[[], object]] = []
    for step in steps:
        deeds += [appends(log, step), lambda: seen.append(len(told))]

    def wait(idle: bool) -> bool:
        if idle and deeds:
            deeds.pop(0)()
            return True
        return not idle

    audited = follow([str(log)], Options(size=size), wait, lambda _, found: told.append(found.divergence.rule))
    assert seen == [0, 1, 1]
    assert told == ["EST-4"]
    assert lives(audited) == {"conforms": 1, "violates": 1}


def test_lines_of_an_end_that_was_overdue_may_not_come_after_all(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(header() + body(on("a", ESTABLISHED[:2])) + body(on("b", [Event(99_999, "client", "Open")])))
    with pytest.raises(BadInput, match="in order"):
        followed(log, [appends(log, body(on("a", [Event(5, "client", "Tick")])))])


def test_several_files_are_followed_at_once(tmp_path: Path) -> None:
    logs = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for log in logs:
        log.write_text(header() + body(ESTABLISHED))
    todo = [appends(logs[0], body(sent(20, 1))), appends(logs[1], body(WRONG))]

    def wait(idle: bool) -> bool:
        if idle and todo:
            todo.pop()()
            return True
        return not idle

    audited = follow([str(log) for log in logs], Options(), wait)
    assert [found[0].lives["violates"] for _, found in audited.streams] == [0, 1]


def test_what_is_no_file_cannot_be_followed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no regular file"):
        followed(tmp_path, [])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="name the log, or - for a pipe"):
        followed(tmp_path / "pipe", [])


def started(*words: str | Path, **streams: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rekeyspec", "audit", "--follow", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **streams)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(("number", "wrong"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_a_signal_is_a_clean_end_with_the_verdicts_so_far(tmp_path: Path, number: int, wrong: bool) -> None:
    log, pipe = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    log.write_text(header() + body([*ESTABLISHED, *WRONG]))
    pipe.write_text(header() + body(ESTABLISHED))
    with started(log, pipe) if wrong else started(pipe) as process:
        assert process.stdout
        if wrong:  # it says so as soon as it is found: then it is following
            assert process.stdout.readline().startswith(f"{log}:7: client: LIM-3: ")
        else:
            appends(pipe, body(WRONG))()
            assert "LIM-3" in process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")
    assert "LIM-3 violated once" in out


def test_standard_input_is_followed_to_its_end() -> None:
    with started("-", stdin=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(header() + body([*ESTABLISHED, *WRONG]))
        process.stdin.flush()
        assert process.stdout.readline().startswith("standard input:7: client: LIM-3: ")
        process.stdin.write(body(on("b", ESTABLISHED)))
        process.stdin.close()
        out = process.stdout.read()
    assert process.returncode == 1
    assert "conforms 1, violates 1" in out

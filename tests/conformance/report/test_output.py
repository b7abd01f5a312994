from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rekeyspec.conformance.report.output import check_writable, write_whole
from rekeyspec.conformance.target import BadInput


@contextmanager
def nobody() -> Iterator[None]:
    """As a user who may not do everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_trying_a_path_leaves_directories_but_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "report.html"
    check_writable(path)
    assert list(path.parent.iterdir()) == []
    write_whole(path, "ä")
    assert path.read_bytes() == "ä".encode()
    check_writable(path)
    assert path.read_bytes() == "ä".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_report_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "report", "")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "report").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("use", [check_writable, lambda path: write_whole(path, "new")])
def test_what_cannot_be_written_is_refused_with_path_and_remedy(use: object, tmp_path: Path) -> None:
    assert callable(use)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"cannot write the report .*: it is a directory; give the path of a file in it"):
        use(tmp_path)
    with pytest.raises(BadInput, match=r"file/report\.html: .* is a file, not a directory"):
        use(tmp_path / "file" / "report.html")
    with pytest.raises(BadInput, match="the name is too long; give a shorter one"):
        use(tmp_path / ("x" * 300))
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file"]


def test_without_permission_it_is_refused_before_the_run(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)
    free = tmp_path / "free"
    free.mkdir()
    free.chmod(0o777)
    sealed = free / "sealed"
    sealed.write_text("old")
    sealed.chmod(0o444)
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    with nobody():
        for path in (shut / "report.json", shut / "new" / "report.json", sealed):
            with pytest.raises(BadInput, match=r"no permission; give a path in a directory that you may write to"):
                check_writable(path)
    assert sealed.read_text() == "old"


def test_a_write_that_fails_leaves_the_old_report_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    write_whole(path, "old")

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(BadInput, match="the disk is full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    # A pipe of the test's own: were this broken, root would replace a device of the machine.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_writable(pipe)
        write_whole(pipe, "report")
        assert pipe.is_fifo()
        assert os.read(reader, 100) == b"report"
    finally:
        os.close(reader)


def test_a_link_stays_one_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "link"
    (tmp_path / "real").write_text("old")
    link.symlink_to(tmp_path / "real")
    write_whole(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_bytes_of_a_name_that_are_no_utf_8_are_shown(tmp_path: Path) -> None:
    write_whole(tmp_path / "report", os.fsdecode(b"exec:\xff"))
    assert (tmp_path / "report").read_text() == r"exec:\udcff"

"""What was found is kept, never written over, and told first the next time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rekeyspec.conformance.explore import Effort, Failure, explore, kept
from rekeyspec.conformance.explore.text import text
from rekeyspec.conformance.target import BadInput
from tests.conformance.explore.breaking import Target, forgets, sound

DEAF = Target(forgets("SendReply", "HB-3"))
FOUND = explore(DEAF, Effort(200, 0, failures=1)).failures[0]
NAME = FOUND.trace.name


def another() -> Failure:
    trace = msgspec.structs.replace(FOUND.trace, about="Another story.")
    return replace(FOUND, trace=trace, text=text(trace))


def test_a_failure_is_kept_in_a_file_of_its_name_with_the_command_that_shows_it(tmp_path: Path) -> None:
    path, saved = kept.save(tmp_path / "new", FOUND, "exec:my program")
    assert path == tmp_path / "new" / f"{NAME}.yaml"
    assert path.read_text() == saved.text == FOUND.text
    assert saved.case.replay == f"rekeyspec replay {path} 'exec:my program'"


def test_the_same_is_kept_once_and_another_gets_a_number(tmp_path: Path) -> None:
    for one in (FOUND, another(), FOUND, another()):
        kept.save(tmp_path, one, "mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}-2.yaml", f"{NAME}.yaml"]
    assert (tmp_path / f"{NAME}.yaml").read_text() == FOUND.text
    assert f"name: {NAME}-2\n" in (tmp_path / f"{NAME}-2.yaml").read_text()


def test_somebody_elses_file_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.yaml").write_text("mine\n")
    path, _ = kept.save(tmp_path, FOUND, "mine")
    assert path.name == f"{NAME}-2.yaml"
    assert (tmp_path / f"{NAME}.yaml").read_text() == "mine\n"


def test_what_is_kept_is_told_again_and_said_to_fail_still_or_no_more(tmp_path: Path) -> None:
    path, saved = kept.save(tmp_path, FOUND, "mine")
    (one,) = kept.told_again(tmp_path, DEAF, "mine")
    assert (one.path, one.still, one.case.word) == (path, "still fails", "violates")
    assert one.case.replay == saved.case.replay
    (one,) = kept.told_again(tmp_path, Target(sound), "mine")
    assert (one.still, one.fault) == ("fails no more", None)


def test_what_hangs_on_a_rule_that_is_lacked_is_not_put(tmp_path: Path) -> None:
    kept.save(tmp_path, FOUND, "mine")
    (one,) = kept.told_again(tmp_path, Target(sound, {"HB-3": "there are no heartbeats"}), "mine")
    assert (one.still, one.case.reason) == ("not put", "stated: there are no heartbeats")
    aged = msgspec.structs.replace(FOUND.trace, profile="timed", policy={})
    kept.save(tmp_path, replace(FOUND, trace=aged), "mine")
    told = kept.told_again(tmp_path, Target(sound, {"AGE-1": "keys have no age"}), "mine")
    assert "not put" in {one.still for one in told}


def test_no_folder_is_nothing_kept(tmp_path: Path) -> None:
    assert kept.told_again(tmp_path / "none", DEAF, "mine") == []


def test_a_file_that_is_no_trace_is_bad_input_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "notes.yaml").write_text("hello: there\n")
    with pytest.raises(BadInput, match=r"notes\.yaml:1:1"):
        kept.told_again(tmp_path, DEAF, "mine")


def test_a_place_where_nothing_can_be_kept_is_found_before_the_search(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(BadInput, match="expected a folder"):
        kept.check(file)
    with pytest.raises(BadInput, match="cannot write"):
        kept.check(file / "below")
    kept.check(tmp_path / "new")
    assert not (tmp_path / "new").exists()

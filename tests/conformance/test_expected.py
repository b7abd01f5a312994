"""A failure that is expected is one that comes about exactly so; an update keeps what people wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekeyspec.conformance.expected import HEAD, Entry, Failure, failure, held, read, updated, write
from rekeyspec.conformance.report.contents import Report
from rekeyspec.conformance.rulebook import rules
from rekeyspec.conformance.target import BadInput
from rekeyspec.conformance.verdict import Verdict, Word

MINE = "exec:python my adapter.py"


def verdict(rule: str, word: Word, reason: str = "", target: str = MINE, profile: str = "timed") -> Verdict:
    return Verdict(target, profile, rule, word, reason, "a-story", 1, "", "")


def report(*verdicts: Verdict) -> Report:
    return Report(verdicts, (), rules(), "1")


RUN = report(
    verdict("EST-4", "violates", "Close was due at 10 ms"),
    verdict("EST-4", "violates", "Start was due at 0 ms", profile="combined"),
    verdict("BYTE-1", "conforms"),
    verdict("BYTE-2", "inconclusive", "asked, not observed"),
    verdict("HB-1", "unsupported", "stated: no timers"),
    verdict("HB-2", "broken", "it said\n\t'x' # and\x00 died"),
    verdict("HB-3", "violates", "late", target="reference"),
)

FILE = """\
# What we know.

'exec:python my adapter.py' EST-4: Close was due at 10 ms  # issue 17: no time-out
'exec:python my adapter.py' EST-4:   Start was due at 0 ms
# The adapter dies of it.
"exec:python my adapter.py" HB-2: "it said 'x' # and\\\\x00 died" # it's old # very
   reference HB-3: late
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "expected.txt"


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_a_file_has_entries_comments_and_blank_lines(file: Path) -> None:
    found = read(written(file, FILE))
    assert [(entry.number, *entry.failure, entry.reason) for entry in found.entries] == [
        (3, MINE, "EST-4", "Close was due at 10 ms", "issue 17: no time-out"),
        (4, MINE, "EST-4", "Start was due at 0 ms", ""),
        (6, MINE, "HB-2", "it said 'x' # and\\x00 died", "it's old # very"),
        (7, "reference", "HB-3", "late", ""),
    ]


def test_a_run_that_fails_as_expected_and_in_no_other_way_goes_well(file: Path) -> None:
    findings = held(read(written(file, FILE)), RUN)
    assert (findings.unmet, findings.unexpected) == ((), ())
    assert findings.exit_code([]) == 0
    assert findings.exit_code(["a target could not be judged"]) == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"'{MINE}' BYTE-1: too late", "passes; remove the line"),
        (f"'{MINE}' EST-4: Close was", "fails otherwise: Close was due at 10 ms; or Start was due at 0 ms; correct"),
        (f"'{MINE}' BYTE-2: x", "was not decided: inconclusive: asked, not observed"),
        (f"'{MINE}' HB-1: x", "was not run: unsupported: stated: no timers"),
        (f"'{MINE}' HB-6: x", "was not run: nothing asked for this rule"),
        ("another EST-4: x", "was not run: this target was not judged"),
    ],
)
def test_an_entry_that_is_not_met_fails_the_run_with_its_line_and_what_to_do(file: Path, line: str, why: str) -> None:
    findings = held(read(written(file, f"{FILE}{line}\n")), RUN)
    ((entry, said),) = findings.unmet
    assert entry.number == 8
    assert said.startswith(why)
    assert findings.exit_code([]) == 1
    (message,) = findings.messages(file)
    assert message.startswith(f"{file}:8: ")
    assert why in message


def test_a_failure_that_is_not_expected_fails_the_run_and_its_line_is_given(file: Path) -> None:
    without = "".join(line for line in FILE.splitlines(keepends=True) if "EST-4" not in line)
    findings = held(read(written(file, without)), RUN)
    assert [one.reason for one in findings.unexpected] == ["Close was due at 10 ms", "Start was due at 0 ms"]
    assert findings.exit_code([]) == 1
    first, _ = findings.messages(file)
    assert f"not expected there: '{MINE}' EST-4: Close was due at 10 ms: mend it, or add this line" in first
    broken = "".join(line for line in FILE.splitlines(keepends=True) if "HB-2" not in line)
    assert held(read(written(file, broken)), RUN).exit_code([]) == 2


def test_an_update_keeps_comments_blank_lines_and_reasons_and_what_is_so_as_it_stands(file: Path) -> None:
    now = report(
        verdict("EST-4", "violates", "Close was due at 20 ms"),
        verdict("EST-4", "violates", "Start was due at 0 ms", profile="combined"),
        verdict("HB-3", "conforms", target="reference"),
        verdict("AGE-1", "violates", "'a' # b"),
        verdict("AGE-2", "violates", "new", target="another one"),
    )
    expected = updated(read(written(file, FILE)), now)
    write(expected)
    assert file.read_text() == (
        "# What we know.\n"
        "\n"
        "'exec:python my adapter.py' EST-4: Close was due at 20 ms  # issue 17: no time-out\n"
        "'exec:python my adapter.py' EST-4:   Start was due at 0 ms\n"
        "'exec:python my adapter.py' AGE-1: ''\"'\"'a'\"'\"' # b'\n"
        "# The adapter dies of it.\n"
        "'another one' AGE-2: new\n"
    )
    assert held(read(file), now).exit_code([]) == 0
    before = file.read_bytes()
    write(updated(read(file), now))
    assert file.read_bytes() == before


def test_a_new_file_says_what_it_is(file: Path) -> None:
    write(updated(read(file, missing=True), RUN))
    assert file.read_text().splitlines()[0] == HEAD
    assert held(read(file), RUN).exit_code([]) == 0


def test_an_update_that_cannot_be_written_leaves_it_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    expected = updated(read(written(file, FILE)), report())
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BadInput, match="disk is full"):
        write(expected)
    assert file.read_text() == FILE
    assert list(file.parent.iterdir()) == [file]


@given(
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1).filter(lambda text: text.strip()),
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=1).filter(lambda text: text.strip()),
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"), min_size=0),
)
def test_any_target_and_any_message_can_be_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, reason: str, why: str
) -> None:
    made = failure(verdict("EST-4", "violates", reason, target=name))
    file = tmp_path_factory.mktemp("any") / "expected.txt"
    file.write_bytes(f"{made.line(' '.join(why.split()))}\n".encode())
    (entry,) = read(file).entries
    assert entry.failure == made
    assert entry.reason == " ".join(why.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reference\n", r"expected\.txt:1: .*TARGET RULE: MESSAGE # REASON"),
        ("reference EST-4 late\n", r"expected\.txt:1: .*colon after the target"),
        ("exec:python a.py EST-4: late\n", r"expected\.txt:1: .*quote a target that has spaces"),
        ("\nreference EST-44: late\n", r"expected\.txt:2: .*did you mean EST-4"),
        ("reference EST-4: # why\n", r"expected\.txt:1: read no message"),
        ("reference EST-4: ''\n", r"expected\.txt:1: read no message"),
        ("'reference EST-4: late\n", r"expected\.txt:1: .*close the quotes"),
        ("reference EST-4: 'late' or not\n", r"expected\.txt:1: .*quote the whole message"),
        ("reference EST-4: late\n#\nreference EST-4: late # x\n", r"expected\.txt:3: .*the same failure as in line 1"),
    ],
)
def test_what_is_no_entry_is_one_message_with_its_line(file: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(written(file, text))


def test_what_is_no_text_is_refused(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"# fine\nreference EST-4: \xff\n")
    with pytest.raises(BadInput, match=r"expected\.txt:2: read the byte 0xff"):
        read(file)
    file.write_bytes(b"#" * (2 << 20))
    with pytest.raises(BadInput, match=r"expected\.txt: read a larger file"):
        read(file)
    for wrong in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(BadInput, match="expected expected failures"):
            read(wrong)


def test_lines_that_end_as_elsewhere_stay_so(file: Path) -> None:
    file.write_bytes(b"# one\r\nreference EST-4: late\r\n# a\x0cpage\n")
    found = read(file)
    assert [line.text if isinstance(line, Entry) else line for line in found.lines] == [
        "# one\r", "reference EST-4: late\r", "# a\x0cpage",
    ]  # fmt: skip
    assert found.entries[0].failure == Failure("reference", "EST-4", "late")
    write(found)
    assert file.read_bytes() == b"# one\r\nreference EST-4: late\r\n# a\x0cpage\n"


# As a user has it: the same for `check` and for `campaign`.

MUTE = """
class End:
    def __init__(self, end, policy): pass
    def step(self, event): return {"did": [], "deadline": None}
"""


@pytest.mark.parametrize("command", [["check"], ["campaign", "-j", "1"]], ids=lambda words: words[0])
def test_from_the_first_update_to_the_day_it_is_mended(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "mute.py").write_text(MUTE)

    def run(*words: str) -> tuple[int, list[str]]:
        line = [sys.executable, "-m", "rekeyspec", *command, "--profile", "key-based", "--json", "r.json", *words]
        (tmp_path / "rekeyspec-campaign.sqlite").unlink(missing_ok=True)
        done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, [text for text in done.stderr.splitlines() if text.startswith("rekeyspec: ")]

    target, file = "python:mute:End", tmp_path / "e.txt"
    assert run(target)[0] == 1
    assert run(target, "--update-expected") == (
        2, ["rekeyspec: --update-expected: read no file, expected one to update; name it with --expected FILE"],
    )  # fmt: skip
    assert run(target, "--expected", "e.txt")[0] == 2
    assert run(target, "--expected", "e.txt", "--update-expected") == (0, [])
    assert run(target, "--expected", "e.txt") == (0, [])
    assert {one["verdict"] for one in json.loads((tmp_path / "r.json").read_text())["verdicts"]} > {"violates"}
    file.write_text(file.read_text() + "# a word\nreference HB-1: never  # another target\n")
    code, said = run(target, "--expected", "e.txt")
    assert code == 1
    assert len(said) == 1
    assert "was not run: this target was not judged" in said[0]
    code, said = run("reference", "--expected", "e.txt")
    assert code == 1
    assert any("reference HB-1 passes; remove the line" in line for line in said)
    assert run("reference", "--expected", "e.txt", "--update-expected") == (0, [])
    assert file.read_text() == f"{HEAD}\n# a word\n"

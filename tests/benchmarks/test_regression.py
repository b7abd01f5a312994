"""The comparison with the baseline. (How fast anything is, no test asks.)"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rekeyspec.benchmarks.regression import __main__ as program
from rekeyspec.benchmarks.regression.ratios import BASELINE, Baseline, Measured, compared, keep, merged, ratios, read
from rekeyspec.conformance.target import BadInput

RUN = {"link/yardstick": 2.0, "link/message": 3.0, "full/yardstick": 1.0, "full/renegotiation": 1.3}


def test_seconds_become_ratios_of_the_fastest_rounds() -> None:
    slow = {name: 2 * took for name, took in RUN.items()}
    assert ratios(merged([slow, RUN])) == {"link/message": 1.5, "full/renegotiation": 1.3}
    assert ratios(slow) == ratios(RUN)


def test_what_is_written_by_pytest_benchmark_is_read() -> None:
    text = b'{"benchmarks": [{"name": "test_message", "group": "link", "stats": {"min": 3.0, "max": 9}, "extra": 1}]}'
    assert msgspec.json.decode(text, type=Measured).fastest() == {"link/message": 3.0}


@pytest.mark.parametrize(
    ("kept", "slower", "said"),
    [(1.5, False, "ok"), (1.1, False, "ok"), (1.0, True, "SLOWER"), (2.2, False, "faster"), (None, False, "new")],
)
def test_only_what_is_beyond_the_tolerance_is_slower(kept: float | None, slower: bool, said: str) -> None:
    (one,) = compared({"link/message": 1.5}, Baseline(1, 1.4, {"link/message": kept} if kept else {}))
    assert one.slower == slower
    assert said in one.line()


def test_a_baseline_is_kept_and_read_again(tmp_path: Path) -> None:
    keep({"b/x": 1.23456, "a/x": 100.4}, 1.4, tmp_path / "baseline.json")
    assert read(tmp_path / "baseline.json") == Baseline(1, 1.4, {"a/x": 100.0, "b/x": 1.23})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "truncated"),
        ('{"form": 2, "tolerance": 1.4, "ratios": {}}', "read form 2"),
        ('{"form": 1, "tolerance": 1.0, "ratios": {}}', "more than 1"),
    ],
)
def test_a_bad_baseline_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "baseline.json").write_text(text)
    with pytest.raises(BadInput, match=said):
        read(tmp_path / "baseline.json")


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(BadInput, match="full has no yardstick"):
        ratios({"full/renegotiation": 1.0})
    with pytest.raises(BadInput, match="gone/x, which the suite does not measure"):
        list(compared({"link/message": 1.5}, Baseline(1, 1.4, {"gone/x": 1.0})))


@pytest.mark.parametrize(("slow", "code", "runs"), [(0, 0, 3), (1, 0, 3), (4, 0, 5), (9, 1, 5)])
def test_what_seems_slower_is_measured_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, slow: int, code: int, runs: int
) -> None:
    keep(ratios(RUN), 1.4, tmp_path / "baseline.json")
    made = []

    def run() -> dict[str, float]:
        made.append(1)
        return RUN | {"link/message": 9.0} if len(made) <= slow else RUN

    monkeypatch.setattr(program, "run", run)
    monkeypatch.setattr("sys.argv", ["regression", "--baseline", str(tmp_path / "baseline.json")])
    assert program.main() == code
    assert len(made) == runs
    assert ("slower: link/message" if code else "none is slower") in capsys.readouterr().out


def test_the_projects_baseline_is_of_what_the_suite_measures() -> None:
    kept = read(BASELINE).ratios
    suite = program.SUITE.read_text(encoding="utf-8")
    assert {name.partition("/")[0] for name in kept} == {
        line.split('group="')[1].split('"')[0] for line in suite.splitlines() if 'group="' in line
    }
    assert sum(line.strip().startswith("def test_") for line in suite.splitlines()) == len(kept) + suite.count(
        "def test_yardstick"
    )

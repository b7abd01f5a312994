"""Random behaviours; TLC is real in the tests marked `java`."""

from pathlib import Path

import pytest

from rekeyspec.tools.checker import Cancelled, Tlc
from rekeyspec.tools.command import Simulation, TlcRun
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import INITIAL, Verdict
from rekeyspec.tools.sample import sample
from rekeyspec.tools.simulation import simulate

OUTPUTS = Path(__file__).parent / "outputs"
TEN = Simulation(behaviours=10, depth=20, seed=3)


@pytest.fixture
def counter(specs: Path, scratch: Path) -> TlcRun:
    return TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg")


def pretender(folder: Path, script: str) -> Tlc:
    """A Java that counts its runs in `runs`, and then does what the script says."""
    java = folder / "java"
    java.write_text(f'#!/bin/sh\necho "$*" >>{folder}/runs\nruns=$(wc -l <{folder}/runs)\n{script}\n')
    java.chmod(0o755)
    return Tlc(java, folder / "tla2tools.jar")


WELL = f"cat {OUTPUTS}/simulation.txt"


def seeds(folder: Path) -> list[str]:
    return [line.split("-seed ")[1].split()[0] for line in (folder / "runs").read_text().splitlines()]


def test_once(counter: TlcRun, tmp_path: Path) -> None:
    found = simulate(counter, pretender(tmp_path, WELL), TEN)
    assert (found.verdict, found.seed, found.behaviours, found.states) == (Verdict("ok"), 3, 10, 501)
    assert seeds(tmp_path) == ["3"]


def test_seed_after_seed_until_something_is_violated(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"if [ $runs = 3 ]; then cat {OUTPUTS}/invariant.txt; exit 12; fi; {WELL}")
    found = simulate(counter, tlc, TEN, seconds=1000)
    assert (found.verdict, found.seed, found.behaviours) == (Verdict("invariant", "Small"), 5, 20)
    assert found.states == 501 + 501 + 5
    assert seeds(tmp_path) == ["3", "4", "5"]
    assert found.output.behaviour is not None


def test_what_is_not_done_when_the_time_is_over_does_not_count(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"[ $runs = 2 ] && sleep 1000; {WELL}")
    found = simulate(counter, tlc, TEN, seconds=2)
    assert (found.verdict, found.seed, found.behaviours) == (Verdict("ok"), 3, 10)


def test_a_simulation_that_is_not_done_in_time(counter: TlcRun, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ok\.cfg: nothing .* in 0.3 s, expected 10 behaviours of at most 20 states"):
        simulate(counter, pretender(tmp_path, "sleep 1000"), TEN, seconds=0.3)


def test_a_simulation_that_is_cancelled(counter: TlcRun, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        simulate(counter, pretender(tmp_path, "sleep 1000"), TEN, cancelled=(tmp_path / "runs").exists)


def test_no_behaviour_is_that_long(counter: TlcRun, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ok\.cfg: read no behaviour of 9 states in 1000 tries"):
        sample(counter, pretender(tmp_path, WELL), length=9)


@pytest.mark.java
def test_the_same_seed_gives_the_same_behaviour(counter: TlcRun, tlc: Tlc) -> None:
    from dataclasses import replace

    first = sample(counter, tlc, length=12, seed=4)
    assert first == sample(counter, tlc, length=12, seed=4)
    assert [state.number for state in first.states] == list(range(1, 13))
    assert first.states[0].action == INITIAL
    assert {state.action for state in first.states[1:]} == {"Up", "Reset"}
    stops = replace(counter, cfg=counter.cfg.with_name("deadlock.cfg"))
    assert sample(stops, tlc, length=12).states[-1].values()["n"] == 4
    judged = replace(counter, cfg=counter.cfg.with_name("invariant.cfg"))
    assert len(sample(judged, tlc, length=12).states) == 12


@pytest.mark.java
def test_a_violation_is_found(counter: TlcRun, tlc: Tlc) -> None:
    from dataclasses import replace

    found = simulate(replace(counter, cfg=counter.cfg.with_name("invariant.cfg")), tlc, TEN)
    assert found.verdict == Verdict("invariant", "Small")
    well = simulate(counter, tlc, TEN)
    assert (well.verdict, well.behaviours) == (Verdict("ok"), 10)
    assert well.states > 100

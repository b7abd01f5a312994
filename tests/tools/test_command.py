from dataclasses import replace
from pathlib import Path

import pytest

from rekeyspec.tools.command import HEAP_CAP, Simulation, TlcRun, cfg_path, cfg_text, command

RUN = TlcRun(spec=Path("/specs/MC.tla"), cfg=Path("/specs/models/one.cfg"))


def words(run: TlcRun) -> list[str]:
    return command(run, java=Path("/bin/java"), jar=Path("/lib/tla2tools.jar"), scratch=Path("/scratch"))


def after(run: TlcRun, option: str) -> str:
    said = words(run)
    return said[said.index(option) + 1]


def test_the_whole_command_of_a_small_run() -> None:
    assert words(RUN) == [
        "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1024m", "-Djava.io.tmpdir=/scratch",
        "-XX:ErrorFile=/scratch/crash.log", "-XX:-UsePerfData", "-Dfile.encoding=UTF-8", "-Duser.language=en",
        "-Duser.country=US", "-cp", "/lib/tla2tools.jar", "tlc2.TLC", "-tool", "-metadir", "/scratch", "-workers", "1",
        "-fp", "0", "-lncheck", "final", "-config", "/specs/models/one.cfg", "MC.tla",
    ]  # fmt: skip


def test_a_large_run_has_the_machine_that_tlc_asks_for() -> None:
    said = words(replace(RUN, size="large", workers=2))
    assert "-XX:+UseParallelGC" in said
    assert "-XX:TieredStopAtLevel=1" not in said
    assert "-Xmx3584m" in said
    assert said[said.index("-workers") + 1] == "2"


def test_not_looking_for_deadlock_is_tlcs_deadlock_option() -> None:
    assert "-deadlock" not in words(RUN)
    assert "-deadlock" in words(replace(RUN, deadlock=False))


def test_coverage_dump_and_library() -> None:
    run = replace(RUN, coverage=True, dump=Path("/out/graph.dot"), library=(Path("/specs"), Path("/more")))
    said = words(run)
    assert said[said.index("-dump") : said.index("-dump") + 3] == ["-dump", "dot,actionlabels", "/out/graph.dot"]
    assert after(run, "-coverage") == "1"
    assert "-DTLA-Library=/specs:/more" in said


def test_a_simulation_has_its_seed_and_no_liveness_strategy() -> None:
    said = words(replace(RUN, simulate=Simulation(behaviours=7, depth=50, seed=3)))
    assert said[said.index("-simulate") :][:6] == ["-simulate", "num=7", "-depth", "50", "-seed", "3"]
    assert "-lncheck" not in said
    endless = words(replace(RUN, simulate=Simulation(behaviours=0)))
    assert endless[endless.index("-simulate") + 1] == "-depth"


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"fp": 131}, {"heap": HEAP_CAP + 1}, {"heap": -1}])
def test_numbers_that_tlc_does_not_take(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(RUN, **wrong)  # type: ignore[arg-type]


def test_a_run_with_a_cfg_of_its_own_has_it_in_the_scratch_folder() -> None:
    for run in (replace(RUN, unjudged=True), replace(RUN, constants=("A = 1",)), replace(RUN, invariants=("B",))):
        assert after(run, "-config") == "/scratch/one.cfg"
        assert cfg_path(run, Path("/scratch")) == Path("/scratch/one.cfg")
    assert after(RUN, "-config") == "/specs/models/one.cfg"


def test_what_that_cfg_says() -> None:
    written = "CONSTANT A = 5\nINVARIANT C\nPROPERTY P\n"
    run = replace(RUN, constants=("A = 1", "D <- E"), invariants=("B",), unjudged=True)
    assert cfg_text(run, written).split() == "CONSTANT A = 1 CONSTANT D <- E INVARIANT B".split()  # noqa: SIM905
    assert cfg_text(RUN, written) == written


def test_constants_must_be_assignments() -> None:
    with pytest.raises(ValueError, match="expected an assignment"):
        replace(RUN, constants=("A",))

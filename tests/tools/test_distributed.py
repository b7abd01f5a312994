"""TLC's server and workers, the first of them with a shell script in the part of Java."""

import os
import time
from pathlib import Path

import pytest

from rekeyspec.tools.checker import Cancelled, Tlc
from rekeyspec.tools.cluster import Cluster
from rekeyspec.tools.command import TlcRun
from rekeyspec.tools.distributed import check_distributed, free_port
from rekeyspec.tools.modelcheck import model_check
from rekeyspec.tools.modelerror import ModelError
from rekeyspec.tools.output import Figures, Output, Verdict
from tests.tools.pretenders import MODELS, OUTPUTS, a_model, rekeyspec

END = f"sed -n '/STARTMSG 2193/,$p' {OUTPUTS}/ok.txt"


@pytest.fixture
def counter(specs: Path, scratch: Path) -> TlcRun:
    return TlcRun(spec=specs / "Counter.tla", cfg=specs / "ok.cfg")


def pretender(folder: Path, server: str, worker: str = "sleep 1000", alone: str = "exit 3") -> Tlc:
    """A Java that does what the script of its part says."""
    java = folder / "java"
    java.write_text(
        f'#!/bin/sh\ncd {folder}\ncase "$*" in\n'
        f"*TLCServer.report*) {server};;\n*TLCWorker*) echo $$ >>workers; {worker};;\n*) {alone};;\nesac\n"
    )
    java.chmod(0o755)
    return Tlc(java, folder / "tla2tools.jar")


def workers_in(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "workers").read_text().split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


WAIT = "while [ $(cat workers 2>/dev/null | wc -l) -lt 2 ]; do sleep 0.05; done"


def test_workers_start_when_the_server_is_ready_and_end_with_it(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"cat {OUTPUTS}/server.txt; {WAIT}; {END}")
    output = check_distributed(counter, tlc, cluster=Cluster(port=7000))
    assert (output.verdict, output.figures) == (Verdict("ok"), Figures(25, 16, 0))
    assert output.unchecked == ("Reaches",)
    assert len(workers_in(tmp_path)) == 2
    assert not any(map(alive, workers_in(tmp_path)))


def test_without_workers_here_it_waits_for_others(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"cat {OUTPUTS}/server.txt; sleep 0.3; {END}")
    output = check_distributed(counter, tlc, cluster=Cluster(port=7000, workers=0))
    assert output.verdict == Verdict("ok")
    assert not (tmp_path / "workers").exists()


def test_a_violation_is_looked_for_again_by_one_tlc(counter: TlcRun, tmp_path: Path) -> None:
    shown = f"sed -n '/STARTMSG 2121/,$p' {OUTPUTS}/invariant.txt"
    tlc = pretender(
        tmp_path, f"cat {OUTPUTS}/server.txt; {WAIT}; {shown}", alone=f"cat {OUTPUTS}/invariant.txt; exit 12"
    )
    output = check_distributed(counter, tlc, cluster=Cluster(port=7000))
    assert output.verdict == Verdict("invariant", "Small")
    assert output.behaviour is not None
    disagreeing = pretender(tmp_path, f"cat {OUTPUTS}/server.txt; {shown}", alone=f"cat {OUTPUTS}/ok.txt")
    with pytest.raises(ModelError, match="stopped at an error, and one TLC by itself found none"):
        check_distributed(counter, disagreeing, cluster=Cluster(port=7000))


@pytest.mark.parametrize(
    ("server", "worker", "why"),
    [
        ("echo 'Port already in use: 7000' >&2; exit 1", "", "server ended without a result .*: Port already in use"),
        ("cat {outputs}/server.txt; kill -9 $$", "sleep 1000", "server was killed by SIGKILL before the first figures"),
        (
            "cat {outputs}/server.txt; sleep 1000",
            "echo no memory; exit 1",
            "workers ended before .*: no memory; run it",
        ),
        ("cat {outputs}/server.txt; sleep 1000", "kill -9 $$", "workers ended before .*: killed by SIGKILL"),
    ],
)
def test_what_ends_it(counter: TlcRun, tmp_path: Path, server: str, worker: str, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        check_distributed(
            counter, pretender(tmp_path, server.format(outputs=OUTPUTS), worker or "true"), cluster=Cluster(port=7000)
        )


def test_a_server_that_hangs_is_ended_with_its_workers(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"cat {OUTPUTS}/server.txt; sleep 1000")
    with pytest.raises(ModelError, match="server was stopped before the first figures, expected an end within 2 s"):
        check_distributed(counter, tlc, cluster=Cluster(port=7000), timeout=2)
    assert not any(map(alive, workers_in(tmp_path)))


def test_an_interrupt_ends_the_server_and_its_workers(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"cat {OUTPUTS}/server.txt; {WAIT}; kill -INT {os.getpid()}; sleep 1000")
    with pytest.raises(KeyboardInterrupt):
        check_distributed(counter, tlc, cluster=Cluster(port=7000))
    assert not any(map(alive, workers_in(tmp_path)))


def test_a_check_that_is_cancelled(counter: TlcRun, tmp_path: Path) -> None:
    tlc = pretender(tmp_path, f"cat {OUTPUTS}/server.txt; sleep 1000")
    with pytest.raises(Cancelled):
        check_distributed(counter, tlc, cluster=Cluster(port=7000), cancelled=(tmp_path / "workers").exists)
    give_up = time.monotonic() + 10
    while any(map(alive, workers_in(tmp_path))) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not any(map(alive, workers_in(tmp_path)))


@pytest.mark.parametrize(("expected", "outcome"), [("ok", "as expected"), ("violates Reaches", "failed")])
def test_of_liveness_a_model_is_told_that_nobody_looked(specs: Path, expected: str, outcome: str) -> None:
    def by(*_: object, **__: object) -> Output:
        return Output(Verdict("ok"), None, Figures(25, 16, 0), None, unchecked=("Reaches",))

    tlc = Tlc(Path("java"), Path("jar"))
    (checked,) = model_check([a_model(specs, "ok", expected, 16)], tlc, by=by)
    assert checked.outcome == outcome
    assert "no liveness when distributed" in checked.reason


@pytest.mark.java
def test_tlcs_own_server_and_workers(counter: TlcRun, tlc: Tlc) -> None:
    from dataclasses import replace

    output = check_distributed(counter, tlc, cluster=Cluster(port=free_port()))
    assert (output.verdict, output.figures.distinct, output.figures.depth) == (Verdict("ok"), 16, None)
    violated = replace(counter, cfg=counter.cfg.with_name("invariant.cfg"))
    found = check_distributed(violated, tlc, cluster=Cluster(port=free_port(), workers=1))
    assert found.verdict == Verdict("invariant", "Small")


@pytest.mark.java
def test_a_spec_that_the_server_cannot_read(specs: Path, scratch: Path, tlc: Tlc) -> None:
    run = TlcRun(spec=specs / "Syntax.tla", cfg=specs / "plain.cfg")
    with pytest.raises(ModelError, match=r"Syntax\.tla:5:9: ") as raised:
        check_distributed(run, tlc, cluster=Cluster(port=free_port(), workers=1))
    assert raised.value.code == 3002


@pytest.mark.java
def test_the_command(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    words = ["check", "--only", "ok", "--models", "models.yaml", "--distributed", "--workers", "1"]
    with rekeyspec(*words, folder=tmp_path) as child:
        out, err = child.communicate(timeout=120)
    assert child.returncode == 0
    assert err.startswith("other hosts cannot join: name this host by --host")
    assert "ok: as expected: TLC checks no liveness when distributed" in out
    assert out.splitlines()[-1].startswith("1 models: 1 as expected, 0 different, 0 failed; 16 distinct states; ")


def test_a_cluster_without_anybody(specs: Path, scratch: Path, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.format(specs))
    words = ["check", "--models", "models.yaml", "--distributed", "--workers", "0"]
    with rekeyspec(*words, folder=tmp_path) as child:
        _, err = child.communicate(timeout=120)
    assert child.returncode == 2
    assert "--workers 0 without --host: expected a worker here" in err

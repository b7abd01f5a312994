from pathlib import Path

import pytest

from rekeyspec.tools.cluster import Cluster, joining, server_command, worker_command
from rekeyspec.tools.command import TlcRun

RUN = TlcRun(spec=Path("/specs/MC.tla"), cfg=Path("/specs/models/one.cfg"), library=(Path("/more"),), deadlock=False)
PLACES = {"java": Path("/bin/java"), "jar": Path("/lib/tla2tools.jar"), "scratch": Path("/scratch")}
PORT = "-Dtlc2.tool.distributed.TLCServer.port=7000"


def test_the_server_has_the_model_and_its_own_place() -> None:
    words = server_command(RUN, Cluster(port=7000, host="red"), **PLACES)
    assert words[0] == "/bin/java"
    assert {"-Djava.rmi.server.hostname=red", PORT, "-DTLA-Library=/more", "-Djava.io.tmpdir=/scratch"} <= set(words)
    assert words[words.index("tlc2.tool.distributed.TLCServer") :] == [
        "tlc2.tool.distributed.TLCServer", "-tool", "-metadir", "/scratch", "-fp", "0", "-deadlock", "-config",
        "/specs/models/one.cfg", "MC.tla",
    ]  # fmt: skip


def test_a_worker_has_one_thread_and_is_told_where_the_server_is() -> None:
    words = worker_command(RUN, Cluster(port=7000), **PLACES)
    assert {"-Djava.rmi.server.hostname=127.0.0.1", PORT} <= set(words)
    assert "-Dtlc2.tool.distributed.TLCWorker.threadCount=1" in words
    assert words[-2:] == ["tlc2.tool.distributed.TLCWorker", "127.0.0.1"]


def test_how_others_join() -> None:
    assert "name this host by --host" in joining(Cluster(port=7000))
    advice = joining(Cluster(port=7000, host="red"))
    assert PORT in advice
    assert "tlc2.tool.distributed.TLCWorker red" in advice


@pytest.mark.parametrize(("name", "number"), [("workers", -1), ("workers", 257), ("port", 0), ("port", 65536)])
def test_numbers_that_make_no_cluster(name: str, number: int) -> None:
    with pytest.raises(ValueError, match=f"{name}: read {number}"):
        Cluster(**{"port": 7000, name: number})  # type: ignore[arg-type]

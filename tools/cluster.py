"""TLC's server and workers as command lines. Pure, as `command` is.

The server is found at a host and a port, where it has Java's RMI registry; server and workers then tell each other the
names of their hosts, so each must know the name by which the others reach it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rekeyspec.tools.command import TlcRun, cfg_path, machine

LOOPBACK: Final = "127.0.0.1"
_SERVER: Final = "tlc2.tool.distributed.TLCServer"
_WORKER: Final = "tlc2.tool.distributed.TLCWorker"
_REPORT_EVERY: Final = 2000
"""How often the server says how far it is, in ms."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """How many workers are started here, and where the server is: 127.0.0.1 is found from this machine alone.

    Raises ValueError for numbers that are out of range.
    """

    port: int
    host: str = LOOPBACK
    workers: int = 2

    def __post_init__(self) -> None:
        for name, value, low, high in (("workers", self.workers, 0, 256), ("port", self.port, 1, 65535)):
            if not low <= value <= high:
                raise ValueError(f"{name}: read {value}, expected {low} to {high}")


def server_command(run: TlcRun, cluster: Cluster, *, java: Path, jar: Path, scratch: Path) -> list[str]:
    """The server's command line, to be started in the folder of `run.spec`."""
    options = ["-tool", "-metadir", str(scratch), "-fp", str(run.fp)]
    if not run.deadlock:
        options.append("-deadlock")
    places = [f"-Djava.rmi.server.hostname={cluster.host}", f"-D{_SERVER}.port={cluster.port}"]
    words = [
        str(java),
        *machine(run, scratch),
        *places,
        f"-D{_SERVER}.report={_REPORT_EVERY}",
        "-cp",
        str(jar),
        _SERVER,
    ]
    return [*words, *options, "-config", str(cfg_path(run, scratch)), run.spec.name]


def worker_command(run: TlcRun, cluster: Cluster, *, java: Path, jar: Path, scratch: Path) -> list[str]:
    """The command line of a worker on the server's own machine, with one thread."""
    places = [f"-Djava.rmi.server.hostname={cluster.host}", f"-D{_SERVER}.port={cluster.port}"]
    words = [str(java), *machine(run, scratch), *places, f"-D{_WORKER}.threadCount=1", "-cp", str(jar), _WORKER]
    return [*words, cluster.host]


def joining(cluster: Cluster) -> str:
    """How another machine joins, for people."""
    if cluster.host == LOOPBACK:
        return "other hosts cannot join: name this host by --host as they reach it, in a network that you trust"
    places = f"-Djava.rmi.server.hostname=ITS_OWN_NAME -D{_SERVER}.port={cluster.port}"
    words = f"java {places} -cp tla2tools.jar {_WORKER} {cluster.host}"
    return f"another host joins with `{words}`, as many threads as it has cores; a worker ends with its model"

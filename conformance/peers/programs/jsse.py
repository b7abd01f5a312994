"""`peer:jsse`: Java's JSSE, as installed, judged by what it does."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.need import program, wheel
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.tls.jsse import Jsse
from rekeyspec.conformance.peers.tls.stage import NOT_ASKED, stage
from rekeyspec.reference.conditions import Margin

if TYPE_CHECKING:  # the extra `wire` may be missing, and this module must not be
    from rekeyspec.conformance.peers.tls.stack import Options, Provocation

_PROPERTY: Final = "jdk.tls.keyLimits"
_LENGTH: Final = (
    "java.security says of jdk.tls.keyLimits: 'When the amount of data encrypted exceeds the algorithm value listed "
    "below, a KeyUpdate message will trigger a key change', the length being 'The amount of encrypted data in a "
    "session before the Action occurs'"
)

_MANUAL: Final = {
    "bytes": _LENGTH,
    "uneven": _LENGTH,
    "received": f"{_LENGTH}; it counts what it opens like what it seals, and asks for new keys while it reads",
    "age": f"{_LENGTH}; no property has to do with a key's age",
    "idle": f"{_LENGTH}; no property has to do with idleness",
    "heartbeat": "no property or method has to do with heartbeats",
    "silent": "Socket.setSoTimeout: 'a read() call on the InputStream associated with this Socket will block for only "
    "this amount of time'",
    "first": "Socket.setSoTimeout bounds each read of the handshake",
    "verify": "the default TrustManager believes those whom the trust store names",
    "answer": "the answer is sent when the request is read",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.tls.ask import LIMITS, SMALL, experiments  # noqa: PLC0415
    from rekeyspec.conformance.peers.tls.scripts import TIMEOUT  # noqa: PLC0415
    from rekeyspec.conformance.peers.tls.ways import Ways  # noqa: PLC0415

    limited = {str(n): f"AES/GCM/NoPadding KeyUpdate {n}" for n in (*LIMITS, SMALL)}
    options: dict[str, Options] = {
        "plain": {},
        "timed": {"timeout": str(TIMEOUT)},
        **{limit: {"limits": text} for limit, text in limited.items()},
    }
    written = {
        "plain": f"{_PROPERTY} as installed",
        "timed": f"setSoTimeout({TIMEOUT})",
        **{limit: f"{_PROPERTY}={text}" for limit, text in limited.items()},
    }
    # what a young JVM does for the first time may take it some hundred ms: it loads, interprets and compiles
    return experiments(Ways(options, written, "at-once", _MANUAL, Margin(ms=300)))


def _version() -> str:
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, timeout=20, check=False)
    return told.stderr.partition("\n")[0].replace(" version", "").replace('"', "")


PEER: Final = Peer(
    name="jsse",
    title="Java JSSE client",
    watched="an instrumented TLS server that opens each record, and answers, delays or ignores each KeyUpdate",
    needs=(
        program("java", "default-jdk-headless"),
        program("javac", "default-jdk-headless"),
        wheel("pyopenssl"),
    ),
    version=_version,
    experiments=_experiments,
    stage=stage(Jsse),
    not_asked=NOT_ASKED
    | {
        "EST-1": "stated: the first write waits inside the library until the handshake is done",
        "FLOW-1": "stated: it is kept in every experiment in which data flows, and none is made for it alone",
    },
    manual="https://docs.oracle.com/en/java/javase/17/security/java-secure-socket-extension-jsse-reference-guide.html",
)

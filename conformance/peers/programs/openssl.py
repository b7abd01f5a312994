"""`peer:openssl`: OpenSSL's s_client, as installed, judged by what it does."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.need import program, wheel
from rekeyspec.conformance.peers.peer import Peer
from rekeyspec.conformance.peers.tls.s_client import SClient
from rekeyspec.conformance.peers.tls.stage import NOT_ASKED, stage

if TYPE_CHECKING:  # the extra `wire` may be missing, and this module must not be
    from rekeyspec.conformance.peers.tls.stack import Provocation

_KEYS: Final = (
    "openssl-s_client(1) knows new keys only by hand: 'K: Send a key update message to the server and request one back "
    "(TLSv1.3 only)'; no option has to do with "
)

_MANUAL: Final = {
    "bytes": f"{_KEYS}bytes",
    "uneven": f"{_KEYS}bytes",
    "received": f"{_KEYS}bytes",
    "age": f"{_KEYS}a key's age",
    "idle": f"{_KEYS}idleness",
    "heartbeat": "openssl-s_client(1) has no option for heartbeats",
    "silent": "openssl-s_client(1): '-timeout: Enable send/receive timeout on DTLS connections'; there is none for TLS",
    "first": "openssl-s_client(1): '-timeout: Enable send/receive timeout on DTLS connections'; there is none for TLS",
    "verify": "openssl-s_client(1): 'Unless the -verify_return_error option is given, the verify operation continues "
    "after errors [...] As a side effect the connection will never fail due to a server certificate verify failure'",
    "untimed": "openssl-s_client(1) has no option that limits the time of a renegotiation",
    "oldkey": "it ended the link with 'unexpected record', as its log says, though what left before its ClientHello "
    "came is no error of the server's; and openssl-s_client(1) says only 'R: Renegotiate the SSL session'",
    "unannounced": "openssl-s_client(1): 'Q: End the current SSL connection and exit'",
    "answer": "RFC 8446, section 4.6.3, lets the answer wait until 'prior to sending its next Application Data record'",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.tls.ask import experiments, renegotiated  # noqa: PLC0415
    from rekeyspec.conformance.peers.tls.renegotiating import CIPHER  # noqa: PLC0415
    from rekeyspec.conformance.peers.tls.ways import Ways  # noqa: PLC0415

    plain, old = "-verify_return_error", f"-verify_return_error -tls1_2 -cipher {CIPHER}"
    options = {"plain": {"more": plain}, "careless": {"more": ""}, "tls12": {"more": old}}
    written = {"plain": plain, "careless": "no option", "tls12": old}
    ways = Ways(options, written, "next-data", _MANUAL, early=True)
    return (*experiments(ways), *renegotiated(ways, "tls12"))


def _version() -> str:
    told = subprocess.run(["openssl", "version"], capture_output=True, text=True, timeout=20, check=False)
    return told.stdout.split("(")[0].strip().removeprefix("OpenSSL ")


PEER: Final = Peer(
    name="openssl",
    title="OpenSSL s_client",
    watched="an instrumented TLS server that opens each record, and answers, delays or ignores each KeyUpdate",
    needs=(program("openssl", "openssl"), wheel("pyopenssl")),
    version=_version,
    experiments=_experiments,
    stage=stage(SClient),
    not_asked={rule: why for rule, why in NOT_ASKED.items() if rule != "REKEY-4"}
    | {"NEED-1": "stated: it starts no renegotiation of itself, so there is none to have a reason"},
    manual="https://docs.openssl.org/3.0/man1/openssl-s_client/",
)

"""`peer:aioquic`: aioquic's QuicConnection, as installed, judged by what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment, Perform
from rekeyspec.conformance.peers.need import installed, wheel
from rekeyspec.conformance.peers.peer import Peer, Setting

if TYPE_CHECKING:  # the library may be missing, and this module must not be
    from rekeyspec.conformance.peers.quic.scene import Provocation

_RECOVERY: Final = "stated: repeats are those of QUIC's loss recovery, with intervals that grow (RFC 9002, section 6.2)"
_NO_LIMIT: Final = "stated: it has no byte limit (BYTE-3), so there is no count to begin anew or to tell"

_NOT_ASKED: Final = {
    "BYTE-2": _NO_LIMIT,
    "BYTE-4": _NO_LIMIT,
    "AGE-2": "stated: it has no age limit (AGE-1), so there is no time at which it would start",
    "HB-2": "stated: it sends no heartbeats by itself (HB-1), so there is no interval",
    "HB-6": "stated: it has no option that holds data back while a reply is outstanding",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "DEAD-1": _RECOVERY,
    "DEAD-4": "stated: with idle_timeout whatever comes is a sign of life, and there are no series of heartbeats",
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: a client does not admit links",
    "REKEY-3": "stated: it has no limit on bytes or age, and no timer of heartbeats, that would begin anew",
    "REKEY-4": "stated: in QUIC either end may always start, and no frame asks the other to",
    "REKEY-6": "stated: QUIC has no notices",
    "CACHE-1": "stated: a key update is no handshake, so there is nothing to abbreviate",
    "CACHE-2": "stated: a key update is no handshake, so there is nothing to abbreviate",
    "CHAN-1": "stated: QUIC sends everything over one connection",
    "LIM-1": "not-observable: it queues without telling its user how much",
    "LIM-3": "not-observable: 2^62 packets under one connection cannot be sent in an experiment's time",
    "IKE-1": "stated: this is QUIC",
    "IKE-2": "stated: this is QUIC",
    "NEED-1": "stated: it starts no key update of itself, so there is none to have a reason",
    "ORDER-1": "stated: below a stream QUIC's packets may overtake each other, which our rules for streams do not know",
    "EARLY-1": "stated: the first packet under a key brings the key into force, so none is ahead of it",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.quic.experiments import EXPERIMENTS  # noqa: PLC0415

    return EXPERIMENTS


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    from rekeyspec.conformance.peers.quic.scene import Stage  # noqa: PLC0415
    from rekeyspec.reference.wire.credentials import Authority, keygen  # noqa: PLC0415

    keys = setting.private / "keys"
    keygen(keys)
    (keys / "stranger.pem").write_bytes(Authority("somebody else").certificate.public_bytes(Encoding.PEM))
    yield Stage(keys).perform


PEER: Final = Peer(
    name="aioquic",
    title="aioquic client",
    watched="in process, on a wire and a clock of ours: its own log (qlog) shows every frame and every change of key",
    needs=(wheel("aioquic"), wheel("cryptography")),
    version=lambda: installed("aioquic") or "",
    experiments=_experiments,
    stage=_stage,
    not_asked=_NOT_ASKED,
    manual="https://aioquic.readthedocs.io/en/stable/quic.html",
)

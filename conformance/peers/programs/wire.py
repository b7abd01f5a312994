"""`peer:wire`: our own `rekeyspec serve` and `connect`, judged by what they do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from rekeyspec import __version__
from rekeyspec.conformance.peers.experiment import Experiment, Perform
from rekeyspec.conformance.peers.need import wheel
from rekeyspec.conformance.peers.peer import Peer, Setting

if TYPE_CHECKING:  # the extra `wire` may be missing, and this module must not be
    from rekeyspec.conformance.peers.own.scene import Provocation

_ADVERSARY: Final = "stated: its own ends never send what this refuses; it takes an adversary who has the key, whom "

_NOT_ASKED: Final = {
    "EST-1": "stated: `connect` reads what its user has only when the first key is there",
    "HB-6": "stated: `while_waiting: hold` is asked of what it is made of, as the target reference:",
    "IDLE-3": f"{_ADVERSARY}`rekeyspec check` plays to the target reference:",
    "IDLE-4": f"{_ADVERSARY}`rekeyspec check` plays to the target reference:",
    "IDLE-5": f"{_ADVERSARY}`rekeyspec check` plays to the target reference:",
    "DEAD-5": "not-observable: whether keys are wiped is seen only inside the process",
    "GATE-1": "stated: every run has one link; the target reference: is asked with many",
    "REKEY-6": "stated: notices are asked of what it is made of, as the target reference:",
    "LIM-1": "stated: a full queue stops its reading of stdin, which nobody is told",
    "LIM-3": "not-observable: 2^48 records under one key cannot be sent in an experiment's time",
    "IKE-1": "stated: this is no IKE",
    "IKE-2": "stated: this is no IKE",
    "EARLY-1": "stated: over one connection data cannot overtake the change of keys",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.own.experiments import EXPERIMENTS  # noqa: PLC0415

    return EXPERIMENTS


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    from rekeyspec.conformance.peers.own.scene import Stage  # noqa: PLC0415
    from rekeyspec.reference.wire.credentials import Authority, keygen  # noqa: PLC0415

    keys = setting.private / "keys"
    keygen(keys)
    (keys / "stranger.pem").write_bytes(Authority("somebody else").certificate.public_bytes(Encoding.PEM))
    yield Stage(setting.private, setting.starting).perform


PEER: Final = Peer(
    name="wire",
    title="rekeyspec serve and connect",
    watched="its own event log, and a proxy of ours between the two ends that loses, delays, repeats and alters frames",
    needs=(wheel("pyopenssl"), wheel("cryptography")),
    version=lambda: __version__,
    experiments=_experiments,
    stage=_stage,
    not_asked=_NOT_ASKED,
    manual="docs/wire.md",
)

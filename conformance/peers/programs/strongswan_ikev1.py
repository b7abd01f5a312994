"""`peer:strongswan-ikev1`: strongSwan's charon with IKEv1, as installed, judged by what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from rekeyspec.conformance.peers.experiment import Experiment, Observed, Perform
from rekeyspec.conformance.peers.ipsec import probing
from rekeyspec.conformance.peers.ipsec.experiments import experiments
from rekeyspec.conformance.peers.ipsec.installed import NEEDS, version
from rekeyspec.conformance.peers.ipsec.probe_experiments import of_strongswan
from rekeyspec.conformance.peers.ipsec.probing import Probing
from rekeyspec.conformance.peers.ipsec.scene import Provocation, Stage
from rekeyspec.conformance.peers.need import wheel
from rekeyspec.conformance.peers.peer import Peer, Setting

Played = Provocation | Probing
"""Against another charon, or against our probe, whose other end it is."""

_NOT_ASKED: Final = {
    "EST-1": "stated: before the tunnel stands the kernel has no route into it, so charon cannot be asked to send",
    "EST-2": "stated: with a pre-shared key a wrong one shows at the responder, which is not under test",
    "HB-6": "stated: it has no option that holds data back while a reply is outstanding",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "GATE-1": "stated: the end under test opens its link and admits none",
    "REKEY-4": "stated: either end may rekey at any time, and no message asks the other to",
    "REKEY-6": "stated: IKE has no notices; each end counts for itself",
    "CACHE-1": "stated: whether a quick mode has a key exchange is said by esp_proposals, not by a session's lifetime",
    "CACHE-2": "stated: see CACHE-1",
    "CHAN-1": "stated: IKE_SA and CHILD_SA have keys and a lifetime each; no option renews both together",
    "LIM-1": "stated: nothing waits in charon to be sent, so it has no queue to bound",
    "EARLY-1": "not-observable: a responder uses the new key when the third message of quick mode comes, and its peer "
    "sends that one first",
}


def _experiments() -> Sequence[Experiment[Any]]:
    return [*experiments(1), *of_strongswan()]


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Played]]:
    stage = Stage(1, setting.private, setting.starting)

    async def perform(e: Experiment[Played]) -> Observed:
        if isinstance(e.provocation, Probing):
            return await probing.perform(e.policy, e.provocation, setting.private, setting.starting)
        return await stage.play(e.provocation)

    yield perform


PEER: Final = Peer(
    name="strongswan-ikev1",
    title="strongSwan charon, IKEv1",
    watched="the packets on the wire between two charons, and charon's own log; for IKE-1 and IKE-2 our probe",
    needs=(*NEEDS, wheel("cryptography")),
    version=version,
    experiments=_experiments,
    stage=_stage,
    not_asked=_NOT_ASKED,
    manual="swanctl.conf(5), strongswan.conf(5), https://docs.strongswan.org/docs/5.9/",
)

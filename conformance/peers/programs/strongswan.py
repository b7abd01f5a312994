"""`peer:strongswan`: strongSwan's charon with IKEv2, as installed, judged by what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from rekeyspec.conformance.peers.experiment import Experiment, Perform
from rekeyspec.conformance.peers.ipsec.experiments import experiments
from rekeyspec.conformance.peers.ipsec.installed import NEEDS, version
from rekeyspec.conformance.peers.ipsec.scene import Provocation, Stage
from rekeyspec.conformance.peers.peer import Peer, Setting

_NOT_ASKED: Final = {
    "EST-1": "stated: before the tunnel stands the kernel has no route into it, so charon cannot be asked to send",
    "HB-6": "stated: it has no option that holds data back while a reply is outstanding",
    "IDLE-4": "stated: it refuses no data after idleness (IDLE-3), so it has nothing to report",
    "IDLE-5": "stated: it closes no link for spoofing (IDLE-4)",
    "GATE-1": "stated: the end under test opens its link and admits none",
    "REKEY-4": "stated: either end may rekey at any time, and no message asks the other to",
    "REKEY-6": "stated: IKE has no notices; each end counts for itself",
    "CACHE-1": "stated: whether a rekeying has a key exchange is said by esp_proposals, not by a session's lifetime",
    "CACHE-2": "stated: see CACHE-1",
    "CHAN-1": "stated: IKE_SA and CHILD_SA have keys and a rekey_time each; no option renews both together",
    "LIM-1": "stated: nothing waits in charon to be sent, so it has no queue to bound",
    "IKE-1": "stated: IKEv2 has no quick mode; see peer:strongswan-ikev1",
    "IKE-2": "stated: this is no ISAKMP; see peer:strongswan-ikev1",
    "EARLY-1": "not-observable: what first comes under a new key is itself what ends the negotiation (RFC 7296, 2.8)",
}


def _experiments() -> Sequence[Experiment[Provocation]]:
    return experiments(2)


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Provocation]]:
    yield Stage(2, setting.private, setting.starting).perform


PEER: Final = Peer(
    name="strongswan",
    title="strongSwan charon, IKEv2",
    watched="the packets on the wire between two charons, and charon's own log, which says what is in them",
    needs=NEEDS,
    version=version,
    experiments=_experiments,
    stage=_stage,
    not_asked=_NOT_ASKED,
    manual="swanctl.conf(5), strongswan.conf(5), https://docs.strongswan.org/docs/5.9/",
)

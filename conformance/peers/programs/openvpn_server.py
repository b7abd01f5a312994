"""`peer:openvpn-server`: the OpenVPN server, as installed, judged by what it does on one client's link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.experiment import Experiment
from rekeyspec.conformance.peers.openvpn.peer import MANUAL, NEEDS, NOT_ASKED, WATCHED, stage, version
from rekeyspec.conformance.peers.peer import Peer

if TYPE_CHECKING:
    from rekeyspec.conformance.peers.openvpn.scene import Provocation


def _experiments() -> Sequence[Experiment[Provocation]]:
    from rekeyspec.conformance.peers.openvpn.experiments import experiments  # noqa: PLC0415

    return experiments("server")


PEER: Final = Peer(
    name="openvpn-server",
    title="OpenVPN server",
    watched=WATCHED,
    needs=NEEDS,
    version=version,
    experiments=_experiments,
    stage=stage("server"),
    not_asked=NOT_ASKED,
    manual=MANUAL,
)

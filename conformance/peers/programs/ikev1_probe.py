"""`peer:ikev1-probe`: the second source's own embodiment, our keepalive over IKEv1; strongSwan is the other end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from rekeyspec import __version__
from rekeyspec.conformance.peers.experiment import Experiment, Observed, Perform
from rekeyspec.conformance.peers.ipsec.installed import NEEDS, version
from rekeyspec.conformance.peers.need import wheel
from rekeyspec.conformance.peers.peer import Peer, Setting
from rekeyspec.conformance.rulebook import rules

if TYPE_CHECKING:
    from rekeyspec.conformance.peers.ipsec.probing import Probing

_ASKED: Final = frozenset({"IKE-1", "IKE-2", "HB-1", "HB-2", "DEAD-1", "DEAD-2", "CLOSE-1"})


def _not_asked() -> dict[str, str]:
    why = "stated: it is the reference over another carrier, asked only what is about that carrier; see peer:wire"
    return {rule: why for rule in rules() if rule not in _ASKED}


def _experiments() -> Sequence[Experiment[Probing]]:
    from rekeyspec.conformance.peers.ipsec.probe_experiments import of_probe  # noqa: PLC0415

    return of_probe()


@asynccontextmanager
async def _stage(setting: Setting) -> AsyncIterator[Perform[Probing]]:
    from rekeyspec.conformance.peers.ipsec import probing  # noqa: PLC0415

    async def perform(e: Experiment[Probing]) -> Observed:
        return await probing.perform(e.policy, e.provocation, setting.private, setting.starting)

    yield perform


PEER: Final = Peer(
    name="ikev1-probe",
    title="our keepalive over IKEv1",
    watched="its own log: the reference is its state machine, and strongSwan's charon answers it",
    needs=(*NEEDS, wheel("cryptography")),
    version=lambda: f"{__version__}, with strongSwan {version()}",
    experiments=_experiments,
    stage=_stage,
    not_asked=_not_asked(),
    manual="conformance/peers/ipsec/ikev1_probe.py",
)

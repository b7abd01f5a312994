"""What charon is asked by IKEv2, and by IKEv1."""

from __future__ import annotations

from rekeyspec.conformance.peers.ipsec import keys, life
from rekeyspec.conformance.peers.ipsec.asking import Asked
from rekeyspec.conformance.peers.ipsec.settings import Version


def experiments(version: Version) -> tuple[Asked, ...]:
    """All of them, the longest first, since they start one after the other."""
    return (
        *life.death(version), *life.intervals(), *life.heartbeats(version), *keys.renegotiations(version),
        *keys.ages(), *keys.limits(), *life.idle(), *keys.packets(),
    )  # fmt: skip

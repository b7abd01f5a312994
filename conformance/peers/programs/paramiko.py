"""`peer:paramiko`: the paramiko client, as installed, judged by what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.need import installed, wheel
from rekeyspec.conformance.peers.ssh.peers import peer

if TYPE_CHECKING:  # the library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start


def _program() -> tuple[Ability, Start]:
    from rekeyspec.conformance.peers.ssh.libraries import PARAMIKO  # noqa: PLC0415
    from rekeyspec.conformance.peers.ssh.start import module  # noqa: PLC0415

    return PARAMIKO, module("paramiko_client")


PEER: Final = peer(
    "paramiko",
    "paramiko client",
    (wheel("paramiko"), wheel("asyncssh")),
    lambda: installed("paramiko") or "",
    _program,
    not_asked={
        "DEAD-4": "stated: its heartbeats ask for no reply that something else could stand for",
    },
    manual="https://docs.paramiko.org/en/stable/api/transport.html",
)

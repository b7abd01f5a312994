"""`peer:asyncssh`: the asyncssh client, as installed, judged by what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.need import installed, wheel
from rekeyspec.conformance.peers.ssh.peers import peer

if TYPE_CHECKING:  # the library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start


def _program() -> tuple[Ability, Start]:
    from rekeyspec.conformance.peers.ssh.libraries import asyncssh  # noqa: PLC0415
    from rekeyspec.conformance.peers.ssh.start import module  # noqa: PLC0415

    return asyncssh("client"), module("asyncssh_client")


PEER: Final = peer(
    "asyncssh",
    "asyncssh client",
    (wheel("asyncssh"),),
    lambda: installed("asyncssh") or "",
    _program,
    manual="https://asyncssh.readthedocs.io/en/stable/api.html#sshclientconnectionoptions",
)

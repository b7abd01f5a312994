"""`peer:openssh`: the OpenSSH client, as installed, judged by what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.need import program, wheel
from rekeyspec.conformance.peers.ssh.peers import peer

if TYPE_CHECKING:  # the watch's library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start


def _program() -> tuple[Ability, Start]:
    from rekeyspec.conformance.peers.ssh.openssh import CLIENT, client  # noqa: PLC0415

    return CLIENT, client


def _version() -> str:
    from rekeyspec.conformance.peers.ssh.openssh import version  # noqa: PLC0415

    return version()


PEER: Final = peer(
    "openssh",
    "OpenSSH client",
    (program("ssh", "openssh-client"), wheel("asyncssh")),
    _version,
    _program,
    manual="man ssh_config",
)

"""`peer:sshd`: the OpenSSH server, as installed, judged by what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.need import program, wheel
from rekeyspec.conformance.peers.ssh.peers import peer

if TYPE_CHECKING:  # the watch's library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start


def _program() -> tuple[Ability, Start]:
    from rekeyspec.conformance.peers.ssh.openssh import SERVER, server  # noqa: PLC0415

    return SERVER, server


def _version() -> str:
    from rekeyspec.conformance.peers.ssh.openssh import version  # noqa: PLC0415

    return version()


PEER: Final = peer(
    "sshd",
    "OpenSSH server",
    (program("sshd", "openssh-server"), program("unshare", "util-linux"), wheel("asyncssh")),
    _version,
    _program,
    server=True,
    manual="man sshd_config",
)

"""`peer:asyncssh-server`: the asyncssh server, as installed, judged by what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.need import installed, wheel
from rekeyspec.conformance.peers.ssh.peers import peer

if TYPE_CHECKING:  # the library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start


def _program() -> tuple[Ability, Start]:
    from rekeyspec.conformance.peers.ssh.libraries import asyncssh  # noqa: PLC0415
    from rekeyspec.conformance.peers.ssh.start import asyncssh_server  # noqa: PLC0415

    return asyncssh("server"), asyncssh_server


PEER: Final = peer(
    "asyncssh-server",
    "asyncssh server",
    (wheel("asyncssh"),),
    lambda: installed("asyncssh") or "",
    _program,
    server=True,
    manual="https://asyncssh.readthedocs.io/en/stable/api.html#sshserverconnectionoptions",
)

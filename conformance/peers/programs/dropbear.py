"""`peer:dropbear`: the dropbear server, as installed, judged by what it does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from rekeyspec.conformance.peers.need import Need, program, wheel
from rekeyspec.conformance.peers.ssh.peers import peer

if TYPE_CHECKING:  # the watch's library may be missing, and this module must not be
    from rekeyspec.conformance.peers.ssh.ability import Ability
    from rekeyspec.conformance.peers.ssh.start import Start


_ROOT: Final = Need(
    "stated: it reads its users' keys from their homes, which it is given in a mount namespace of its own; that needs "
    "root; run it as root",
    lambda: os.geteuid() == 0,
)


def _program() -> tuple[Ability, Start]:
    from rekeyspec.conformance.peers.ssh.dropbear import SERVER, server  # noqa: PLC0415

    return SERVER, server


def _version() -> str:
    from rekeyspec.conformance.peers.ssh.dropbear import version  # noqa: PLC0415

    return version()


PEER: Final = peer(
    "dropbear",
    "dropbear server",
    (program("dropbear", "dropbear-bin"), program("unshare", "util-linux"), _ROOT, wheel("asyncssh")),
    _version,
    _program,
    server=True,
    not_asked={
        "BYTE-2": "stated: it has no limit in bytes that heartbeats could fill",
        "REKEY-5": "stated: it starts no renegotiation in an experiment's time",
        "LIM-2": "stated: it starts no renegotiation in an experiment's time",
        "ORDER-1": "stated: it starts no renegotiation in an experiment's time, in which data of both ends would cross",
        "DEAD-4": "stated: traffic wakes it to send heartbeats early (HB-2), which hides what else it is taken for",
    },
    manual="man dropbear",
)
